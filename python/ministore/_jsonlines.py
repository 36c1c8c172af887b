"""A journal as a binary file of plain JSON Lines, for programs that do not know the header line and the marks."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from ministore._records import Records

if TYPE_CHECKING:
    from typing_extensions import Buffer


class JSONLines(io.RawIOBase):
    """The records, each ended by a line feed, without header and without white space around them."""

    def __init__(self, records: Records[bytes]) -> None:
        super().__init__()
        self._records = records

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        target = memoryview(buffer).cast("B")
        return self._records._read(lambda: self._records._cursor.read_into(target))

    def readall(self) -> bytes:
        # The inherited one reads 8 KiB at a time.
        return b"".join(iter(lambda: self._records._read(self._records._cursor.next_lines), b""))

    def close(self) -> None:
        self._records.close()
        super().close()

    def __repr__(self) -> str:
        return f"<ministore.JSONLines {self._records.path!r}>"
