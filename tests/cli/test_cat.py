"""cat: the records and nothing else, up to what is at fault."""

import os
import resource

import pytest
from conftest import HEADER, write

NINE = b"".join(b"%d\n" % n for n in range(1, 10))


def test_records_come_in_order_over_all_segments(ministore, numbers):
    assert ministore.ok("cat", numbers) == NINE


def test_records_come_without_marks_and_blanks(ministore, journal):
    write(journal, HEADER + b" 1\t\n[2, 3]\r\n")
    assert ministore.ok("cat", journal) == b"1\n[2, 3]\n"


@pytest.mark.parametrize("first", [1, 4, 5, 9, 10])
def test_from_begins_with_a_number(ministore, numbers, first):
    assert ministore.ok("cat", numbers, "--from", str(first)) == NINE[2 * (first - 1):]


def test_from_beyond_the_end_is_misuse(ministore, numbers):
    assert ministore.run("cat", numbers, "--from", "11").code == 2


def test_from_a_pruned_record_is_an_error(ministore, numbers):
    ministore.ok("prune", numbers, "--before", "4")
    result = ministore.run("cat", numbers, "--from", "3")
    assert (result.code, result.out) == (1, b"")
    assert result.err.startswith(b"ministore: " + numbers.encode() + b": ")


def test_sequence_puts_numbers_before_records(ministore, numbers):
    assert ministore.ok("cat", numbers, "--sequence", "--from", "8") == b"8\t8\n9\t9\n"


def test_segment_reads_one_file(ministore, numbers):
    assert ministore.ok("cat", "--segment", numbers + ".002") == b"4\n5\n6\n"
    assert ministore.ok("cat", numbers, "--segment", "j.002") == b"4\n5\n6\n"
    assert ministore.ok("cat", numbers, "--segment", numbers + ".001", "--sequence") == b"1\t1\n2\t2\n3\t3\n"
    assert ministore.ok("cat", "--segment", numbers) == b"7\n8\n9\n"


def test_a_segment_that_is_not_there_is_an_error(ministore, numbers):
    result = ministore.run("cat", "--segment", numbers + ".009")
    assert result.code == 3
    assert numbers.encode() + b".009: " in result.err


def test_a_bad_line_stops_with_its_place(ministore, damaged):
    result = ministore.run("cat", damaged)
    assert (result.code, result.out) == (1, b"1\n")
    assert result.err.startswith(b"ministore: " + damaged.encode() + b":3: ")


def test_bad_lines_can_be_skipped(ministore, journal):
    write(journal, HEADER + b"1\n{oops\n3\nnope\n5\n")
    result = ministore.run("cat", journal, "--skip-bad-lines", "--sequence")
    assert (result.code, result.out) == (1, b"1\t1\n3\t3\n5\t5\n")
    places = [line.split(b": ")[1] for line in result.err.splitlines()]
    assert places == [journal.encode() + b":3", journal.encode() + b":5"]


def test_a_missing_segment_stops_with_its_name(ministore, numbers):
    ministore.ok("rotate", numbers)
    os.remove(numbers + ".002")
    result = ministore.run("cat", numbers)
    assert (result.code, result.out) == (1, b"1\n2\n3\n")
    assert result.err.startswith(b"ministore: " + numbers.encode() + b".002: ")


def test_what_cannot_be_skipped_ends_it(ministore, numbers):
    write(numbers + ".002", b"// MINISTORE JOURNAL v7.0.0\n4\n")
    result = ministore.run("cat", numbers, "--skip-bad-lines")
    assert (result.code, result.out) == (1, b"1\n2\n3\n")
    assert result.err.startswith(b"ministore: " + numbers.encode() + b".002:1: ")
    assert len(result.err.splitlines()) == 1


def test_a_bad_archived_segment_is_named_with_its_folder(ministore, numbers):
    write(numbers + ".001", HEADER + b"1\n{\n3\n")
    result = ministore.run("cat", numbers)
    assert (result.code, result.out) == (1, b"1\n")
    assert result.err.startswith(b"ministore: " + numbers.encode() + b".001:3: ")


def test_a_torn_tail_is_left_out(ministore, torn):
    assert ministore.ok("cat", torn) == b"1\n"


def test_a_journal_that_is_not_there_is_empty_and_told(ministore, journal):
    result = ministore.run("cat", journal)
    assert (result.code, result.out) == (0, b"")
    assert result.err == b"ministore: " + journal.encode() + b": there is no journal here\n"


def test_a_line_longer_than_allowed_is_named(ministore, journal):
    ministore.ok("append", journal, input=b'1\n"' + b"x" * 100_000 + b'"\n3\n')
    result = ministore.run("cat", journal, "--max-record-bytes", "1000", "--skip-bad-lines")
    assert (result.code, result.out) == (1, b"1\n3\n")
    assert result.err.startswith(b"ministore: " + journal.encode() + b":3: ")


def test_much_output_is_whole(ministore, journal):
    lines = b"".join(b'{"n":%d}\n' % n for n in range(100_000))
    ministore.ok("append", journal, "--batch", "10000", input=lines)
    assert ministore.ok("cat", journal) == lines


def test_a_reader_that_goes_ends_it_quietly(ministore, journal):
    ministore.ok("append", journal, "--batch", "100000", input=b'"0123456789"\n' * 100_000)
    with ministore.start("cat", journal) as process:
        assert process.stdout.readline() == b'"0123456789"\n'
        process.stdout.close()
        assert process.wait() == 3
        assert process.stderr.read() == b""


def test_a_full_device_is_reported(ministore, numbers):
    with open("/dev/full", "wb") as full:
        result = ministore.run("cat", numbers, stdout=full)
    assert result.code == 3
    assert result.err == b"ministore: stdout: cannot write: No space left on device\n"


def test_a_file_size_limit_is_reported(ministore, journal, tmp_path):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    ministore.ok("append", journal, "--batch", "1000", input=b'"0123456789"\n' * 1000)
    with open(tmp_path / "out", "wb") as out:
        result = ministore.run("cat", journal, stdout=out, preexec_fn=limit)
    assert result.code == 3
    assert result.err == b"ministore: stdout: cannot write: File too large\n"


def test_control_bytes_of_a_path_do_not_reach_the_terminal(ministore, tmp_path):
    path = os.fsencode(tmp_path) + b"/\x1b[31m\xc2\x9b\xff\xc3\xa4"
    result = ministore.run("cat", path)
    assert b"/\\x1b[31m\\xc2\\x9b\\xff\xc3\xa4: " in result.err
