"""The matrix of languages: each writes a journal, each other one continues and rotates it, and all read the result.

Programs are named by the environment: MINISTORE_BIN, INTEROP_BIN (the Rust crate's), and for each package its command,
MATRIX_PYTHON and so on (script/parts/matrix.sh builds them all).

Twelve languages make 144 pairs. So that their programs need not start thousands of times, what a language begins is
written once and copied for each that continues it, and files that a language has read, byte for byte, it reads once.
"""

import functools
import os
import pathlib
import shlex
import tempfile

import pytest
from test_interop import FIRST, MORE, RECORDS, SMALL, Crate, run


class Package:
    """A language by its program: two thirds of the records one by one, the rest as one commit."""

    def __init__(self, variable):
        self.command = shlex.split(os.environ[variable])

    def append(self, journal, records):
        run(*self.command, "append", journal, SMALL, records=records)

    def replay(self, journal):
        return run(*self.command, "replay", journal)


class Command:
    """C, by the command."""

    program = os.environ["MINISTORE_BIN"]

    def append(self, journal, records):
        singles = len(records) * 2 // 3
        for part, batch in ((records[:singles], 1), (records[singles:], len(records))):
            limits = ["--max-bytes-per-segment", SMALL, "--batch", batch]
            run(self.program, "append", *limits, journal, records=part)

    def replay(self, journal):
        return run(self.program, "cat", journal)


class Rust(Crate):
    def append(self, journal, records):
        super().append(journal, records, SMALL)


PACKAGES = ["Python", "Lua", "Go", "Java", "Ruby", "Perl", "Tcl", "PHP", "CSharp", "Guile"]
OURS = {"C": Command()} | {name: Package(f"MATRIX_{name.upper()}") for name in PACKAGES}
ALL = OURS | {"Rust": Rust("0.1.7")}


def files(journal):
    return {path.name: path.read_bytes() for path in journal.parent.iterdir()}


@functools.cache
def begun_by(writer):
    with tempfile.TemporaryDirectory() as folder:
        journal = pathlib.Path(folder) / "journal.jsonl"
        ALL[writer].append(journal, FIRST)
        return files(journal)


@functools.cache
def read_by(reader, content):
    with tempfile.TemporaryDirectory() as folder:
        journal = pathlib.Path(folder) / "journal.jsonl"
        for name, text in content:
            (journal.parent / name).write_bytes(text)
        return ALL[reader].replay(journal)


@pytest.mark.parametrize("continuer", ALL)
@pytest.mark.parametrize("writer", ALL)
def test_one_writes_another_continues_all_read(tmp_path, writer, continuer):
    journal = tmp_path / "journal.jsonl"
    begun = begun_by(writer)
    for name, text in begun.items():
        (tmp_path / name).write_bytes(text)
    ALL[continuer].append(journal, MORE)
    ended = files(journal)
    assert len(ended) > len(begun) > 5, "both have rotated"
    assert all(ended[name] == text for name, text in begun.items() if name != journal.name), "archives never change"
    for reader in ALL:
        assert read_by(reader, tuple(sorted(ended.items()))) == RECORDS, f"as {reader} reads it"
    run(Command.program, "verify", journal)


def test_all_packages_write_the_same_bytes(tmp_path):
    written = {}
    for language, package in OURS.items():
        folder = tmp_path / language
        folder.mkdir()
        package.append(folder / "journal.jsonl", RECORDS)
        written[language] = files(folder / "journal.jsonl")
    assert all(of == written["C"] for of in written.values())
