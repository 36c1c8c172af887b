"""The only module that sees the C library: owns its handles and turns its statuses into values and exceptions.

CFFI releases the GIL around every call, so nothing here holds it while waiting for the disk.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from ministore._core import ffi, lib
from ministore.errors import BY_CODE, ClosedError, Error, ForkedError, InvalidArgumentError

if TYPE_CHECKING:
    from ministore._info import JournalInfo, ReaderInfo, RepairInfo, VerifyInfo

Path = str | bytes | os.PathLike[str] | os.PathLike[bytes]
Waited = Literal["ready", "timeout", "interrupted"]
Sync = Literal["always", "manual"]
TornTail = Literal["cut", "refuse"]

_R = TypeVar("_R")
_I = TypeVar("_I", "JournalInfo", "ReaderInfo", "VerifyInfo", "RepairInfo")

_NO_LINES = memoryview(b"")
_MAX_UINT64 = 2**64 - 1
_MAX_UINT32 = 2**32 - 1
_SYNC = {"always": lib.MINISTORE_SYNC_ALWAYS, "manual": lib.MINISTORE_SYNC_MANUAL}
_TORN_TAIL = {"cut": lib.MINISTORE_TORN_TAIL_CUT, "refuse": lib.MINISTORE_TORN_TAIL_REFUSE}
_WAITED: dict[int, Waited] = {
    lib.MINISTORE_OK: "ready",
    lib.MINISTORE_TIMEOUT: "timeout",
    lib.MINISTORE_INTERRUPTED: "interrupted",
}


def _text(chars: Any) -> str:
    return bytes(ffi.string(chars)).decode("utf-8", "replace")


def _name(chars: Any) -> str:
    return os.fsdecode(ffi.string(chars))


def _check(status: int, err: Any) -> int:
    """Pass on a status that is no failure; raise the exception of one that is."""
    if status >= 0:
        return status
    if status == lib.MINISTORE_PY_CLOSED:
        raise ClosedError("the journal is closed")
    kind = BY_CODE.get(_text(lib.ministore_status_name(status)), Error)
    place = (err.sequence, err.line, err.offset, _name(err.segment), _name(err.path))
    raise kind(_text(err.message), err.os_error, *place)


def _call(function: Callable[..., int], *arguments: Any) -> int:
    """Call a function of the library that takes an error last."""
    err = ffi.new("ministore_error *")
    return _check(function(*arguments, err), err)


def _set(options: Any, **values: int) -> None:
    for field, value in values.items():
        name = "start" if field == "from" else field  # as the caller knows it
        try:
            setattr(options, field, value)
        except OverflowError:
            raise InvalidArgumentError(f"{name} is out of range: {value}") from None
        except TypeError:
            raise TypeError(f"{name} is an integer, not {type(value).__name__}") from None


def _choose(name: str, choices: dict[str, int], value: str) -> int:
    if value not in choices:
        raise InvalidArgumentError(f"{name} is one of {', '.join(map(repr, choices))}, not {value!r}")
    return choices[value]


def _new_info(kind: str) -> Any:
    info = ffi.new(f"{kind} *")
    info.struct_size = ffi.sizeof(info[0])
    return info


# The classes of infos need msgspec: who asks for one imports it, so that importing the package need not.
def _info(into: type[_I], info: Any) -> _I:
    return into(*(getattr(info, name) for name in into.__struct_fields__))


def encode_path(path: Path) -> bytes:
    """A path as the system takes it."""
    encoded = os.fsencode(path)
    if b"\0" in encoded:
        raise InvalidArgumentError(f"a path cannot hold a NUL: {path!r}")
    return encoded


class JournalHandle:
    """A journal open for writing, for any number of threads and signal handlers.

    A call into C counts itself in and out there, and close() waits until none is under way.
    """

    def __init__(
        self,
        path: bytes,
        *,
        max_bytes_per_segment: int | None,
        max_segments: int | None,
        sync: Sync,
        torn_tail: TornTail,
        mode: int,
        max_record_bytes: int,
        preallocate_bytes: int,
    ) -> None:
        self.process = os.getpid()
        self._errors: list[Any] = []  # for append, which would else make one each time
        options = ffi.new("ministore_options *")
        lib.ministore_options_init(options, ffi.sizeof(options[0]))
        _set(
            options,
            mode=mode,
            max_bytes_per_segment=_MAX_UINT64 if max_bytes_per_segment is None else max_bytes_per_segment,
            max_segments=_MAX_UINT32 if max_segments is None else max_segments,
            sync=_choose("sync", _SYNC, sync),
            torn_tail=_choose("torn_tail", _TORN_TAIL, torn_tail),
            max_record_bytes=max_record_bytes,
            preallocate_bytes=preallocate_bytes,
        )
        err = ffi.new("ministore_error *")
        journal = lib.ministore_py_open(path, options, err)
        _check(err.status, err)
        self._journal = ffi.gc(journal, lib.ministore_py_free)
        self.closed = False

    def append(self, data: bytes, function: Callable[..., int] = lib.ministore_py_append) -> int:
        try:
            err = self._errors.pop()
        except IndexError:
            err = ffi.new("ministore_error *")
        sequence = function(self._journal, data, len(data), err)
        if sequence == 0:
            _check(err.status, err)
        self._errors.append(err)
        return sequence

    def append_batch(self, lines: bytes) -> int:
        return self.append(lines, lib.ministore_py_append_batch)

    def sync(self) -> None:
        _call(lib.ministore_py_sync, self._journal)

    def rotate(self) -> None:
        _call(lib.ministore_py_rotate, self._journal)

    def prune(self, before: int) -> int:
        if not isinstance(before, int):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"before is an integer, not {type(before).__name__}")
        if not 0 <= before <= _MAX_UINT64:
            raise InvalidArgumentError(f"before is out of range: {before}")
        removed = ffi.new("uint32_t *")
        _call(lib.ministore_py_prune, self._journal, before, removed)
        return int(removed[0])

    def stat(self) -> JournalInfo:
        from ministore._info import JournalInfo

        info = _new_info("ministore_info")
        _call(lib.ministore_py_stat, self._journal, info)
        return _info(JournalInfo, info)

    def close(self) -> None:
        err = ffi.new("ministore_error *")
        status = lib.ministore_py_close(self._journal, os.getpid() == self.process, err)
        self.closed = True  # not before, lest what a handler raises leaves it half closed
        _check(status, err)


class Piece:
    """Records on consecutive lines of one segment: a part of a batch, copied out of a cursor."""

    def __init__(self, data: bytes, plain: bool, count: int, sequence: int, segment: str, line: int, offset: int) -> None:
        self.data = data  # the lines; between the records only white space and line ends
        self.plain = plain  # between the records only line ends
        self.count = count
        self.sequence = sequence  # of the first record
        self.segment = segment
        self.line = line  # of the first record
        self.offset = offset  # of `data` in the segment


class CursorHandle:
    """A reader. One thread at a time uses it; others may interrupt() and close() it meanwhile."""

    _pointer: Any = None

    def __init__(
        self,
        path: bytes,
        *,
        stream: bool,
        start: int,
        at_end: bool,
        skip: bool,
        durable: bool,
        max_record_bytes: int,
    ) -> None:
        self.process = os.getpid()
        self._closing = False
        self._turn = threading.RLock()  # held by the thread that uses the cursor, whose signal handlers may close it
        self._owner = 0  # that thread
        self._gate = threading.RLock()  # keeps the pointer alive for interrupt(), in signal handlers too
        options = ffi.new("ministore_cursor_options *")
        lib.ministore_cursor_options_init(options, ffi.sizeof(options[0]))
        # 'from' is a word of Python's, hence no keyword below can be that field.
        _set(
            options,
            **{"from": start},
            scope=lib.MINISTORE_STREAM if stream else lib.MINISTORE_REPLAY,
            at_end=int(at_end),
            on_bad_line=lib.MINISTORE_BAD_LINE_SKIP if skip else lib.MINISTORE_BAD_LINE_STOP,
            durable=int(durable),
            max_record_bytes=max_record_bytes,
        )
        out = ffi.new("ministore_cursor_t **")
        _call(lib.ministore_cursor_open, out, path, options)
        self._pointer = out[0]
        self._batch = ffi.new("ministore_batch *")
        self._lines = _NO_LINES  # of the batch, what read_into() has not given yet

    @property
    def closed(self) -> bool:
        return self._closing or self._pointer is None

    def next_batch(self, at_once: int) -> list[Piece]:
        """Copies of the next records, in pieces of so many and a last one; none at the end."""
        return self._use(lambda pointer: self._cut(at_once) if self._read(pointer) else [])

    def read_into(self, target: memoryview) -> int:
        """Fill `target` with the next records as plain JSON Lines, at most to a batch's end; how many bytes."""
        return self._use(lambda pointer: self._give(pointer, target))

    def next_lines(self) -> bytes:
        """What read_into() left of a batch, or else the next batch; nothing at the end."""
        return self._use(self._take_lines)

    def wait(self, timeout_ms: int) -> Waited:
        return self._use(lambda pointer: _WAITED[_call(lib.ministore_cursor_wait, pointer, timeout_ms)])

    def stat(self) -> ReaderInfo:
        from ministore._info import ReaderInfo

        info = _new_info("ministore_cursor_info")
        self._use(lambda pointer: _call(lib.ministore_cursor_stat, pointer, info))
        return _info(ReaderInfo, info)

    def interrupt(self) -> None:
        """End a wait, now or the next one."""
        with self._gate:
            if self._pointer is not None:
                lib.ministore_cursor_interrupt(self._pointer)

    def close(self) -> None:
        if os.getpid() != self.process:
            self._free()
            return
        self._closing = True
        self.interrupt()
        if self._owner == threading.get_ident():
            return  # from a signal handler inside a call of this thread: that call frees the cursor when it ends
        with self._turn:
            self._free()

    def _free(self) -> None:
        with self._gate:
            pointer = vars(self).pop("_pointer", None)  # at once, lest a signal handler takes it too
        lib.ministore_cursor_close(ffi.NULL if pointer is None else pointer)

    def _use(self, action: Callable[[Any], _R]) -> _R:
        if os.getpid() != self.process:
            raise ForkedError("the journal was opened by a parent process: open it anew in this one")
        if self._owner == threading.get_ident():
            raise RuntimeError("a call inside another call of the same thread on the same reader")
        with self._turn:
            try:
                # A handler that closes before this line has freed the cursor; behind it, it leaves that to the end.
                self._owner = threading.get_ident()
                if self.closed:
                    raise ClosedError("the reader is closed")
                return action(self._pointer)
            finally:
                self._owner = 0
                if self._closing:
                    self._free()

    def _read(self, pointer: Any) -> bool:
        """Have the next records in _batch, borrowed until the next call; False at the end."""
        return bool(_call(lib.ministore_cursor_next_batch, pointer, self._batch) != lib.MINISTORE_DONE)

    def _cut(self, at_once: int) -> list[Piece]:
        batch, spans, count = self._batch, self._batch.spans, self._batch.count
        data, plain = ffi.buffer(batch.data, batch.size), bool(lib.ministore_py_is_plain(batch))
        sequence, segment, line, offset = batch.sequence, _name(batch.segment), batch.line, batch.offset
        firsts = range(0, count, at_once)
        begins = [0, *(spans[first].offset for first in firsts[1:])]
        return [
            Piece(data[begin:end], plain, min(count - i, at_once), sequence + i, segment, line + i, offset + begin)
            for i, begin, end in zip(firsts, begins, [*begins[1:], batch.size], strict=True)
        ]

    def _give(self, pointer: Any, target: memoryview) -> int:
        if not self._lines and self._read(pointer):
            plain = bool(lib.ministore_py_is_plain(self._batch))
            if not plain and len(target) >= self._batch.size:
                return int(lib.ministore_py_join(self._batch, ffi.from_buffer(target)))
            self._lines = self._as_lines(plain)
        size = min(len(target), len(self._lines))
        target[:size] = self._lines[:size]
        self._lines = self._lines[size:]
        return size

    def _take_lines(self, pointer: Any) -> bytes:
        if not self._lines and self._read(pointer):
            self._lines = self._as_lines(bool(lib.ministore_py_is_plain(self._batch)))
        lines, self._lines = bytes(self._lines), _NO_LINES
        return lines

    def _as_lines(self, plain: bool) -> memoryview:
        """The batch itself, where it is plain: still borrowed."""
        batch = self._batch
        if plain:
            return memoryview(ffi.buffer(batch.data, batch.size))
        lines = bytearray(batch.size)
        return memoryview(lines)[: lib.ministore_py_join(batch, ffi.from_buffer(lines))]


def verify(path: bytes, max_record_bytes: int) -> VerifyInfo:
    from ministore._info import VerifyInfo

    info = _new_info("ministore_verify_info")
    try:
        _call(lib.ministore_verify, path, max_record_bytes, info)
    except Error as error:
        error.verified = _info(VerifyInfo, info)
        raise
    return _info(VerifyInfo, info)


def repair(path: bytes, dry_run: bool, max_record_bytes: int) -> RepairInfo:
    from ministore._info import RepairInfo

    info = _new_info("ministore_repair_info")
    _call(lib.ministore_repair, path, int(dry_run), max_record_bytes, info)
    return _info(RepairInfo, info)


def validate(record: bytes) -> None:
    _call(lib.ministore_json_validate, record, len(record))


def version() -> str:
    return _text(lib.ministore_version())


def command(arguments: list[str]) -> int:
    """Run the command line program inside this process; its exit code."""
    words = [ffi.new("char[]", os.fsencode(word)) for word in arguments]
    argv = ffi.new("char *[]", [*words, ffi.NULL])
    return int(lib.ministore_cli(len(words), argv))
