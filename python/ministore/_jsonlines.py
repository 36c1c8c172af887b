"""A journal as a binary file of plain JSON Lines, for programs that do not know the header line and the marks."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from ministore._formats import split
from ministore._records import Records

if TYPE_CHECKING:
    from typing_extensions import Buffer


class JSONLines(io.RawIOBase):
    """The records, each ended by a line feed, without header and without white space around them."""

    def __init__(self, records: Records[bytes]) -> None:
        super().__init__()
        self._records = records
        self._chunk = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        target = memoryview(buffer).cast("B")
        if not self._chunk:
            self._chunk = self._next_chunk()
        size = min(len(target), len(self._chunk))
        target[:size] = self._chunk[:size]
        self._chunk = self._chunk[size:]
        return size

    def readall(self) -> bytes:
        # The inherited one reads 8 KiB at a time.
        rest, self._chunk = self._chunk, memoryview(b"")
        return b"".join([rest, *iter(self._next_chunk, b"")])

    def _next_chunk(self) -> memoryview:
        batch = self._records._next_batch()
        if batch is None:
            return memoryview(b"")
        return memoryview(batch.data if batch.plain else b"\n".join([*split(batch), b""]))

    def close(self) -> None:
        self._records.close()
        super().close()

    def __repr__(self) -> str:
        return f"<ministore.JSONLines {self._records.path!r}>"
