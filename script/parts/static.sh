#!/usr/bin/env bash
# What can be found without running anything: clang-tidy and gcc's analyzer over the core, the command, what Python's
# extension adds, and (clang-tidy) the Lua module, the layout that clang-format gives, and shellcheck over the scripts.
# No finding passes; what is left out is in .clang-tidy, with reasons.
set -eu
. script/lib.sh
need_c_tools
need clang 'has clang' clang-tidy 'has clang-tidy' shellcheck 'has shellcheck'
need clang-format 'has clang-format' liblua5.4-dev 'test -f /usr/include/lua5.4/lua.h'
status=0

# for_each NAME COMMAND FILE...: run it on each file, several at once; each file is one test.
# shellcheck disable=SC2016 # commands for the shells that xargs starts
for_each() {
    local name=$1 command=$2 log passed
    shift 2
    log=$(mktemp)
    printf '%s\n' "$@" | xargs -P "$jobs" -n 1 bash -c "$command"' || echo "FINDINGS in $1"' -- >"$log" 2>&1 || true
    passed=$(($# - $(grep -c '^FINDINGS in ' "$log" || true)))
    [ "$passed" = $# ] || cat "$log"
    rm -f "$log"
    result "$name" "$passed" "$(($# - passed))" || status=1
}

# Both analyzers see one file at a time: internal.h tells them what functions elsewhere return, if MINISTORE_ANALYZED.
flags='-std=c11 -Icore -Icore/include'
analyzed='analyzed=-DMINISTORE_ANALYZED; [ "$1" != core/error.c ] || analyzed=; '
for_each "clang-tidy, core, command and Python" \
    "$analyzed clang-tidy --quiet --warnings-as-errors='*' \"\$1\" -- $flags \$analyzed" core/*.c core/cjson/*.c cli/*.c python/*.c
for_each "clang-tidy, Lua" "clang-tidy --quiet \"\$1\" -- $flags -isystem /usr/include/lua5.4" lua/*.c
for_each "gcc -fanalyzer, core, command and Python" \
    "$analyzed gcc -O2 -Wall -Wextra -Werror -fanalyzer $flags \$analyzed -c \"\$1\" -o /dev/null" core/*.c cli/*.c python/*.c
for_each "clang-format" 'clang-format --dry-run -Werror "$1"' cli/*.[ch] lua/*.[ch] python/*.[ch] bench/c/*.[ch] tests/fuzz/*.[ch]
for_each "shellcheck" 'shellcheck --severity=warning -x "$1"' script/test script/quickstart script/bench script/crash script/kill script/fuzz script/lib.sh script/parts/*.sh \
    tests/crash/mutants.sh tests/abi/*.sh examples/c/check.sh
exit "$status"
