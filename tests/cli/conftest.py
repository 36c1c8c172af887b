"""What the tests of the command `ministore` share: running the built program, on pipes or on a terminal.

The program is named by the environment variable MINISTORE_BIN.
"""

import json
import os
import pty
import signal
import subprocess

import pytest

# A shell starts jobs in the background with SIGINT ignored, and all children inherit that; of a handler they inherit
# nothing, so that the command finds the signal as at a terminal.
signal.signal(signal.SIGINT, signal.default_int_handler)

HEADER = b"// MINISTORE JOURNAL v0.1.4\n"


def pytest_configure():
    program = os.environ.get("MINISTORE_BIN", "")
    if not os.access(program, os.X_OK):
        pytest.exit(f"MINISTORE_BIN={program!r} is no program: set it to the built command, such as "
                    "build/release/ministore", returncode=2)


class Terminal:
    """A pseudo terminal for one run; `take` gives what was shown on it."""

    def __init__(self):
        self.master, self.slave = pty.openpty()
        self.shown = b""

    def wait_for(self, text):
        """Read until `text` was shown. Fails if the other side closes before."""
        while text not in self.shown:
            chunk = self._read()
            assert chunk, f"the terminal closed without {text!r} after {self.shown!r}"
        return self.shown

    def type(self, text):
        os.write(self.master, text)

    def take(self):
        """Read to the end: the program must have ended, or end by itself."""
        os.close(self.slave)
        while self._read():
            pass
        os.close(self.master)
        return self.shown

    def _read(self):
        try:
            chunk = os.read(self.master, 65536)
        except OSError:  # EIO: nobody has the other side open
            chunk = b""
        self.shown += chunk
        return chunk


class Command:
    """Runs the command; environment variables are given by name."""

    def __init__(self):
        self.program = os.path.abspath(os.environ["MINISTORE_BIN"])

    def environment(self, extra):
        kept = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "TERM")}
        return {**kept, "TERM": "xterm", **extra}

    def start(self, *arguments, env=None, **how):
        how = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **how}
        return subprocess.Popen([self.program, *map(os.fspath, arguments)], env=self.environment(env or {}), **how)

    def run(self, *arguments, input=b"", **how):
        """Run to the end: code, out, err."""
        process = self.start(*arguments, **how)
        out, err = process.communicate(input)
        return Result(process.returncode, out, err)

    def ok(self, *arguments, **how):
        """Run to the end; it must succeed in silence. Its output."""
        result = self.run(*arguments, **how)
        assert (result.code, result.err) == (0, b"")
        return result.out

    def json(self, *arguments):
        return json.loads(self.run(*arguments, "--json").out)


class Result:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err


@pytest.fixture
def ministore():
    return Command()


@pytest.fixture
def journal(tmp_path):
    """The path of a journal that is not there yet."""
    return os.fspath(tmp_path / "j")


@pytest.fixture
def numbers(ministore, journal):
    """The path of a journal of three segments that holds the records 1 to 9."""
    for first in (1, 4, 7):
        ministore.ok("append", journal, input=b"%d\n%d\n%d\n" % (first, first + 1, first + 2))
        if first < 7:
            ministore.ok("rotate", journal)
    return journal


@pytest.fixture
def damaged(journal):
    """The path of a journal with a bad line 3 between good ones."""
    write(journal, HEADER + b"1\n{oops\n3\n")
    return journal


@pytest.fixture
def torn(journal):
    """The path of a journal that ends in a torn tail of five bytes."""
    write(journal, HEADER + b'1\n{"n":')
    return journal


@pytest.fixture
def terminal():
    return Terminal()


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


def read(path):
    with open(path, "rb") as file:
        return file.read()
