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
COMMAND = "int ministore_cli(int argc, char **argv);"
# What the package adds in C: work on each record of a batch.
HELPERS = """
static int ministore_py_is_plain(const ministore_batch *batch);
static size_t ministore_py_join(const ministore_batch *batch, char *out);
"""
SOURCE = """
#include <string.h>

#include "ministore.h"
#include "cli.h"

/* Whether between the records stand line feeds alone, so that they need no search for white space. */
static int ministore_py_is_plain(const ministore_batch *batch) {
    size_t bytes = batch->count; /* a line feed each */
    for (size_t i = 0; i < batch->count; i++) bytes += batch->spans[i].size;
    return bytes == batch->size;
}

/* Write the records to `out`, which has batch->size bytes, with a line feed behind each; how many bytes that are. */
static size_t ministore_py_join(const ministore_batch *batch, char *out) {
    char *end = out;
    for (size_t i = 0; i < batch->count; i++) {
        memcpy(end, batch->data + batch->spans[i].offset, batch->spans[i].size);
        end += batch->spans[i].size;
        *end++ = '\\n';
    }
    return (size_t)(end - out);
}
"""


def declarations(header: str) -> str:
    """What CFFI's parser takes of the public header: no comments, no preprocessor, no visibility."""
    header = re.sub(r"/\*.*?\*/", "", header, flags=re.DOTALL)
    header = re.sub(r"^#.*$", "", header, flags=re.MULTILINE)
    return header.replace("MINISTORE_API", "")


ffi = FFI()
ffi.cdef(declarations(Path("core/include/ministore.h").read_text(encoding="utf-8")) + COMMAND + HELPERS)
ffi.set_source(
    "ministore._core",
    SOURCE,
    sources=sorted({*glob("cli/*.c"), *([] if SYSTEM else glob("core/*.c"))} - {"cli/main.c"}),
    depends=[*glob("core/*.h"), *glob("core/include/*.h"), *glob("cli/*.h")],
    include_dirs=["core/include", "cli"],
    define_macros=[] if SYSTEM else [("MINISTORE_EMBED", None)],
    libraries=["ministore"] if SYSTEM else [],
    extra_compile_args=["-std=c11", "-fvisibility=hidden", "-pthread"],
    extra_link_args=["-pthread"],
    py_limited_api=not sysconfig.get_config_var("Py_GIL_DISABLED"),
)
