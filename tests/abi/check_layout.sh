#!/bin/sh
# Compares what the program `layout` prints with layout.txt, on machines with 64-bit pointers.
# Usage: check_layout.sh [EMULATOR...] LAYOUT_PROGRAM
set -eu
here=$(dirname "$0")
if [ "$(getconf LONG_BIT)" != 64 ]; then
    echo "tests/abi/layout.txt is for machines with 64-bit pointers; not compared here"
    exit 0
fi
"$@" | diff -u "$here/layout.txt" - ||
    { echo "sizes or offsets of public structs are not those of tests/abi/layout.txt (see docs/abi.md)" >&2; exit 1; }
