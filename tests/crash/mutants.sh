#!/bin/sh
# Breaks one rule of the core at a time and requires that its tests notice: each patch in mutants/ is applied to a copy,
# which is built, and the program named in the patch's first line ("killed by: lab" or a test) must fail.
#
# mutants.sh [NAME...]   all, or those named; CC and CFLAGS are taken as given
set -u

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
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
    # shellcheck disable=SC2086 # lists of words
    $compiler -D_GNU_SOURCE $sources "$3"/*.o $libraries -o "$3/program"
}

copy() {
    mkdir -p "$1/tests" && cp -R "$root/core" "$1/core" && cp -R "$root/tests/core" "$root/tests/crash" "$1/tests/"
}

killed=0
survived=0
mkdir "$work/whole"
copy "$work/source"
build "$work/source" lab "$work/whole" || fail "the core does not compile"
rm -f "$work/whole/program"
# shellcheck disable=SC2046 # names without blanks
[ $# -gt 0 ] || set -- $(cd "$here/mutants" && ls -- *.patch)
for name; do
    patch=$here/mutants/${name%.patch}.patch
    [ -f "$patch" ] || fail "there is no $patch"
    killer=$(sed -n '1s/^killed by: //p' "$patch")
    [ -n "$killer" ] || fail "$patch: the first line does not say 'killed by: PROGRAM'"
    rm -rf "$work/mutant" "$work/build"
    mkdir "$work/build"
    copy "$work/mutant"
    patch -s -p1 -d "$work/mutant" <"$patch" || fail "$patch no longer applies: write it anew for the core as it is"
    build "$work/mutant" "$killer" "$work/build" || fail "$patch does not compile"
    if timeout 300 "$work/build/program" >"$work/output" 2>&1; then
        survived=$((survived + 1))
        verdict=SURVIVED
    else
        killed=$((killed + 1))
        verdict=killed
    fi
    printf '%-9s %-15s %s\n' "$verdict" "$killer" "${name%.patch}: $(sed -n 2p "$patch")"
done
echo "$killed killed, $survived survived"
[ "$survived" -eq 0 ]
