"""Event sourcing: state is what the events make of it; a snapshot spares replaying old ones, which prune removes."""

import os
from pathlib import Path

import msgspec

import ministore


class Deposited(msgspec.Struct, tag=True):
    account: str
    cents: int


class Closed(msgspec.Struct, tag=True):
    account: str


class Snapshot(msgspec.Struct):
    """The state after the event with number `sequence`."""

    sequence: int = 0
    balances: dict[str, int] = {}

    def apply(self, event: Deposited | Closed) -> None:
        match event:
            case Deposited(account, cents):
                self.balances[account] = self.balances.get(account, 0) + cents
            case Closed(account):
                del self.balances[account]


SNAPSHOT = Path("accounts.snapshot")


def load() -> Snapshot:
    """The snapshot and what happened since."""
    state = msgspec.json.decode(SNAPSHOT.read_bytes(), type=Snapshot) if SNAPSHOT.exists() else Snapshot()
    events = ministore.replay("accounts.jsonl", type=Deposited | Closed, start=state.sequence + 1)
    for event in events:
        state.apply(event)
        state.sequence = events.sequence
    return state


def save(state: Snapshot, journal: ministore.Journal[Deposited | Closed]) -> None:
    """Put the snapshot on the disk, whole or not at all; then the events in it are no longer needed."""
    new = SNAPSHOT.with_suffix(".new")
    with new.open("wb") as file:
        file.write(msgspec.json.encode(state))
        file.flush()
        os.fsync(file.fileno())
    new.rename(SNAPSHOT)
    folder = os.open(SNAPSHOT.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)
    journal.prune(state.sequence + 1)


with ministore.open("accounts.jsonl", type=Deposited | Closed, max_bytes_per_segment=1000) as journal:
    for number in range(100):
        journal.append(Deposited(f"account-{number % 3}", number))
    journal.append(Closed("account-2"))
    before = load()
    save(before, journal)
    journal.append(Deposited("account-1", 7))
    after = load()
    assert after.balances["account-1"] == before.balances["account-1"] + 7
    print(after.balances, "after event", after.sequence, "in", journal.stat().segments, "segments")
