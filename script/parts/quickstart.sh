#!/usr/bin/env bash
# The first command of the README does what it says: script/quickstart ends well, here and in a copy without history.
set -eu
. script/lib.sh
passed=0 failed=0
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

shows() {
    if TMPDIR=$folder MINISTORE_BUILD=$build "$1/script/quickstart" >"$folder/out" 2>&1 &&
        grep -q '^every acknowledged record is there' "$folder/out" && grep -q '^good$' "$folder/out" &&
        [ "$(grep -cE '^(Python|Lua|Go|Ruby|Perl|Tcl|Java) appended record' "$folder/out")" = 7 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        cat "$folder/out"
    fi
}

shows "$root"
mkdir "$folder/copy"
tar -C "$root" --exclude=./.git --exclude=./build -cf - . | tar -C "$folder/copy" -xf -
build=$folder/build shows "$folder/copy"
result "quickstart" $passed $failed
