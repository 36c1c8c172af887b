"""Configuration registry: settings that other processes see change; the last value of a key counts."""

from typing import Any

import ministore


class Registry:
    """A dictionary whose changes are durable. Only one process may hold it; any may watch it."""

    def __init__(self, path: str) -> None:
        self._journal = ministore.open(path)
        self._values: dict[str, Any] = {}
        for change in ministore.replay(path):
            self._values.update(change)

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def set(self, **changes: Any) -> None:
        """All of these, or none after a crash: they are one record."""
        self._journal.append(changes)
        self._values.update(changes)

    def close(self) -> None:
        self._journal.close()


registry = Registry("settings.jsonl")
registry.set(colour="blue", size=3)
with ministore.follow("settings.jsonl", at_end=True, timeout=5) as changes:  # in other processes
    registry.set(size=4)
    print("changed:", next(changes))
registry.close()

registry = Registry("settings.jsonl")
print(registry["colour"], registry["size"])
registry.close()
