"""Makes what the benchmark reads: journals, the peers' stores, plain lines. Each entry is one call of a program."""

from __future__ import annotations

from pathlib import Path

from measures import SLOW, Sizes

HEADER = b"// MINISTORE JOURNAL v0.1.4\n"
LINE_BYTES = 121
DOCUMENT_COPIES = 50


def calls(work: str, sizes: Sizes) -> list[str]:
    """What a work needs. {data} is where it goes."""
    slow = min(SLOW, sizes.records)
    journal = [f"bench-ours make sync=manual path={{data}}/j records={sizes.records}"]
    few = [f"bench-ours make sync=manual path={{data}}/slow records={slow}"]
    lines = [f"bench-bare make path={{data}}/lines records={sizes.records}"]
    if work == "replay":
        varied = f"bench-ours make sync=manual varied=1 path={{data}}/varied records={sizes.records}"
        few_lines = f"bench-bare make path={{data}}/lines-slow records={slow}"
        return [*journal, varied, few_lines, *stores(sizes, slow)]
    if work == "open":
        counts = [f"bench-ours make path={{data}}/segments-{n}/j records=1 rotations={n - 1}" for n in sizes.segments]
        return [f"bench-ours make sync=manual path={{data}}/64m records={(64 << 20) // LINE_BYTES}", *counts]
    if work == "size":
        return [call for megabytes in sizes.journals for call in growing(megabytes)]
    return {"smoke": journal, "python": journal + lines, "go": journal + few, "lua": few}.get(work, [])


def growing(megabytes: int) -> list[str]:
    call = f"bench-ours make sync=manual records={megabytes * 10**6 // LINE_BYTES} path={{data}}/size-{megabytes}"
    return [call, f"{call}-rotated/j segment=16777216"]


def stores(sizes: Sizes, slow: int) -> list[str]:
    native = [
        f"bench-{name} make path={{data}}/{name} records={sizes.records}" for name in ("sqlite", "lmdb", "rocksdb")
    ]
    go = [
        f"bench-go-peers make peer={name} path={{data}}/{name} records={sizes.records}" for name in ("tidwall", "bbolt")
    ]
    slower = [f"bench-go-peers make peer={name} path={{data}}/{name} records={slow}" for name in ("raftwal", "etcd")]
    return native + go + slower + [f"bench-rust okaywal_make path={{data}}/okaywal records={slow}"]


def documents(source: Path, data: Path) -> None:
    """A journal of one document, many times, each on one line. In JSON a line feed is always white space."""
    line = source.read_bytes().strip().replace(b"\n", b" ") + b"\n"
    (data / "documents").write_bytes(HEADER + line * DOCUMENT_COPIES)
