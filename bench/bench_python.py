"""Benchmarks of the Python package: durable appends and replay, each beside a bare loop that does the same.

    python bench/bench_python.py [--records N] [--rounds N] [FOLDER]

The candidates take turns, and the median of each counts. FOLDER should be on the disk in question.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import msgspec

import ministore
from ministore import aio
from ministore._core import ffi, lib
from ministore._handles import CursorHandle


class Event(msgspec.Struct):
    """A record of 120 bytes, with its line feed."""

    id: int
    kind: str
    user: str
    amount: float
    note: str


def event(number: int) -> Event:
    return Event(number, "order.created", f"user-{number % 1000:04}", number % 997 + 0.25, "x" * 29)


def record(number: int) -> bytes:
    line = msgspec.json.encode(event(number))
    return line[:-2] + b"." * (119 - len(line)) + line[-2:]


def medians(rounds: int, candidates: dict[str, Callable[[], float]]) -> dict[str, float]:
    """Rate of each candidate, in records a second."""
    rates: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(rounds):
        # In another order each time, as what ran before weighs on what comes after.
        for name in random.sample(list(candidates), len(candidates)):
            gc.collect()
            rates[name].append(candidates[name]())
    return {name: statistics.median(found) for name, found in rates.items()}


def show(title: str, rates: dict[str, float], *ratios: tuple[str, str]) -> None:
    print(f"\n{title}")
    for name, rate in rates.items():
        print(f"  {name:34}{rate:14,.0f} records/s")
    for left, right in ratios:
        print(f"  {left} / {right}: {rates[left] / rates[right]:.2f}")


def rate(count: int, run: Callable[[], object]) -> float:
    begin = time.perf_counter()
    run()
    return count / (time.perf_counter() - begin)


def one_writer(folder: Path, count: int) -> None:
    """Turn by turn, one record at a time, since the rate of a disk wavers."""
    line = record(1) + b"\n"
    descriptor = os.open(folder / "bare", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def bare() -> None:
        os.write(descriptor, line)
        os.fdatasync(descriptor)

    with ministore.open(folder / "one", raw=True) as journal:
        turns = {"bare write + fdatasync": bare, "append": lambda: journal.append(line[:-1])}
        seconds = dict.fromkeys(turns, 0.0)
        for _ in range(count):
            for name, run in turns.items():
                seconds[name] += 1 / rate(1, run)
    os.close(descriptor)
    rates = {name: count / spent for name, spent in seconds.items()}
    show("durable append, one writer", rates, ("append", "bare write + fdatasync"))


def appends(folder: Path, rounds: int) -> None:
    # Short turns, many of them: what else the disk has to do then hits all alike.
    count, line = 40, record(1) + b"\n"

    def one() -> float:
        with ministore.open(folder / "one", raw=True) as journal:
            return rate(count, lambda: [journal.append(line[:-1]) for _ in range(count)])

    def threads() -> float:
        def work() -> None:
            for _ in range(count):
                journal.append(line[:-1])

        def run() -> None:
            each = [threading.Thread(target=work) for _ in range(64)]
            for thread in each:
                thread.start()
            for thread in each:
                thread.join()

        with ministore.open(folder / "threads", raw=True) as journal:
            return rate(64 * count, run)

    async def tasks(number: int, appends: int) -> float:
        async def work() -> None:
            for _ in range(appends):
                await journal.append(line[:-1])

        async with aio.open(folder / "tasks", raw=True) as journal:
            begin = time.perf_counter()
            await asyncio.gather(*(work() for _ in range(number)))
            return number * appends / (time.perf_counter() - begin)

    rates = medians(
        4 * rounds,
        {
            "one writer": one,
            "64 threads": threads,
            "1 asyncio task": lambda: asyncio.run(tasks(1, count)),
            "256 asyncio tasks": lambda: asyncio.run(tasks(256, count)),
        },
    )
    show("durable append, many writers", rates, ("64 threads", "one writer"), ("256 asyncio tasks", "1 asyncio task"))


def replays(folder: Path, rounds: int, count: int) -> None:
    path = folder / "replay"
    with ministore.open(path, raw=True, sync="manual") as journal:
        numbers = iter(range(count))
        while batch := list(islice(numbers, 10_000)):
            for number in batch:
                journal.append(record(number))
    decode = msgspec.json.Decoder(Event).decode

    decode_any = msgspec.json.Decoder().decode

    def consume(records: object) -> None:
        for _ in records:  # type: ignore[attr-defined]
            pass

    def blocks() -> None:
        with ministore.reader(path) as file:
            while file.read1(1 << 18):
                pass

    def batches() -> None:
        # What the library alone can do: its batches, without any Python object for what is in them.
        cursor = CursorHandle(
            os.fsencode(path), stream=False, start=0, at_end=False, skip=False, durable=False, max_record_bytes=1 << 26
        )
        batch, failure = ffi.new("ministore_batch *"), ffi.new("ministore_error *")
        while lib.ministore_cursor_next_batch(cursor._pointer, batch, failure) == lib.MINISTORE_OK:
            pass
        cursor.close()

    def lines(function: Callable[[bytes], object]) -> None:
        with path.open("rb") as file:
            next(file)
            for line in file:
                function(line)

    def keep(records: object) -> None:
        kept = list(records)  # type: ignore[call-overload]
        assert len(kept) == count

    def kept_lines() -> None:
        with path.open("rb") as file:
            next(file)
            assert len([decode(line) for line in file]) == count

    rates = medians(
        rounds,
        {
            "raw": lambda: rate(count, lambda: consume(ministore.replay(path, raw=True))),
            "raw blocks of reader()": lambda: rate(count, blocks),
            "typed": lambda: rate(count, lambda: consume(ministore.replay(path, type=Event))),
            "dict": lambda: rate(count, lambda: consume(ministore.replay(path))),
            "typed, all kept": lambda: rate(count, lambda: keep(ministore.replay(path, type=Event))),
            "dict, all kept": lambda: rate(count, lambda: keep(ministore.replay(path))),
            "C batches": lambda: rate(count, batches),
            "bare lines": lambda: rate(count, lambda: consume(path.open("rb"))),
            "bare msgspec over lines": lambda: rate(count, lambda: lines(decode)),
            "bare msgspec, dict": lambda: rate(count, lambda: lines(decode_any)),
            "bare msgspec, all kept": lambda: rate(count, kept_lines),
            "json.loads over lines": lambda: rate(count, lambda: lines(json.loads)),
        },
    )
    show(
        f"replay of {count:,} records of 120 bytes",
        rates,
        ("raw", "bare lines"),
        ("raw blocks of reader()", "C batches"),
        ("typed", "bare msgspec over lines"),
        ("dict", "bare msgspec, dict"),
        ("typed", "json.loads over lines"),
        ("typed, all kept", "bare msgspec, all kept"),
        ("dict", "json.loads over lines"),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, help="where to write; a temporary folder if left out")
    parser.add_argument("--records", type=int, default=2_000_000, help="for replay")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        one_writer(Path(folder), 400 * options.rounds)
        appends(Path(folder), options.rounds)
        replays(Path(folder), options.rounds, options.records)


if __name__ == "__main__":
    main()
