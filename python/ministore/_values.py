"""Values as records through msgspec; imported by the first call that needs it."""

from __future__ import annotations

import math
from typing import Any

import msgspec

from ._formats import Format

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


def of_type(type: Any) -> Format[Any]:
    decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(type)
    return Format(_encode, decoder.decode, lambda piece: decoder.decode_lines(piece.data))


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


PLAIN: Format[Any] = Format(_encode, _plain_decode, lambda piece: _plain_decoder.decode_lines(piece.data))
