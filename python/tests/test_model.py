"""A random sequence of operations on a journal does what it does on a list."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

import ministore

values = st.integers() | st.text(st.characters(exclude_categories=["Cs"]), max_size=40) | st.none()
limits = st.none() | st.integers(1, 300)


class JournalMachine(RuleBasedStateMachine):
    """The model: `values` are all records ever appended, of which those from `first` on are still there."""

    journal: ministore.Journal[Any] | None

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.path = self.folder / "j"
        self.values: list[Any] = []
        self.first = 1
        self.followed: list[Any] = []
        self.journal = None
        self.follower = ministore.follow(self.path, timeout=0)

    @rule(limit=limits, manual=st.booleans(), step=st.sampled_from([0, 64, 4096]))
    @precondition(lambda self: self.journal is None)
    def open(self, limit: int | None, manual: bool, step: int) -> None:
        self.journal = ministore.open(
            self.path,
            max_bytes_per_segment=limit,
            sync="manual" if manual else "always",
            preallocate_bytes=step,
        )

    @rule(value=values)
    @precondition(lambda self: self.journal is not None)
    def append(self, value: object) -> None:
        assert self.journal is not None
        self.values.append(value)
        assert self.journal.append(value) == len(self.values)

    @rule(batch=st.lists(values, max_size=8))
    @precondition(lambda self: self.journal is not None)
    def append_many(self, batch: list[object]) -> None:
        assert self.journal is not None
        self.values += batch
        assert self.journal.append_many(batch) == (len(self.values) if batch else 0)

    @rule()
    @precondition(lambda self: self.journal is not None)
    def refused(self) -> None:
        assert self.journal is not None
        try:
            self.journal.append_many(["fine", "\ud800"])
        except UnicodeEncodeError:
            return
        raise AssertionError("a lone surrogate was taken")

    @rule()
    @precondition(lambda self: self.journal is not None)
    def rotate(self) -> None:
        assert self.journal is not None
        self.journal.rotate()

    @rule()
    @precondition(lambda self: self.journal is not None)
    def sync(self) -> None:
        assert self.journal is not None
        self.journal.sync()
        assert self.journal.stat().durable_sequence == len(self.values)

    @rule(data=st.data())
    @precondition(lambda self: self.journal is not None)
    def prune(self, data: st.DataObject) -> None:
        assert self.journal is not None
        self.follow()  # or the follower would miss what goes
        before = data.draw(st.integers(1, len(self.values) + 1))
        self.journal.prune(before)
        first = self.journal.stat().first_sequence
        assert self.first <= first <= max(before, self.first)
        self.first = first

    @rule()
    @precondition(lambda self: self.journal is not None)
    def close(self) -> None:
        assert self.journal is not None
        self.journal.close()
        self.journal = None

    @rule(tail=st.sampled_from([b'{"half', b"123", b"1\t\n2\t\n", b"\0\0"]))
    @precondition(lambda self: self.journal is None and self.path.exists())
    def tear(self, tail: bytes) -> None:
        with self.path.open("ab") as file:
            file.write(tail)
        ministore.open(self.path).close()

    @rule()
    def follow(self) -> None:
        self.followed += self.follower
        assert self.followed == self.values
        assert self.follower.sequence in (0, len(self.values))

    @invariant()
    def replay_gives_the_model(self) -> None:
        if not hasattr(self, "values"):
            return
        assert list(ministore.replay(self.path)) == self.values[self.first - 1 :]
        middle = (self.first + len(self.values) + 1) // 2
        assert list(ministore.replay(self.path, start=middle)) == self.values[middle - 1 :]
        assert ministore.reader(self.path).read().count(b"\n") == len(self.values) - self.first + 1
        assert ministore.verify(self.path).next_sequence == len(self.values) + 1

    def teardown(self) -> None:
        if not hasattr(self, "values"):
            return
        if self.journal is not None:
            self.journal.close()
        self.follower.close()
        shutil.rmtree(self.folder)


TestJournal = JournalMachine.TestCase
TestJournal.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
