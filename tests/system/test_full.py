"""A full disk, for real: a tmpfs of one MiB that fills and is freed (fill.py does it)."""

import os
import pathlib
import shlex
import subprocess

FILL = pathlib.Path(__file__).with_name("fill.py")
MOUNT = 'mount -t tmpfs -o size=1m tmpfs "$1" || exit 9; folder=$1; shift; exec "$@" "$folder"'


def test_a_disk_that_fills_and_is_freed(tmp_path):
    """In a mount namespace of its own, so that the mount is gone with it."""
    namespace = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    python = shlex.split(os.environ["WRITER_PYTHON"])[0]
    done = subprocess.run([*namespace, "sh", "-c", MOUNT, "sh", tmp_path, python, FILL], capture_output=True, check=False)
    hint = "if it cannot mount a tmpfs: run as root, or where user namespaces are allowed"
    assert done.returncode == 0, f"{done.stderr.decode()}\n{hint}"
    print(done.stdout.decode())
