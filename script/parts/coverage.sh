#!/usr/bin/env bash
# Line coverage of core/*.c by the C tests: shown per file, and at least 95 % over all.
set -eu
. script/lib.sh
need_c_tools
need gcovr 'has gcovr'
rm -rf "$build/coverage" # counts and notes of sources that were since changed would not fit together
build_preset coverage
passed=0 failed=0
if ctest --test-dir "$build/coverage" -j "$jobs" --no-tests=error </dev/null; then passed=1; else failed=1; fi
cd "$build/coverage" # gcovr leaves files where it runs if it fails
# Two compilations of one file do not fit together: the validator without its vectors is left out.
if gcovr --root "$root" --filter "$root/core/[^/]*\.c$" --exclude-directories '.*json_portable\.dir.*' --fail-under-line 95 .; then
    passed=$((passed + 1))
else
    failed=$((failed + 1))
fi
result "line coverage of core/*.c at least 95 %, by tests that pass" $passed $failed
