"""The annotations: mypy --strict and pyright accept the package, its tests, and see the types that a user counts on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

USE = '''
import dataclasses
import sys
import ministore
from ministore import aio

if sys.version_info >= (3, 11):
    from typing import assert_type
else:
    from typing_extensions import assert_type


@dataclasses.dataclass
class Event:
    name: str


class Upper:
    def encode(self, value: str) -> bytes: return value.encode()
    def decode(self, record: bytes) -> str: return record.decode()


with ministore.open("j", type=Event, max_segments=3, mode=0o640) as journal:
    assert_type(journal, ministore.Journal[Event])
    number: int = journal.append(Event("x"))
    journal.append("no event")  # WRONG
    journal.append_many([Event("x"), 1])  # WRONG
ministore.open("j", max_segment=3)  # WRONG
ministore.open("j", sync="sometimes")  # WRONG
for event in ministore.replay(b"j", type=Event, start=3):
    assert_type(event, Event)
for record in ministore.stream("j", raw=True):
    assert_type(record, bytes)
for text in ministore.follow("j", codec=Upper(), timeout=1.5):
    assert_type(text, str)
with ministore.follow("j", type=Event) as follower:
    assert_type(follower, ministore.Follower[Event])
    follower.interrupt()
assert_type(next(ministore.replay("j", type=list[int])), list[int])
ministore.open("j", raw=True).append("text")  # WRONG


async def main() -> None:
    async with aio.open("j", type=Event) as journal:
        assert_type(await journal.append(Event("x")), int)
        await journal.append("no event")  # WRONG
    async for event in aio.follow("j", type=Event, at_end=True):
        assert_type(event, Event)
    async with aio.follow("j", type=Event) as follower:
        assert_type(follower, aio.Follower[Event])
    async for record in aio.replay("j", raw=True):
        assert_type(record, bytes)
'''

# Neither may leave anything in the tree.
CHECKERS = [["mypy", "--strict", "--cache-dir", os.devnull], ["pyright", "--pythonpath", sys.executable]]


def check(checker: list[str], *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", *checker, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)


@pytest.mark.parametrize("checker", CHECKERS, ids=["mypy", "pyright"])
def test_the_package_is_clean(checker: list[str]) -> None:
    result = check(checker, "python/ministore")
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("checker", CHECKERS, ids=["mypy", "pyright"])
def test_a_user_sees_the_types(checker: list[str], tmp_path: Path) -> None:
    use = tmp_path / "use.py"
    use.write_text(USE)
    result = check(checker, use)
    wrong = {number for number, line in enumerate(USE.splitlines(), 1) if line.endswith("# WRONG")}
    lines = [line for line in result.stdout.splitlines() if f"{use.name}:" in line and "error" in line]
    assert {int(line.split(f"{use.name}:")[1].split(":")[0]) for line in lines} == wrong, result.stdout
