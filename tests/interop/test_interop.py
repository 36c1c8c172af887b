"""Journals shared with the Rust crate: it replays what we wrote, we read, continue and rotate what it wrote.

Programs are named by the environment: MINISTORE_BIN, the built command, and INTEROP_BIN, the folder with the crate's
programs (script/parts/interop.sh builds both). All records are compared as text, byte by byte.
"""

import os
import pathlib
import subprocess

import pytest

VERSIONS = ["0.1.4", "0.1.7"]
NEVER = 2**63  # bytes at which a segment is rotated
SMALL = 400

RECORDS = [
    text.encode()
    for n in range(60)
    for text in (
        '{"n":%d,"id":%d,"sum":%d.25}' % (n, 2**64 - 1 - n, n),
        '"text %d: \\u00e9 é 𝄞 \\" \\\\ \\ud834\\udd1e"' % n,
        '[%d,null,true,{"empty":{},"list":[]},-0,1e-7]' % n,
        "%d" % (2**53 + n),
    )
]
FIRST, MORE = RECORDS[:100], RECORDS[100:]


def run(program, *arguments, records=()):
    given = b"".join(record + b"\n" for record in records)
    done = subprocess.run([program, *map(str, arguments)], input=given, capture_output=True, check=False)
    assert done.returncode == 0, f"{program} {arguments}: {done.stderr.decode()}"
    return done.stdout.splitlines()


class Ours:
    program = os.environ["MINISTORE_BIN"]

    def append(self, journal, records, segment_bytes=NEVER, batch=1):
        limits = ["--max-bytes-per-segment", segment_bytes, "--batch", batch]
        run(self.program, "append", *limits, journal, records=records)

    def replay(self, journal):
        return run(self.program, "cat", journal)

    def verify(self, journal):
        run(self.program, "verify", journal)


class Crate:
    def __init__(self, version):
        self.program = pathlib.Path(os.environ["INTEROP_BIN"]) / f"crate-{version.replace('.', '_')}"

    def append(self, journal, records, segment_bytes=NEVER):
        run(self.program, "append", journal, segment_bytes, records=records)

    def replay(self, journal):
        return run(self.program, "replay", journal)


@pytest.fixture(params=VERSIONS)
def crate(request):
    return Crate(request.param)


@pytest.fixture
def ours():
    return Ours()


@pytest.fixture
def journal(tmp_path):
    return tmp_path / "journal.jsonl"


def archives(journal):
    return sorted(path.name for path in journal.parent.glob(journal.name + ".*"))


@pytest.mark.parametrize("segment_bytes", [NEVER, SMALL])
@pytest.mark.parametrize("batch", [1, 7])
def test_the_crate_replays_what_we_wrote(journal, crate, ours, batch, segment_bytes):
    ours.append(journal, RECORDS, segment_bytes, batch)
    marks = journal.read_bytes().count(b"\t\n") + sum(
        (journal.parent / name).read_bytes().count(b"\t\n") for name in archives(journal))
    assert (marks > 0) == (batch > 1), "batches, and only they, are marked by a TAB"
    assert (len(archives(journal)) > 5) == (segment_bytes == SMALL)
    assert crate.replay(journal) == RECORDS


@pytest.mark.parametrize("segment_bytes", [NEVER, SMALL])
def test_we_read_what_the_crate_wrote(journal, crate, ours, segment_bytes):
    crate.append(journal, RECORDS, segment_bytes)
    assert (len(archives(journal)) > 5) == (segment_bytes == SMALL)
    assert ours.replay(journal) == RECORDS
    numbered = run(ours.program, "cat", "--sequence", journal)
    assert numbered == [b"%d\t%s" % (i, text) for i, text in enumerate(RECORDS, 1)]
    ours.verify(journal)


@pytest.mark.parametrize("segment_bytes", [NEVER, SMALL])
@pytest.mark.parametrize("batch", [1, 7])
def test_we_continue_and_rotate_what_the_crate_wrote(journal, crate, ours, batch, segment_bytes):
    crate.append(journal, FIRST, segment_bytes)
    before = archives(journal)
    ours.append(journal, MORE, SMALL, batch)
    after = archives(journal)
    assert len(after) > len(before) and after[:len(before)] == before
    assert len({len(name) for name in after}) == 1, "new names are as wide as those that are there"
    assert ours.replay(journal) == RECORDS
    assert crate.replay(journal) == RECORDS
    ours.verify(journal)


@pytest.mark.parametrize("segment_bytes", [NEVER, SMALL])
def test_the_crate_continues_what_we_wrote(journal, crate, ours, segment_bytes):
    ours.append(journal, FIRST, SMALL, batch=3)
    crate.append(journal, MORE, segment_bytes)
    assert ours.replay(journal) == RECORDS
    ours.verify(journal)


def test_one_after_the_other_in_turn(journal, ours):
    """0.1.4 only begins: it does not see the six digits of 0.1.7, whose numbers it would use again."""
    writers = [Crate("0.1.4"), ours, Crate("0.1.7"), ours, Crate("0.1.7"), ours]
    for writer, end in zip(writers, range(40, len(RECORDS) + 1, 40), strict=True):
        writer.append(journal, RECORDS[end - 40:end], SMALL)
        for reader in (ours, Crate("0.1.7")):
            assert reader.replay(journal) == RECORDS[:end]
    ours.verify(journal)
