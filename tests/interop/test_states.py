"""States that a power loss left in the crash lab, once ours has recovered and closed them, as the Rust crate reads them.

LAB_BIN and INTEROP_BIN name the programs (script/parts/interop.sh builds them). The lab puts a sample of its states
into a folder, each with a file `expected`: the records that our cursor finds there.
"""

import os
import pathlib
import subprocess

import pytest
from test_interop import VERSIONS, Crate


@pytest.fixture(scope="session")
def states(tmp_path_factory):
    """The journals of the sample, by path."""
    folder = tmp_path_factory.mktemp("states")
    subprocess.run([os.environ["LAB_BIN"], "--states", "16", "--dump", folder], check=True, stdout=subprocess.PIPE)
    found = {f"{state}/j": (state / "expected").read_bytes() for state in folder.iterdir()}
    assert len(found) > 1000 and sum(len(expected) > 0 for expected in found.values()) > 1000
    return found


def has_wide_numbers(path):
    """Whether a segment has the six digits of crate 0.1.7, which 0.1.4 does not see."""
    return any(len(file.suffix) == 7 for file in pathlib.Path(path).parent.glob("j.*"))


@pytest.mark.parametrize("version", VERSIONS)
def test_the_crate_finds_what_our_cursor_finds(states, version):
    asked = [path for path in states if version != "0.1.4" or not has_wide_numbers(path)]
    paths = "".join(path + "\n" for path in asked).encode()
    done = subprocess.run([Crate(version).program, "replay-all"], input=paths, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    expected = b"".join(path.encode() + b"\n" + states[path] for path in asked)
    assert done.stdout.splitlines() == expected.splitlines()
    print(f"{len(asked)} states replayed by the crate {version}")
