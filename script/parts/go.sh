#!/usr/bin/env bash
# The Go package: format, vet, its tests plain and under each detector, consumers of its module.
set -eu
. script/lib.sh
need gcc 'has gcc' libc6-dev 'has_header stdlib.h' cmake 'has cmake' make 'has make' pkg-config 'has pkg-config'

need_go
go version

status=0

# check NAME COMMAND...: one test, which passes if the command succeeds.
check() {
    if "${@:2}"; then result "$1" 1 0; else result "$1" 0 1 || status=1; fi
}

# run_go NAME GO_TEST_ARGUMENT...: each test and subtest counts as one; one that was skipped has failed.
run_go() {
    local log
    log=$(mktemp)
    go test -v -count=1 "${@:2}" >"$log" 2>&1 && : || echo "FAIL: go test" >>"$log"
    grep -vE '^ *(=== |--- PASS:|PASS$)' "$log" || true
    # shellcheck disable=SC2046
    result "$1" $(awk '
        /^ *--- PASS:/ { good++ }
        /^ *--- (FAIL|SKIP):/ { bad++ }
        /^FAIL/ { broken = 1 }
        END { print good + 0, bad + 0 ? bad : broken + 0 }' "$log") || status=1
    rm -f "$log"
}

is_formatted() {
    local others
    others=$(gofmt -l core go examples/go tests/packages/go bench)
    [ -z "$others" ] || { say "not as gofmt writes it: $others"; return 1; }
}

check "Go format" is_formatted
check "Go vet" go vet ./core ./go/... ./examples/go/... ./bench/go/...
check "Go vet, debug" go vet -tags debug ./go/...
run_go "Go" ./go/... ./examples/go/...
run_go "Go, race detector" -race ./go/... ./examples/go/...
GOEXPERIMENT=cgocheck2 run_go "Go, cgocheck2" ./go/...
run_go "Go, garbage collected before each call" -tags debug ./go/...
run_go "Go, address and leak sanitizer" -asan ./go/...
cd tests/packages/go
check "Go vet, packages" go vet ./...
run_go "Go packages" ./...
exit "$status"
