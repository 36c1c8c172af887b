"""Describes the extension ministore._core to CFFI: the C core and the command, compiled in, behind the public header.

The header itself is what CFFI reads, so no copy of it can drift. Paths are relative to the root, where builds run.
With MINISTORE_SYSTEM=1 in the environment the system's libministore is linked instead of compiling the core in.
"""

import os
import re
import sysconfig
from glob import glob
from pathlib import Path

from cffi import FFI

SYSTEM = os.environ.get("MINISTORE_SYSTEM") == "1"
FREE_THREADED = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
# Threads that wake at once would take the GIL from each other.
ONE_BY_ONE = [] if FREE_THREADED else [("MINISTORE_WOKEN_AT_ONCE", "1")]
COMMAND = "int ministore_cli(int argc, char **argv);"


def declarations(path: str) -> str:
    """What CFFI's parser takes of a header: no comments, no preprocessor, no visibility."""
    header = Path(path).read_text(encoding="utf-8")
    header = re.sub(r"/\*.*?\*/", "", header, flags=re.DOTALL)
    header = re.sub(r"^#.*$", "", header, flags=re.MULTILINE)
    return header.replace("MINISTORE_API", "")


ffi = FFI()
ffi.cdef(declarations("core/include/ministore.h") + declarations("python/helpers.h") + COMMAND)
ffi.set_source(
    "ministore._core",
    '#include "helpers.h"\n#include "cli.h"',
    sources=sorted({"python/helpers.c", *glob("cli/*.c"), *([] if SYSTEM else glob("core/*.c"))} - {"cli/main.c"}),
    depends=[*glob("core/*.h"), *glob("core/include/*.h"), *glob("cli/*.h"), "python/helpers.h"],
    include_dirs=["core/include", "cli", "python"],
    define_macros=[] if SYSTEM else [("MINISTORE_EMBED", None), *ONE_BY_ONE],
    libraries=["ministore"] if SYSTEM else [],
    extra_compile_args=["-std=c11", "-fvisibility=hidden", "-pthread"],
    extra_link_args=["-pthread"],
    py_limited_api=not FREE_THREADED,
)
