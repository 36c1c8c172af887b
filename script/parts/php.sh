#!/usr/bin/env bash
# The PHP extension and its classes: their tests by PHPUnit, the conformance suite among them, then what a new user has.
set -eu
. script/lib.sh
need gcc 'has gcc' libc6-dev 'has_header stdlib.h' make 'has make' swig 'has swig' \
    php-cli 'has php' php-dev 'has phpize' phpunit 'has phpunit'
folder=$build/php
mkdir -p "$folder"
rm -rf "$folder/clone" "$folder/installed" && mkdir -p "$folder/clone/tests"
# A copy that holds what the package needs and no more.
cp -R core bindings LICENSE* "$folder/clone"
cp -R tests/conformance "$folder/clone/tests"
make_php() { make -C "$folder/clone/bindings/php" built="$folder/package" "$@"; }
quietly make_php

status=0
make_php test >"$folder/tests.log" 2>&1 </dev/null || status=1
grep '^conformance:' "$folder/tests.log" || true
# Behind the assertions PHPUnit names only what is at fault, skipped tests among it.
counts=$(awk -F '[(:, .]+' -v status=$status '
    /^OK \([0-9]+ test/ { tests = $2 }
    /^Tests: [0-9]+, Assertions/ { tests = $2; for (i = 6; i <= NF; i += 2) failed += $i }
    END { print tests - failed, status && !failed ? 1 : failed + !tests }' "$folder/tests.log")
# shellcheck disable=SC2086
result "PHP" $counts || { status=1; cat "$folder/tests.log"; }

extension=$folder/installed$(php-config --extension-dir)/ministore.so

a_program_of_a_new_user() {
    local classes=$folder/installed/usr/local/share/php/ministore
    (cd "$1" && [ "$(MINISTORE_PHP=$classes/ministore.php php -d extension="$extension" \
        "$root/examples/php/first.php" "$1")" = "1 hello
appended as number 1" ])
}

exports_its_door_only() {
    [ "$(nm -D --defined-only "$extension" | awk '$3 !~ /^(_init|_fini)$/ { printf "%s ", $3 }')" = "get_module " ]
}

# What `make package` fills is all that phpize needs: no SWIG, nothing beside it.
the_package_builds_without_swig() {
    cp -R "$folder/package" "$1/package"
    (cd "$1/package" && quietly phpize --clean && quietly phpize && quietly ./configure && quietly make -j "$jobs")
    php -d extension="$1/package/modules/ministore.so" -r 'require $argv[1]; echo Ministore\version(), "\n";' \
        "$1/package/src/ministore.php"
}

quietly make_php install DESTDIR="$folder/installed"
try "the package builds without SWIG" the_package_builds_without_swig
rm -rf "$folder/clone"
try "a program of a new user" a_program_of_a_new_user
try "the extension's symbols" exports_its_door_only
result "PHP package" "$passed" "$failed" || status=1
exit "$status"
