"""append: what goes in is durable line by line, and what is refused is named and stops it."""

import fcntl
import os
import resource
import subprocess

import pytest
from conftest import HEADER, read, write


def test_each_line_becomes_a_record_and_the_last_number_is_printed(ministore, journal):
    assert ministore.ok("append", journal, input=b'{"a":1}\n[2]\n"three"\n') == b"3\n"
    assert read(journal) == HEADER + b'{"a":1}\n[2]\n"three"\n'


def test_numbers_go_on_in_the_next_run(ministore, journal):
    ministore.ok("append", journal, input=b"1\n")
    assert ministore.ok("append", journal, input=b"2\n") == b"2\n"


def test_a_last_line_without_newline_counts(ministore, journal):
    assert ministore.ok("append", journal, input=b"1\n2") == b"2\n"
    assert ministore.ok("cat", journal) == b"1\n2\n"


def test_no_input_prints_nothing_and_makes_the_journal(ministore, journal):
    assert ministore.ok("append", journal, input=b"") == b""
    assert read(journal) == HEADER


def test_blanks_and_carriage_returns_around_a_record_are_dropped(ministore, journal):
    ministore.ok("append", journal, input=b" 1 \r\n\t2\r\n")
    assert read(journal) == HEADER + b"1\n2\n"


def test_a_line_is_durable_before_the_input_ends(ministore, journal):
    ministore.ok("append", journal)
    with ministore.start("tail", "-f", journal) as reader, ministore.start("append", journal) as writer:
        writer.stdin.write(b"1\n")
        writer.stdin.flush()
        assert reader.stdout.readline() == b"1\n"
        writer.kill()
        reader.kill()
    assert ministore.ok("cat", journal) == b"1\n"


@pytest.mark.parametrize("batch", ["1", "2", "3", "100"])
def test_a_bad_line_is_named_and_all_before_it_is_safe(ministore, journal, batch):
    result = ministore.run("append", journal, "--batch", batch, input=b"1\n2\n3\n{bad\n5\n")
    assert (result.code, result.out) == (1, b"3\n")
    assert result.err.startswith(b"ministore: stdin:4: not valid JSON: ")
    assert result.err.endswith(b" (byte 1)\n")
    assert ministore.ok("cat", journal) == b"1\n2\n3\n"


def test_a_bad_first_line_appends_nothing(ministore, journal):
    result = ministore.run("append", journal, "--batch", "5", input=b"\n2\n")
    assert (result.code, result.out) == (1, b"")
    assert result.err.startswith(b"ministore: stdin:1: ")
    assert ministore.ok("cat", journal) == b""


def test_a_batch_is_one_commit(ministore, journal):
    ministore.ok("append", journal, "--batch", "2", input=b"1\n2\n3\n4\n5\n")
    assert read(journal) == HEADER + b"1\t\n2\n3\t\n4\n5\n"


def test_a_line_longer_than_a_record_may_be_is_named(ministore, journal):
    line = b'"' + b"x" * 200_000 + b'"'
    result = ministore.run("append", journal, "--batch", "9", "--max-record-bytes", "100", input=b"1\n" + line + b"\n3\n")
    assert (result.code, result.out) == (1, b"1\n")
    assert result.err.startswith(b"ministore: stdin:2: a record may have 100 bytes;")
    assert ministore.ok("cat", journal) == b"1\n"


def test_a_record_a_little_too_long_is_named(ministore, journal):
    result = ministore.run("append", journal, "--max-record-bytes", "4", input=b'1\n"123"\n')
    assert (result.code, result.out) == (1, b"1\n")
    assert result.err.startswith(b"ministore: stdin:2: a record may have 4 bytes;")


def test_a_line_longer_than_every_buffer_is_taken_whole(ministore, journal):
    line = b'"' + b"x" * 3_000_000 + b'"\n'
    ministore.ok("append", journal, input=line)
    assert ministore.ok("cat", journal) == line


def test_segments_are_rotated_at_the_size_asked_for(ministore, journal):
    ministore.ok("append", journal, "--max-bytes-per-segment", "40", input=b'"0123456789"\n' * 3)
    assert sorted(os.listdir(os.path.dirname(journal))) == ["j", "j.001", "j.002", "j.003"]
    assert ministore.ok("cat", journal) == b'"0123456789"\n' * 3


def test_preallocated_space_is_gone_afterwards(ministore, journal):
    ministore.ok("append", journal, "--preallocate", "1000000", input=b"1\n")
    assert read(journal) == HEADER + b"1\n"


def test_a_torn_tail_is_cut_and_told(ministore, torn):
    result = ministore.run("append", torn, input=b"2\n")
    assert (result.code, result.out) == (0, b"2\n")
    assert result.err.startswith(b"ministore: " + torn.encode() + b": cut 5 bytes ")
    assert read(torn + ".torn") == b'{"n":'
    assert ministore.ok("cat", torn) == b"1\n2\n"


def test_a_second_writer_is_refused(ministore, journal):
    ministore.ok("append", journal, input=b"1\n")
    with open(journal, "rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        result = ministore.run("append", journal, input=b"2\n")
    assert (result.code, result.out) == (3, b"")
    assert result.err.startswith(b"ministore: " + journal.encode() + b": ")


def test_a_file_that_is_no_journal_is_left_alone(ministore, journal):
    write(journal, b"dear diary\n")
    result = ministore.run("append", journal, input=b"1\n")
    assert result.code == 1
    assert result.err.startswith(b"ministore: " + journal.encode() + b":1: ")
    assert read(journal) == b"dear diary\n"


def test_a_folder_is_no_journal(ministore, tmp_path):
    result = ministore.run("append", tmp_path, input=b"1\n")
    assert result.code == 3
    assert result.err.startswith(b"ministore: " + os.fsencode(tmp_path) + b": ")


def test_a_segment_is_no_journal(ministore, journal):
    assert ministore.run("append", journal + ".001", input=b"1\n").code == 2
    assert os.listdir(os.path.dirname(journal)) == []


def test_input_that_cannot_be_read_is_reported(ministore, journal, tmp_path):
    folder = os.open(tmp_path, os.O_RDONLY)
    result = ministore.run("append", journal, stdin=folder)
    os.close(folder)
    assert (result.code, result.out) == (3, b"")
    assert result.err == b"ministore: stdin: cannot read: Is a directory\n"


def test_a_full_disk_stops_it_with_all_before_safe(ministore, journal):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    lines = [b'{"n":%d}\n' % n for n in range(1, 201)]
    result = ministore.run("append", journal, input=b"".join(lines), preexec_fn=limit)
    last = int(result.out)
    assert result.code == 3 and 0 < last < 200
    assert result.err.startswith(b"ministore: " + journal.encode() + b": ")
    assert ministore.ok("cat", journal) == b"".join(lines[:last])


def test_a_line_without_end_is_not_read_to_its_end(ministore, journal):
    with ministore.start("append", "--max-record-bytes", "100", journal) as process:
        process.stdin.write(b"1" * 60_000)
        process.stdin.flush()
        assert process.wait() == 1
        assert process.stderr.read().startswith(b"ministore: stdin:1: ")


def test_messages_do_not_go_into_the_journal_when_nobody_takes_them(ministore, journal):
    closed = subprocess.run(["sh", "-c", 'exec "$0" append "$1" >&- 2>&-', ministore.program, journal],
                            input=b"1\n{bad\n")
    assert closed.returncode == 3
    assert read(journal) == HEADER + b"1\n"


def test_a_closed_standard_output_is_no_place_for_the_journal(ministore, journal):
    result = subprocess.run(["sh", "-c", 'exec "$0" append "$1" >&-', ministore.program, journal], input=b"1\n",
                            stderr=subprocess.PIPE)
    assert result.returncode == 3
    assert result.stderr.startswith(b"ministore: stdout: cannot write: ")
    assert read(journal) == HEADER + b"1\n"
