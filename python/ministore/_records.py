"""Readers of records: Records reads to the end of a journal or segment, Follower goes on waiting there."""

from __future__ import annotations

import math
import os
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from itertools import chain
from operator import length_hint
from types import TracebackType
from typing import TYPE_CHECKING, Generic, TypeVar

from ministore._formats import Format, split
from ministore._handles import CursorHandle, Piece, Waited
from ministore.errors import CorruptError, DecodeError, Error, TooLargeError

if TYPE_CHECKING:
    from typing_extensions import Self

    from ministore._info import ReaderInfo

T = TypeVar("T")
R = TypeVar("R")
OnBadLine = Callable[[Error], object]

# The longest single wait: a signal that another thread took is noticed at its end.
_WAIT_SECONDS = 0.5


class Records(Generic[T]):
    """The records of a journal or segment, in order; made by replay() and stream(). An iterator and context manager.

    It crosses into C once for a batch of records. At the end it can be iterated again: it goes on with what was
    appended since. One thread at a time may iterate; any may close() it.
    """

    def __init__(self, cursor: CursorHandle, format: Format[T], path: str, on_bad_line: OnBadLine | None) -> None:
        self._cursor = cursor
        self._format = format
        self._on_bad_line = on_bad_line
        self._at_once = format.at_once
        #: The path as it was given.
        self.path = path
        self._rest: Iterator[T] = iter(())  # decoded and not yet handed out
        self._end = 0  # number of the last record of _rest
        self._pieces: deque[Piece] = deque()  # read and not yet decoded
        self._misfit: DecodeError | None = None  # the error of that record, still to be told
        self._passed: tuple[object, ...] = ()  # the bad line passed last
        self._ended = False

    @property
    def sequence(self) -> int:
        """Number of the record handed out last; 0 before the first."""
        return self._end - length_hint(self._rest)

    def stat(self) -> ReaderInfo:
        """Where the reader is, what the journal holds, and, at its end, how much of a torn tail stands behind it."""
        from msgspec.structs import replace

        info = self._cursor.stat()
        waiting = length_hint(self._rest) + (self._misfit is not None)
        waiting += sum(piece.count for piece in self._pieces)
        return replace(info, next_sequence=info.next_sequence - waiting)

    @property
    def closed(self) -> bool:
        """Whether the reader was closed."""
        return self._cursor.closed

    def close(self) -> None:
        """Close the reader. In a thread that waits with it this raises ClosedError. A second time is fine."""
        self._cursor.close()

    def __iter__(self) -> Iterator[T]:
        # Iterators of C over the same state, so that a loop runs no Python code for each record.
        return chain(self._rest, chain.from_iterable(iter(self._advance, None)))

    def __next__(self) -> T:
        while True:
            for value in self._rest:
                return value
            if self._advance() is None:
                raise StopIteration

    def _advance(self) -> Iterator[T] | None:
        """Decode the next piece into _rest; None at the end."""
        self._ended = True
        while (piece := self._next_piece()) is not None:
            values = self._decode(piece)
            if values:
                self._ended = False
                self._end = piece.sequence + len(values) - 1
                self._rest = iter(values)
                return self._rest
        return None

    def _next_piece(self) -> Piece | None:
        if self._misfit is not None:
            self._tell_misfit(self._misfit)
        try:
            return self._pieces.popleft()
        except IndexError:
            pass  # not looked for before, as another thread may be quicker
        batch = self._read(lambda: self._cursor.next_batch(self._at_once))
        self._pieces.extend(batch[1:])
        return batch[0] if batch else None

    def _read(self, read: Callable[[], R]) -> R:
        """Read on behind bad lines that can be passed."""
        while True:
            try:
                return read()
            except (CorruptError, TooLargeError) as error:
                self._pass_or_raise(error)

    def _tell_misfit(self, error: DecodeError) -> None:
        if self._on_bad_line is None:
            raise DecodeError(*error.args) from error.__cause__
        self._misfit = None
        self._on_bad_line(error)

    def _pass_or_raise(self, error: Error) -> None:
        """Tell the caller's function of a bad line; the same place twice is none that can be passed."""
        place = (error.code, error.segment, error.line, error.offset)
        if self._on_bad_line is None or place == self._passed:
            raise error
        self._passed = place
        self._on_bad_line(error)

    def _decode(self, piece: Piece) -> list[T]:
        """The values of a piece, up to the first record that does not decode."""
        try:
            return self._format.decode_all(piece)
        except (ValueError, TypeError, RecursionError):
            pass  # outside of this block, lest the error to come has this one as its context
        return self._decode_singly(piece)

    def _decode_singly(self, piece: Piece) -> list[T]:
        values: list[T] = []
        for record in split(piece):
            try:
                values.append(self._format.decode(record))
            except (ValueError, TypeError, RecursionError) as cause:
                self._stop_at(piece, len(values), cause)
                break
        return values

    def _stop_at(self, piece: Piece, index: int, cause: Exception) -> None:
        """Remember the record that did not decode, and what comes behind it."""
        lines = piece.data.split(b"\n", index + 1)
        start = sum(map(len, lines[:index])) + index
        end = start + len(lines[index]) + 1
        line, sequence = piece.line + index, piece.sequence + index
        self._misfit = DecodeError(
            f"{piece.segment}:{line}: record {sequence} does not decode: {cause}",
            line=line,
            sequence=sequence,
            offset=piece.offset + start + len(lines[index]) - len(lines[index].lstrip()),
            segment=piece.segment,
            path=self.path,
        )
        self._misfit.__cause__ = cause.with_traceback(None)  # whose frames would keep the reader alive
        left = piece.count - index - 1
        if left:
            behind = Piece(
                piece.data[end:], piece.plain, left, sequence + 1, piece.segment, line + 1, piece.offset + end
            )
            self._pieces.appendleft(behind)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "closed" if self.closed else f"at record {self.sequence}"
        return f"<ministore.{type(self).__name__} {self.path!r} {state}>"

    def __del__(self) -> None:
        if self.closed:
            return
        if not self._ended and self._cursor.process == os.getpid():
            warnings.warn(f"unclosed {self!r}", ResourceWarning, stacklevel=2, source=self)
        self.close()


class Follower(Records[T]):
    """Records that go on at the end of a journal, also across rotations; made by follow()."""

    def __init__(
        self,
        cursor: CursorHandle,
        format: Format[T],
        path: str,
        on_bad_line: OnBadLine | None,
        timeout: float | None,
    ) -> None:
        super().__init__(cursor, format, path, on_bad_line)
        #: Seconds without a new record after which an iteration ends; None: never. It may be changed at any time.
        self.timeout = timeout
        self._interrupted = False

    def wait(self, timeout: float | None = None) -> Waited:
        """Wait for something to read: a record, or an error that the next read raises."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while (result := self._wait_once(deadline)) is None:
            pass
        return result

    def interrupt(self) -> None:
        """End a wait, now or the next one, and the iteration that waits. Any thread and signal handler may call."""
        self._interrupted = True
        self._cursor.interrupt()

    def _advance(self) -> Iterator[T] | None:
        rest = super()._advance()
        while rest is None and self.wait(self.timeout) == "ready":
            rest = super()._advance()
        return rest

    def _wait_once(self, deadline: float | None) -> Waited | None:
        """One wait that is not long; None if it has to be gone on with."""
        if self._holds_some():
            return "ready"
        if self._interrupted:
            self._interrupted = False
            return "interrupted"
        left = math.inf if deadline is None else max(deadline - time.monotonic(), 0)
        result = self._cursor.wait(math.ceil(min(left, _WAIT_SECONDS) * 1000))
        if result == "timeout":
            return result if left <= _WAIT_SECONDS else None
        # Interrupted: by interrupt(), which the next turn sees, or by a signal, whose handler Python has run by now.
        return result if result == "ready" else None

    def _holds_some(self) -> bool:
        return bool(length_hint(self._rest) or self._misfit or self._pieces)
