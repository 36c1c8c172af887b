"""The Python side of the matrix of languages.

`append JOURNAL SEGMENT_BYTES` appends the lines of stdin as records, two thirds one by one and the rest as one commit;
`replay JOURNAL` prints all records.
"""

import sys

import ministore


def append(path, segment_bytes):
    records = sys.stdin.buffer.read().splitlines()
    singles = len(records) * 2 // 3
    with ministore.open(path, raw=True, max_bytes_per_segment=int(segment_bytes)) as journal:
        for record in records[:singles]:
            journal.append(record)
        journal.append_many(records[singles:])


def replay(path):
    for record in ministore.replay(path, raw=True):
        sys.stdout.buffer.write(record + b"\n")


{"append": append, "replay": replay}[sys.argv[1]](*sys.argv[2:])
