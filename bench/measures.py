"""What the benchmark measures: every call of every program, in blocks whose members take turns next to one another.

A measure is one call that prints {"name":, "value":, "unit":} lines. Its key is BLOCK/WHO; results other than the rate
or the time (a memory, a percentile) have BLOCK/WHO:NAME.
"""

from __future__ import annotations

from dataclasses import dataclass, field

PREALLOCATED = "preallocate=67108864"
WRITERS = (1, 4, 16, 64)
BATCHES = (10, 100, 1000, 10_000)
SEGMENT_COUNTS = (1, 10, 100, 1000, 10_000)
BULK = 2_000_000  # records at most in a turn without syncs, so that the disk's write-back does not fill
SHORT_TURNS = 3
WRITERS_TURNS = 8  # of one writer, whose ratios lie close to 1 while the disk's speed wavers
SLOW = 200_000  # records for what reads some ten megabytes a second

STORES = {
    "crate": ("Rust crate 0.1.7", "bench-rust crate_append"),
    "okaywal": ("okaywal", "bench-rust okaywal_append"),
    "tidwall": ("tidwall/wal", "bench-go-peers append peer=tidwall"),
    "raftwal": ("raft-wal", "bench-go-peers append peer=raftwal"),
    "etcd": ("etcd wal", "bench-go-peers append peer=etcd"),
    "bbolt": ("bbolt", "bench-go-peers append peer=bbolt"),
    "sqlite": ("SQLite", "bench-sqlite append"),
    "lmdb": ("LMDB", "bench-lmdb append"),
    "rocksdb": ("RocksDB", "bench-rocksdb append"),
}


@dataclass(frozen=True)
class Measure:
    key: str
    label: str
    call: str  # the program and its arguments; {data} is where prepared files are


@dataclass
class Block:
    """Measures that are compared with one another."""

    name: str
    title: str
    work: str  # what --work takes
    turns: int = 1  # in a round: several short ones where what is measured wavers, or takes long
    measures: list[Measure] = field(default_factory=list)

    def add(self, who: str, label: str, call: str) -> None:
        self.measures.append(Measure(f"{self.name}/{who}", label, call))


@dataclass(frozen=True)
class Sizes:
    """How long a turn takes, and how much there is to read."""

    seconds: float  # of a measure in a round
    records: int  # to replay
    journals: tuple[int, ...]  # megabytes, for what grows with the journal's size
    segments: tuple[int, ...]


FULL = Sizes(0.8, BULK, (1, 10, 100, 1000), SEGMENT_COUNTS)
QUICK = Sizes(0.2, SLOW, (1, 10, 100), (1, 10, 100, 1000))
SMOKE = Sizes(0.05, 2000, (), ())


def durable_by_one() -> Block:
    block = Block("append-1", "Durable append, one writer", "append", WRITERS_TURNS)
    block.add("bare", "bare write + fdatasync", "bench-bare append")
    block.add("bare-preallocated", "bare, into allocated blocks", f"bench-bare append {PREALLOCATED}")
    block.add("ours", "ministore", "bench-ours append")
    block.add("ours-preallocated", "ministore, preallocated", f"bench-ours append {PREALLOCATED}")
    block.add("python", "ministore, Python", "python append")
    block.add("lua", "ministore, Lua 5.4", "lua5.4 append")
    block.add("go", "ministore, Go", "bench-go append")
    add_stores(block, "")
    block.add("python-file", "Python open + json + fsync", "python append_file")
    return block


def add_stores(block: Block, arguments: str) -> None:
    for name, (label, call) in STORES.items():
        block.add(name, label, f"{call} {arguments}")


def durable_by_many(writers: int) -> Block:
    block = Block(f"append-{writers}", f"Durable append, {writers} writers", "append", SHORT_TURNS)
    each = f"writers={writers}"
    block.add("bare-eager", "bare group commit, not gathering", f"bench-bare group gather=0 {each}")
    block.add("bare", "bare group commit, gathering", f"bench-bare group {each}")
    block.add("bare-preallocated", "bare, gathering, into allocated blocks", f"bench-bare group {PREALLOCATED} {each}")
    block.add("ours", "ministore", f"bench-ours append {each}")
    block.add("ours-preallocated", "ministore, preallocated", f"bench-ours append {PREALLOCATED} {each}")
    if writers == 64:
        block.add("go-256", "ministore, Go, 256 goroutines", "bench-go append writers=256")
        block.add("asyncio-256", "ministore, Python, 256 asyncio tasks", "python append_tasks writers=256")
        block.add("python-64", "ministore, Python, 64 threads", "python append writers=64")
    if writers <= 64:
        add_stores(block, each)
    return block


def durable_in_batches(batch: int) -> Block:
    block = Block(f"batch-{batch}", f"Durable batches of {batch:,}", "batch", WRITERS_TURNS)
    each = f"batch={batch} records={BULK}"
    block.add("bare", "bare write + fdatasync", f"bench-bare append {each}")
    block.add("bare-preallocated", "bare, into allocated blocks", f"bench-bare append {PREALLOCATED} {each}")
    block.add("ours", "ministore", f"bench-ours append {each}")
    block.add("ours-preallocated", "ministore, preallocated", f"bench-ours append {PREALLOCATED} {each}")
    if batch == 1000:
        block.add("ours-varied", "ministore, lines of many sizes", f"bench-ours append varied=1 {each}")
        for name, (label, call) in STORES.items():
            if name != "crate":  # it has no batches
                block.add(name, label, f"{call} {each}")
    return block


def manual() -> list[Block]:
    one = Block("manual-1", "Not synced, one record a call", "manual", WRITERS_TURNS)
    many = Block("manual-1000", "Not synced, batches of 1,000", "manual", WRITERS_TURNS)
    for block, each in ((one, f"records={BULK}"), (many, f"batch=1000 records={BULK}")):
        block.add("bare", "bare write", f"bench-bare write {each}")
        block.add("ours", "ministore, manual sync", f"bench-ours append sync=manual {each}")
        block.add("sqlite", "SQLite, synchronous=OFF", f"bench-sqlite append sync=0 {each}")
        block.add("lmdb", "LMDB, no sync", f"bench-lmdb append sync=0 {each}")
        block.add("rocksdb", "RocksDB, no sync", f"bench-rocksdb append sync=0 {each}")
    escaped = f"bench-ours append sync=manual escaped=1 records={BULK}"
    one.add("ours-escaped", "ministore, manual sync, an escape in each", escaped)
    one.add("python-file", "Python file.write", f"python append_file sync=0 records={BULK}")
    many.add("bare-64k", "bare writes of 64 KiB", f"bench-bare chunks batch=1000 records={BULK}")
    return [one, many]


def replay(sizes: Sizes) -> Block:
    block = Block("replay", f"Replay of {sizes.records:,} records of 120 bytes", "replay")
    ours = f"path={{data}}/j records={sizes.records}"
    block.add("bare", "bare read + memchr", "bench-bare read path={data}/j")
    block.add("ours", "ministore, validated, one by one", f"bench-ours replay {ours}")
    block.add("ours-batches", "ministore, validated, in batches", f"bench-ours replay batches=1 {ours}")
    block.add("ours-raw", "ministore, not validated, in batches", f"bench-ours replay batches=1 validate=0 {ours}")
    varied = f"path={{data}}/varied records={sizes.records}"
    block.add("varied", "ministore, validated, lines of many sizes", f"bench-ours replay {varied}")
    block.add("varied-batches", "the same, in batches", f"bench-ours replay batches=1 {varied}")
    block.add("yyjson", "yyjson, DOM per line", "bench-yyjson replay path={data}/j")
    block.add("simdjson", "simdjson, DOM per line", "bench-simdjson replay path={data}/j")
    for name in ("sqlite", "lmdb", "rocksdb"):
        block.add(name, STORES[name][0], f"bench-{name} replay path={{data}}/{name} records={sizes.records}")
    for name in ("tidwall", "bbolt"):
        call = f"bench-go-peers replay peer={name} path={{data}}/{name} records={sizes.records}"
        block.add(name, STORES[name][0], call)
    for name in ("raftwal", "etcd"):
        block.add(name, STORES[name][0], f"bench-go-peers replay peer={name} path={{data}}/{name} records={SLOW}")
    block.add("okaywal", STORES["okaywal"][0], f"bench-rust okaywal_replay path={{data}}/okaywal records={SLOW}")
    block.add("crate-value", "Rust crate, into Value", "bench-rust crate_replay types=value path={data}/j")
    block.add("crate-struct", "Rust crate, typed", "bench-rust crate_replay types=struct path={data}/j")
    block.add("stream", "ministore, stream of one file", f"bench-ours stream {ours}")
    block.add("jq", "jq -c .", "bench-bare command bytes={slow_bytes} -- jq -c . {data}/lines-slow")
    return block


def documents() -> Block:
    block = Block("documents", "Replay of real documents (twitter.json as one line)", "documents")
    block.add("bare", "bare read + memchr", "bench-bare read path={data}/documents")
    block.add("ours", "ministore, validated", "bench-ours replay path={data}/documents")
    block.add("yyjson", "yyjson, DOM per line", "bench-yyjson replay path={data}/documents")
    block.add("simdjson", "simdjson, DOM per line", "bench-simdjson replay path={data}/documents")
    return block


def python(sizes: Sizes) -> Block:
    block = Block("python", "Replay in Python", "python", SHORT_TURNS)
    ours = f"path={{data}}/j records={sizes.records}"
    lines = f"path={{data}}/lines records={sizes.records}"
    block.add("c-batches", "C, not validated, in batches", f"bench-ours replay batches=1 validate=0 {ours}")
    block.add("c-validated", "C, validated, in batches", f"bench-ours replay batches=1 {ours}")
    for name, label in (
        ("typed", "typed"),
        ("dict", "into dicts"),
        ("raw", "raw records"),
        ("batches", "raw batches"),
    ):
        block.add(name, f"ministore, {label}", f"python replay_{name} {ours}")
    for name, label in (
        ("msgspec_typed", "msgspec over lines, typed"),
        ("msgspec_dict", "msgspec over lines, dicts"),
        ("bare", "lines of the file alone"),
        ("orjson", "orjson over lines"),
        ("json", "json.loads over lines"),
        ("jsonlines", "jsonlines"),
        ("duckdb", "DuckDB read_ndjson"),
        ("polars", "polars read_ndjson"),
    ):
        block.add(name, label, f"python lines_{name} {lines}")
    return block


def go(sizes: Sizes) -> Block:
    block = Block("go", "Replay in Go", "go", SHORT_TURNS)
    ours = f"path={{data}}/j records={sizes.records}"
    slow = f"path={{data}}/slow records={min(SLOW, sizes.records)}"
    block.add("c-batches", "C, not validated, in batches", f"bench-ours replay batches=1 validate=0 {ours}")
    block.add("c-validated", "C, validated, in batches", f"bench-ours replay batches=1 {ours}")
    block.add("raw", "ministore, raw", f"bench-go replay {ours}")
    block.add("borrowed", "ministore, raw, borrowed", f"bench-go replay as=borrowed {ours}")
    block.add("unvalidated", "ministore, raw, borrowed, not validated", f"bench-go replay as=borrowed validate=0 {ours}")
    block.add("typed", "ministore, typed (encoding/json)", f"bench-go replay as=typed {slow}")
    block.add("bare", "encoding/json over lines in memory", f"bench-go lines {slow}")
    return block


def lua(sizes: Sizes) -> list[Block]:
    blocks = []
    slow = f"path={{data}}/slow records={min(SLOW, sizes.records)}"
    for program, label in (("lua5.4", "Lua 5.4"), ("luajit", "LuaJIT")):
        block = Block(program, f"Replay in {label}", "lua")
        block.add("bare", "lua-cjson line by line", f"{program} lines_cjson {slow}")
        block.add("tables", "ministore, tables", f"{program} replay_tables {slow}")
        block.add("raw", "ministore, raw", f"{program} replay_raw {slow}")
        blocks.append(block)
    return blocks


def opening(sizes: Sizes) -> list[Block]:
    block = Block("open", "Opening", "open")
    block.add("scan-64m", "bare scan of 64 MiB", "bench-bare scan path={data}/64m")
    block.add("open-64m", "ministore, 64 MiB", "bench-ours open path={data}/64m")
    counts = Block("segments", "Opening by number of segments", "open")
    for count in sizes.segments:
        counts.add(str(count), f"{count:,} segments", f"bench-ours open path={{data}}/segments-{count}/j")
    return [block, counts]


def growing(sizes: Sizes) -> list[Block]:
    """What grows with the journal's size, and what does not."""
    blocks = []
    for megabytes in sizes.journals:
        block = Block(f"size-{megabytes}", f"A journal of {megabytes:,} MB", "size")
        path = f"path={{data}}/size-{megabytes}"
        block.add("scan", "bare read + memchr", f"bench-bare scan {path}")
        block.add("open", "open", f"bench-ours open {path}")
        block.add("open-rotated", "open, segments of 16 MiB", f"bench-ours open {path}-rotated/j")
        block.add("append", "durable append", f"bench-ours append_to {path}")
        block.add("replay", "replay, validated", f"bench-ours replay_time {path}")
        blocks.append(block)
    return blocks


def following() -> Block:
    block = Block("follow", "Following, from the append's return to the receipt in another process", "follow")
    block.add("durable", "after a sync of its own (the default)", "bench-ours follow")
    block.add("plain", "without", "bench-ours follow durable=0")
    return block


def starting() -> Block:
    block = Block("start", "Starting", "start")
    block.add("true", "the command true", "bench-bare command -- true")
    block.add("command", "ministore --version", "bench-bare command -- {ministore} --version")
    block.add("python", "import ministore, in Python", "python import")
    block.add("lua", 'require "ministore", in Lua 5.4', "lua5.4 require")
    block.add("go", "a Go program with the package", "bench-bare command -- {bin}/bench-go nothing")
    return block


def all_blocks(sizes: Sizes) -> list[Block]:
    return [
        durable_by_one(),
        *(durable_by_many(writers) for writers in (*WRITERS[1:], 256)),
        *(durable_in_batches(batch) for batch in BATCHES),
        *manual(),
        replay(sizes),
        documents(),
        python(sizes),
        go(sizes),
        *lua(sizes),
        *opening(sizes),
        *growing(sizes),
        following(),
        starting(),
    ]


def smoke() -> list[Block]:
    """A few calls of the programs in C, to see that all of it runs."""
    append = Block("append-1", "Durable append, one writer", "smoke")
    append.add("bare", "bare write + fdatasync", "bench-bare append")
    append.add("ours", "ministore", "bench-ours append")
    group = Block("append-4", "Durable append, 4 writers", "smoke")
    group.add("bare", "bare group commit, gathering", "bench-bare group writers=4")
    group.add("ours", "ministore", "bench-ours append writers=4")
    replays = Block("replay", "Replay", "smoke")
    replays.add("bare", "bare read + memchr", "bench-bare read path={data}/j")
    replays.add("ours", "ministore", f"bench-ours replay path={{data}}/j records={SMOKE.records}")
    return [append, group, replays]
