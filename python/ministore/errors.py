"""The exceptions of ministore: one class for each status of the C library, and two of the package's own.

Each class names its status as `code`; BY_CODE, made from them, is the one table from statuses to classes.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ministore._info import VerifyInfo


class Error(Exception):
    """A failure of ministore, with its place where there is one. `str()` is one sentence for a person.

    For a record that append refuses, `line` is its number in the batch from 1, `offset` the byte in it and
    `segment` is empty. For a damaged journal they are the place in the segment file. 0 and "" stand for
    "does not apply".
    """

    code = "UNKNOWN"

    def __init__(
        self,
        message: str,
        os_error: int = 0,
        sequence: int = 0,
        line: int = 0,
        offset: int = 0,
        segment: str = "",
        path: str = "",
    ) -> None:
        # All of them, so that the exception can be pickled.
        super().__init__(message, os_error, sequence, line, offset, segment, path)
        self.message = message
        self.os_error = os_error
        self.sequence = sequence
        self.line = line
        self.offset = offset
        self.segment = segment
        self.path = path
        #: What verify() found in all, on the error that it raises; None on others.
        self.verified: VerifyInfo | None = None

    def __str__(self) -> str:
        return self.message


class _SystemFailure(Error, OSError):
    """A failure that has an errno, so that `except OSError` catches it too."""

    def __init__(
        self,
        message: str,
        os_error: int = 0,
        sequence: int = 0,
        line: int = 0,
        offset: int = 0,
        segment: str = "",
        path: str = "",
    ) -> None:
        super().__init__(message, os_error, sequence, line, offset, segment, path)
        self.errno = os_error
        self.strerror = os.strerror(os_error) if os_error else message
        self.filename = path


class InvalidArgumentError(Error, ValueError):
    """A nonsense option, or a path that names a segment where a journal is meant."""

    code = "INVALID_ARGUMENT"


class NoMemoryError(Error, MemoryError):
    """An allocation failed; nothing was changed."""

    code = "NO_MEMORY"


class InputOutputError(_SystemFailure):
    """The system refused; `errno` says why."""

    code = "IO"


class NoSpaceError(_SystemFailure):
    """Disk, quota or file size limit is full. What was begun is taken back and the journal stays usable."""

    code = "NO_SPACE"


class NotAFileError(Error):
    """A directory, FIFO, socket or device stands at the path."""

    code = "NOT_A_FILE"


class LockedError(Error):
    """Another writer has the journal open. Readers need no lock."""

    code = "LOCKED"


class BadHeaderError(Error):
    """The file is no journal; not one byte of it was changed."""

    code = "BAD_HEADER"


class UnsupportedVersionError(Error):
    """A journal of another format version; nothing was changed."""

    code = "UNSUPPORTED_VERSION"


class InvalidJSONError(Error, ValueError):
    """A record given to append is not one line of strict JSON; nothing was written."""

    code = "INVALID_JSON"


class TooLargeError(Error, ValueError):
    """A record is longer than max_record_bytes."""

    code = "TOO_LARGE"


class CorruptError(Error):
    """What may have been acknowledged is damaged; the place says where."""

    code = "CORRUPT"


class TornError(Error):
    """There is a torn tail, and the journal was opened with torn_tail="refuse"."""

    code = "TORN"


class PrunedError(Error):
    """The records asked for were removed by retention or prune."""

    code = "PRUNED"


class PoisonedError(_SystemFailure):
    """An earlier sync failed: close the journal and open it anew."""

    code = "POISONED"


class ForkedError(Error):
    """The handle was opened by a parent process; open the journal anew in this one."""

    code = "FORKED"


class DecodeError(Error, ValueError):
    """A record is JSON but does not fit the type or codec asked for; `__cause__` has the decoder's words."""

    code = "DECODE"


class ClosedError(Error, ValueError):
    """The journal or reader was closed already."""

    code = "CLOSED"


def _classes(base: type[Error]) -> list[type[Error]]:
    return [base, *(found for child in base.__subclasses__() for found in _classes(child))]


BY_CODE: dict[str, type[Error]] = {found.code: found for found in _classes(Error) if "code" in vars(found)}
