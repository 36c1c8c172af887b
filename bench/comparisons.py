"""What the figures are held against: each comparison is a ratio within a round, or a plain value, with its aim."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from measures import STORES


@dataclass(frozen=True)
class Comparison:
    title: str
    measure: str
    over: tuple[str, ...]  # keys; the best of them in the round counts. Empty: the value itself
    aim: float | None
    at_most: bool = False
    unit: str = ""  # of a plain value
    instead: float | None = None  # the aim is also reached if the measure itself comes to this


def over(
    title: str,
    measure: str,
    base: str | tuple[str, ...],
    aim: float | None,
    *,
    at_most: bool = False,
    instead: float | None = None,
) -> Comparison:
    return Comparison(title, measure, (base,) if isinstance(base, str) else base, aim, at_most, instead=instead)


def value(title: str, measure: str, most: float, unit: str) -> Comparison:
    return Comparison(title, measure, (), most, True, unit)


def stores(block: str) -> tuple[str, ...]:
    return tuple(f"{block}/{name}" for name in STORES)


def appending() -> list[Comparison]:
    one = "append-1"
    found = [
        over("one writer / bare loop", f"{one}/ours", f"{one}/bare", 0.97),
        over(
            "one writer, preallocated / bare preallocated loop",
            f"{one}/ours-preallocated",
            f"{one}/bare-preallocated",
            0.95,
        ),
        over("one writer, preallocated / best peer", f"{one}/ours-preallocated", stores(one), 1.0),
    ]
    for writers in (4, 16, 64):
        block = f"append-{writers}"
        found += [
            over(f"{writers} writers / bare gathering group commit", f"{block}/ours", f"{block}/bare", 0.95),
            over(
                f"{writers} writers, preallocated / bare preallocated gathering group commit",
                f"{block}/ours-preallocated",
                f"{block}/bare-preallocated",
                0.9,
            ),
            over(f"{writers} writers, preallocated / best peer", f"{block}/ours-preallocated", stores(block), 1.5),
        ]
    many = "append-64"
    return [
        *found,
        over("256 goroutines / 64 threads in C", f"{many}/go-256", f"{many}/ours", 0.8),
        over("256 asyncio tasks / 64 threads in C", f"{many}/asyncio-256", f"{many}/ours", 0.8),
        over("256 writers / bare gathering group commit", "append-256/ours", "append-256/bare", None),
    ]


def batches() -> list[Comparison]:
    found = []
    for batch in (10, 100, 1000, 10_000):
        block, aims = f"batch-{batch}", (0.85, 0.6) if batch == 1000 else (None, None)
        found += [
            over(f"batches of {batch:,} / bare loop", f"{block}/ours", f"{block}/bare", aims[0]),
            over(
                f"batches of {batch:,}, preallocated / bare preallocated loop",
                f"{block}/ours-preallocated",
                f"{block}/bare-preallocated",
                aims[1],
            ),
        ]
    block = "batch-1000"
    return [
        *found,
        over("batches of 1,000, lines of many sizes / bare loop", f"{block}/ours-varied", f"{block}/bare", None),
        over("batches of 1,000 / best peer", f"{block}/ours", stores(block), 1.0),
        over("batches of 1,000, preallocated / best peer", f"{block}/ours-preallocated", stores(block), 1.0),
        over("manual sync, one record a call / bare writes", "manual-1/ours", "manual-1/bare", 0.85),
        over("the same, with an escape in each record / bare writes", "manual-1/ours-escaped", "manual-1/bare", None),
        over(
            "manual sync, batches of 1,000 / bare 64-KiB writes",
            "manual-1000/ours",
            "manual-1000/bare-64k",
            0.3,
            instead=8e6,
        ),
    ]


def replaying() -> list[Comparison]:
    raw = "replay/ours-raw"
    return [
        over("replay, validated / yyjson", "replay/ours", "replay/yyjson", 1.0),
        over("replay, validated / simdjson", "replay/ours", "replay/simdjson", 1.0),
        over("replay, validated / read + memchr", "replay/ours", "replay/bare", 0.33),
        over("replay, validated, in batches / read + memchr", "replay/ours-batches", "replay/bare", None),
        over("replay, validated, lines of many sizes / yyjson", "replay/varied", "replay/yyjson", None),
        over("replay, validated, lines of many sizes / read + memchr", "replay/varied", "replay/bare", None),
        over("the same, in batches / read + memchr", "replay/varied-batches", "replay/bare", None),
        over("replay, not validated, in batches / read + memchr", raw, "replay/bare", 0.75),
        over("replay, not validated, in batches / LMDB", raw, "replay/lmdb", 1.0),
        over("replay, not validated, in batches / bbolt", raw, "replay/bbolt", 1.0),
        over("real documents, validated / yyjson", "documents/ours", "documents/yyjson", 1.0),
        over("real documents, validated / simdjson", "documents/ours", "documents/simdjson", 1.0),
        value("memory of stream", "replay/stream:memory", 3, "MiB"),
        value("memory of follow", "follow/durable:memory", 3, "MiB"),
    ]


def languages() -> list[Comparison]:
    return [
        over("Python, typed / msgspec over lines", "python/typed", "python/msgspec_typed", 1.0),
        over("Python, dicts / msgspec over lines", "python/dict", "python/msgspec_dict", 1.0),
        over("Python, raw records / lines of the file", "python/raw", "python/bare", 0.2, instead=605),
        over("Python, raw batches / C batches", "python/batches", "python/c-validated", 0.5),
        over("Go, raw, borrowed / C batches, both validated", "go/borrowed", "go/c-validated", 0.5),
        over("Go, raw, borrowed / C batches, neither validated", "go/unvalidated", "go/c-batches", 0.5),
        over("Go, raw, kept / C batches, both validated", "go/raw", "go/c-validated", None),
        over("Go, typed / same decoder over lines in memory", "go/typed", "go/bare", 1.0),
        over("Lua 5.4, tables / lua-cjson by line", "lua5.4/tables", "lua5.4/bare", 1.2),
        over("LuaJIT, tables / lua-cjson by line", "luajit/tables", "luajit/bare", 1.2),
    ]


def times() -> list[Comparison]:
    return [
        over("open, 64 MiB / bare scan", "open/open-64m", "open/scan-64m", 1.3, at_most=True),
        value("open, 10,000 segments", "segments/10000", 200, "ms"),
        value("following, 99 of 100 within", "follow/durable:p99", 1, "ms"),
        value("import ministore", "start/python", 30, "ms"),
        value("start of the command", "start/command", 3, "ms"),
    ]


PARTS: tuple[Callable[[], list[Comparison]], ...] = (appending, batches, replaying, languages, times)


def all_comparisons() -> list[Comparison]:
    return [comparison for part in PARTS for comparison in part()]
