"""What the tests share: the root of the checkout, the journal of a test, and Ctrl-C as it is in a terminal."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Path of a journal that is not there yet."""
    return tmp_path / "journal"


@pytest.fixture
def long_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what wakes a waiting follower ends its wait: it does not come back by itself to look."""
    monkeypatch.setattr("ministore._records._WAIT_SECONDS", 3600)


# A shell starts jobs in the background with SIGINT ignored, and all children inherit that; of a handler they inherit
# nothing, so with one here Ctrl-C does in them what it does by default.
signal.signal(signal.SIGINT, signal.default_int_handler)

# No example may fail for being slow: a disk may take its time.
settings.register_profile("ministore", deadline=None)
settings.load_profile("ministore")
