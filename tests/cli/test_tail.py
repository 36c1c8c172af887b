"""tail: the last records, and those to come, over rotations too."""

import os
import select
import signal

import pytest
from conftest import HEADER, write


@pytest.fixture
def follow(ministore):
    """Start following processes; what still runs at the end is ended."""
    started = []

    def start(*arguments):
        started.append(ministore.start("tail", "-f", *arguments))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        with process:
            pass


def test_ten_records_unless_told_otherwise(ministore, journal):
    ministore.ok("append", journal, "--batch", "20", input=b"".join(b"%d\n" % n for n in range(1, 21)))
    assert ministore.ok("tail", journal) == b"".join(b"%d\n" % n for n in range(11, 21))


@pytest.mark.parametrize("count, first", [("0", 10), ("1", 9), ("4", 6), ("9", 1), ("1000", 1)])
def test_as_many_as_asked_for_over_segments(ministore, numbers, count, first):
    expected = b"".join(b"%d\n" % n for n in range(first, 10))
    assert ministore.ok("tail", "-n", count, numbers) == expected
    assert ministore.ok("tail", numbers, "--lines=" + count) == expected
    assert ministore.ok("tail", "-n" + count, numbers) == expected


def test_sequence_puts_numbers_before_records(ministore, numbers):
    assert ministore.ok("tail", "-n", "2", "--sequence", numbers) == b"8\t8\n9\t9\n"


def test_what_was_pruned_is_not_counted(ministore, numbers):
    ministore.ok("prune", numbers, "--before", "7")
    assert ministore.ok("tail", numbers) == b"7\n8\n9\n"


def test_a_journal_that_is_not_there_is_empty_and_told(ministore, journal):
    result = ministore.run("tail", journal)
    assert (result.code, result.out) == (0, b"")
    assert result.err == b"ministore: " + journal.encode() + b": there is no journal here\n"


def test_a_bad_line_stops_with_its_place(ministore, damaged):
    result = ministore.run("tail", damaged)
    assert (result.code, result.out) == (1, b"1\n")
    assert result.err.startswith(b"ministore: " + damaged.encode() + b":3: ")


def test_follow_prints_the_last_ones_and_each_that_comes(ministore, numbers, follow):
    process = follow("-n", "2", numbers)
    assert process.stdout.readline() == b"8\n"
    assert process.stdout.readline() == b"9\n"
    ministore.ok("append", numbers, input=b"10\n11\n")
    assert process.stdout.readline() == b"10\n"
    assert process.stdout.readline() == b"11\n"


def test_follow_goes_on_over_rotations(ministore, journal, follow):
    ministore.ok("append", journal, input=b"0\n")
    process = follow(journal)
    assert process.stdout.readline() == b"0\n"
    for n in range(1, 6):
        ministore.ok("append", journal, input=b"%d\n" % n)
        ministore.ok("rotate", journal)
    assert [process.stdout.readline() for _ in range(5)] == [b"%d\n" % n for n in range(1, 6)]


def test_follow_loses_nothing_beside_a_writer_that_rotates(ministore, journal, follow):
    ministore.ok("append", journal, input=b"0\n")
    process = follow(journal)
    assert process.stdout.readline() == b"0\n"
    lines = [b'{"n":%d}\n' % n for n in range(1, 2001)]
    ministore.ok("append", journal, "--batch", "7", "--max-bytes-per-segment", "4096", input=b"".join(lines))
    assert [process.stdout.readline() for _ in lines] == lines
    assert len(os.listdir(os.path.dirname(journal))) > 3


def test_follow_waits_for_a_journal_to_come(ministore, journal, follow):
    process = follow(journal)
    assert process.stderr.readline().endswith(b": there is no journal here\n")
    ministore.ok("append", journal, input=b"1\n")
    assert process.stdout.readline() == b"1\n"


def test_follow_begins_behind_the_last_record_when_told_so(ministore, numbers, follow):
    process = follow("-n0", numbers)
    while not select.select([process.stdout], [], [], 0)[0]:
        ministore.ok("append", numbers, input=b"10\n")
    assert process.stdout.readline() == b"10\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_following_as_it_ends_any_tail(ministore, numbers, follow, number):
    process = follow("-n", "1", numbers)
    assert process.stdout.readline() == b"9\n"
    process.send_signal(number)
    assert process.wait() == -number
    assert process.stderr.read() == b""


def test_following_ends_when_nobody_reads(ministore, numbers, follow):
    process = follow("-n", "1", numbers)
    assert process.stdout.readline() == b"9\n"
    process.stdout.close()
    assert process.wait() == 3
    assert process.stderr.read() == b""


def test_what_goes_bad_while_following_is_reported(ministore, journal, follow):
    write(journal, HEADER + b"1\n")
    process = follow(journal)
    assert process.stdout.readline() == b"1\n"
    with open(journal, "ab") as file:
        file.write(b"{oops\n3\n")
    assert process.wait() == 1
    assert process.stderr.read().startswith(b"ministore: " + journal.encode() + b":3: ")
