"""How values become records and records values: through msgspec, as raw bytes, or by a codec of the caller's."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import msgspec

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


class Format(msgspec.Struct, Generic[T], frozen=True):
    """A way to write values and to read records."""

    encode: Callable[[T], bytes]
    decode: Callable[[bytes], T]
    decode_all: Callable[[Piece], list[T]]
    at_once: int = _AT_ONCE


def choose(type: Any = None, raw: bool = False, codec: Codec[Any] | None = None) -> Format[Any]:
    """The format that the arguments of open, replay, stream and follow ask for."""
    if (type is not None) + bool(raw) + (codec is not None) > 1:
        raise TypeError("give one of type=, raw= and codec=, not several")
    if raw:
        return _RAW
    if codec is not None:
        return _of_codec(codec)
    return _PLAIN if type is None else _of_type(type)


def split(piece: Piece) -> list[bytes]:
    """The records of a piece."""
    lines = piece.data.split(b"\n")
    del lines[piece.count :]
    return lines if piece.plain else list(map(bytes.strip, lines))


_encoder = msgspec.json.Encoder()


def _encode(value: Any) -> bytes:
    record = _encoder.encode(value)
    # msgspec writes NaN and infinities as null, which would lose them silently.
    if b"null" in record and _has_nonfinite(msgspec.to_builtins(value)):
        raise ValueError("NaN and infinities cannot be written in JSON")
    return record


def _has_nonfinite(value: Any) -> bool:
    if isinstance(value, float):
        return not math.isfinite(value)
    if isinstance(value, dict):
        return any(map(_has_nonfinite, value.values()))  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType]
    return isinstance(value, (list, tuple, set, frozenset)) and any(map(_has_nonfinite, value))  # pyright: ignore[reportUnknownArgumentType]


def _of_type(type: Any) -> Format[Any]:
    decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(type)
    return Format(_encode, decoder.decode, lambda piece: decoder.decode_lines(piece.data))


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


_plain_decoder = msgspec.json.Decoder()


def _plain_decode(record: bytes) -> Any:
    try:
        return _plain_decoder.decode(record)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        # The record is JSON, the library has seen to that; what msgspec then refuses are lone surrogates.
        import json  # here, as it is seldom needed

        return json.loads(record)


# Bytes are nothing to the collector, and splitting is so quick that whole batches are best.
_RAW: Format[bytes] = Format(to_bytes, lambda record: record, split, sys.maxsize)
_PLAIN: Format[Any] = Format(_encode, _plain_decode, lambda piece: _plain_decoder.decode_lines(piece.data))
