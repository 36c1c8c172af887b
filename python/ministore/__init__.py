"""ministore: an embedded write-ahead journal of JSON records in plain text files.

    with ministore.open("events.journal") as journal:
        journal.append({"type": "created", "id": 1})
    for event in ministore.replay("events.journal"):
        print(event)
"""

from typing import TYPE_CHECKING

from ministore._api import follow, open, reader, repair, replay, stream, validate, verify
from ministore._formats import Codec
from ministore._handles import version
from ministore._journal import Journal
from ministore._records import Follower, Records
from ministore.errors import (
    BadHeaderError,
    ClosedError,
    CorruptError,
    DecodeError,
    Error,
    ForkedError,
    InputOutputError,
    InvalidArgumentError,
    InvalidJSONError,
    LockedError,
    NoMemoryError,
    NoSpaceError,
    NotAFileError,
    PoisonedError,
    PrunedError,
    TooLargeError,
    TornError,
    UnsupportedVersionError,
)

if TYPE_CHECKING:
    from ministore._info import JournalInfo, ReaderInfo, RepairInfo, VerifyInfo
else:

    def __getattr__(name):
        if name.endswith("Info") and name in __all__:
            from ministore import _info  # here, as it imports msgspec

            return getattr(_info, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__version__ = version()

__all__ = [
    "BadHeaderError",
    "ClosedError",
    "Codec",
    "CorruptError",
    "DecodeError",
    "Error",
    "Follower",
    "ForkedError",
    "InputOutputError",
    "InvalidArgumentError",
    "InvalidJSONError",
    "Journal",
    "JournalInfo",
    "LockedError",
    "NoMemoryError",
    "NoSpaceError",
    "NotAFileError",
    "PoisonedError",
    "PrunedError",
    "ReaderInfo",
    "Records",
    "RepairInfo",
    "TooLargeError",
    "TornError",
    "UnsupportedVersionError",
    "VerifyInfo",
    "follow",
    "open",
    "reader",
    "repair",
    "replay",
    "stream",
    "validate",
    "verify",
]
