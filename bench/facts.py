"""What the report tells of the machine and of what was compared: no host names, no paths."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).resolve().parent
PACKAGES = ("msgspec", "orjson", "jsonlines", "duckdb", "polars")
DEBIAN = ("libsqlite3-0", "liblmdb-dev", "librocksdb-dev", "libsimdjson-dev", "jq", "lua5.4", "luajit", "lua-cjson")
MODULES = ("tidwall/wal", "hashicorp/raft-wal", "go.etcd.io/etcd/server/v3", "go.etcd.io/bbolt")
CRATES = ("ministore", "okaywal", "tokio", "serde_json")


def machine(folder: Path) -> dict[str, str]:
    system, options = file_system(folder)
    return {
        "CPU": f"{cpu()}, {os.cpu_count()} cores",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "kernel": f"{platform.system()} {platform.release()} {platform.machine()}",
        "file system": f"{system} ({options})",
    }


def cpu() -> str:
    found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found.group(1) if found else platform.machine()


def file_system(folder: Path) -> tuple[str, str]:
    """Type and mount options of the mount that holds the folder: the longest mount point above it."""
    best, found = "", ("unknown", "")
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        left, _, right = line.partition(" - ")
        point, options, system = left.split()[4], left.split()[5], right.split()[0]
        if len(point) >= len(best) and folder.resolve().is_relative_to(point):
            every = dict.fromkeys(f"{options},{right.split()[2]}".split(","))
            best, found = point, (system, ", ".join(every))
    return found


def versions(build: Path) -> dict[str, str]:
    found = {
        "ministore": first_line(str(build / "bin/ministore"), "--version").removeprefix("ministore "),
        "gcc": first_line("cc", "-dumpfullversion"),
        "Python": platform.python_version(),
        "Go": go_version(build),
        "rustc": first_line("rustc", "--version").partition(" ")[2],
        "yyjson": yyjson(build),
    }
    found |= {name: version(name) for name in PACKAGES}
    found |= {name: first_line("dpkg-query", "-W", "-f", "${Version}", name) for name in DEBIAN}
    modules, lock = (HERE / "peers/go/go.mod").read_text(), (HERE / "peers/rust/Cargo.lock").read_text()
    found |= {name: pinned(rf"{re.escape(name)} (v\S+)", modules) for name in MODULES}
    found |= {f"crate {name}": pinned(rf'name = "{name}"\nversion = "(.*)"', lock) for name in CRATES}
    return {name: value for name, value in found.items() if value}


def pinned(pattern: str, content: str) -> str:
    found = re.search(pattern, content)
    return found.group(1) if found else ""


def yyjson(build: Path) -> str:
    header = build / "yyjson/yyjson.h"
    return pinned(r'YYJSON_VERSION_STRING "(.*)"', header.read_text(errors="replace")) if header.exists() else ""


def go_version(build: Path) -> str:
    """Of the program, since the one that built it may not be on the path."""
    content = (build / "bin/bench-go").read_bytes() if (build / "bin/bench-go").exists() else b""
    found = re.search(rb"\bgo(1\.\d+\.\d+)\b", content)
    return found.group(1).decode() if found else ""


def first_line(*command: str) -> str:
    """Empty if there is no such program, or it knows no answer."""
    try:
        return (subprocess.run(command, capture_output=True, text=True).stdout.splitlines() or [""])[0]
    except OSError:
        return ""
