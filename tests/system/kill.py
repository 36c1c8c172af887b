"""Writers killed by SIGKILL at random moments, round after round on one journal, while a follower reads.

kill.py [--rounds N] [--seed N] [LANGUAGE]...

Programs are named by the environment: MINISTORE_BIN, the command, and WRITER_C, WRITER_PYTHON, WRITER_GO, WRITER_LUA,
the writers beside this file (script/kill builds them all). A record's text and the size of a commit follow from the
number it begins with, so all that is read can be compared.
"""

import argparse
import contextlib
import json
import os
import random
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import time

LANGUAGES = ["C", "Python", "Go", "Lua"]
SEGMENT_BYTES = 3000
VERIFIED_EVERY = 50  # rounds


def text_of(n):
    return b'{"n":%d,"pad":"%s"}' % (n, b"x" * (20000 if n % 97 == 0 else n * 19 % 53))


def end_of_commit(n):
    """Number of the last record of the commit that begins with record n."""
    return n + 4 if n % 3 == 0 else n


def program(language):
    return shlex.split(os.environ["WRITER_" + language.upper()])


def ministore(*arguments):
    return subprocess.run([os.environ["MINISTORE_BIN"], *arguments], capture_output=True, check=False)


class Follower:
    """A process that follows the journal: each record once, in order, with its text."""

    def __init__(self, language, journal):
        self.process = subprocess.Popen([*program(language), "follow", journal], stdout=subprocess.PIPE)
        self.last = 0
        self.wrong = None
        self.news = threading.Condition()
        self.thread = threading.Thread(target=self.read)
        self.thread.start()

    def read(self):
        for line in self.process.stdout:
            expected = b"%d\t%s\n" % (self.last + 1, text_of(self.last + 1))
            with self.news:
                if line == expected:
                    self.last += 1
                else:
                    self.wrong = self.wrong or f"after record {self.last} it read {line[:80]!r}"
                self.news.notify()
        with self.news:
            self.wrong = self.wrong or f"it ended behind record {self.last}"
            self.news.notify()

    def await_record(self, n):
        with self.news:
            self.news.wait_for(lambda: self.wrong or self.last >= n)
            assert not self.wrong, f"the follower: {self.wrong}"

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.thread.join()
        self.process.stdout.close()


class Journal:
    """What must be there."""

    def __init__(self, path):
        self.path = path
        self.acknowledged = 0

    def expect_last(self, n):
        """Record n is the last there is: all that was acknowledged is there, and then a whole commit or none."""
        allowed = (self.acknowledged, end_of_commit(self.acknowledged + 1))
        assert n in allowed, f"{n} records are there, {self.acknowledged} were acknowledged"

    def begin(self, n):
        """A writer has opened the journal, and its next record is n."""
        self.expect_last(n - 1)
        self.acknowledged = n - 1

    def look(self):
        """What a reader sees after a kill."""
        done = ministore("stat", "--json", self.path)
        assert done.returncode == 0, done.stderr
        self.expect_last(json.loads(done.stdout)["next_sequence"] - 1)

    def acknowledge(self, n):
        assert n == end_of_commit(self.acknowledged + 1), f"{n} is acknowledged after {self.acknowledged}"
        self.acknowledged = n

    def verify(self):
        done = ministore("verify", self.path)
        assert done.returncode == 0, done.stderr + done.stdout
        lines = ministore("cat", "--sequence", self.path).stdout.splitlines()
        first = int(lines[0].split(b"\t")[0]) if lines else 1
        assert lines == [b"%d\t%s" % (n, text_of(n)) for n in range(first, first + len(lines))]
        self.expect_last(first + len(lines) - 1)


def take_line(process, journal):
    """Note what the writer tells; False at its end, where a line may be cut off."""
    line = process.stdout.readline()
    if not line.endswith(b"\n"):
        return False
    if line.startswith(b"begin "):
        journal.begin(int(line[6:]))
    else:
        journal.acknowledge(int(line))
    return True


def kill_one(language, journal, chance):
    """Start a writer and kill it: mostly in the middle of its appends, at times while it starts and opens."""
    process = subprocess.Popen([*program(language), "append", journal.path, str(SEGMENT_BYTES)],
                               stdout=subprocess.PIPE)
    started = time.monotonic()
    if chance.random() < 0.75:
        for _ in range(chance.randrange(1, 40)):
            if not take_line(process, journal):
                break
        kill_one.startup[language] = time.monotonic() - started
        time.sleep(chance.random() * 0.003)
    else:
        time.sleep(chance.random() * 1.5 * kill_one.startup.get(language, 0.01))
    process.kill()
    while take_line(process, journal):
        pass
    process.stdout.close()
    assert process.wait() == -9, f"the writer ended by itself, with {process.returncode}"


kill_one.startup = {}  # seconds until a writer of a language had appended some records


def survive(language, rounds, seed=1):
    """Kill so many writers; how many records were acknowledged. Raises AssertionError if a promise is broken."""
    chance = random.Random(seed)
    base = os.environ.get("TMPDIR") or ("/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    folder = tempfile.mkdtemp(prefix="ministore-kill-", dir=base)
    journal = Journal(os.path.join(folder, "j"))
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder)
        follower = Follower(language, journal.path)
        stack.callback(follower.stop)
        for i in range(1, rounds + 1):
            kill_one(language, journal, chance)
            journal.look()
            follower.await_record(journal.acknowledged)
            if i % VERIFIED_EVERY == 0 or i == rounds:
                journal.verify()
    return journal.acknowledged


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("languages", nargs="*", metavar="LANGUAGE", help=" ".join(LANGUAGES))
    arguments = parser.parse_args()
    for language in arguments.languages or LANGUAGES:
        begin = time.monotonic()
        records = survive(language, arguments.rounds, arguments.seed)
        print(f"{language}: {arguments.rounds} writers killed, {records} records acknowledged and there, "
              f"{time.monotonic() - begin:.0f} s", flush=True)


if __name__ == "__main__":
    sys.exit(main())
