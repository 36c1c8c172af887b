"""Faults from outside: strace makes one system call of the real command fail, at each of its occurrences in turn.

Whatever fails: the command says so or has done all, what it acknowledged is there, `verify` finds nothing, and the
next command goes on.
"""

import collections
import re
import shutil
import subprocess

import pytest
from conftest import HEADER, ok, run

ERRORS = {
    "pwrite64": ["EIO", "ENOSPC", "EDQUOT", "EINTR"],
    "pread64": ["EIO", "EINTR"],
    "fdatasync": ["EIO", "ENOSPC", "EINTR"],
    "fsync": ["EIO", "EDQUOT"],
    "ftruncate": ["EIO", "EINTR"],
    "fallocate": ["ENOSPC", "EINTR"],
    "openat": ["EIO", "EMFILE", "ENOSPC"],
    "close": ["EIO"],
    "linkat": ["EIO", "ENOSPC", "EPERM"],
    "renameat": ["EIO", "ENOSPC"],
    "renameat2": ["EIO", "ENOSPC"],
    "unlinkat": ["EIO"],
    "flock": ["EIO", "EINTR"],
    "fchmod": ["EIO"],
    "newfstatat": ["EIO"],
    "getdents64": ["EIO"],
    "readlinkat": ["EIO"],
    "madvise": ["EINVAL"],
    "read": ["EIO", "EINTR"],
    "write": ["EIO", "ENOSPC", "EINTR"],
}
RETRIED = ["pwrite64", "pread64", "ftruncate", "fallocate", "flock", "read", "write"]  # after EINTR

BASE = [b'{"n":%d}' % n for n in range(1, 10)]  # in three segments
NEW = [b'{"new":%d,"pad":"%s"}' % (n, b"x" * 40) for n in range(6)]  # in batches of two, with rotations
BATCH, BEFORE = 2, 5


def records(path):
    """Numbers and texts as a reader sees them."""
    lines = [line.split(b"\t", 1) for line in ok("cat", "--sequence", path).splitlines()]
    return {int(number): text for number, text in lines}


def numbered(texts):
    return dict(enumerate(texts, 1))


def goes_on(path):
    """The next command finds nothing wrong and appends."""
    ok("verify", path)
    before = records(path)
    assert int(ok("append", path, input=b"1\n")) == max(before) + 1
    assert records(path) == {**before, max(before) + 1: b"1"}


def check_append(path, result):
    acknowledged = int(result.out) if result.out.strip() else len(BASE)
    there = records(path)
    assert there == numbered((BASE + NEW)[:len(there)])
    assert len(there) >= acknowledged and (len(there) - len(BASE)) % BATCH == 0, "no commit in part"
    assert result.code != 0 or len(there) == len(BASE + NEW)
    goes_on(path)


def check_unchanged(path, result):
    assert records(path) == numbered(BASE)
    goes_on(path)


def check_prune(path, result):
    there = records(path)
    assert there == {n: text for n, text in numbered(BASE).items() if n >= min(there)}
    assert min(there) <= BEFORE and (result.code != 0 or min(there) > 1)
    goes_on(path)


def check_torn(path, result):
    """What was torn is in the journal or saved."""
    there = records(path)
    assert there == numbered((BASE + NEW)[:len(there)]) and len(there) >= len(BASE)
    with open(path, "rb") as file:
        kept = file.read()
    if b'{"torn' not in kept:
        with open(path + ".torn", "rb") as file:
            assert file.read().startswith(b'{"torn')
    goes_on(path)


def check_repair(path, result):
    with open(path, "rb") as file:
        repaired = b"no record" not in file.read()
    assert repaired or result.code != 0
    ok("repair", "--yes", path)
    assert records(path) == numbered(BASE)
    with open(path + ".torn", "rb") as file:
        assert b"no record\n[1]\n" in file.read()
    goes_on(path)


def check_output(path, result):
    """What a reader prints is right as far as it goes, and it says if that is not far enough."""
    whole = b"".join(text + b"\n" for text in BASE)
    assert whole.startswith(result.out) and (result.code != 0 or result.out == whole)
    check_unchanged(path, result)


def add(path, text):
    with open(path, "ab") as file:
        file.write(text)


def tear(path):
    add(path, b'{"torn')


def damage(path):
    add(path, b"no record\n[1]\n")


LINES = b"".join(text + b"\n" for text in NEW)
LIMITS = ["--batch", str(BATCH), "--max-bytes-per-segment", "150"]
COMMANDS = {
    "append": (None, ["append", *LIMITS], LINES, check_append),
    "append, preallocated": (None, ["append", *LIMITS, "--preallocate", "4096"], LINES, check_append),
    "append behind a torn tail": (tear, ["append", *LIMITS], LINES, check_torn),
    "rotate": (None, ["rotate"], b"", check_unchanged),
    "prune": (None, ["prune", "--before", str(BEFORE)], b"", check_prune),
    "repair": (damage, ["repair", "--yes"], b"", check_repair),
    "cat": (None, ["cat"], b"", check_output),
    "verify": (None, ["verify"], b"", check_unchanged),
}


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """A folder with a journal of three segments."""
    folder = tmp_path_factory.mktemp("template")
    path = folder / "j"
    for first in (0, 3, 6):
        ok("append", path, input=b"".join(text + b"\n" for text in BASE[first:first + 3]))
        if first < 6:
            ok("rotate", path)
    assert path.read_bytes().startswith(HEADER[:20])
    return folder


@pytest.fixture(scope="session")
def strace():
    """Fails, with what is missing, where processes cannot be traced."""
    tried = subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], capture_output=True, check=False)
    assert tried.returncode == 0, f"strace cannot trace here; allow ptrace (CAP_SYS_PTRACE): {tried.stderr.decode()}"


def occurrences(path, arguments, given, log):
    """The system calls that a command makes once it is loaded: for each name, which of all its occurrences they are."""
    run(*arguments, path, input=given, under=["strace", "-f", "-qq", "-o", log])
    found, seen, loaded = collections.defaultdict(list), collections.Counter(), False
    for name in re.findall(r"^\d+ +(\w+)\(", log.read_text(), re.MULTILINE):
        seen[name] += 1
        loaded = loaded or name == "munmap"  # the last that the loader does
        if loaded and name in ERRORS:
            found[name].append(seen[name])
    return found


@pytest.mark.parametrize("command", COMMANDS)
def test_a_call_fails(command, template, strace, quick_folder):
    prepare, arguments, given, check = COMMANDS[command]

    def fresh():
        shutil.rmtree(quick_folder / "run", ignore_errors=True)
        shutil.copytree(template, quick_folder / "run")
        path = str(quick_folder / "run" / "j")
        if prepare:
            prepare(path)
        return path

    faults = 0
    for name, numbers in occurrences(fresh(), arguments, given, quick_folder / "log").items():
        for number in numbers:
            for error in ERRORS[name]:
                path = fresh()
                inject = f"inject={name}:error={error}:when={number}"
                result = run(*arguments, path, input=given,
                             under=["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={name}", "-e", inject])
                what = f"{inject}: {result.code} {result.out!r} {result.err!r}"
                assert result.code in (0, 1, 3), what
                assert result.code == 0 or result.err.startswith(b"ministore: ") or name == "write", what
                assert result.code == 0 or error != "EINTR" or name not in RETRIED, what
                try:
                    check(path, result)
                except (AssertionError, OSError) as wrong:
                    raise AssertionError(what) from wrong
                faults += 1
    print(f"{faults} faults injected")
    assert faults > 20
