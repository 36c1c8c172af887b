"""Hostile bytes in records, headers, bad lines and names never reach a terminal raw, whatever the command says of them.

All control characters but those that lay out a text count: C0, DEL, and C1 both as bytes and as UTF-8.
"""

import os

import pytest
from conftest import HEADER, write

CONTROLS = bytes([*range(1, 9), 11, 12, *range(14, 32), 127])
HOSTILE = b"\x1b]0;owned\x07\x1b[2J\x9b31m\xc2\x9b31m\xc2\x85\x7f\x08" + CONTROLS
NAME = b"\x1b[31mj\xc2\x9b2J\x9b2J\x7f"  # of a file: anything but a slash and a NUL


def shown(ministore, terminal, *arguments, input=b""):
    """What a command puts on a terminal, on both its outputs. The command line itself is the caller's affair."""
    ministore.run(*arguments, stdout=terminal.slave, stderr=terminal.slave, input=input, env={"TERM": "dumb"})
    return terminal.take()


def assert_harmless(text):
    raw = [byte for byte in text if byte < 32 and byte not in b"\t\r\n" or byte == 127]
    assert not raw, f"raw control characters in {text!r}"
    decoded = text.decode()  # fails on a C1 byte alone
    assert not any("\x80" <= char <= "\x9f" for char in decoded), f"C1 characters in {text!r}"


READERS = [["cat"], ["cat", "--skip-bad-lines"], ["cat", "--sequence"], ["tail"], ["stat"], ["stat", "--json"],
           ["verify"], ["verify", "--json"], ["repair", "--dry-run"], ["append"], ["rotate"], ["prune", "--before", "1"]]

JOURNALS = {
    "strings with C1 and DEL": HEADER + '"\x7f\x80\x85\x9b31m\x9f"\n'.encode() + b"1\n",
    "a bad line": HEADER + b"1\n" + HOSTILE + b"\n2\n",
    "a bad last line": HEADER + b"1\n" + HOSTILE + b"\n",
    "a string with raw controls": HEADER + b'1\n"' + HOSTILE + b'"\n2\n',
    "a torn tail": HEADER + b"1\n" + HOSTILE,
    "a header's attributes": HEADER[:-1] + b" x=" + HOSTILE + b" first=1" + HOSTILE + b"\n1\n",
    "a foreign header": HOSTILE + b"\n1\n",
    "a version": b"// MINISTORE JOURNAL v9.0." + HOSTILE + b"\n1\n",
}


@pytest.mark.parametrize("arguments", READERS, ids=" ".join)
@pytest.mark.parametrize("kind", JOURNALS)
def test_a_hostile_journal(ministore, journal, terminal, kind, arguments):
    write(journal, JOURNALS[kind])
    text = shown(ministore, terminal, *arguments, journal, input=b"3\n")
    assert text or arguments == ["rotate"]
    assert_harmless(text)


@pytest.mark.parametrize("arguments", READERS, ids=" ".join)
def test_a_hostile_name(ministore, tmp_path, terminal, arguments):
    journal = os.path.join(os.fsencode(tmp_path), NAME)
    write(journal, HEADER + b"1\nbad\n2\n")
    assert_harmless(shown(ministore, terminal, *arguments, journal, input=b"3\n"))


@pytest.mark.parametrize("arguments", READERS, ids=" ".join)
def test_hostile_segment_names(ministore, tmp_path, terminal, arguments):
    """A gap in the numbers and a folder among the segments are reported by name."""
    journal = os.path.join(os.fsencode(tmp_path), NAME)
    write(journal, HEADER + b"3\n")
    write(journal + b".001", HEADER + b"1\nbad\n")
    os.mkdir(journal + b".003")
    assert_harmless(shown(ministore, terminal, *arguments, journal, input=b"3\n"))


@pytest.mark.parametrize("arguments", [
    ["cat", "--segment", NAME], ["cat", "--from", NAME], ["cat", NAME, NAME], ["tail", "-n", NAME], [NAME],
    ["--" + os.fsdecode(NAME)], ["prune", "--before", NAME, "j"], ["doctor", NAME], ["append", "--batch", NAME, "j"],
    ["help", NAME],
], ids=range(10))
def test_hostile_arguments(ministore, journal, terminal, arguments):
    text = shown(ministore, terminal, *map(os.fsencode, arguments))
    assert text
    assert_harmless(text)


def test_a_hostile_record_given_to_append(ministore, journal, terminal):
    text = shown(ministore, terminal, "append", journal, input=b"1\n" + HOSTILE + b"\n")
    assert b"stdin" in text
    assert_harmless(text)


def test_a_hostile_folder_for_doctor(ministore, tmp_path, terminal):
    folder = os.path.join(os.fsencode(tmp_path), NAME)
    os.mkdir(folder)
    text = shown(ministore, terminal, "doctor", folder)
    assert text
    assert_harmless(text)
