#!/usr/bin/env bash
# All C tests, compiled by gcc with warnings as errors: units, conformance suite, ABI, examples.
set -eu
. script/lib.sh
need_c_tools
build_preset release -DCMAKE_C_COMPILER=gcc
run_ctest "C, gcc" release
