#!/usr/bin/env bash
# Line coverage of core/*.c by the C tests: shown per file, and at least 95 % over all.
set -eu
. script/lib.sh
need_c_tools
need gcovr 'has gcovr'
build_preset coverage
find "$build/coverage" -name '*.gcda' -delete
passed=0 failed=0
if ctest --test-dir "$build/coverage" -j "$jobs" --no-tests=error </dev/null; then passed=1; else failed=1; fi
if gcovr --root . --filter 'core/[^/]*\.c$' --fail-under-line 95 "$build/coverage"; then
    passed=$((passed + 1))
else
    failed=$((failed + 1))
fi
result "line coverage of core/*.c at least 95 %, by tests that pass" $passed $failed
