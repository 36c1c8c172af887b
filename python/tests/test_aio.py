"""ministore.aio: appends that share a commit, cancelling, following, closing."""

from __future__ import annotations

import asyncio
import gc
import json
import threading
import warnings
from collections.abc import Callable, Coroutine
from functools import wraps
from pathlib import Path
from typing import Any

import pytest

import ministore
from ministore import aio


def in_loop(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run a test in an event loop of its own."""

    @wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        asyncio.run(test(*args, **kwargs))

    return run


def commits(path: Path) -> list[list[Any]]:
    """The records of the active segment by the commits they stand in."""
    groups: list[list[Any]] = [[]]
    for line in path.read_bytes().splitlines(keepends=True)[1:]:
        groups[-1].append(json.loads(line))
        if not line.endswith(b"\t\n"):
            groups.append([])
    assert groups.pop() == []
    return groups


async def how_cancelled(task: asyncio.Task[Any]) -> str:
    """What the CancelledError says that ends a task. CPython 3.10 hands it on as the context of another, empty one."""
    try:
        await task
    except asyncio.CancelledError as error:
        return str(error) or str(error.__context__)
    raise AssertionError("the task was not cancelled")


class Disk:
    """Holds the journal's thread before it writes, so that a test decides when a commit goes on."""

    def __init__(self, journal: aio.Journal[Any]) -> None:
        self.reached = threading.Semaphore(0)
        self.go = threading.Semaphore(0)
        self.real = journal._journal._handle.append_batch
        journal._journal._handle.append_batch = self.append_batch  # type: ignore[method-assign]

    def append_batch(self, lines: bytes) -> int:
        self.reached.release()
        self.go.acquire()
        return self.real(lines)

    async def wait_for_commit(self) -> None:
        await asyncio.to_thread(self.reached.acquire)


@in_loop
async def test_all_verbs(path: Path) -> None:
    async with aio.open(path, raw=True) as journal:
        assert await journal.append(b"1") == 1
        assert await journal.append_many([b"2", b"3"]) == 3
        assert await journal.append_many([]) == 0
        await journal.sync()
        await journal.rotate()
        await journal.append(b"4")
        assert await journal.prune(4) == 1
        assert (await journal.stat()).first_sequence == 4
    assert journal.closed and "closed" in repr(journal)
    assert [value async for value in aio.replay(path)] == [4]
    assert [value async for value in aio.stream(path, type=int)] == [4]
    assert (await aio.verify(path)).records == 1
    assert (await aio.repair(path, dry_run=True)).cut_bytes == 0


@in_loop
async def test_open_can_be_awaited(path: Path) -> None:
    journal = await aio.open(path)
    with pytest.raises(ministore.LockedError):
        await aio.open(path)
    await journal.close()
    await journal.close()
    with pytest.raises(ministore.ClosedError):
        await journal.append(1)


@in_loop
async def test_appends_awaited_at_once_share_a_commit_in_their_order(path: Path) -> None:
    async with aio.open(path) as journal:
        numbers = await asyncio.gather(*(journal.append(number) for number in range(256)))
        assert numbers == list(range(1, 257))
        disk = Disk(journal)
        first = asyncio.create_task(journal.append("first"))
        await disk.wait_for_commit()
        others = [asyncio.create_task(journal.append(number)) for number in range(10)]
        others.append(asyncio.create_task(journal.append_many(["many", "more"])))
        await asyncio.sleep(0)
        disk.go.release(2)
        assert await first == 257
        assert [await other for other in others] == [*range(258, 268), 269]
    assert commits(path) == [list(range(256)), ["first"], [*range(10), "many", "more"]]


@in_loop
async def test_a_commit_has_its_limit_and_one_large_append_may_go_beyond(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aio, "_COMMIT_BYTES", 6)
    async with aio.open(path) as journal:
        numbers = await asyncio.gather(*(journal.append(number) for number in (1, 2, 3, 4, 5, 1234567, 8)))
    assert numbers == list(range(1, 8))
    assert commits(path) == [[1, 2, 3], [4, 5], [1234567], [8]]


@in_loop
async def test_a_reader_goes_to_its_thread_once_for_a_batch(path: Path) -> None:
    async with aio.open(path, raw=True) as journal:
        await journal.append_many([b"1"] * 4000)
    async with aio.replay(path) as records:
        await anext(records)
        submit, ways = records._worker.submit, list[object]()
        records._worker.submit = lambda function: (ways.append(function), submit(function))[1]  # type: ignore[method-assign]
        assert len([value async for value in records]) == 3999
    assert len(ways) < 10


@in_loop
async def test_a_refused_record_fails_its_own_append_only(path: Path) -> None:
    async with aio.open(path, raw=True, max_record_bytes=100) as journal:
        large = b'"' + b"x" * 200 + b'"'
        got = await asyncio.gather(
            journal.append(b"1"),
            journal.append(b"[1,]"),
            journal.append_many([b"2", b"3"]),
            journal.append_many([b"4", b"{"]),
            journal.append(large),
            journal.append(b""),
            journal.append(b"5\n6"),
            journal.append(b"7"),
            return_exceptions=True,
        )
    kinds = [value if isinstance(value, int) else type(value) for value in got]
    json_error, too_large = ministore.InvalidJSONError, ministore.TooLargeError
    assert kinds == [1, json_error, 3, json_error, too_large, json_error, json_error, 4]
    assert isinstance(got[1], ministore.Error) and (got[1].line, got[1].offset) == (1, 3)
    assert isinstance(got[3], ministore.Error) and got[3].line == 2
    assert commits(path) == [[1, 2, 3, 7]]


@in_loop
async def test_all_refused_is_no_commit(path: Path) -> None:
    async with aio.open(path, raw=True) as journal:
        got = await asyncio.gather(*(journal.append(b"{") for _ in range(3)), return_exceptions=True)
        assert [type(error) for error in got] == [ministore.InvalidJSONError] * 3
    assert commits(path) == []


@in_loop
async def test_a_failing_disk_fails_every_append_of_the_commit(path: Path) -> None:
    async with aio.open(path) as journal:

        def full(lines: bytes) -> int:
            raise ministore.NoSpaceError("the disk is full", 28)

        real = journal._journal._handle.append_batch
        journal._journal._handle.append_batch = full  # type: ignore[method-assign]
        got = await asyncio.gather(*(journal.append(1) for _ in range(3)), return_exceptions=True)
        assert [type(error) for error in got] == [ministore.NoSpaceError] * 3
        journal._journal._handle.append_batch = real  # type: ignore[method-assign]
        assert await journal.append(1) == 1


@in_loop
async def test_a_cancelled_append_that_was_not_sent_writes_nothing(path: Path) -> None:
    async with aio.open(path) as journal:
        disk = Disk(journal)
        first = asyncio.create_task(journal.append("first"))
        await disk.wait_for_commit()
        second = asyncio.create_task(journal.append("second"))
        await asyncio.sleep(0)
        second.cancel()
        assert "not sent" in await how_cancelled(second)
        disk.go.release(2)
        assert await first == 1
    assert commits(path) == [["first"]]


@in_loop
async def test_a_cancelled_append_on_its_way_says_that_its_outcome_is_unknown(path: Path) -> None:
    async with aio.open(path) as journal:
        disk = Disk(journal)
        first = asyncio.create_task(journal.append("first"))
        await disk.wait_for_commit()
        first.cancel()
        assert "outcome is unknown" in await how_cancelled(first)
        disk.go.release(2)
        assert await journal.append("second") == 2
    assert commits(path) == [["first"], ["second"]]


@in_loop
async def test_a_time_out_is_a_time_out(path: Path) -> None:
    async with aio.open(path) as journal:
        disk = Disk(journal)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(journal.append("first"), 0.01)
        disk.go.release()


@in_loop
async def test_closing_waits_for_appends_under_way(path: Path) -> None:
    journal = await aio.open(path)
    appends = [asyncio.create_task(journal.append(number)) for number in range(5)]
    await asyncio.sleep(0)
    await journal.close()
    assert [await append for append in appends] == [1, 2, 3, 4, 5]


@in_loop
async def test_an_append_that_begins_while_the_journal_closes_is_refused(path: Path) -> None:
    journal = await aio.open(path)
    close, reached, go = journal._journal.close, threading.Event(), threading.Event()

    def held_up() -> None:
        reached.set()
        go.wait()
        close()

    journal._journal.close = held_up  # type: ignore[method-assign]
    closing = asyncio.create_task(journal.close())
    await asyncio.to_thread(reached.wait)
    try:
        with pytest.raises(ministore.ClosedError):
            await asyncio.wait_for(journal.append(1), 60)
    finally:
        go.set()
    await closing


@in_loop
async def test_following_while_appending(path: Path) -> None:
    async def write() -> None:
        for number in range(100):
            await journal.append(number)

    async with aio.open(path, max_bytes_per_segment=300) as journal, aio.follow(path, type=int) as follower:
        writer = asyncio.create_task(write())
        got: list[int] = []
        async for value in follower:
            got.append(value)
            assert follower.sequence == value + 1
            if value == 99:
                break
        assert got == list(range(100))
        await writer


@pytest.mark.usefixtures("long_waits")
@in_loop
async def test_a_cancelled_follower_loses_nothing(path: Path) -> None:
    async with aio.open(path) as journal, aio.follow(path) as follower:
        for number in range(20):
            waiting = asyncio.create_task(anext(follower))
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.wait([waiting])
            await journal.append(number)
            if waiting.cancelled():
                assert await anext(follower) == number


@in_loop
async def test_a_follower_with_a_timeout_ends_and_goes_on(path: Path) -> None:
    async with aio.open(path) as journal, aio.follow(path, timeout=0) as follower:
        assert [value async for value in follower] == []
        await journal.append(1)
        assert [value async for value in follower] == [1]
        assert await follower.wait(0) == "timeout"
        follower.timeout = None
        follower.interrupt()
        assert [value async for value in follower] == []


@in_loop
async def test_many_followers_wait_without_stopping_the_loop(path: Path) -> None:
    async with aio.open(path) as journal:
        followers = [aio.follow(path) for _ in range(40)]  # more than the loop's own pool has threads
        waiting = [asyncio.create_task(anext(follower)) for follower in followers]
        await journal.append("all")
        assert await asyncio.gather(*waiting) == ["all"] * 40
        for follower in followers:
            await follower.close()


@in_loop
async def test_errors_arrive_with_their_place(path: Path) -> None:
    path.write_bytes(b'// MINISTORE JOURNAL v0.1.4\n1\n"x"\n')
    records = aio.replay(path, type=int)
    assert await anext(records) == 1
    with pytest.raises(ministore.DecodeError) as caught:
        await anext(records)
    assert caught.value.sequence == 2
    await records.close()
    with pytest.raises(ministore.ClosedError):
        await anext(records)
    assert "closed" in repr(records)


def test_an_event_loop_that_ends_early_leaves_no_thread_waiting(path: Path) -> None:
    async def leave() -> None:
        follower = aio.follow(path)
        asyncio.get_running_loop().create_task(follower.__anext__())
        await asyncio.sleep(0)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # the follower is left behind on purpose
        asyncio.run(leave())
        gc.collect()
    for thread in threading.enumerate():
        if thread.name.startswith("ministore"):
            thread.join()  # would not return


def test_a_leaked_journal_warns(path: Path) -> None:
    async def leak() -> None:
        await aio.open(path)

    with pytest.warns(ResourceWarning, match="unclosed <ministore.Journal"):
        asyncio.run(leak())
        gc.collect()
