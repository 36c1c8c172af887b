#!/usr/bin/env bash
# The mutants: one rule of the core is broken at a time, and its tests must notice.
set -eu
. script/lib.sh
need_c_tools
need patch 'has patch'
tests/crash/mutants.sh | tee "$build/mutants.txt"
# shellcheck disable=SC2046
result "mutants of the core" $(sed -n 's/^\([0-9]*\) killed, \([0-9]*\) survived$/\1 \2/p' "$build/mutants.txt")
