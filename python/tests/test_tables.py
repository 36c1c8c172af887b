"""The clean reader feeds the real polars, pandas and DuckDB, which refuse a journal file as it is."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas
import polars
import pytest

import ministore

ROWS = [{"id": number, "name": f"row {number}"} for number in range(5_000)]


@pytest.fixture
def journal(path: Path) -> Path:
    """A journal of ROWS with batches, in several segments."""
    with ministore.open(path, max_bytes_per_segment=50_000) as journal:
        for first in range(0, len(ROWS), 100):
            journal.append_many(ROWS[first : first + 100])
    return path


def test_polars(journal: Path) -> None:
    with pytest.raises(polars.exceptions.PolarsError):
        polars.read_ndjson(journal)
    with ministore.reader(journal) as file:
        assert polars.read_ndjson(file).to_dicts() == ROWS


def test_pandas(journal: Path) -> None:
    with pytest.raises(ValueError):
        pandas.read_json(journal, lines=True)
    with ministore.reader(journal) as file:
        assert pandas.read_json(file, lines=True).to_dict("records") == ROWS


def test_duckdb(journal: Path) -> None:
    with pytest.raises(duckdb.Error):
        duckdb.read_json(str(journal), format="newline_delimited").fetchall()
    with ministore.reader(journal) as file:
        table = duckdb.read_json(file, format="newline_delimited")
        assert table.fetchall() == [(row["id"], row["name"]) for row in ROWS]
