"""Appends a greeting to the journal given as argument, then reads all records back."""

import sys

import ministore

path = sys.argv[1]
with ministore.open(path) as journal:
    number = journal.append({"event": "hello", "from": "Python"})
count = sum(1 for _ in ministore.replay(path))
print(f"Python appended record {number} and read {count} records back")
