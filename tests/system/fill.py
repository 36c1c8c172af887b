"""Fills and frees a small file system, given as a folder, under a journal with one handle that stays open.

First to the brim again and again; then by another process that fills and frees all the time. Run by test_full.py.
"""

import contextlib
import os
import random
import subprocess
import sys

import ministore

ROUNDS, FAILURES = 60, 200
PAGE = 4096
FILLER = """
import sys
while True:
    with open(sys.argv[1], "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
"""


class Writer:
    """A journal, and what of it was acknowledged."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "j")
        self.journal = ministore.open(self.path, raw=True, max_bytes_per_segment=50_000)
        self.chance = random.Random(1)
        self.texts = {}
        self.next = 1
        self.failures = 0

    def append(self):
        """Append a commit of one or some records; whether there was room."""
        count = self.chance.choice([1, 1, 4])
        sizes = [self.chance.choice([10, 1000, 9000]) for _ in range(count)]
        texts = [b'{"n":%d,"pad":"%s"}' % (self.next + i, b"x" * size) for i, size in enumerate(sizes)]
        try:
            last = self.journal.append(texts[0]) if count == 1 else self.journal.append_many(texts)
        except ministore.NoSpaceError:
            self.failures += 1
            return False
        assert last == self.next + count - 1
        self.texts.update(zip(range(self.next, last + 1), texts, strict=True))
        self.next = last + 1
        return True

    def check(self):
        """A reader sees what was acknowledged and nothing else; old segments go, to make room."""
        first = self.journal.stat().first_sequence
        assert list(ministore.replay(self.path, raw=True)) == [self.texts[n] for n in range(first, self.next)]
        with contextlib.suppress(ministore.NoSpaceError):
            self.journal.prune(max(1, self.next - 20))


def fill(ballast, pages_left):
    """Take what room there is but some pages."""
    room = os.statvfs(os.path.dirname(ballast)).f_bavail - pages_left
    with open(ballast, "ab") as file:
        file.write(bytes(max(0, room) * PAGE))


def to_the_brim(writer, ballast):
    for _ in range(ROUNDS):
        fill(ballast, writer.chance.randrange(10))
        while writer.append():
            pass
        writer.check()
        os.remove(ballast)
        assert writer.append(), "the same handle goes on once there is room"
        writer.check()


def under_another_process(writer, ballast):
    filler = subprocess.Popen([sys.executable, "-c", FILLER, ballast])
    target, acknowledged = writer.failures + FAILURES, writer.next + FAILURES
    while writer.failures < target or writer.next < acknowledged:
        writer.append()
        if writer.chance.random() < 0.05:
            writer.check()
    filler.kill()
    filler.wait()
    os.remove(ballast)


folder = sys.argv[1]
assert os.statvfs(folder).f_blocks * PAGE <= 1 << 20, "this would fill a real disk"
writer, ballast = Writer(folder), os.path.join(folder, "ballast")
to_the_brim(writer, ballast)
under_another_process(writer, ballast)
assert writer.append()
writer.check()
writer.journal.close()
assert ministore.verify(writer.path).problems == 0
print(f"{writer.failures} appends without room, {writer.next - 1} records acknowledged and there")
