"""stat, verify, repair, prune and rotate: what they tell, what they change, and how they exit."""

import fcntl
import os

import pytest
from conftest import HEADER, read, write

BIG = 2**62 + 1  # a double would round it


def files(journal):
    folder = os.path.dirname(journal)
    return {name: read(os.path.join(folder, name)) for name in os.listdir(folder)}


# ---- stat ----


def test_stat_counts(ministore, numbers):
    size = sum(map(len, files(numbers).values()))
    assert ministore.json("stat", numbers) == {
        "path": numbers, "segments": 3, "bytes": size, "records": 9, "first_sequence": 1, "next_sequence": 10,
        "torn_bytes": 0, "torn_offset": 0}


def test_stat_for_people_tells_the_same(ministore, numbers):
    rows = dict(line.split(maxsplit=1) for line in ministore.ok("stat", numbers).replace(b"t s", b"t_s").splitlines())
    assert rows[b"journal"] == numbers.encode()
    assert rows[b"segments"] == b"3"
    assert rows[b"next_sequence"] == b"10"


def test_stat_tells_a_torn_tail(ministore, torn):
    answer = ministore.json("stat", torn)
    assert (answer["torn_bytes"], answer["torn_offset"]) == (5, len(HEADER) + 2)
    assert read(torn) == HEADER + b'1\n{"n":'


def test_stat_needs_no_lock(ministore, numbers):
    with open(numbers, "rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert ministore.json("stat", numbers)["records"] == 9


def test_stat_numbers_are_exact(ministore, journal):
    write(journal, HEADER[:-1] + b" first=%d\n1\n" % BIG)
    assert b'"next_sequence":%d' % (BIG + 1) in ministore.ok("stat", "--json", journal)
    assert b"%d\n" % BIG in ministore.ok("stat", journal)


def test_stat_of_a_path_that_is_no_text_is_json_all_the_same(ministore, tmp_path):
    path = os.fsencode(tmp_path) + b'/"\\\n\x9b\xff'
    ministore.ok("append", path, input=b"1\n")
    assert ministore.json("stat", path)["path"] == os.fspath(tmp_path) + '/"\\\n\ufffd\ufffd'


def test_stat_of_no_journal_tells_so(ministore, journal):
    result = ministore.run("stat", journal)
    assert result.code == 0
    assert result.err == b"ministore: " + journal.encode() + b": there is no journal here\n"


def test_stat_of_a_foreign_file_is_its_fault(ministore, journal):
    write(journal, b"dear diary\n")
    assert ministore.run("stat", journal).code == 1


# ---- verify ----


def test_verify_finds_a_good_journal_good(ministore, numbers):
    size = sum(map(len, files(numbers).values()))
    assert ministore.ok("verify", numbers).endswith(b"\ngood\n")
    assert ministore.json("verify", numbers) == {
        "path": numbers, "status": "OK", "segments": 3, "records": 9, "bytes": size, "first_sequence": 1,
        "next_sequence": 10, "problems": 0, "torn_bytes": 0, "uncovered": 0, "error": None}


def test_verify_names_the_place_of_what_is_wrong(ministore, damaged):
    result = ministore.run("verify", damaged)
    assert result.code == 1
    assert result.out.endswith(b"\nat fault\n")
    assert result.err.startswith(b"ministore: " + damaged.encode() + b":3: ")


def test_verify_gives_the_place_as_json_too(ministore, damaged):
    answer = ministore.json("verify", damaged)
    assert (answer["status"], answer["problems"], answer["records"]) == ("CORRUPT", 1, 2)
    error = answer["error"]
    assert (error["segment"], error["line"], error["offset"], error["sequence"]) == ("j", 3, len(HEADER) + 2, 2)


def test_verify_sees_a_changed_byte_in_an_archived_segment(ministore, numbers):
    segment = read(numbers + ".001")
    write(numbers + ".001", segment[:-2] + b"4\n")
    result = ministore.run("verify", numbers)
    assert result.code == 1
    assert b"j.00" in result.err


def test_verify_takes_a_torn_tail_for_no_fault(ministore, torn):
    answer = ministore.json("verify", torn)
    assert (answer["status"], answer["torn_bytes"]) == ("OK", 5)
    assert b"never acknowledged" in ministore.ok("verify", torn)


def test_verify_tells_what_no_digest_covers(ministore, journal):
    write(journal + ".001", HEADER + b"1\n")
    write(journal, HEADER + b"2\n")
    assert ministore.json("verify", journal)["uncovered"] == 1
    assert b"no digest" in ministore.ok("verify", journal)


def test_verify_of_no_journal_tells_so(ministore, journal):
    result = ministore.run("verify", journal)
    assert result.code == 0
    assert result.err == b"ministore: " + journal.encode() + b": there is no journal here\n"


# ---- repair ----


def test_repair_cuts_and_keeps_the_bytes(ministore, damaged):
    out = ministore.ok("repair", damaged, "--yes")
    assert b"cut 8 bytes from offset %d on (lines: 2, good records among them: 1)" % (len(HEADER) + 2) in out
    assert files(damaged) == {"j": HEADER + b"1\n", "j.torn": b"{oops\n3\n"}
    assert ministore.ok("append", damaged, input=b"2\n") == b"2\n"


def test_a_dry_run_changes_nothing(ministore, damaged):
    before = files(damaged)
    out = ministore.ok("repair", damaged, "--dry-run", "--yes")
    assert b"would cut 8 bytes" in out
    assert files(damaged) == before


def test_repair_without_a_terminal_must_be_told(ministore, damaged):
    before = files(damaged)
    result = ministore.run("repair", damaged)
    assert (result.code, result.out) == (2, b"")
    assert b"--yes" in result.err
    assert files(damaged) == before


def test_a_good_journal_needs_no_repair(ministore, numbers):
    before = files(numbers)
    assert ministore.ok("repair", numbers, "-y") == b"the active segment is good\n"
    assert files(numbers) == before


def test_bad_archived_lines_stay_and_are_told(ministore, numbers):
    write(numbers + ".001", HEADER + b"1\n{\n3\n")
    out = ministore.ok("repair", numbers, "--yes")
    assert b"bad lines in archived segments: 1" in out
    assert read(numbers + ".001") == HEADER + b"1\n{\n3\n"


def test_repair_of_a_locked_journal_is_refused(ministore, damaged):
    with open(damaged, "rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert ministore.run("repair", damaged, "--yes").code == 3


@pytest.mark.parametrize("arguments", [["repair", "--yes"], ["repair", "--dry-run"], ["rotate"], ["prune", "--before=1"]])
def test_what_changes_a_journal_does_not_make_one(ministore, journal, arguments):
    result = ministore.run(*arguments, journal)
    assert result.code == 3
    assert result.err == b"ministore: " + journal.encode() + b": there is no journal here\n"
    assert files(journal) == {}


# ---- prune and rotate ----


def test_prune_removes_whole_old_segments(ministore, numbers):
    assert ministore.ok("prune", numbers, "--before", "6") == b"removed segments  1\nfirst sequence    4\n"
    assert sorted(files(numbers)) == ["j", "j.002"]
    assert ministore.ok("cat", numbers) == b"4\n5\n6\n7\n8\n9\n"


def test_prune_beyond_the_end_is_misuse(ministore, numbers):
    before = files(numbers)
    assert ministore.run("prune", numbers, "--before", "11").code == 2
    assert files(numbers) == before


def test_prune_must_be_told_before_what(ministore, numbers):
    result = ministore.run("prune", numbers)
    assert result.code == 2
    assert b"--before" in result.err


def test_rotate_archives_the_active_segment(ministore, numbers):
    active = read(numbers)
    assert ministore.ok("rotate", numbers) == b"segments          4\nnext sequence     10\n"
    assert read(numbers + ".003") == active
    assert ministore.ok("append", numbers, input=b"10\n") == b"10\n"


def test_a_segment_without_records_is_not_rotated(ministore, numbers):
    ministore.ok("rotate", numbers)
    assert ministore.ok("rotate", numbers) == b"segments          4\nnext sequence     10\n"
