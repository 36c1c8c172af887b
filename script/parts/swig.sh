#!/usr/bin/env bash
# Languages without a package (docs/languages.md): SWIG generates their wrappers without an error. No more is promised.
set -eu
. script/lib.sh
need swig 'has swig'
folder=$build/swig
passed=0 failed=0

# generates LANGUAGE [OPTION]..., in a folder of its own, where some of them leave files
generates() {
    rm -rf "${folder:?}/$1" && mkdir -p "$folder/$1"
    if (cd "$folder/$1" && swig "-$1" "${@:2}" -I"$root/bindings" -I"$root/core/include" -o wrap.c "$root/bindings/ministore.i") \
        >"$folder/$1.log" 2>&1 && grep -q ministore_cursor_options "$folder/$1/wrap.c"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        say "FAILED: swig -$1"
        cat "$folder/$1.log"
    fi
}

generates d
generates javascript -node -c++
generates ocaml
generates octave -c++
generates r
generates scilab
result "languages that only generate" "$passed" "$failed"
