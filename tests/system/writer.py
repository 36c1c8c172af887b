"""The Python side of the kill test (kill.py).

`append JOURNAL SEGMENT_BYTES` appends for ever and prints the last number of each commit once it is acknowledged;
`follow JOURNAL` prints number and text of each record.
"""

import sys

import ministore

KEPT = 500


def text_of(n):
    return b'{"n":%d,"pad":"%s"}' % (n, b"x" * (20000 if n % 97 == 0 else n * 19 % 53))


def append(path, segment_bytes):
    journal = ministore.open(path, raw=True, max_bytes_per_segment=int(segment_bytes))
    n = journal.stat().next_sequence
    print("begin", n, flush=True)
    if n > KEPT:
        journal.prune(n - KEPT)
    while True:
        count = 5 if n % 3 == 0 else 1
        texts = [text_of(n + i) for i in range(count)]
        print(journal.append(texts[0]) if count == 1 else journal.append_many(texts), flush=True)
        n += count


def follow(path):
    records = ministore.follow(path, raw=True)
    for record in records:
        sys.stdout.buffer.write(b"%d\t%s\n" % (records.sequence, record))
        sys.stdout.buffer.flush()


{"append": append, "follow": follow}[sys.argv[1]](*sys.argv[2:])
