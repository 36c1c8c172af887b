"""Writing: what open, append, rotate, prune and close promise from Python's side."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import ministore
from ministore import errors


def records(path: Path) -> list[bytes]:
    return list(ministore.replay(path, raw=True))


def test_append_numbers_records_from_one(path: Path) -> None:
    with ministore.open(path) as journal:
        assert [journal.append("a"), journal.append_many(["b", "c"]), journal.append("d")] == [1, 3, 4]
        assert journal.append_many([]) == 0
    assert list(ministore.replay(path)) == ["a", "b", "c", "d"]


def test_a_batch_is_one_commit(path: Path) -> None:
    with ministore.open(path, raw=True) as journal:
        journal.append_many([b"1", b" 2 ", b"3"])
    assert path.read_bytes().splitlines(keepends=True)[1:] == [b"1\t\n", b"2\t\n", b"3\n"]


@pytest.mark.parametrize("make", [str, os.fsencode, Path, lambda path: os.fsencode(path) + b"-\xff"])
def test_every_kind_of_path_is_taken(path: Path, make: Callable[[Path], ministore._handles.Path]) -> None:
    given = make(path)
    with ministore.open(given) as journal:
        journal.append(1)
        assert os.fsencode(journal.path) == os.fsencode(given)
    assert list(ministore.replay(given)) == list(ministore.stream(given)) == [1]
    assert os.path.exists(given)


def test_a_path_with_a_nul_is_refused_and_not_cut(path: Path) -> None:
    with pytest.raises(ministore.InvalidArgumentError, match="NUL"):
        ministore.open(f"{path}\0x")
    assert not path.exists()


@pytest.mark.parametrize(
    "options",
    [
        {"max_segments": 0},
        {"max_bytes_per_segment": 0},
        {"max_segments": -1},
        {"max_segments": 2**32},
        {"max_bytes_per_segment": 2**64},
        {"max_record_bytes": 0},
        {"sync": "never"},
        {"torn_tail": "keep"},
    ],
)
def test_nonsense_options_are_value_errors_and_make_no_file(path: Path, options: dict[str, object]) -> None:
    with pytest.raises(ministore.InvalidArgumentError) as caught:
        ministore.open(path, **options)  # type: ignore[call-overload]
    assert isinstance(caught.value, ValueError)
    assert not path.exists()


def test_two_formats_at_once_are_a_type_error_and_leave_no_handle(path: Path) -> None:
    with pytest.raises(TypeError, match="one of"):
        ministore.open(path, raw=True, type=int)  # type: ignore[call-overload]
    assert not path.exists()


def test_a_wrong_type_of_record_is_a_type_error(path: Path) -> None:
    with ministore.open(path, raw=True) as journal, pytest.raises(TypeError, match="bytes"):
        journal.append("text")  # type: ignore[arg-type]
    with ministore.open(path) as journal, pytest.raises(TypeError):
        journal.append(object())
    assert records(path) == []


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [None, {"a": (float("-inf"),)}]])
def test_numbers_that_json_lacks_are_refused(path: Path, value: object) -> None:
    with ministore.open(path) as journal:
        with pytest.raises(ValueError, match="NaN"):
            journal.append(value)
        journal.append([None, 1.5])
    assert list(ministore.replay(path)) == [[None, 1.5]]


def test_a_refused_record_tells_its_place_in_the_batch(path: Path) -> None:
    with ministore.open(path, raw=True) as journal:
        with pytest.raises(ministore.InvalidJSONError) as caught:
            journal.append_many([b"1", b"[1,]", b"2"])
        assert (caught.value.line, caught.value.offset, caught.value.segment) == (2, 3, "")
        with pytest.raises(ministore.InvalidJSONError) as caught:
            journal.append_many([b"1", b"2\n3"])
        assert (caught.value.line, caught.value.offset) == (2, 1)
        with pytest.raises(ministore.InvalidJSONError) as caught:
            journal.append_many([b"1", b""])
        assert caught.value.line == 2
        with pytest.raises(ministore.InvalidJSONError):
            journal.append(b"1\n2")
        assert journal.append_many([]) == 0
    assert records(path) == []


def test_a_codec_that_returns_text_is_a_type_error(path: Path) -> None:
    class Text:
        def encode(self, value: object) -> bytes:
            return str(value)  # type: ignore[return-value]

        def decode(self, record: bytes) -> object:
            return record

    with ministore.open(path, codec=Text()) as journal:
        for append in (lambda: journal.append(1), lambda: journal.append_many([1])):
            with pytest.raises(TypeError, match="bytes, not str"):
                append()


def test_a_second_writer_is_refused(path: Path) -> None:
    with ministore.open(path), pytest.raises(ministore.LockedError) as caught:
        ministore.open(path)
    assert caught.value.path == str(path)
    ministore.open(path).close()


def test_system_failures_are_os_errors(path: Path) -> None:
    path.write_text("")
    with pytest.raises(OSError) as caught:
        ministore.open(path / "below")
    assert isinstance(caught.value, ministore.InputOutputError)
    assert caught.value.errno == caught.value.os_error != 0
    assert caught.value.filename == str(path / "below")


def test_a_foreign_file_is_refused_and_left_alone(path: Path) -> None:
    path.write_text("not a journal\n")
    with pytest.raises(ministore.BadHeaderError) as caught:
        ministore.open(path)
    assert caught.value.segment == path.name
    assert path.read_text() == "not a journal\n"


def test_rotation_retention_and_prune(path: Path) -> None:
    with ministore.open(path) as journal:
        for number in range(1, 5):
            journal.append(number)
            journal.rotate()
        assert journal.prune(3) == 2
        assert (journal.stat().first_sequence, journal.stat().next_sequence) == (3, 5)
        for before in (0, 6, -1, 2**64):
            with pytest.raises(ministore.InvalidArgumentError):
                journal.prune(before)
    assert list(ministore.replay(path)) == [3, 4]
    with ministore.open(path, max_bytes_per_segment=1, max_segments=2) as journal:
        journal.append_many([5, 6])
        assert journal.stat().segments == 2


def test_manual_sync(path: Path) -> None:
    with ministore.open(path, sync="manual") as journal:
        journal.append(1)
        assert journal.stat().durable_sequence == 0
        journal.sync()
        assert journal.stat().durable_sequence == 1


def test_mode_of_new_files(path: Path) -> None:
    old = os.umask(0o022)
    try:
        ministore.open(path, mode=0o640).close()
    finally:
        os.umask(old)
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_torn_tail_is_cut_or_refused(path: Path) -> None:
    with ministore.open(path) as journal:
        journal.append(1)
    with path.open("ab") as file:
        file.write(b'{"half":')
    with pytest.raises(ministore.TornError):
        ministore.open(path, torn_tail="refuse")
    with ministore.open(path) as journal:
        assert journal.stat().torn_bytes == 8
    assert Path(f"{path}.torn").read_bytes() == b'{"half":'


# A full disk, by a limit on file size, in a process of its own: Python ignores SIGXFSZ.
FULL_DISK = """
import resource, sys, ministore
with ministore.open(sys.argv[1], raw=True) as journal:
    journal.append(b"1")
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
    try:
        journal.append(b'"' + b"x" * 8192 + b'"')
    except OSError as error:
        assert isinstance(error, ministore.NoSpaceError) and error.errno, error
    else:
        sys.exit("no error")
    assert journal.append(b"2") == 2
"""


def test_a_full_disk_fails_the_append_and_not_the_journal(path: Path) -> None:
    subprocess.run([sys.executable, "-c", FULL_DISK, path], check=True, timeout=60)
    assert records(path) == [b"1", b"2"]


def test_use_after_close_raises_and_a_second_close_does_not(path: Path) -> None:
    journal = ministore.open(path)
    assert not journal.closed and "open" in repr(journal) and str(path) in repr(journal)
    journal.close()
    journal.close()
    assert journal.closed and "closed" in repr(journal)
    calls = [lambda: journal.append(1), lambda: journal.append_many([1]), journal.sync, journal.rotate]
    more: list[Callable[[], object]] = [*calls, lambda: journal.prune(1), journal.stat]
    for call in more:
        with pytest.raises(ministore.ClosedError) as caught:
            call()
        assert isinstance(caught.value, ValueError)


def test_a_leaked_journal_warns_and_releases_its_lock(path: Path) -> None:
    with pytest.warns(ResourceWarning, match="unclosed <ministore.Journal"):
        ministore.open(path)
        gc.collect()
    ministore.open(path).close()


def test_a_closed_journal_does_not_warn(path: Path) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        ministore.open(path).close()
        gc.collect()
    assert not caught


def test_threads_append_side_by_side_and_all_is_there_once(path: Path) -> None:
    numbers: list[int] = []

    def work(journal: ministore.Journal[object], name: int) -> None:
        for count in range(50):
            numbers.append(journal.append([name, count]))

    with ministore.open(path, max_bytes_per_segment=2000) as journal:
        threads = [threading.Thread(target=work, args=(journal, name)) for name in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(numbers) == list(range(1, 801))
    found = list(ministore.replay(path))
    for name in range(16):
        assert [count for who, count in found if who == name] == list(range(50))
    ministore.verify(path)


def test_closing_while_threads_append_loses_nothing_acknowledged(path: Path) -> None:
    acknowledged: list[int] = []
    begun = threading.Barrier(9)

    def work(journal: ministore.Journal[object]) -> None:
        journal.append(0)
        begun.wait()
        with pytest.raises(ministore.ClosedError):
            while True:
                acknowledged.append(journal.append(1))

    for _ in range(10):
        journal: ministore.Journal[object] = ministore.open(path)
        threads = [threading.Thread(target=work, args=(journal,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        begun.wait()
        journal.close()
        for thread in threads:
            thread.join()
    assert len(records(path)) == len(acknowledged) + 80


def test_many_threads_close_at_once(path: Path) -> None:
    for _ in range(50):
        journal = ministore.open(path)
        threads = [threading.Thread(target=journal.close) for _ in range(4)]
        threads.append(threading.Thread(target=lambda: journal.closed or journal.stat))  # noqa: B023
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert journal.closed


def test_each_close_returns_when_the_journal_is_closed(path: Path) -> None:
    """Also a second one, which finds the first waiting for appends: the journal can be opened anew."""
    opening = threading.Lock()

    def append(journal: ministore.Journal[object]) -> None:
        with pytest.raises(ministore.ClosedError):
            while True:
                journal.append_many([0] * 1000)

    def close(journal: ministore.Journal[object]) -> None:
        journal.close()
        with opening:
            ministore.open(path).close()

    for _ in range(30):
        journal: ministore.Journal[object] = ministore.open(path)
        with ThreadPoolExecutor() as pool:
            works = [pool.submit(append, journal) for _ in range(2)]
            works += [pool.submit(close, journal) for _ in range(3)]
            for work in works:
                work.result()


class Signal:
    """Does something at the n-th instruction of an append, where a signal's handler could run."""

    def __init__(self, moment: int, handler: Callable[[], object]) -> None:
        self.left = moment
        self.handler = handler

    def trace(self, frame: FrameType, event: str, argument: object) -> Callable[..., Any] | None:
        if "ministore" not in frame.f_globals["__name__"]:
            return None
        frame.f_trace_opcodes = True
        self.left -= event == "opcode"
        if self.left == 0:
            self.left = -1
            self.handler()
        return self.trace

    def append(self, journal: ministore.Journal[bytes], record: bytes) -> int:
        before = sys.gettrace()
        sys.settrace(self.trace)
        try:
            return journal.append(record)
        finally:
            sys.settrace(before)


def test_a_signal_handler_may_append_and_close_between_any_two_steps_of_an_append(path: Path) -> None:
    moment, came = 0, True
    while came:
        moment += 1
        expected, other = records(path), list[int]()
        with ministore.open(path, raw=True) as journal:
            interrupted = Signal(moment, lambda: other.append(journal.append(b"2")))  # noqa: B023
            number = interrupted.append(journal, b"1")
        came = interrupted.left < 0
        expected += [b"2", b"1"] if other and other[0] < number else [b"1", b"2"] if other else [b"1"]
        assert records(path) == expected and len(other) == came

        with ministore.open(path, raw=True) as journal:
            try:
                Signal(moment, journal.close).append(journal, b"3")
            except ministore.ClosedError:
                continue
        assert records(path) == [*expected, b"3"]
    assert moment > 10


def test_an_inherited_journal_is_refused_in_a_child_and_stays_locked(path: Path) -> None:
    script = """
import os, sys, ministore
journal = ministore.open(sys.argv[1])
journal.append(1)
records = ministore.replay(sys.argv[1])
child = os.fork()
if child == 0:
    for call in (lambda: journal.append(2), journal.sync, journal.stat, lambda: next(records)):
        try:
            call()
        except ministore.ForkedError:
            continue
        os._exit(1)
    journal.close()
    records.close()
    try:
        ministore.open(sys.argv[1])
    except ministore.LockedError:
        os._exit(0)
    os._exit(2)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert journal.append(3) == 2
journal.close()
assert list(records) == [1, 3]
"""
    subprocess.run([sys.executable, "-W", "error", "-c", script, path], check=True, timeout=60)


def test_a_forked_child_can_close_while_threads_of_the_parent_were_inside(path: Path) -> None:
    script = """
import os, sys, threading, ministore
journal = ministore.open(sys.argv[1])
stop = threading.Event()
def work():
    while not stop.is_set():
        journal.append(1)
threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads: thread.start()
for _ in range(20):
    child = os.fork()
    if child == 0:
        try:
            journal.append(2)
        except ministore.ForkedError:
            journal.close()
            os._exit(0)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
stop.set()
for thread in threads: thread.join()
journal.close()
ministore.verify(sys.argv[1])
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", script, path], check=True, timeout=120)


def test_every_status_of_the_library_has_its_class() -> None:
    from ministore._core import lib

    statuses = range(lib.MINISTORE_FORKED, 0)
    codes = {errors.BY_CODE[bytes(_string(lib.ministore_status_name(status))).decode()].code for status in statuses}
    assert codes == set(errors.BY_CODE) - {"UNKNOWN", "DECODE", "CLOSED"}
    assert all(getattr(ministore, kind.__name__) is kind for kind in errors.BY_CODE.values())


def _string(chars: object) -> bytes:
    from ministore._core import ffi

    return bytes(ffi.string(chars))
