#!/usr/bin/env bash
# The Guile modules: their tests by SRFI 64, the conformance suite among them, then what a new user has of them.
set -eu
. script/lib.sh
need gcc 'has gcc' libc6-dev 'has_header stdlib.h' make 'has make' swig 'has swig' pkg-config 'has pkg-config' \
    guile-3.0 'has guile' guile-3.0-dev 'pkg-config guile-3.0' \
    guile-json "guile --no-auto-compile -c '(use-modules (json))'"
folder=$build/guile
mkdir -p "$folder"
rm -rf "$folder/clone" "$folder/installed" && mkdir -p "$folder/clone/tests"
# A copy that holds what the modules need and no more.
cp -R core bindings "$folder/clone"
cp -R tests/conformance "$folder/clone/tests"
make_guile() { make -C "$folder/clone/bindings/guile" built="$folder/package" "$@"; }
quietly make_guile

status=0
make_guile test >"$folder/tests.log" 2>&1 </dev/null || status=1
grep -E -A 1 '^conformance:|^FAILED' "$folder/tests.log" || true
counts=$(awk -v status=$status '/^[0-9]+ passed, [0-9]+ failed$/ { passed = $1; failed = $3 }
    END { print passed + 0, status && !failed ? 1 : failed + 0 }' "$folder/tests.log")
# shellcheck disable=SC2086
result "Guile" $counts || { status=1; cat "$folder/tests.log"; }

installed=$folder/installed$(pkg-config --variable=extensiondir guile-3.0)

a_program_of_a_new_user() {
    (cd "$1" && [ "$(GUILE_EXTENSIONS_PATH=$installed XDG_CACHE_HOME=$1 GUILE_AUTO_COMPILE=0 \
        guile -L "$folder/installed$(pkg-config --variable=sitedir guile-3.0)" -s "$root/examples/guile/first.scm" "$1")" = \
        '1 {"type": "greeting", "text": "hello"}
appended as number 1' ])
}

exports_its_door_only() {
    [ "$(nm -D --defined-only "$installed/libguile-ministore.so" | awk '{ print $3 }')" = \
        scm_init_ministore_native_module ]
}

quietly make_guile install DESTDIR="$folder/installed"
rm -rf "$folder/clone"
try "a program of a new user" a_program_of_a_new_user
try "the library's symbols" exports_its_door_only
result "Guile package" "$passed" "$failed" || status=1
exit "$status"
