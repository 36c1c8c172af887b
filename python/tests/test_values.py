"""Any JSON value that goes in comes out equal, whatever way it takes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ministore

# Text without surrogates, which strict JSON refuses; integers of any size; floats that JSON has.
text = st.text(st.characters(exclude_categories=["Cs"]))
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | text
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(text, inner), max_leaves=20)


@pytest.fixture(scope="module")
def journal() -> Iterator[ministore.Journal[Any]]:
    with tempfile.TemporaryDirectory() as folder:
        # Manual sync, since durability is not the question here.
        with ministore.open(Path(folder) / "j", sync="manual") as journal:
            yield journal


def same(left: object, right: object) -> bool:
    """Equal, types and all: 1, 1.0 and True are not the same here, and neither are 0.0 and -0.0."""
    return repr(left) == repr(right)


# Half the time that importing the package took was msgspec's.
RAW_PROGRAM = """
import sys, ministore, ministore.aio
with ministore.open(sys.argv[1], raw=True) as journal:
    journal.append(b"1")
with ministore.replay(sys.argv[1], raw=True) as records:
    assert list(records) == [b"1"]
assert "msgspec" not in sys.modules, "imported without need"
assert ministore.JournalInfo.__module__ == "ministore._info" and "msgspec" in sys.modules
"""


def test_a_program_of_raw_records_does_not_load_msgspec(path: Path) -> None:
    subprocess.run([sys.executable, "-c", RAW_PROGRAM, path], check=True, timeout=60)


def test_a_name_that_the_package_has_not_is_not_found() -> None:
    assert not hasattr(ministore, "NoInfo")


@given(values)
def test_one_value(journal: ministore.Journal[Any], value: object) -> None:
    sequence = journal.append(value)
    assert same(list(ministore.replay(journal.path, start=sequence)), [value])
    [raw] = ministore.replay(journal.path, raw=True, start=sequence)
    assert json.loads(raw) == value


@given(st.lists(values, max_size=20))
def test_a_batch_of_values(journal: ministore.Journal[Any], batch: list[object]) -> None:
    first = journal.stat().next_sequence
    last = journal.append_many(batch)
    assert last == (first + len(batch) - 1 if batch else 0)
    assert same(list(ministore.replay(journal.path, start=first)), batch)


@given(values, st.sampled_from([b"", b" ", b"\t", b"\r", b" \t \r"]), st.booleans())
def test_white_space_around_a_record_is_not_part_of_it(
    journal: ministore.Journal[Any], value: object, space: bytes, ascii_only: bool
) -> None:
    record = json.dumps(value, ensure_ascii=ascii_only).encode()
    with tempfile.TemporaryDirectory() as folder:
        with ministore.open(os.path.join(folder, "j"), raw=True, sync="manual") as raw:
            raw.append(space + record + space)
            raw.append_many([space + record, record + space])
        assert list(ministore.replay(raw.path, raw=True)) == [record] * 3
        assert same(list(ministore.replay(raw.path)), [value] * 3)


@given(st.binary())
@settings(max_examples=300)
def test_what_is_no_json_is_refused_and_changes_nothing(journal: ministore.Journal[Any], junk: bytes) -> None:
    try:
        json.loads(junk.decode("utf-8"))
    except (ValueError, RecursionError):
        with pytest.raises(ministore.InvalidJSONError):
            ministore.validate(junk)


@pytest.mark.parametrize("number", [2**53 + 1, 2**63 - 1, -(2**63), 2**64 - 1, 10**100, -(10**100)])
def test_integers_are_exact(journal: ministore.Journal[Any], number: int) -> None:
    sequence = journal.append({"n": number})
    assert list(ministore.replay(journal.path, start=sequence)) == [{"n": number}]
    assert list(ministore.replay(journal.path, start=sequence, type=dict[str, int])) == [{"n": number}]
