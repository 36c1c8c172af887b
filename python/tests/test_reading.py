"""Reading: replay, stream, follow and reader; types, codecs, bad lines, closing, signals."""

from __future__ import annotations

import dataclasses
import errno
import gc
import io
import json
import os
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypedDict

import msgspec
import pytest

import ministore
from ministore._handles import Piece, Waited
from ministore._jsonlines import JSONLines

HEADER = b"// MINISTORE JOURNAL v0.1.4\n"


class Point(msgspec.Struct):
    x: int
    y: int = 0


class Label(msgspec.Struct, tag=True):
    text: str


class Mark(msgspec.Struct, tag=True):
    at: int


@dataclasses.dataclass
class Pair:
    a: int
    b: str | None = None


class Row(TypedDict):
    name: str


def write(path: Path, *lines: bytes) -> None:
    path.write_bytes(HEADER + b"".join(line + b"\n" for line in lines))


@pytest.fixture
def rotated(path: Path) -> Path:
    """A journal of 10,000 numbers in many segments, written one and several at a time."""
    with ministore.open(path, max_bytes_per_segment=4096, sync="manual") as journal:
        for first in range(0, 10_000, 10):
            journal.append(first)
            journal.append_many(range(first + 1, first + 10))
    return path


def test_replay_is_in_order_across_segments(rotated: Path) -> None:
    assert list(ministore.replay(rotated)) == list(range(10_000))
    assert list(ministore.replay(rotated, raw=True)) == [b"%d" % number for number in range(10_000)]
    assert list(ministore.replay(rotated, type=int)) == list(range(10_000))


def test_sequence_is_that_of_the_record_in_hand(rotated: Path) -> None:
    records = ministore.replay(rotated)
    assert records.sequence == 0
    for value in records:
        assert records.sequence == value + 1
    again = ministore.replay(rotated, start=9_001)
    assert next(again) == 9_000 and again.sequence == 9_001
    assert again.stat().next_sequence == 9_002
    again.close()


def test_iterating_again_goes_on(rotated: Path) -> None:
    records = ministore.replay(rotated)
    got = [value for value, _ in zip(records, range(5), strict=False)]  # zip takes one more than it gives
    assert got == [0, 1, 2, 3, 4]
    assert next(records) == 6
    assert list(records) == list(range(7, 10_000))
    assert list(records) == []
    with ministore.open(rotated) as journal:
        journal.append("more")
    assert list(records) == ["more"]


def test_stream_reads_one_segment(path: Path) -> None:
    with ministore.open(path) as journal:
        journal.append(1)
        journal.rotate()
        journal.append(2)
    assert list(ministore.stream(path)) == [2]
    assert list(ministore.stream(f"{path}.001")) == [1]
    with pytest.raises(OSError) as caught:
        ministore.stream(f"{path}.002")
    assert caught.value.errno == errno.ENOENT


def test_a_missing_journal_is_empty(path: Path) -> None:
    assert list(ministore.replay(path)) == []
    assert not path.exists()


def test_pruned_and_too_new_numbers(path: Path) -> None:
    with ministore.open(path) as journal:
        journal.append(1)
        journal.rotate()
        journal.append(2)
        journal.prune(2)
    with pytest.raises(ministore.PrunedError):
        ministore.replay(path, start=1)
    with pytest.raises(ministore.InvalidArgumentError):
        ministore.replay(path, start=9)
    with pytest.raises(ministore.InvalidArgumentError):
        ministore.replay(path, start=-1)
    assert list(ministore.replay(path, start=3)) == []


@pytest.mark.parametrize(
    ("kind", "records", "values"),
    [
        (Point, [b'{"x":1,"y":2}', b'{"x":3,"more":[]}'], [Point(1, 2), Point(3)]),
        (Pair, [b'{"a":1,"b":"z"}', b'{"a":2}'], [Pair(1, "z"), Pair(2)]),
        (Row, [b'{"name":"n"}'], [{"name": "n"}]),
        (Label | Mark, [b'{"type":"Label","text":"t"}', b'{"type":"Mark","at":5}'], [Label("t"), Mark(5)]),
        (list[int], [b"[1]", b"[]"], [[1], []]),
    ],
)
def test_types_go_in_and_come_out(path: Path, kind: object, records: list[bytes], values: list[object]) -> None:
    write(path, *records)
    assert list(ministore.replay(path, type=kind)) == values
    with ministore.open(path, type=kind) as journal:
        journal.append_many(values)
    assert list(ministore.replay(path, type=kind)) == values * 2


def test_a_misfit_names_its_place_behind_the_records_before_it(path: Path) -> None:
    write(path, b"1\t", b" 2", b'  "x" ', b"3")
    records = ministore.replay(path, type=int)
    assert [next(records), next(records)] == [1, 2]
    for _ in range(2):  # and again, as any failure of a reader
        with pytest.raises(ministore.DecodeError) as caught:
            next(records)
        error = caught.value
        assert (error.segment, error.line, error.sequence) == (path.name, 4, 3)
        assert path.read_bytes()[error.offset :].startswith(b'"x"')
        assert f"{path.name}:4" in str(error) and isinstance(error.__cause__, msgspec.ValidationError)


def test_misfits_and_bad_lines_can_be_passed(path: Path) -> None:
    write(path, b"1", b'"x"', b"{bad", b"[]", b"[]", b"2", b"{bad", b"3", b'"y"')
    with ministore.replay(path, type=int, on_bad_line=print) as records:
        assert next(records) == 1
    passed: list[ministore.Error] = []
    records = ministore.replay(path, type=int, on_bad_line=passed.append)
    assert [(value, records.sequence) for value in records] == [(1, 1), (2, 6), (3, 8)]
    assert [(error.code, error.sequence, error.line) for error in passed] == [
        ("DECODE", 2, 3),
        ("CORRUPT", 3, 4),
        ("DECODE", 4, 5),
        ("DECODE", 5, 6),
        ("CORRUPT", 7, 8),
        ("DECODE", 9, 10),
    ]


def test_misfits_are_placed_wherever_they_stand(path: Path) -> None:
    wrong = {1, 2, 63, 64, 65, 128, 130, 4095, 4096, 4097, 5000}  # around what is read and decoded at once
    write(path, *(b' "x"' if number in wrong else b"%d" % number for number in range(1, 5001)))
    content, passed = path.read_bytes(), list[ministore.Error]()
    records = ministore.replay(path, type=int, on_bad_line=passed.append)
    for value in records:
        assert (records.sequence, records.stat().next_sequence) == (value, value + 1)
    assert [error.sequence for error in passed] == sorted(wrong)
    for error in passed:
        assert error.line == error.sequence + 1
        assert content[error.offset :].startswith(b'"x"')
        assert content[: error.offset].count(b"\n") == error.sequence


def test_bad_lines_are_told_between_the_records_they_stand_between(path: Path) -> None:
    write(path, b"1", b'"x"', b"2", b"{bad", b"3")
    seen: list[object] = []
    seen_by_loop = ministore.replay(path, type=int, on_bad_line=lambda error: seen.append(error.code))
    for value in seen_by_loop:
        seen.append(value)
    assert seen == [1, "DECODE", 2, "CORRUPT", 3]


def test_what_the_function_for_bad_lines_raises_ends_the_reading(path: Path) -> None:
    write(path, b"1", b"{bad", b"2")

    def refuse(error: ministore.Error) -> None:
        raise KeyError(error.line)

    with ministore.replay(path, on_bad_line=refuse) as records:
        assert next(records) == 1
        with pytest.raises(KeyError):
            next(records)
        assert next(records) == 2


def test_a_place_that_cannot_be_passed_is_raised_the_second_time(path: Path) -> None:
    def stuck(at_once: int) -> list[Piece]:
        raise ministore.CorruptError("stuck", 0, 1, 2, 3, "j")

    passed: list[ministore.Error] = []
    with ministore.replay(path, on_bad_line=passed.append) as records:
        records._cursor.next_batch = stuck  # type: ignore[method-assign]
        with pytest.raises(ministore.CorruptError):
            next(records)
    assert len(passed) == 1


def test_a_damaged_journal_is_not_read_on_silently(path: Path) -> None:
    write(path, b"1", b"{bad", b"2")
    records = ministore.replay(path)
    assert next(records) == 1
    for _ in range(2):
        with pytest.raises(ministore.CorruptError) as caught:
            next(records)
        assert (caught.value.segment, caught.value.line, caught.value.sequence) == (path.name, 3, 2)


def test_a_line_longer_than_allowed_can_be_passed(path: Path) -> None:
    write(path, b"1", b'"' + b"x" * 5000 + b'"', b"2")
    with pytest.raises(ministore.TooLargeError):
        list(ministore.replay(path, max_record_bytes=4096))
    passed: list[ministore.Error] = []
    assert list(ministore.replay(path, max_record_bytes=4096, on_bad_line=passed.append)) == [1, 2]
    assert [(error.code, error.line) for error in passed] == [("TOO_LARGE", 3)]


def test_what_another_writer_left_is_read(path: Path) -> None:
    write(path, b'"\\ud800"\r', b" 123456789012345678901234567890\t", b'{"a" :\t1 , "a": 2}')
    assert list(ministore.replay(path)) == ["\ud800", 123456789012345678901234567890, {"a": 2}]
    assert list(ministore.replay(path, raw=True))[2] == b'{"a" :\t1 , "a": 2}'


def test_a_number_beyond_doubles_is_refused_and_not_rounded(path: Path) -> None:
    write(path, b"1", b"1e400")
    with pytest.raises(ministore.DecodeError) as caught:
        list(ministore.replay(path))
    assert caught.value.sequence == 2
    assert list(ministore.replay(path, raw=True)) == [b"1", b"1e400"]


def test_a_codec_takes_the_place_of_the_decoder(path: Path) -> None:
    class Words:
        def encode(self, value: list[str]) -> bytes:
            return json.dumps(" ".join(value)).encode()

        def decode(self, record: bytes) -> list[str]:
            return str(json.loads(record)).split()

    with ministore.open(path, codec=Words()) as journal:
        journal.append(["a", "b"])
        journal.append_many([["c"], []])
    assert list(ministore.replay(path, codec=Words())) == [["a", "b"], ["c"], []]
    assert list(ministore.replay(path)) == ["a b", "c", ""]


@pytest.mark.parametrize("read", [ministore.replay, ministore.follow])
def test_a_closed_reader_says_so(path: Path, read: Callable[..., ministore.Records[object]]) -> None:
    write(path, b"1")
    records = read(path)
    assert repr(records) == f"<ministore.{type(records).__name__} {str(path)!r} at record 0>"
    records.close()
    records.close()
    assert records.closed and "closed" in repr(records)
    for call in (lambda: next(records), lambda: list(records), records.stat):
        with pytest.raises(ministore.ClosedError):
            call()


def test_a_reader_left_in_the_middle_warns_and_one_at_its_end_does_not(path: Path) -> None:
    write(path, b"1", b"2")
    with pytest.warns(ResourceWarning, match="unclosed <ministore.Records"):
        next(ministore.replay(path))
        gc.collect()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        list(ministore.replay(path))
        gc.collect()
    assert not caught


def test_records_outlive_their_reader(rotated: Path) -> None:
    with ministore.replay(rotated, raw=True) as records:
        kept = [next(records), next(records)]
    assert kept == [b"0", b"1"]


@pytest.mark.parametrize("kind", [None, list[list[int]]])
def test_values_die_before_the_cyclic_collector_looks_for_them(path: Path, kind: object) -> None:
    write(path, *([b"[[1],[2]]"] * 20_000))
    looks: list[str] = []

    def note(phase: str, _: dict[str, int]) -> None:
        looks.append(phase)

    gc.collect()
    gc.callbacks.append(note)
    try:
        for _ in ministore.replay(path, type=kind):
            pass
    finally:
        gc.callbacks.remove(note)
    assert len(looks) < 10  # of the 60,000 containers one in 700 or 2,000 would make it look


def test_torn_bytes_can_be_asked_for(path: Path) -> None:
    path.write_bytes(HEADER + b"1\n[2,")
    records = ministore.replay(path)
    assert list(records) == [1]
    info = records.stat()
    assert (info.torn_bytes, info.torn_offset, info.segments) == (3, len(HEADER) + 2, 1)


def test_follow_goes_on_across_rotations(path: Path) -> None:
    def work() -> None:
        for number in range(500):
            journal.append(number)

    with ministore.open(path, max_bytes_per_segment=200) as journal:
        thread = threading.Thread(target=work)
        thread.start()
        with ministore.follow(path) as follower:
            for expected in range(500):
                assert next(follower) == expected
                assert follower.sequence == expected + 1
        thread.join()


def test_follow_from_the_end(path: Path) -> None:
    with ministore.open(path) as journal:
        journal.append("old")
        follower = ministore.follow(path, at_end=True, timeout=0)
        assert list(follower) == []
        assert follower.wait(0) == "timeout"
        journal.append("new")
        assert follower.wait() == "ready"
        assert list(follower) == ["new"]
        follower.close()


def test_a_follower_with_a_timeout_ends_and_goes_on(path: Path) -> None:
    with ministore.open(path) as journal, ministore.follow(path, timeout=0.01) as follower:
        for number in range(3):
            assert list(follower) == []
            journal.append(number)
            assert list(follower) == [number]


@pytest.mark.usefixtures("long_waits")
def test_an_interrupt_ends_one_wait_now_or_later(path: Path) -> None:
    with ministore.open(path) as journal, ministore.follow(path) as follower:
        follower.interrupt()
        assert list(follower) == []
        thread = threading.Thread(target=follower.interrupt)
        thread.start()
        assert follower.wait() == "interrupted"
        thread.join()
        journal.append(1)
        assert follower.wait() == "ready" and next(follower) == 1


@pytest.mark.usefixtures("long_waits")
def test_closing_a_follower_wakes_the_thread_that_waits(path: Path) -> None:
    follower = ministore.follow(path)
    caught: list[Exception] = []

    def work() -> None:
        try:
            next(follower)
        except ministore.ClosedError as error:
            caught.append(error)

    entered, wait = threading.Event(), follower._cursor.wait

    def tell_and_wait(timeout_ms: int) -> Waited:
        entered.set()
        return wait(timeout_ms)

    follower._cursor.wait = tell_and_wait  # type: ignore[method-assign]
    thread = threading.Thread(target=work)
    thread.start()
    entered.wait()
    while not follower._cursor._owner:
        pass
    follower.close()
    thread.join()
    assert len(caught) == 1


def test_threads_that_share_a_reader_do_not_crash_and_see_each_record_once(rotated: Path) -> None:
    records = ministore.replay(rotated)
    seen: list[int] = []

    def work() -> None:
        for value in records:
            seen.append(value)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == len(set(seen))


# The signals are sent when the first record was printed: whether they come before the wait or in it must not matter.
FOLLOW = """
import os, signal, sys, ministore
{setup}
follower = ministore.follow(sys.argv[1])
try:
    print(next(follower), flush=True)
    next(follower)
except KeyboardInterrupt:
    print("interrupted", flush=True)
    follower.close()
"""


class Child(subprocess.Popen[str]):
    """A process that ends with its test, also if that fails: a `with` block would wait for it."""

    def __exit__(self, *failure: Any) -> None:
        self.kill()
        super().__exit__(*failure)


def _follow(path: Path, setup: str = "") -> Child:
    write(path, b"1")
    child = Child(
        [sys.executable, "-c", FOLLOW.format(setup=setup), path], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "1\n"
    return child


def test_ctrl_c_ends_following(path: Path) -> None:
    with _follow(path) as child:
        child.send_signal(signal.SIGINT)
        assert child.communicate(timeout=60)[0] == "interrupted\n"
        assert child.returncode == 0


def test_a_handler_that_returns_does_not_end_following(path: Path) -> None:
    # No print: the signal may come while the line before is being printed, which print does not allow.
    setup = "signal.signal(signal.SIGUSR1, lambda *_: os.write(1, b'handled\\n'))"
    with _follow(path, setup) as child:
        assert child.stdout is not None
        child.send_signal(signal.SIGUSR1)
        assert child.stdout.readline() == "handled\n"
        child.send_signal(signal.SIGINT)
        assert child.communicate(timeout=60)[0] == "interrupted\n"


def test_a_handler_may_close_the_follower_it_interrupts(path: Path) -> None:
    script = """
import signal, sys, ministore
follower = ministore.follow(sys.argv[1])
signal.signal(signal.SIGTERM, lambda *_: follower.close())
print("ready", flush=True)
try:
    next(follower)
except ministore.ClosedError:
    print("closed")
"""
    command = [sys.executable, "-c", script, str(path)]
    with Child(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        child.send_signal(signal.SIGTERM)
        assert child.communicate(timeout=60)[0] == "closed\n"


@pytest.mark.parametrize("moment", ["__enter__", "__exit__"])
def test_a_handler_may_close_between_any_two_steps_of_a_call(path: Path, moment: str) -> None:
    follower = ministore.follow(path, timeout=0)
    turn = follower._cursor._turn

    class Turn:
        """As if a signal came when this thread had just got its turn, or is just about to give it away."""

        def __enter__(self) -> None:
            turn.__enter__()
            if moment == "__enter__" and not follower.closed:
                follower.close()

        def __exit__(self, *failure: Any) -> None:
            if moment == "__exit__" and not follower.closed:
                follower.close()
            turn.__exit__(*failure)

    follower._cursor._turn = Turn()  # type: ignore[assignment]
    with pytest.raises(ministore.ClosedError):
        list(follower)
    assert follower.closed


def test_reader_gives_plain_json_lines(path: Path) -> None:
    with ministore.open(path, raw=True) as journal:
        journal.append_many([b"1", b"[2]", b' {"a": 3} '])
        journal.rotate()
        journal.append(b'"4"')
    with ministore.reader(path) as file:
        assert file.readline() == b"1\n"
        assert file.readlines() == [b"[2]\n", b'{"a": 3}\n', b'"4"\n']
    assert file.closed
    with io.TextIOWrapper(ministore.reader(path, start=3), encoding="utf-8") as text:
        assert [json.loads(line) for line in text] == [{"a": 3}, "4"]


def test_white_space_around_records_is_left_out_wherever_it_stands(path: Path) -> None:
    records = [b'"%d"' % number for number in range(20_000)]
    for odd in (b"%b\r", b" %b", b"%b\t", b"\t %b \t\r"):
        lines = [odd % record if number in (7, 9_000, 19_000) else record for number, record in enumerate(records)]
        write(path, *lines)  # of the batches some have such a record and some none
        assert list(ministore.replay(path, raw=True)) == records
        with ministore.reader(path) as file:
            assert file.read() == b"\n".join([*records, b""])


def test_reader_reads_the_rest_after_a_part(path: Path) -> None:
    write(path, *([b"[1,2,3]"] * 50_000))
    with ministore.reader(path) as file:
        assert file.read(100_003) + file.read() == b"[1,2,3]\n" * 50_000
        assert file.read() == b""


@pytest.mark.parametrize("size", [1000, 1 << 20])
def test_a_buffer_is_filled_without_marks_and_blanks(path: Path, size: int) -> None:
    records = [b'{"number":%d}' % number for number in range(20_000)]
    write(path, *(record if number % 3 else record + b"\t" for number, record in enumerate(records)))
    buffer, found = bytearray(size), bytearray()
    with ministore.reader(path) as file:
        while filled := file.raw.readinto(buffer):
            found += buffer[:filled]
    assert bytes(found) == b"\n".join([*records, b""])


def test_reader_passes_bad_lines_or_raises_at_them(path: Path) -> None:
    write(path, b"1", b"{bad", b"2\t", b"3", b"{bad")
    passed: list[ministore.Error] = []
    for read in (lambda: file.read1(3), lambda: file.raw.readall()):  # noqa: B023
        with ministore.reader(path, on_bad_line=passed.append) as file:
            assert b"".join(iter(read, b"")) == b"1\n2\n3\n"
    assert [error.line for error in passed] == [3, 6] * 2
    with ministore.reader(path) as file:
        assert file.read1(1) + file.read1(1) == b"1\n"
        with pytest.raises(ministore.CorruptError):
            file.read1(1)


def test_a_reader_closed_from_within_gives_nothing_more(path: Path) -> None:
    write(path, *([b"1"] * 1000))
    with ministore.reader(path) as file:
        raw = file.raw
        assert isinstance(raw, JSONLines) and raw.read(1) == b"1"
        raw._records.close()
        for read in (raw.readall, lambda: raw.read(1)):
            with pytest.raises(ministore.ClosedError):
                read()


@pytest.mark.parametrize("size", [1, 2, 3, 100, 10**6])
def test_reader_gives_the_same_in_pieces_of_any_size(rotated: Path, size: int) -> None:
    def pieces(file: io.BufferedReader) -> Iterator[bytes]:
        while piece := file.read(size):
            yield piece

    with ministore.reader(rotated, start=9_900) as file:
        assert b"".join(pieces(file)) == b"".join(b"%d\n" % number for number in range(9_899, 10_000))


def test_verify_tells_what_there_is(rotated: Path) -> None:
    info = ministore.verify(rotated)
    assert (info.records, info.problems, info.first_sequence, info.next_sequence) == (10_000, 0, 1, 10_001)
    assert info.segments == len(list(rotated.parent.iterdir()))


def test_verify_raises_the_first_problem_and_tells_of_all(path: Path) -> None:
    write(path, b"1", b"{bad", b"2", b"bad")
    with pytest.raises(ministore.CorruptError) as caught:
        ministore.verify(path)
    assert caught.value.line == 3
    assert caught.value.verified is not None
    assert (caught.value.verified.problems, caught.value.verified.records) == (2, 2)


def test_repair_tells_first_and_keeps_what_it_cuts(path: Path) -> None:
    write(path, b"1", b"{bad", b"2")
    before = path.read_bytes()
    plan = ministore.repair(path, dry_run=True)
    assert path.read_bytes() == before
    assert (plan.cut_lines, plan.cut_records, plan.cut_bytes, plan.next_sequence) == (2, 1, 7, 2)
    assert ministore.repair(path) == plan
    assert list(ministore.replay(path)) == [1]
    assert Path(f"{path}.torn").read_bytes() == b"{bad\n2\n"


def test_validate_is_the_check_of_append() -> None:
    ministore.validate(b' {"a": [1, 2.5e3, null]} ')
    with pytest.raises(ministore.InvalidJSONError) as caught:
        ministore.validate(b"[1,]")
    assert caught.value.offset == 3


def test_a_failure_leaves_no_cycle_that_keeps_the_reader_open(path: Path) -> None:
    write(path, b"1", b'"x"')
    gc.collect()
    gc.disable()
    try:
        with pytest.raises(ministore.DecodeError):
            list(ministore.replay(path, type=int))
        assert not [found for found in gc.get_objects() if isinstance(found, ministore.Records) and not found.closed]
    finally:
        gc.enable()


def test_descriptors_do_not_pile_up(rotated: Path) -> None:
    list(ministore.replay(rotated))
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        list(ministore.replay(rotated))
        with ministore.open(rotated) as journal:
            journal.append(1)
        with pytest.raises(ministore.DecodeError):
            list(ministore.replay(rotated, type=str))
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) == before
