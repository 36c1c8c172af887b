"""The first five lines: append durably, replay in order."""

import ministore

with ministore.open("events.jsonl") as journal:
    sequence = journal.append({"type": "greeting", "text": "hello"})  # on the disk when this returns
for event in ministore.replay("events.jsonl"):
    print(sequence, event["text"])
