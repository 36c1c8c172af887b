#!/usr/bin/env bash
# The Tcl package: its tests by tcltest, the conformance suite among them, then what a new user has of it.
set -eu
. script/lib.sh
need gcc 'has gcc' libc6-dev 'has_header stdlib.h' make 'has make' swig 'has swig' tcl 'has tclsh' \
    tcl-dev 'has_header tcl8.6/tcl.h' tcllib 'echo "exit [catch { package require json }]" | tclsh'
folder=$build/tcl
mkdir -p "$folder"
log=$folder/tests.log
# A copy that holds what the package needs and no more.
rm -rf "$folder/clone" "$folder/packages" && mkdir -p "$folder/clone/tests"
cp -R core bindings "$folder/clone"
cp -R tests/conformance "$folder/clone/tests"
make_tcl() { make -C "$folder/clone/bindings/tcl" built="$folder/package" packages="$folder/packages" "$@"; }
quietly make_tcl

status=0
make_tcl test >"$log" 2>&1 </dev/null || status=1
grep -E '^conformance:|FAILED|error' "$log" || true
# The sum of all files; a test that was skipped has failed, and so has a file that ended early.
counts=$(awk -v status=$status '
    /^all\.tcl:/ { passed = $5; failed = $7 + $9 }
    END { print passed + 0, status && !failed ? 1 : failed + !passed }' "$log")
# shellcheck disable=SC2086
result "Tcl" $counts || { status=1; cat "$log"; }

a_program_of_a_new_user() {
    (cd "$1" && [ "$(TCLLIBPATH=$folder/packages tclsh "$root/examples/tcl/first.tcl" "$1")" = "1 hello
appended as number 1" ])
}

exports_its_door_only() {
    [ "$(nm -D --defined-only "$folder"/packages/*/ministore_native.so | awk '{ printf "%s ", $3 }')" = \
        "Ministore_native_Init Ministore_native_SafeInit " ]
}

quietly make_tcl install
rm -rf "$folder/clone"
try "a program of a new user" a_program_of_a_new_user
try "the library's symbols" exports_its_door_only
result "Tcl package" "$passed" "$failed" || status=1
exit "$status"
