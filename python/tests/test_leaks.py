"""A million operations leave no memory behind: the second half of them needs no more than the first."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

MEASURE = """
import asyncio, gc, sys, warnings, ministore
from ministore import aio
warnings.simplefilter("ignore", ResourceWarning)  # followers left behind on purpose

def resident():
    gc.collect()
    with open("/proc/self/status") as status:
        # Without pages of files, which come and go as the machine pleases.
        return next(int(line.split()[1]) for line in status if line.startswith("RssAnon:")) * 1024

path = sys.argv[1]
journal = ministore.open(path, sync="manual", max_bytes_per_segment=1 << 20, max_segments=2)

def expect(kind, function):
    try:
        function()
    except kind:
        return
    raise AssertionError(kind)

def append():
    for number in range(20_000):
        journal.append({"n": number})
    for _ in range(80):
        journal.append_many({"n": number} for number in range(1000))

def read():
    for _ in range(4):
        for _ in ministore.replay(path): pass
        for _ in ministore.replay(path, raw=True): pass

def fail():
    journal.append(1)
    for _ in range(3_000):
        expect(ministore.LockedError, lambda: ministore.open(path))
        expect(ministore.DecodeError, lambda: next(ministore.replay(path, type=str)))
        expect(UnicodeEncodeError, lambda: journal.append("\\ud800"))
        with ministore.follow(path, timeout=0, durable=False) as follower: next(follower)

async def in_tasks():
    async with aio.open(path + "2", sync="manual", max_bytes_per_segment=1 << 20, max_segments=2) as journal:
        for _ in range(100):
            await asyncio.gather(*(journal.append(number) for number in range(1000)))
        async for _ in aio.replay(path + "2"): pass
        for _ in range(100):
            waiting = asyncio.create_task(anext(aio.follow(path + "2", at_end=True, durable=False)))
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.wait([waiting])

def tasks():
    asyncio.run(in_tasks())

work = {"append": append, "tasks": tasks, "read": read, "fail": fail}[sys.argv[2]]
for _ in range(2): work()
before = resident()
for _ in range(8): work()
grown = resident() - before
assert grown < 1 << 20, f"{grown} bytes more"
journal.close()
"""


@pytest.mark.parametrize("work", ["append", "read", "fail", "tasks"])
def test_nothing_leaks(work: str, path: Path) -> None:
    subprocess.run([sys.executable, "-c", MEASURE, path, work], check=True, timeout=900)
