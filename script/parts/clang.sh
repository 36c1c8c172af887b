#!/usr/bin/env bash
# All C tests once more, compiled by clang with warnings as errors.
set -eu
. script/lib.sh
need_c_tools
need clang 'has clang'
build_preset clang
run_ctest "C, clang" clang
