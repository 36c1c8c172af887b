#!/usr/bin/env bash
# Installs the build folder given as argument to a fresh prefix, moves that prefix, and builds programs outside the
# tree against it: by pkg-config and by find_package, shared and static; runs them. All must print the same record.
set -eu
. script/lib.sh
built=$1
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
passed=0 failed=0

check() {
    local name=$1
    shift
    if (set -e; "$@") >"$place/log" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        say "FAILED $name"
        cat "$place/log"
    fi
}

runs() {
    local folder
    folder=$(mktemp -d -p "$place")
    for _ in 1 2; do "$@" "$folder/journal"; done | diff -u - tests/packages/c/expected.txt
}

needs_shared() { readelf -d "$1" | grep -q 'NEEDED.*libministore\.so\.1\]'; }

by_pkg_config() {
    cc -std=c99 -Wall -Werror "$place/hello.c" -o "$place/shared" $(pkg-config --cflags --libs ministore)
    needs_shared "$place/shared"
    LD_LIBRARY_PATH=$prefix/lib runs "$place/shared"
}

by_pkg_config_static() {
    cc -std=c99 -Wall -Werror -static "$place/hello.c" -o "$place/static" $(pkg-config --static --cflags --libs ministore)
    runs "$place/static"
}

by_pkg_config_cjson() {
    cc -std=c99 -Wall -Werror "$place/tree.c" -o "$place/tree" $(pkg-config --cflags --libs ministore_cjson)
    LD_LIBRARY_PATH=$prefix/lib "$place/tree" "$place/tree.journal" | grep -qx '{"event":"hello"}'
}

by_find_package() {
    cmake -S "$place/consumer" -B "$place/consumer/build" -DCMAKE_PREFIX_PATH="$prefix"
    cmake --build "$place/consumer/build"
    needs_shared "$place/consumer/build/shared"
    if needs_shared "$place/consumer/build/static"; then return 1; fi
    runs "$place/consumer/build/shared"
    runs "$place/consumer/build/static"
    "$place/consumer/build/tree" "$place/consumer.journal" | grep -qx '{"event":"hello"}'
}

refuses_another_version() {
    sed 's/find_package(ministore 0.2 /find_package(ministore 0.9 /' "$place/consumer/CMakeLists.txt" >"$place/newer"
    mkdir "$place/refused"
    mv "$place/newer" "$place/refused/CMakeLists.txt"
    if cmake -S "$place/refused" -B "$place/refused/build" -DCMAKE_PREFIX_PATH="$prefix"; then return 1; fi
}

command_and_manual() {
    "$prefix/bin/ministore" --version | grep -q 0.2.0
    test -s "$prefix/share/man/man1/ministore.1"
}

as_subproject() {
    mkdir "$place/whole"
    printf 'cmake_minimum_required(VERSION 3.22)\nproject(whole LANGUAGES C)\nadd_subdirectory(%s ministore)\nadd_executable(hello %s)\ntarget_link_libraries(hello PRIVATE ministore_static)\n' \
        "$root" "$place/hello.c" >"$place/whole/CMakeLists.txt"
    cmake -S "$place/whole" -B "$place/whole/build"
    cmake --build "$place/whole/build" -j "$jobs"
    runs "$place/whole/build/hello"
}

quietly cmake --install "$built" --prefix "$place/first" --component Unspecified
prefix=$place/moved
mv "$place/first" "$prefix"
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
cp examples/c/hello.c tests/packages/c/tree.c "$place"
mkdir "$place/consumer"
cp examples/c/hello.c tests/packages/c/tree.c tests/packages/c/CMakeLists.txt "$place/consumer"

check "pkg-config, shared" by_pkg_config
check "pkg-config, static" by_pkg_config_static
check "pkg-config, cJSON" by_pkg_config_cjson
check "find_package, shared and static" by_find_package
check "find_package refuses another version" refuses_another_version
check "the command and its manual" command_and_manual
check "add_subdirectory" as_subproject
result "C packages" $passed $failed
