"""The functions of the package: open, replay, stream, follow, reader, verify, repair, validate."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, Any, Literal, TypedDict, TypeVar, overload

from ministore import _handles
from ministore._formats import Codec, choose, to_bytes
from ministore._handles import CursorHandle, JournalHandle, Path, Sync, TornTail, encode_path
from ministore._journal import Journal
from ministore._jsonlines import JSONLines
from ministore._records import Follower, OnBadLine, Records

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ministore._info import RepairInfo, VerifyInfo

T = TypeVar("T")

MAX_RECORD_BYTES = 64 * 1024 * 1024


class OpenOptions(TypedDict, total=False):
    """The options of open()."""

    max_bytes_per_segment: int | None
    max_segments: int | None
    sync: Sync
    torn_tail: TornTail
    mode: int
    max_record_bytes: int
    preallocate_bytes: int


class ReadOptions(TypedDict, total=False):
    """The options of replay() and stream()."""

    start: int
    on_bad_line: OnBadLine | None
    max_record_bytes: int


class FollowOptions(ReadOptions, total=False):
    """The options of follow()."""

    at_end: bool
    timeout: float | None
    durable: bool


@overload
def open(path: Path, *, raw: Literal[True], **options: Unpack[OpenOptions]) -> Journal[bytes]: ...
@overload
def open(path: Path, *, codec: Codec[T], **options: Unpack[OpenOptions]) -> Journal[T]: ...
@overload
def open(path: Path, *, type: type[T], **options: Unpack[OpenOptions]) -> Journal[T]: ...
@overload
def open(path: Path, *, type: Any = None, raw: bool = False, **options: Unpack[OpenOptions]) -> Journal[Any]: ...
def open(
    path: Path,
    *,
    type: Any = None,
    raw: bool = False,
    codec: Codec[Any] | None = None,
    max_bytes_per_segment: int | None = None,
    max_segments: int | None = None,
    sync: Sync = "always",
    torn_tail: TornTail = "cut",
    mode: int = 0o600,
    max_record_bytes: int = MAX_RECORD_BYTES,
    preallocate_bytes: int = 0,
) -> Journal[Any]:
    """Open a journal for writing; make it, and missing parent folders, if it is not there.

    When this returns the caller is the only writer, a torn tail is cut (its bytes are kept in P.torn), and what the
    journal holds is durable.

    type, raw, codec: what append takes. Nothing: what msgspec can encode; type=T the same, checked by type checkers;
        raw=True bytes; codec an object with encode and decode.
    max_bytes_per_segment: rotate when the active segment has reached this.
    max_segments: keep this many, the active one included, and REMOVE older ones at each rotation.
    sync: "manual": an append is durable when the next sync(), rotate() or close() has returned.
    torn_tail: "refuse": raise TornError where there is one, and change nothing.
    mode: permission bits of files made anew.
    max_record_bytes: longest record.
    preallocate_bytes: extend the active segment in steps of this; faster, but while the journal is open its file
        ends in NULs.
    """
    format = choose(type, raw, codec)
    handle = JournalHandle(
        encode_path(path),
        max_bytes_per_segment=max_bytes_per_segment,
        max_segments=max_segments,
        sync=sync,
        torn_tail=torn_tail,
        mode=mode,
        max_record_bytes=max_record_bytes,
        preallocate_bytes=preallocate_bytes,
    )
    return Journal(handle, format, os.fsdecode(path))


@overload
def replay(path: Path, *, raw: Literal[True], **options: Unpack[ReadOptions]) -> Records[bytes]: ...
@overload
def replay(path: Path, *, codec: Codec[T], **options: Unpack[ReadOptions]) -> Records[T]: ...
@overload
def replay(path: Path, *, type: type[T], **options: Unpack[ReadOptions]) -> Records[T]: ...
@overload
def replay(path: Path, *, type: Any = None, raw: bool = False, **options: Unpack[ReadOptions]) -> Records[Any]: ...
def replay(
    path: Path,
    *,
    type: Any = None,
    raw: bool = False,
    codec: Codec[Any] | None = None,
    start: int = 0,
    on_bad_line: OnBadLine | None = None,
    max_record_bytes: int = MAX_RECORD_BYTES,
) -> Records[Any]:
    """Read all complete commits of a journal, oldest first. Needs no lock, writes nothing; a missing journal is empty.

    type, raw, codec: what the records become. Nothing: dict, list, str, int, ...; type=T what msgspec makes of T
        (a dataclass, Struct, TypedDict, union, ...); raw=True bytes; codec an object with encode and decode.
    start: number of the first record to read; 0: the oldest there is.
    on_bad_line: called with the error of each line that is damaged, too long or does not decode; when it returns,
        reading goes on behind that line. Without it the error is raised.
    max_record_bytes: longest line taken into memory.
    """
    format = choose(type, raw, codec)
    cursor = _cursor(path, start, on_bad_line, max_record_bytes)
    return Records(cursor, format, os.fsdecode(path), on_bad_line)


@overload
def stream(path: Path, *, raw: Literal[True], **options: Unpack[ReadOptions]) -> Records[bytes]: ...
@overload
def stream(path: Path, *, codec: Codec[T], **options: Unpack[ReadOptions]) -> Records[T]: ...
@overload
def stream(path: Path, *, type: type[T], **options: Unpack[ReadOptions]) -> Records[T]: ...
@overload
def stream(path: Path, *, type: Any = None, raw: bool = False, **options: Unpack[ReadOptions]) -> Records[Any]: ...
def stream(
    path: Path,
    *,
    type: Any = None,
    raw: bool = False,
    codec: Codec[Any] | None = None,
    start: int = 0,
    on_bad_line: OnBadLine | None = None,
    max_record_bytes: int = MAX_RECORD_BYTES,
) -> Records[Any]:
    """Read the one segment file named, and only it, lazily; as replay() otherwise. A missing file is an error."""
    format = choose(type, raw, codec)
    cursor = _cursor(path, start, on_bad_line, max_record_bytes, stream=True)
    return Records(cursor, format, os.fsdecode(path), on_bad_line)


@overload
def follow(path: Path, *, raw: Literal[True], **options: Unpack[FollowOptions]) -> Follower[bytes]: ...
@overload
def follow(path: Path, *, codec: Codec[T], **options: Unpack[FollowOptions]) -> Follower[T]: ...
@overload
def follow(path: Path, *, type: type[T], **options: Unpack[FollowOptions]) -> Follower[T]: ...
@overload
def follow(path: Path, *, type: Any = None, raw: bool = False, **options: Unpack[FollowOptions]) -> Follower[Any]: ...
def follow(
    path: Path,
    *,
    type: Any = None,
    raw: bool = False,
    codec: Codec[Any] | None = None,
    start: int = 0,
    at_end: bool = False,
    timeout: float | None = None,
    durable: bool = True,
    on_bad_line: OnBadLine | None = None,
    max_record_bytes: int = MAX_RECORD_BYTES,
) -> Follower[Any]:
    """Read a journal as replay() does, and go on waiting at its end, also across rotations.

    at_end: begin behind the last record there is.
    timeout: an iteration ends after so many seconds without a new record, and can be begun again; None: it waits
        for ever. Ctrl-C ends it in any case.
    durable: sync what is new before handing it out, so that what is acted upon is on the disk.
    """
    format = choose(type, raw, codec)
    cursor = _cursor(path, start, on_bad_line, max_record_bytes, at_end=at_end, durable=durable)
    return Follower(cursor, format, os.fsdecode(path), on_bad_line, timeout)


def reader(
    path: Path,
    *,
    start: int = 0,
    on_bad_line: OnBadLine | None = None,
    max_record_bytes: int = MAX_RECORD_BYTES,
) -> io.BufferedReader:
    """A journal as a binary file of plain JSON Lines, for programs that read such: polars, pandas, DuckDB, ..."""
    records = replay(path, raw=True, start=start, on_bad_line=on_bad_line, max_record_bytes=max_record_bytes)
    return io.BufferedReader(JSONLines(records), io.DEFAULT_BUFFER_SIZE * 8)


def verify(path: Path, *, max_record_bytes: int = MAX_RECORD_BYTES) -> VerifyInfo:
    """Check every header, line, number and digest of a journal; changes nothing and needs no lock.

    Raises the first problem; its `verified` attribute tells what there was in all.
    """
    return _handles.verify(encode_path(path), max_record_bytes)


def repair(path: Path, *, dry_run: bool = False, max_record_bytes: int = MAX_RECORD_BYTES) -> RepairInfo:
    """Make a damaged journal writable again: cut the active segment from its first bad commit on.

    The bytes cut are saved to P.torn. dry_run: change nothing, only tell what would be done.
    """
    return _handles.repair(encode_path(path), dry_run, max_record_bytes)


def validate(record: bytes) -> None:
    """Raise InvalidJSONError if append would refuse this JSON text (line feeds around its values aside)."""
    _handles.validate(to_bytes(record))


def _cursor(
    path: Path,
    start: int,
    on_bad_line: OnBadLine | None,
    max_record_bytes: int,
    *,
    stream: bool = False,
    at_end: bool = False,
    durable: bool = False,
) -> CursorHandle:
    return CursorHandle(
        encode_path(path),
        stream=stream,
        start=start,
        at_end=at_end,
        skip=on_bad_line is not None,
        durable=durable,
        max_record_bytes=max_record_bytes,
    )
