"""Help, version, and every way to get a command line wrong."""

import os

import pytest

COMMANDS = ["append", "cat", "tail", "stat", "verify", "repair", "prune", "rotate", "doctor"]


@pytest.mark.parametrize("arguments", [["help"], ["--help"], ["-h"]])
def test_help_lists_every_command(ministore, arguments):
    out = ministore.ok(*arguments).decode()
    listed = [line.split()[0] for line in out.splitlines() if line.startswith("  ")]
    assert listed == [*COMMANDS, "help"]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_on_a_command_comes_in_three_ways(ministore, command):
    text = ministore.ok("help", command)
    assert text.startswith(b"usage: ministore " + command.encode() + b" ")
    assert ministore.ok(command, "--help") == text
    assert ministore.ok(command, "x", "-h") == text


def test_the_version_is_one_line(ministore):
    name, version = ministore.ok("--version").decode().rstrip("\n").split(" ")
    assert name == "ministore" and all(part.isdigit() for part in version.split("."))


@pytest.mark.parametrize("arguments", [
    [],
    ["dance"],
    ["help", "dance"],
    ["cat"],
    ["cat", ""],
    ["cat", "j", "k"],
    ["cat", "j", "--dance"],
    ["cat", "j", "-x"],
    ["cat", "j", "--json"],
    ["cat", "j", "--from"],
    ["cat", "j", "--from", ""],
    ["cat", "j", "--from", "0"],
    ["cat", "j", "--from", "-1"],
    ["cat", "j", "--from", "1x"],
    ["cat", "j", "--from", "18446744073709551616"],
    ["cat", "j", "--sequence=1"],
    ["cat", "j", "--max-record-bytes", "0"],
    ["cat", "j", "--max-record-bytes", "18446744073709551615"],
    ["append", "j", "--batch", "0"],
    ["append", "j", "--max-bytes-per-segment=0"],
    ["append", "j.001"],
    ["tail", "j", "-n"],
    ["tail", "j", "-nf"],
    ["stat"],
    ["verify"],
    ["repair"],
    ["prune", "j"],
    ["prune", "j", "--before", "0"],
    ["rotate"],
    ["doctor"],
])
def test_misuse_exits_with_2_and_touches_nothing(ministore, tmp_path, arguments):
    result = ministore.run(*arguments, cwd=tmp_path)
    assert (result.code, result.out) == (2, b"")
    assert result.err.startswith(b"ministore: ")
    assert os.listdir(tmp_path) == []


def test_options_may_stand_anywhere(ministore, numbers):
    expected = ministore.ok("cat", numbers, "--from", "8", "--sequence")
    assert ministore.ok("cat", "--sequence", "--from=8", numbers) == expected
    assert ministore.ok("cat", "--from", "8", numbers, "--sequence") == expected


def test_behind_two_dashes_everything_is_a_path(ministore, tmp_path):
    ministore.ok("append", "--", "--from", input=b"1\n", cwd=tmp_path)
    assert os.listdir(tmp_path) == ["--from"]
    assert ministore.ok("cat", "--", "--from", cwd=tmp_path) == b"1\n"
