"""The command `ministore` that comes with the package, installed and as a module."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import ministore

COMMANDS = [[str(Path(sys.executable).with_name("ministore"))], [sys.executable, "-m", "ministore"]]


@pytest.mark.parametrize("command", COMMANDS, ids=["script", "module"])
def test_the_command_writes_and_reads(command: list[str], path: Path) -> None:
    def run(*arguments: str | Path, **options: object) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run([*command, *arguments], capture_output=True, timeout=60, **options)  # type: ignore[call-overload,no-any-return]

    assert ministore.__version__ in run("--version", check=True).stdout.decode()
    assert run("append", path, input=b"1\n[2]\n", check=True).stdout == b"2\n"
    assert run("cat", path, check=True).stdout == b"1\n[2]\n"
    assert list(ministore.replay(path)) == [1, [2]]
    refused = run("append", path, input=b"{\n")
    assert (refused.returncode, refused.stderr[:19]) == (1, b"ministore: stdin:1:")
    assert run("no-such-command").returncode == 2
    with ministore.open(path):
        assert run("append", path, input=b"1\n").returncode == 3


@pytest.mark.parametrize("command", COMMANDS, ids=["script", "module"])
def test_ctrl_c_ends_the_command_as_any_other(command: list[str], path: Path) -> None:
    with ministore.open(path) as journal:
        journal.append(1)
    with subprocess.Popen([*command, "tail", "-f", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"1\n"
        child.send_signal(signal.SIGINT)
        _, messages = child.communicate(timeout=60)
        assert b"Traceback" not in messages


def test_the_script_is_installed() -> None:
    assert shutil.which(COMMANDS[0][0]), "install the package first: pip install ."
