"""The benchmark's works in Python: works.py WORK [KEY=VALUE]... prints {"name":, "value":, "unit":} lines.

Works are the functions decorated below: append (threads), append_tasks (asyncio), append_file (open, json, fsync),
replay_* by ministore, lines_* by what a user would pick instead, import.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

LINE_BYTES = 121
RECORD = (
    b'{"id":100000000,"user":"ada.lovelace","amount":12.5,"currency":"EUR",'
    b'"note":"paid in full, thanks!","ok":true,"n":[1,2]}'
)
PLAIN_IMPORT = "import time; a = time.perf_counter(); import ministore; print(time.perf_counter() - a)"

arguments = dict(argument.split("=", 1) for argument in sys.argv[2:])
seconds = float(arguments.get("seconds", "1"))
path = Path(arguments.get("path", "j"))
works: dict[str, Callable[[], None]] = {}


def work(function: Callable[[], None]) -> Callable[[], None]:
    works[function.__name__.removeprefix("run_")] = function
    return function


def number(key: str, otherwise: int) -> int:
    return int(arguments.get(key, otherwise))


def answer(name: str, value: float, unit: str) -> None:
    print(json.dumps({"name": name, "value": value, "unit": unit}))


# ---- appending ----


def turn(append: Callable[[], object]) -> int:
    """Append until the turn is over; how often."""
    end, most, done = time.perf_counter() + seconds, number("records", sys.maxsize), 0
    while done < most and time.perf_counter() < end:
        append()
        done += 1
    return done


@work
def run_append() -> None:
    import ministore

    counts: list[int] = []
    with ministore.open("j", raw=True) as journal:
        writers = [
            threading.Thread(target=lambda: counts.append(turn(lambda: journal.append(RECORD))))
            for _ in range(number("writers", 1))
        ]
        begin = time.perf_counter()
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        answer("rate", sum(counts) / (time.perf_counter() - begin), "records/s")


@work
def run_append_tasks() -> None:
    from ministore import aio

    async def write(journal: aio.Journal[bytes]) -> int:
        end, done = time.perf_counter() + seconds, 0
        while time.perf_counter() < end:
            await journal.append(RECORD)
            done += 1
        return done

    async def write_all() -> None:
        async with aio.open("j", raw=True) as journal:
            begin = time.perf_counter()
            counts = await asyncio.gather(*(write(journal) for _ in range(number("writers", 1))))
            answer("rate", sum(counts) / (time.perf_counter() - begin), "records/s")

    asyncio.run(write_all())


@work
def run_append_file() -> None:
    value, sync = json.loads(RECORD), number("sync", 1)
    with open("file", "w", encoding="utf-8") as file:

        def append() -> None:
            file.write(json.dumps(value) + "\n")
            if sync:
                file.flush()
                os.fsync(file.fileno())

        begin = time.perf_counter()
        done = turn(append)
        answer("rate", done / (time.perf_counter() - begin), "records/s")


# ---- reading ----


def passes(once: Callable[[], int]) -> None:
    """`once` goes over all records, and returns how many it saw. The median of the passes; of several not the first."""
    rates: list[float] = []
    begin = time.perf_counter()
    while not rates or time.perf_counter() - begin < seconds:
        begun = time.perf_counter()
        records = once()
        rates.append(records * LINE_BYTES / 1e6 / (time.perf_counter() - begun))
        if records != number("records", records):
            sys.exit(f"{records} records")
    answer("rate", statistics.median(rates[1:] or rates), "MB/s")


def count(records: Iterable[object]) -> int:
    found = 0
    for _ in records:
        found += 1
    return found


def event_type() -> Any:
    import msgspec

    return msgspec.defstruct(
        "Event",
        [
            ("id", int),
            ("user", str),
            ("amount", float),
            ("currency", str),
            ("note", str),
            ("ok", bool),
            ("n", list[int]),
        ],
    )


@work
def run_replay_raw() -> None:
    import ministore

    passes(lambda: count(ministore.replay(path, raw=True)))


@work
def run_replay_dict() -> None:
    import ministore

    passes(lambda: count(ministore.replay(path)))


@work
def run_replay_typed() -> None:
    import ministore

    event = event_type()
    passes(lambda: count(ministore.replay(path, type=event)))


@work
def run_replay_batches() -> None:
    """The package's way to whole batches: a file of plain JSON Lines."""
    import ministore

    buffer = bytearray(1 << 20)

    def once() -> int:
        found = 0
        with ministore.reader(path) as file:
            while size := file.readinto(buffer):
                found += size
        return found // LINE_BYTES

    passes(once)


def lines(use: Callable[[bytes], object]) -> int:
    found = 0
    with path.open("rb") as file:
        for line in file:
            use(line)
            found += 1
    return found


@work
def run_lines_bare() -> None:
    def once() -> int:
        with path.open("rb") as file:
            return count(file)

    passes(once)


@work
def run_lines_json() -> None:
    passes(lambda: lines(json.loads))


@work
def run_lines_orjson() -> None:
    import orjson

    passes(lambda: lines(orjson.loads))


@work
def run_lines_msgspec_typed() -> None:
    import msgspec

    decode = msgspec.json.Decoder(event_type()).decode
    passes(lambda: lines(decode))


@work
def run_lines_msgspec_dict() -> None:
    import msgspec

    decode = msgspec.json.Decoder().decode
    passes(lambda: lines(decode))


@work
def run_lines_jsonlines() -> None:
    import jsonlines

    def once() -> int:
        with jsonlines.open(path) as reader:
            return count(reader)

    passes(once)


@work
def run_lines_duckdb() -> None:
    import duckdb

    connection = duckdb.connect()

    def once() -> int:
        connection.execute(f"CREATE OR REPLACE TABLE j AS SELECT * FROM read_ndjson('{path}')")
        return int(connection.execute("SELECT count(*) FROM j").fetchall()[0][0])

    passes(once)


@work
def run_lines_polars() -> None:
    import polars

    passes(lambda: polars.read_ndjson(path).height)


# ---- starting ----


@work
def run_import() -> None:
    """In a fresh interpreter each time, as it is cached otherwise."""
    times: list[float] = []
    begin = time.perf_counter()
    while not times or time.perf_counter() - begin < seconds:
        times.append(
            float(subprocess.run([sys.executable, "-c", PLAIN_IMPORT], capture_output=True, check=True).stdout)
        )
    answer("time", statistics.median(times) * 1e3, "ms")


if __name__ == "__main__":
    works[sys.argv[1]]()
