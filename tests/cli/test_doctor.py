"""doctor: a verdict on a folder, from what the system says and what was tried."""

import os

import pytest

TESTS = ["sync", "lock", "link", "rename", "folder_sync"]


@pytest.fixture
def memory():
    """A folder on a tmpfs."""
    folder = "/dev/shm"
    with open("/proc/mounts") as mounts:
        assert any(line.split()[1:3] == [folder, "tmpfs"] for line in mounts), f"{folder} is no tmpfs: mount one there"
    return folder


def test_what_was_tried_is_told_and_gone(ministore, tmp_path):
    answer = ministore.json("doctor", tmp_path)
    assert answer["folder"] == os.path.realpath(tmp_path)
    assert answer["tests"] == dict.fromkeys(TESTS, True)
    latency = answer["sync_latency"]
    assert sum(bucket["count"] for bucket in latency["histogram"]) == latency["syncs"] == 64
    assert 0 < latency["fastest_ns"] <= latency["median_ns"] <= latency["slowest_ns"]
    assert latency["slowest_ns"] < latency["histogram"][-1]["below_ns"]
    assert os.listdir(tmp_path) == []


def test_the_file_system_is_the_one_of_the_mount_table(ministore, tmp_path):
    path, best = os.path.realpath(tmp_path), None
    with open("/proc/mounts") as mounts:
        for line in mounts:
            _, point, kind, *_ = line.split()
            if (path + "/").startswith(point.rstrip("/") + "/") and (best is None or len(point) >= len(best[0])):
                best = point, kind
    about = ministore.json("doctor", tmp_path)["file_system"]
    if best is None:  # in a chroot the table does not show what is mounted at /
        assert about["mount_point"] == "" and about["type"] != ""
    else:
        assert (about["mount_point"], about["type"]) == best


def test_free_space_is_that_of_the_file_system(ministore, memory):
    about = os.statvfs(memory)
    free = ministore.json("doctor", memory)["free_bytes"]
    assert 0 < free <= about.f_blocks * about.f_frsize


def test_memory_is_no_place_for_a_journal(ministore, memory):
    result = ministore.run("doctor", memory)
    assert result.code == 3
    assert b"\nverdict       bad: Memory, no disk" in result.out
    answer = ministore.json("doctor", memory)
    assert (answer["file_system"]["type"], answer["verdict"]) == ("tmpfs", "bad")


def test_the_page_for_people_has_every_test_and_a_histogram(ministore, tmp_path):
    out = ministore.run("doctor", tmp_path).out.decode()
    assert len(out.splitlines()) < 50
    for name in TESTS:
        assert any(line.split()[:2] == [name, "works"] for line in out.splitlines())
    assert sum(int(line.split()[-1]) for line in out.splitlines() if line.startswith("    <")) == 64


def test_what_is_no_folder_is_an_error(ministore, tmp_path):
    result = ministore.run("doctor", tmp_path / "nothing")
    assert (result.code, result.out) == (3, b"")
    assert result.err.startswith(b"ministore: " + os.fsencode(tmp_path / "nothing") + b": ")


def test_colours_of_the_verdict(ministore, memory, terminal):
    ministore.run("doctor", memory, stdout=terminal.slave)
    shown = terminal.take()
    assert b"\x1b[1;31mbad\x1b[0m" in shown and b"\x1b[1;32mworks\x1b[0m" in shown
