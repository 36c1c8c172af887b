"""What the calls that tell about a journal return: frozen structs with the fields of the C structs."""

from __future__ import annotations

import msgspec


class JournalInfo(msgspec.Struct, frozen=True):
    """What Journal.stat() tells."""

    segments: int  # the active one included
    first_sequence: int  # of the oldest record that is there; equal to next_sequence if there is none
    next_sequence: int  # the number the next record gets; 1 in a new journal
    durable_sequence: int  # the last record covered by a sync; 0 if none
    bytes: int  # of all segments, without space allocated in advance
    torn_bytes: int  # how much open cut from the end and saved to P.torn; 0 for nothing
    torn_offset: int  # where in the active segment it had begun


class ReaderInfo(msgspec.Struct, frozen=True):
    """What Records.stat() tells."""

    segments: int  # files of the journal as they are now, the active one included; 0 if there is none
    first_sequence: int  # of the oldest record that is there
    next_sequence: int  # of the record that comes behind the batch read last
    bytes: int  # of all segments, space allocated in advance included
    torn_bytes: int  # behind the last complete commit; known at the end only
    torn_offset: int  # where in the active segment they begin


class VerifyInfo(msgspec.Struct, frozen=True):
    """What verify() found."""

    segments: int
    records: int  # good ones
    bytes: int
    problems: int  # bad lines, headers, numbers, digests, segments
    torn_bytes: int  # a torn tail behind the last complete commit: no problem, open cuts it
    uncovered: int  # archived segments whose digest the next one does not carry
    first_sequence: int
    next_sequence: int


class RepairInfo(msgspec.Struct, frozen=True):
    """What repair() did, or would do."""

    cut_bytes: int  # cut from the active segment and saved to P.torn; 0: nothing was to be done
    cut_offset: int  # where the cut began
    cut_lines: int  # ended lines among them
    cut_records: int  # good records among them: the price of the repair
    archived_bad_lines: int  # left as they are: readers go round them
    next_sequence: int  # the number the next record gets afterwards
