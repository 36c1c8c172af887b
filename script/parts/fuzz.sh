#!/usr/bin/env bash
# The fuzz targets for a short while, under the address and undefined behaviour sanitizers: every seed, then so many
# inputs by libFuzzer; one target by AFL++; and Go's own. script/fuzz runs them for longer.
set -eu
. script/lib.sh
need_fuzz_tools
build_fuzz fuzz
status=0

# run NAME LOG COMMAND...: one test; its output is shown if it fails.
run() {
    if "${@:3}" >"$2" 2>&1 </dev/null; then result "$1" 1 0; else
        cat "$2"
        result "$1" 0 1 || status=1
    fi
}

# fuzz TARGET INPUTS: one test. A finding is kept and named.
fuzz() {
    local log=$build/fuzz/$1.log new=$build/fuzz/new-$1
    rm -rf "$new"
    mkdir "$new" # it writes what it found worth keeping into the first folder named
    run "fuzz target $1" "$log" "$build/fuzz/tests/fuzz/fuzz_$1" -runs="$2" -timeout=30 \
        -artifact_prefix="$build/fuzz/finding-$1-" -dict="tests/fuzz/$(fuzz_dictionary "$1")" "$new" "$(fuzz_corpus "$1")"
    sed -n 's/^Done /  /p' "$log"
}

fuzz json 80000
fuzz journal 8000
fuzz repair 12000
fuzz options 150000
fuzz calls 12000

build_fuzz afl
run "fuzz target json by AFL++, 8 s" "$build/afl/json.log" run_afl json "$build/afl/out-smoke" -V 8
sed -n 's/^\(execs_done\|saved_crashes\|saved_hangs\) *: /  \1 /p' "$build/afl/out-smoke/default/fuzzer_stats"
crashes=$(find "$build/afl/out-smoke" -path '*/crashes/id*' | wc -l)
result "AFL++ finds nothing in json" "$((crashes == 0))" "$crashes" || status=1

need_go
for target in $(sed -n 's/^func \(Fuzz[A-Za-z]*\)(.*/\1/p' go/*_test.go); do
    # So many inputs, not so many seconds: when these are over go test fails at times by "context deadline exceeded".
    run "Go's $target" "$build/fuzz/$target.log" go test -run '^$' -fuzz "^$target\$" -fuzztime 5000x ./go
    grep -o 'execs: [0-9]*' "$build/fuzz/$target.log" | tail -n 1 | sed 's/^/  /'
done
exit "$status"
