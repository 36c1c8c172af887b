"""How values become records and records values: as raw bytes, by a codec of the caller's, or through msgspec."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from ministore._handles import Piece

T = TypeVar("T")


# Records decoded at once. Few enough that they die before Python's cyclic collector looks for them, and that their
# memory is used again while the processor's nearest caches hold it.
_AT_ONCE = 64


class Codec(Protocol[T]):
    """What can be given as `codec=`: any object with these two methods."""

    def encode(self, value: T, /) -> bytes:
        """One JSON text without line feeds."""
        ...

    def decode(self, record: bytes, /) -> T: ...


class Format(Generic[T]):
    """A way to write values and to read records."""

    def __init__(
        self,
        encode: Callable[[T], bytes],
        decode: Callable[[bytes], T],
        decode_all: Callable[[Piece], list[T]],
        at_once: int = _AT_ONCE,
    ) -> None:
        self.encode = encode
        self.decode = decode
        self.decode_all = decode_all
        self.at_once = at_once


def choose(type: Any = None, raw: bool = False, codec: Codec[Any] | None = None) -> Format[Any]:
    """The format that the arguments of open, replay, stream and follow ask for."""
    if (type is not None) + bool(raw) + (codec is not None) > 1:
        raise TypeError("give one of type=, raw= and codec=, not several")
    if raw:
        return _RAW
    if codec is not None:
        return _of_codec(codec)
    from . import _values  # here, as it takes a third of the time that importing the package would take with it

    return _values.PLAIN if type is None else _values.of_type(type)


def split(piece: Piece) -> list[bytes]:
    """The records of a piece."""
    lines = piece.data.split(b"\n")
    del lines[piece.count :]
    return lines if piece.plain else list(map(bytes.strip, lines))


def _of_codec(codec: Codec[T]) -> Format[T]:
    for method in ("encode", "decode"):
        if not callable(getattr(codec, method, None)):
            raise TypeError(f"a codec has the methods encode and decode; {codec!r} has no {method}")
    return Format(
        lambda value: to_bytes(codec.encode(value)),
        codec.decode,
        lambda piece: list(map(codec.decode, split(piece))),
    )


def to_bytes(record: bytes) -> bytes:
    if type(record) is bytes:
        return record
    if not isinstance(record, (bytes, bytearray, memoryview)):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"a raw or encoded record is bytes, not {record.__class__.__name__}")
    return bytes(record)


# Bytes are nothing to the collector, and splitting is so quick that whole batches are best.
_RAW: Format[bytes] = Format(to_bytes, lambda record: record, split, sys.maxsize)
