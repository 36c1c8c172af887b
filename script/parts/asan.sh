#!/usr/bin/env bash
# All C tests once more under the address, leak and undefined behaviour sanitizers.
set -eu
. script/lib.sh
need_c_tools
build_preset asan -DCMAKE_C_COMPILER=gcc
export UBSAN_OPTIONS=print_stacktrace=1
run_ctest "C, address and undefined behaviour sanitizers" asan
