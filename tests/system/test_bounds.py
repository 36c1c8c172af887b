"""Hostile sizes: a hundred thousand segments, and lines of gigabytes. Memory is measured, system calls are counted.

Times are not: what is asked is that memory has a bound, and that work grows no faster than what there is to read.
"""

import collections
import os
import re
import subprocess
import sys

import pytest
from conftest import HEADER, ok, run

SEGMENTS, SOME = 100_000, 4_000
GIB = 1 << 30
LONGEST = 64 << 20  # the default of max_record_bytes


# A process of little memory, as the peak of the one that it begins counts from its own.
LAUNCHER = """
import os, sys
nowhere = os.open(os.devnull, os.O_WRONLY)
to_nowhere = [(os.POSIX_SPAWN_DUP2, nowhere, 1), (os.POSIX_SPAWN_DUP2, nowhere, 2)]
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=to_nowhere)
_, status, usage = os.wait4(child, 0)
print(os.waitstatus_to_exitcode(status), usage.ru_maxrss * 1024)
"""


def peak_of(*arguments, input=b""):
    """Exit code and peak of resident memory, in bytes, of a command."""
    command = [sys.executable, "-I", "-S", "-c", LAUNCHER, os.environ["MINISTORE_BIN"], *arguments]
    done = subprocess.run(command, input=input, capture_output=True, check=True)
    code, peak = map(int, done.stdout.split())
    print(*arguments, f"exit code {code}, peak {peak >> 20} MiB")
    return code, peak


def counts_of(log, *arguments, input=b""):
    """How often a command makes which system calls on files."""
    traced = "trace=openat,pread64,getdents64,newfstatat"
    result = run(*arguments, input=input, under=["strace", "-f", "-qq", "--seccomp-bpf", "-e", traced, "-o", log])
    assert result.code == 0, result.err
    return collections.Counter(re.findall(r"^\d+ +(\w+)\(", log.read_text(), re.MULTILINE))


def make_segments(folder, count):
    """A journal of so many segments of one record each; its path."""
    digits = len(str(count))
    for n in range(1, count + 1):
        name = "j" if n == count else f"j.{n:0{digits}}"
        file = os.open(folder / name, os.O_WRONLY | os.O_CREAT, 0o600)
        os.write(file, HEADER[:-1] + b" first=%d\n%d\n" % (n, n))
        os.close(file)
    return os.fspath(folder / "j")


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """A journal of a hundred thousand segments."""
    return make_segments(tmp_path_factory.mktemp("many"), SEGMENTS)


@pytest.mark.parametrize("arguments", [["append"], ["rotate"], ["prune", "--before", "10"]])
def test_a_writer_opens_few_of_many_segments(tmp_path, arguments):
    """It lists names, looks at each a few times at most, and opens the newest (or those to prune) only."""
    journal = make_segments(tmp_path, SOME)
    calls = counts_of(tmp_path / "log", *arguments, journal, input=b"1\n2\n")
    print(*arguments, dict(calls))
    assert calls["openat"] < 50 and calls["pread64"] < 50 and calls["newfstatat"] < 3.1 * SOME
    assert calls["getdents64"] < 10 * (1 + SOME * 32 / 32768)  # entries of a folder, and the buffer of one call


def test_a_reader_opens_each_segment_once(tmp_path):
    calls = counts_of(tmp_path / "log", "cat", make_segments(tmp_path, SOME))
    print(dict(calls))
    assert calls["openat"] < 1.1 * SOME and calls["pread64"] < 6 * SOME
    assert calls["getdents64"] < 10 * (1 + SOME * 32 / 32768)


@pytest.mark.parametrize("arguments", [["cat"], ["verify"], ["stat"], ["tail"], ["append"]])
def test_many_segments_need_little_memory(many, arguments):
    code, peak = peak_of(*arguments, many, input=b"3\n")
    assert code == 0 and peak < 32 << 20, f"{peak} bytes"


def sparse(path, begin, size, end):
    """A file of NULs, of which only the ends take space."""
    with open(path, "wb") as file:
        file.write(HEADER + begin)
        file.truncate(size)
        file.seek(0, os.SEEK_END)
        file.write(end)


@pytest.mark.parametrize("arguments", [["cat"], ["verify"], ["append"]])
def test_gigabytes_of_nuls_need_no_memory_for_themselves(journal, arguments):
    """A line of two GiB of NULs before good ones is corruption, and is told of. Memory ends at max_record_bytes."""
    sparse(journal, b"1\n", 2 * GIB, b"\n2\n3\n")
    code, peak = peak_of(*arguments, journal, input=b"4\n")
    assert code == 1 and peak < LONGEST + (16 << 20), f"{peak} bytes"
    assert os.path.getsize(journal) == 2 * GIB + 5, "nothing was cut"


def test_space_at_the_end_is_trimmed_in_little_memory(journal):
    sparse(journal, b"1\n", 2 * GIB, b"")
    code, peak = peak_of("append", journal, input=b"2\n")
    assert code == 0 and peak < 16 << 20, f"{peak} bytes"
    assert ok("cat", journal) == b"1\n2\n"


@pytest.mark.parametrize("ended", [True, False])
@pytest.mark.parametrize("arguments", [["cat"], ["verify"], ["stat"], ["repair", "--dry-run"], ["append"]])
def test_a_line_longer_than_allowed_needs_no_memory_for_itself(journal, arguments, ended):
    """300 MiB of digits: as a line it is too long, as a torn tail it is cut, and neither is taken into memory."""
    with open(journal, "wb") as file:
        file.write(HEADER + b"1\n")
        for _ in range(300):
            file.write(b"7" * (1 << 20))
        file.write(b"\n" * ended)
    code, peak = peak_of(*arguments, journal, input=b"2\n")
    assert code == (1 if ended and arguments[0] in ("cat", "verify", "repair") else 0)
    assert peak < LONGEST + (16 << 20), f"{peak} bytes"
