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
# Two compilations of one file do not fit together: the validators and the core without what some processors and
# systems lack, and the platform table whose calls fail, are left out.
others='.*(portable_core|test_json_portable|json_portable|test_json_lines_[0-9]+|test_syscalls|test_group)\.dir.*'
if gcovr --root "$root" --filter "$root/core/[^/]*\.c$" --exclude-directories "$others" --fail-under-line 95 .; then
    passed=$((passed + 1))
else
    failed=$((failed + 1))
fi
result "line coverage of core/*.c at least 95 %, by tests that pass" $passed $failed
