#!/bin/sh
# Breaks one rule of the core at a time and requires that its tests notice: each patch in mutants/ is applied to a copy,
# which is built, and the program named in the patch's first line ("killed by: lab" or a test) must fail.
#
# mutants.sh [NAME...]   all, or those named; CC and CFLAGS are taken as given
set -u

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
compiler="${CC:-cc} -std=c11 -I$root/core/include -pthread ${CFLAGS:--O1}"

fail() {
    echo "mutants.sh: $*" >&2
    exit 2
}

command -v patch >/dev/null || fail "patch is missing: apt-get install patch"

# Compile the core in folder $1 and the program $2 into folder $3; what no patch has touched is compiled once.
build() {
    case $2 in
    lab) sources="$1/tests/crash/lab.c $1/tests/crash/disk.c $1/tests/core/model.c" ;;
    *) sources="$1/tests/core/$2.c $1/tests/core/support.c $1/tests/core/faults.c $1/tests/core/model.c" ;;
    esac
    for file in "$1"/core/*.c; do
        object=$3/$(basename "$file" .c).o
        if cmp -s "$1/core/internal.h" "$root/core/internal.h" && cmp -s "$file" "$root/core/$(basename "$file")" &&
            [ -f "$work/whole/$(basename "$object")" ]; then
            cp "$work/whole/$(basename "$object")" "$object"
        else
            $compiler -c "$file" -o "$object" || return 1
        fi
    done
    libraries=
    [ "$2" = lab ] || libraries=-lcmocka
    # An archive, as some tests have a file of the core in themselves.
    # shellcheck disable=SC2086 # lists of words
    ar rcs "$3/core.a" "$3"/*.o && $compiler -D_GNU_SOURCE -I"$1/core" $sources "$3/core.a" $libraries -o "$3/program"
}

copy() {
    mkdir -p "$1/tests" && cp -R "$root/core" "$1/core" && cp -R "$root/tests/core" "$root/tests/crash" "$1/tests/"
}

# Break the core by one patch, and print whether its test noticed.
try() {
    patch=$here/mutants/$1.patch
    killer=$(sed -n '1s/^killed by: //p' "$patch")
    [ -n "$killer" ] || fail "$patch: the first line does not say 'killed by: PROGRAM'"
    mine=$work/$1
    mkdir "$mine" "$mine/build"
    copy "$mine/source"
    patch -s -p1 -d "$mine/source" <"$patch" || fail "$patch no longer applies: write it anew for the core as it is"
    build "$mine/source" "$killer" "$mine/build" || fail "$patch does not compile"
    arguments=
    [ "$killer" != lab ] || arguments="--states 16" # fewer states are enough, and quicker
    # shellcheck disable=SC2086 # words
    if timeout 100 "$mine/build/program" $arguments >"$mine/output" 2>&1; then verdict=SURVIVED; else verdict=killed; fi
    printf '%-9s %-15s %s\n' "$verdict" "$killer" "$1: $(sed -n 2p "$patch")"
    rm -rf "$mine"
}

# For itself, as one of several at a time: --one NAME, with the folder to work in.
if [ "${1:-}" = --one ]; then
    work=$MUTANTS_WORK
    try "${2%.patch}"
    exit
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export MUTANTS_WORK="$work"
mkdir "$work/whole"
copy "$work/source"
build "$work/source" lab "$work/whole" || fail "the core does not compile"
rm -f "$work/whole/program"
# shellcheck disable=SC2046 # names without blanks
[ $# -gt 0 ] || set -- $(cd "$here/mutants" && ls -- *.patch)
for name; do
    [ -f "$here/mutants/${name%.patch}.patch" ] || fail "there is no $here/mutants/${name%.patch}.patch"
done
printf '%s\n' "$@" | xargs -P "$(nproc)" -n 1 "$0" --one >"$work/table" || status=$?
cat "$work/table"
[ "${status:-0}" = 0 ] || fail "some could not be tried"
killed=$(grep -c '^killed ' "$work/table")
survived=$(grep -c '^SURVIVED ' "$work/table")
echo "$killed killed, $survived survived"
[ "$survived" -eq 0 ]
