"""ministore for asyncio: the same verbs, with the disk waited for in a thread of each journal and reader.

Appends awaited at the same time share one commit and one sync. A cancelled append says in its CancelledError
whether it was not sent or its outcome is unknown.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import accumulate
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, overload

import ministore
from ministore._api import MAX_RECORD_BYTES, FollowOptions, OpenOptions, ReadOptions
from ministore._formats import Codec
from ministore._handles import JournalHandle, Path, Waited
from ministore._journal import join, line
from ministore._records import Follower as SyncFollower
from ministore._records import Records as SyncRecords
from ministore.errors import ClosedError, InvalidJSONError, TooLargeError

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

    from ministore._info import JournalInfo, ReaderInfo, RepairInfo, VerifyInfo

T = TypeVar("T")
R = TypeVar("R")

# Appends gathered beyond this wait for the next commit.
_COMMIT_BYTES = 8 * 1024 * 1024


class _Worker:
    """One thread that makes the blocking calls of one handle, one after the other."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, "ministore")

    async def finish(self, function: Callable[[], R], interrupt: Callable[[], object]) -> R:
        """Run a function to its end also when the task is cancelled, so that nothing of it is under way afterwards."""
        call = self.submit(function)
        try:
            return await asyncio.shield(call)
        except asyncio.CancelledError:
            interrupt()
            await asyncio.wait([call])
            call.exception()
            raise

    def submit(self, function: Callable[[], R]) -> asyncio.Future[R]:
        return asyncio.get_running_loop().run_in_executor(self._pool, function)

    def start(self, function: Callable[[], object]) -> None:
        """Run a function that tells of its outcome by itself, which is quicker than a future of the event loop's."""
        self._pool.submit(function)

    def stop(self) -> None:
        self._pool.shutdown(wait=False)


class _Group:
    """Appends that go into one commit, in their order, and the tasks that wait to see it done."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.counts: list[int] = []  # records of each append
        self.waiters: list[asyncio.Future[int]] = []
        self.size = 0
        self.sent = False


class Journal(Generic[T]):
    """A journal open for writing; made by ministore.aio.open(). Belongs to one event loop."""

    def __init__(self, journal: ministore.Journal[T], worker: _Worker) -> None:
        self._journal = journal
        self._worker = worker
        self._loop = asyncio.get_running_loop()
        self._groups: deque[_Group] = deque()  # that wait to be sent; the last one is open for more
        self._idle = asyncio.Event()  # set while no commit is under way or planned
        self._idle.set()
        self._closing = False
        #: The path as it was given to open.
        self.path = journal.path

    async def append(self, value: T) -> int:
        """Append one record, durable when this returns; its number."""
        lines = line(self._journal._encode(value))
        group, waiter = self._join(lines, 1)
        try:
            return await waiter
        except asyncio.CancelledError:
            raise _cancelled(group, waiter) from None

    async def append_many(self, values: Iterable[T]) -> int:
        """Append records as one commit, all or none; the last one's number, 0 if there are none."""
        lines, count = join(map(self._journal._encode, values))
        if not count:
            return 0
        group, waiter = self._join(lines, count)
        try:
            return await waiter
        except asyncio.CancelledError:
            raise _cancelled(group, waiter) from None

    def _join(self, lines: bytes, count: int) -> tuple[_Group, asyncio.Future[int]]:
        """Join the group that is open, if it is not full, or begin one."""
        if self._closing:
            raise ClosedError("the journal is closed")
        waiter: asyncio.Future[int] = self._loop.create_future()
        group = self._groups[-1] if self._groups else None
        if group is None or (group.lines and group.size + len(lines) > _COMMIT_BYTES):
            group = _Group()
            self._groups.append(group)
            if self._idle.is_set():
                self._idle.clear()
                self._loop.call_soon(self._send)
        group.lines.append(lines)
        group.counts.append(count)
        group.waiters.append(waiter)
        group.size += len(lines)
        return group, waiter

    def _send(self) -> None:
        """Commit the next group. Planned, so that the tasks that are ready to run have run: their appends join it."""
        while self._groups:
            group = self._groups.popleft()
            if group.lines:  # not all were cancelled
                group.sent = True
                self._worker.start(partial(self._commit_and_tell, group))
                return
        self._idle.set()

    def _commit_and_tell(self, group: _Group) -> None:
        """In the worker's thread."""
        outcomes = _commit(self._journal._handle, group.lines, group.counts)
        self._loop.call_soon_threadsafe(self._answer, group.waiters, outcomes)

    def _answer(self, waiters: list[asyncio.Future[int]], outcomes: Iterable[int | Exception]) -> None:
        for waiter, outcome in zip(waiters, outcomes, strict=True):
            if waiter.done():
                continue  # cancelled
            if isinstance(outcome, Exception):
                waiter.set_exception(outcome)
            else:
                waiter.set_result(outcome)
        self._loop.call_soon(self._send)

    async def sync(self) -> None:
        """Make durable what was appended; needed with sync="manual" only."""
        await self._worker.submit(self._journal.sync)

    async def rotate(self) -> None:
        """Archive the active segment and begin a new one; nothing if it holds no record."""
        await self._worker.submit(self._journal.rotate)

    async def prune(self, before: int) -> int:
        """Remove archived segments all of whose records are older than number `before`; how many went."""
        return await self._worker.submit(lambda: self._journal.prune(before))

    async def stat(self) -> JournalInfo:
        """What the journal holds, and what open cut from its end."""
        return await self._worker.submit(self._journal.stat)

    @property
    def closed(self) -> bool:
        """Whether the journal was closed."""
        return self._journal.closed

    async def close(self) -> None:
        """Finish the appends that wait, sync, and release the lock. A second time is fine."""
        await self._idle.wait()
        self._closing = True
        if not self.closed:
            await self._worker.finish(self._journal.close, _nothing)
            self._worker.stop()

    async def __aenter__(self) -> Journal[T]:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"<ministore.aio.Journal {self.path!r} {'closed' if self.closed else 'open'}>"


def _nothing() -> None:
    """A call that cannot be interrupted is waited for."""


def _cancelled(group: _Group, waiter: asyncio.Future[int]) -> asyncio.CancelledError:
    """Take a cancelled append out of its group, if there is still time."""
    if group.sent:
        return asyncio.CancelledError("the append was on its way to the disk: its outcome is unknown")
    at = group.waiters.index(waiter)
    group.size -= len(group.lines[at])
    del group.waiters[at], group.lines[at], group.counts[at]
    return asyncio.CancelledError("the append was not sent: nothing is written")


def _commit(handle: JournalHandle, lines: list[bytes], counts: list[int]) -> Iterable[int | Exception]:
    """Write appends as one commit and tell what became of each: the number of its last record, or its error. A refused
    record fails its own append only."""
    refused: dict[int, int | Exception] = {}
    left: list[int] = list(range(len(lines)))
    while left:
        try:
            last = handle.append_batch(b"".join(map(lines.__getitem__, left)))
        except (InvalidJSONError, TooLargeError) as error:
            index = left[0] if len(left) == 1 else _find(left, counts, error.line)
            if index is None:
                return [refused.get(index, error) for index in range(len(lines))]
            # Tried alone its error tells its own place.
            refused[index] = error if len(left) == 1 else next(iter(_commit(handle, [lines[index]], [counts[index]])))
            left = [other for other in left if other not in refused]
        except Exception as error:
            return [refused.get(index, error) for index in range(len(lines))]
        else:
            return _number(counts, refused, last)
    return [refused[index] for index in range(len(lines))]


def _find(appends: list[int], counts: list[int], line: int) -> int | None:
    """Which of the appends a line of their commit, counted from 1, belongs to."""
    for index in appends:
        if 0 < line <= counts[index]:
            return index
        line -= counts[index]
    return None


def _number(counts: list[int], refused: dict[int, int | Exception], last: int) -> Iterable[int | Exception]:
    """The number of each append's last record, of a commit that ended with number `last`."""
    written = [0 if index in refused else count for index, count in enumerate(counts)] if refused else counts
    numbers = accumulate(written, initial=last - sum(written))
    next(numbers)
    return (refused.get(index, number) for index, number in enumerate(numbers)) if refused else numbers


class _Opening(Generic[T]):
    """What open() returns: `await` it, or use it in `async with`."""

    def __init__(self, function: Callable[[], ministore.Journal[T]]) -> None:
        self._function = function
        self._journal: Journal[T] | None = None

    async def _open(self) -> Journal[T]:
        worker = _Worker()
        opened: list[ministore.Journal[T]] = []
        try:
            await worker.finish(lambda: opened.append(self._function()), _nothing)
        except BaseException:
            for journal in opened:
                journal.close()  # cancelled while it was opened
            worker.stop()
            raise
        return Journal(opened[0], worker)

    def __await__(self) -> Generator[Any, None, Journal[T]]:
        return self._open().__await__()

    async def __aenter__(self) -> Journal[T]:
        self._journal = await self._open()
        return self._journal

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._journal is not None:
            await self._journal.close()


class Records(AsyncIterator[T]):
    """The records of a journal or segment, in order; made by replay() and stream(). Opened when first asked."""

    def __init__(self, function: Callable[[], SyncRecords[T]], path: Path) -> None:
        self._function = function
        self._worker = _Worker()
        self._records: SyncRecords[T] | None = None
        self._closed = False
        #: The path as it was given.
        self.path = os.fsdecode(path)

    @property
    def sequence(self) -> int:
        """Number of the record handed out last; 0 before the first."""
        return self._records.sequence if self._records is not None else 0

    async def stat(self) -> ReaderInfo:
        """Where the reader is, what the journal holds, and, at its end, how much of a torn tail stands behind it."""
        return await self._run(lambda: self._open().stat())

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        if self._records is None or self._closed:
            await self._run(self._open)
        records = self._open()
        while True:
            for value in records._rest:
                return value
            if not await self._more(records):
                raise StopAsyncIteration

    async def _more(self, records: SyncRecords[T]) -> bool:
        return await self._run(records._advance) is not None

    async def _run(self, function: Callable[[], R]) -> R:
        if self._closed:
            raise ClosedError("the reader is closed")
        return await self._worker.finish(function, self._interrupt)

    def _open(self) -> SyncRecords[T]:
        if self._records is None:
            self._records = self._function()
            self._records._at_once = sys.maxsize  # whole batches, as each piece is a way to the thread and back
        return self._records

    def _interrupt(self) -> None:
        """Reading does not wait, so there is nothing to interrupt."""

    async def close(self) -> None:
        """Close the reader. A second time is fine."""
        if self._closed:
            return
        self._closed = True
        if self._records is not None:
            await self._worker.finish(self._records.close, _nothing)
        self._worker.stop()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        state = "closed" if self._closed else f"at record {self.sequence}"
        return f"<ministore.aio.{type(self).__name__} {self.path!r} {state}>"


class Follower(Records[T]):
    """Records that go on at the end of a journal, also across rotations; made by follow()."""

    def __init__(self, function: Callable[[], SyncFollower[T]], path: Path, timeout: float | None) -> None:
        super().__init__(function, path)
        #: Seconds without a new record after which an iteration ends; None: never. It may be changed at any time.
        self.timeout = timeout

    async def wait(self, timeout: float | None = None) -> Waited:
        """Wait for something to read: a record, or an error that the next read raises."""
        deadline = None if timeout is None else time.monotonic() + timeout
        # One short wait after the other: no thread is left waiting when the event loop has gone.
        result: Waited | None = None
        while result is None:
            result = await self._run(lambda: self._open()._wait_once(deadline))
        return result

    def interrupt(self) -> None:
        """End a wait, now or the next one, and the iteration that waits."""
        follower = self._records
        if isinstance(follower, SyncFollower):
            follower.interrupt()

    async def _more(self, records: SyncRecords[T]) -> bool:
        while await self._run(partial(SyncRecords[T]._advance, records)) is None:
            if await self.wait(self.timeout) != "ready":
                return False
        return True

    def _open(self) -> SyncFollower[T]:
        records = super()._open()
        assert isinstance(records, SyncFollower)
        return records

    def _interrupt(self) -> None:
        """End the wait that is under way, and only that: what it would hand out is kept for the next."""
        if self._records is not None:
            self._records._cursor.interrupt()


@overload
def open(path: Path, *, raw: Literal[True], **options: Unpack[OpenOptions]) -> _Opening[bytes]: ...
@overload
def open(path: Path, *, codec: Codec[T], **options: Unpack[OpenOptions]) -> _Opening[T]: ...
@overload
def open(path: Path, *, type: type[T], **options: Unpack[OpenOptions]) -> _Opening[T]: ...
@overload
def open(path: Path, *, type: Any = None, raw: bool = False, **options: Unpack[OpenOptions]) -> _Opening[Any]: ...
def open(path: Path, **options: Any) -> _Opening[Any]:
    """Open a journal for writing: `async with open(path) as journal` or `journal = await open(path)`.

    Arguments as for ministore.open().
    """
    return _Opening(lambda: ministore.open(path, **options))


@overload
def replay(path: Path, *, raw: Literal[True], **options: Unpack[ReadOptions]) -> Records[bytes]: ...
@overload
def replay(path: Path, *, codec: Codec[T], **options: Unpack[ReadOptions]) -> Records[T]: ...
@overload
def replay(path: Path, *, type: type[T], **options: Unpack[ReadOptions]) -> Records[T]: ...
@overload
def replay(path: Path, *, type: Any = None, raw: bool = False, **options: Unpack[ReadOptions]) -> Records[Any]: ...
def replay(path: Path, **options: Any) -> Records[Any]:
    """Read all complete commits of a journal, oldest first. Arguments as for ministore.replay().

    Opening and decoding, and so `on_bad_line` and what a codec does, happen in the reader's thread.
    """
    return Records(lambda: ministore.replay(path, **options), path)


@overload
def stream(path: Path, *, raw: Literal[True], **options: Unpack[ReadOptions]) -> Records[bytes]: ...
@overload
def stream(path: Path, *, codec: Codec[T], **options: Unpack[ReadOptions]) -> Records[T]: ...
@overload
def stream(path: Path, *, type: type[T], **options: Unpack[ReadOptions]) -> Records[T]: ...
@overload
def stream(path: Path, *, type: Any = None, raw: bool = False, **options: Unpack[ReadOptions]) -> Records[Any]: ...
def stream(path: Path, **options: Any) -> Records[Any]:
    """Read the one segment file named, lazily. Arguments as for ministore.stream()."""
    return Records(lambda: ministore.stream(path, **options), path)


@overload
def follow(path: Path, *, raw: Literal[True], **options: Unpack[FollowOptions]) -> Follower[bytes]: ...
@overload
def follow(path: Path, *, codec: Codec[T], **options: Unpack[FollowOptions]) -> Follower[T]: ...
@overload
def follow(path: Path, *, type: type[T], **options: Unpack[FollowOptions]) -> Follower[T]: ...
@overload
def follow(path: Path, *, type: Any = None, raw: bool = False, **options: Unpack[FollowOptions]) -> Follower[Any]: ...
def follow(path: Path, *, timeout: float | None = None, **options: Any) -> Follower[Any]:
    """Read a journal and go on waiting at its end. Arguments as for ministore.follow()."""
    return Follower(lambda: ministore.follow(path, **options), path, timeout)


async def verify(path: Path, *, max_record_bytes: int = MAX_RECORD_BYTES) -> VerifyInfo:
    """Check every header, line, number and digest of a journal; see ministore.verify()."""
    return await asyncio.to_thread(ministore.verify, path, max_record_bytes=max_record_bytes)


async def repair(path: Path, *, dry_run: bool = False, max_record_bytes: int = MAX_RECORD_BYTES) -> RepairInfo:
    """Make a damaged journal writable again; see ministore.repair()."""
    return await asyncio.to_thread(ministore.repair, path, dry_run=dry_run, max_record_bytes=max_record_bytes)
