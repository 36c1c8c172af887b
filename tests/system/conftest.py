"""What the tests of whole programs share. MINISTORE_BIN names the command, WRITER_C and so on the writers (kill.py)."""

import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest

HEADER = b"// MINISTORE JOURNAL v0.1.4\n"


class Result:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err


def run(*arguments, input=b"", under=()):
    """Run the command to its end, perhaps under another one."""
    command = [*under, os.environ["MINISTORE_BIN"], *map(os.fspath, arguments)]
    done = subprocess.run(command, input=input, capture_output=True, check=False)
    return Result(done.returncode, done.stdout, done.stderr)


def ok(*arguments, **how):
    """Run it; it must succeed. Its output."""
    result = run(*arguments, **how)
    assert result.code == 0, result.err
    return result.out


@pytest.fixture
def journal(tmp_path):
    """The path of a journal that is not there yet."""
    return os.fspath(tmp_path / "j")


@pytest.fixture
def quick_folder():
    """An empty folder in memory where that is to be had: no test here loses power, and syncs of a disk take their time."""
    base = os.environ.get("TMPDIR") or ("/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    folder = tempfile.mkdtemp(prefix="ministore-system-", dir=base)
    yield pathlib.Path(folder)
    shutil.rmtree(folder)
