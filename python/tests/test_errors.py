"""The exceptions: they carry their place, read well, and survive pickling."""

from __future__ import annotations

import errno
import json
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

import ministore
from ministore.errors import BY_CODE

PLACE = (errno.EIO, 7, 3, 57, "j.002", "/data/j")


@pytest.mark.parametrize("kind", BY_CODE.values())
def test_an_error_carries_its_place_through_pickle(kind: type[ministore.Error]) -> None:
    error = pickle.loads(pickle.dumps(kind("it is damaged", *PLACE)))
    assert type(error) is kind
    assert str(error) == "it is damaged"
    assert (error.os_error, error.sequence, error.line, error.offset, error.segment, error.path) == PLACE
    if isinstance(error, OSError):
        assert (error.errno, error.filename) == (errno.EIO, "/data/j")


def test_what_else_an_error_is() -> None:
    assert issubclass(ministore.InputOutputError, OSError)
    assert issubclass(ministore.NoSpaceError, OSError)
    assert issubclass(ministore.PoisonedError, OSError)
    assert not issubclass(ministore.CorruptError, (OSError, ValueError))
    for kind in (ministore.InvalidArgumentError, ministore.InvalidJSONError, ministore.DecodeError):
        assert issubclass(kind, ValueError)
    assert issubclass(ministore.NoMemoryError, MemoryError)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda path: ministore.open(path, max_record_bytes=1e6), "max_record_bytes is an integer, not float"),
        (lambda path: ministore.replay(path, start="1"), "start is an integer, not str"),
        (lambda path: ministore.replay(path, codec=json), "json.* has no encode"),
        (lambda path: ministore.validate("1"), "bytes, not str"),
    ],
)
def test_an_argument_of_a_wrong_type_is_named(path: Path, call: Callable[[Path], object], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        call(path)
    with ministore.open(path) as journal, pytest.raises(TypeError, match="before is an integer, not str"):
        journal.prune("1")  # type: ignore[arg-type]
