#!/usr/bin/env bash
# The C tests under valgrind's memcheck: the units, the conformance suite and the seeds of the fuzz targets. Each program
# is one test. (Its tools for threads know no atomics, by which appends wait: that is the thread sanitizer's part.)
set -eu
. script/lib.sh
need_c_tools
need valgrind 'has valgrind' libc6-dbg 'ls /usr/lib/debug/.build-id'
build_preset release -DCMAKE_C_COMPILER=gcc # not optimized it takes twice as long
programs=$build/release/tests
status=0

# Programs not run under memcheck, each with its reason.
not_run=(
    'test_faults     fails each of thousands of calls in turn, which takes minutes here; the sanitizers run it'
    'test_processes  races and kills processes by the dozen; what they call is in the other tests'
    'test_threads    is for the thread sanitizer'
    'test_threads_portable    likewise'
    'test_syscalls   fails each of thousands of calls in turn; the sanitizers run it'
    'test_json_lines_32    is the same as test_json_lines_64 under valgrind, which knows no larger vectors'
)

# check NAME VALGRIND_ARGUMENT... PROGRAM...: one test; its output is shown if it fails.
check() {
    local log=$build/valgrind-$1.log
    if valgrind --quiet --error-exitcode=99 "${@:2}" >"$log" 2>&1 </dev/null; then passed=$((passed + 1)); else
        cat "$log"
        say "FAILED: $1"
        failed=$((failed + 1))
    fi
}

say "not run under memcheck:"
printf '    %s\n' "${not_run[@]}"
memcheck=(--leak-check=full --errors-for-leak-kinds='definite,indirect')
passed=0 failed=0
for program in "$programs"/test_*; do
    name=${program##*/}
    if [ ! -x "$program" ] || printf '%s\n' "${not_run[@]}" | grep -q "^$name "; then continue; fi
    check "$name" "${memcheck[@]}" "$program"
done
check conformance "${memcheck[@]}" "$programs/conformance" tests/conformance
for target in "${fuzz_targets[@]}"; do
    check "fuzz_$target" "${memcheck[@]}" "$programs/fuzz/fuzz_$target" "$(fuzz_corpus "$target")"
done
result "C, valgrind memcheck" $passed $failed || status=1
exit "$status"
