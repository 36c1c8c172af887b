#!/usr/bin/env bash
# The installed C library: built against by pkg-config and find_package, shared and static, outside the tree.
set -eu
. script/lib.sh
need_c_tools
need pkg-config 'has pkg-config'
build_preset release -DCMAKE_C_COMPILER=gcc
bash tests/packages/c.sh "$build/release"
