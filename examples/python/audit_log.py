"""Audit log: every entry is on the disk before the action goes on, the log is kept in segments and can be verified."""

from datetime import datetime, timezone

import msgspec

import ministore


class Entry(msgspec.Struct):
    who: str
    what: str
    at: datetime


def note(log: ministore.Journal[Entry], who: str, what: str) -> int:
    return log.append(Entry(who, what, datetime.now(timezone.utc)))


# 1 MiB a segment; each segment's header carries the checksum of the one before.
with ministore.open("audit.jsonl", type=Entry, max_bytes_per_segment=1 << 20, mode=0o640) as log:
    note(log, "alice", "opened the safe")
    note(log, "bob", "closed the safe")

for entry in ministore.replay("audit.jsonl", type=Entry):
    print(entry.at.isoformat(), entry.who, entry.what)
found = ministore.verify("audit.jsonl")
print(found.records, "entries in", found.segments, "segments, nothing wrong")
