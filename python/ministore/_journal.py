"""A journal open for writing."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Generic, TypeVar

from ministore._formats import Format
from ministore._handles import JournalHandle
from ministore.errors import InvalidJSONError

if TYPE_CHECKING:
    from ministore._info import JournalInfo

T = TypeVar("T")


def join(records: Iterable[bytes]) -> tuple[bytes, int]:
    """The records as lines of one batch, and how many. A line feed inside one would make two records of it."""
    records = list(records)
    lines = b"\n".join([*records, b""])
    if lines.count(b"\n") != len(records):
        raise _line_feed(records)
    return lines, len(records)


def line(record: bytes) -> bytes:
    """As join(), of one record."""
    if b"\n" in record:
        raise _line_feed([record])
    return record + b"\n"


def _line_feed(records: list[bytes]) -> InvalidJSONError:
    number, record = next(found for found in enumerate(records, 1) if b"\n" in found[1])
    offset = record.index(b"\n")
    return InvalidJSONError(f"record {number} holds a line feed at byte {offset}", line=number, offset=offset)


class Journal(Generic[T]):
    """A journal open for writing; made by ministore.open(). A context manager, and safe for any number of threads."""

    def __init__(self, handle: JournalHandle, format: Format[T], path: str) -> None:
        self._handle = handle
        self._encode = format.encode
        #: The path as it was given to open.
        self.path = path

    def append(self, value: T) -> int:
        """Append one record, durable when this returns (with sync="manual": after the next sync()); its number."""
        return self._handle.append(self._encode(value))

    def append_many(self, values: Iterable[T]) -> int:
        """Append records as one commit, all or none; the last one's number, 0 if there are none."""
        lines, _ = join(map(self._encode, values))
        return self._handle.append_batch(lines)

    def sync(self) -> None:
        """Make durable what was appended; needed with sync="manual" only."""
        self._handle.sync()

    def rotate(self) -> None:
        """Archive the active segment and begin a new one; nothing if it holds no record."""
        self._handle.rotate()

    def prune(self, before: int) -> int:
        """Remove archived segments all of whose records are older than number `before`; how many went."""
        return self._handle.prune(before)

    def stat(self) -> JournalInfo:
        """What the journal holds, and what open cut from its end."""
        return self._handle.stat()

    @property
    def closed(self) -> bool:
        """Whether the journal was closed."""
        return self._handle.closed

    def close(self) -> None:
        """Wait for calls under way, sync what is not yet durable and release the lock. A second time is fine."""
        self._handle.close()

    def __enter__(self) -> Journal[T]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<ministore.Journal {self.path!r} {'closed' if self.closed else 'open'}>"

    def __del__(self) -> None:
        if self.closed:
            return
        if self._handle.process == os.getpid():
            warnings.warn(f"unclosed {self!r}", ResourceWarning, stacklevel=2, source=self)
        self.close()
