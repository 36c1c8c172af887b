#!/usr/bin/env bash
# Other architectures: the C tests, the conformance suite and the seeds of the fuzz targets where bytes have the other
# order (s390x), where NEON and its CRC instruction are (aarch64), and where pointers have 32 bits (i686); and journals
# written on each are the same bytes, which each other reads.
set -eu
. script/lib.sh
need_c_tools
need qemu-user 'has qemu-s390x && has qemu-aarch64'
need gcc-s390x-linux-gnu 'has s390x-linux-gnu-gcc' libc6-dev-s390x-cross 'test -f /usr/s390x-linux-gnu/include/stdio.h'
need gcc-aarch64-linux-gnu 'has aarch64-linux-gnu-gcc' libc6-dev-arm64-cross 'test -f /usr/aarch64-linux-gnu/include/stdio.h'
need gcc-i686-linux-gnu 'has i686-linux-gnu-gcc' libc6-dev-i386-cross 'test -f /usr/i686-linux-gnu/include/stdio.h'
status=0

# Tests that are not run on other architectures, each with its reason.
not_run=(
    'sources      compares lists of files, which are the same everywhere'
    'abi_symbols  compares names, which are the same everywhere'
    'bench_smoke  starts programs without an emulator'
    'abi_header   compiles C++ too, and these compilers come without it'
    'examples_c   a shell script that runs programs, without an emulator'
)
not_run_32=('abi_layout   layout.txt is of 64-bit pointers')

# fetch_sysroot DEBIAN_ARCHITECTURE: cmocka and cJSON of that architecture, unpacked; its packages are not installed, and
# the system's list of architectures stays as it is.
fetch_sysroot() {
    local here=$build/sysroot/$1 options log
    [ ! -e "$here/complete" ] || return 0
    rm -rf "$here"
    mkdir -p "$here/lists/partial" "$here/cache/archives/partial" "$here/tree"
    options=(-o "APT::Architecture=$1" -o "APT::Architectures::=$1" -o "Dir::State::Lists=$here/lists"
        -o "Dir::Cache=$here/cache" -o Dir::State::status=/dev/null -o Acquire::Languages=none -o APT::Sandbox::User=root)
    log=$here/update.log # lists of others than Debian may not have the architecture: the download tells
    apt-get "${options[@]}" update >"$log" 2>&1 || say "some package lists lack $1"
    (cd "$here" && quietly apt-get "${options[@]}" download \
        "libcmocka-dev:$1" "libcmocka0:$1" "libcjson-dev:$1" "libcjson1:$1")
    for package in "$here"/*.deb; do dpkg-deb -x "$package" "$here/tree"; done
    sed -i "s#\"/usr#\"$here/tree/usr#g" "$here"/tree/usr/lib/*/cmake/cJSON/*.cmake
    rm -rf "$here/lists" "$here/cache"
    touch "$here/complete"
}

# test_on GNU_ARCHITECTURE DEBIAN_ARCHITECTURE NOT_RUN...
test_on() {
    local pattern
    fetch_sysroot "$2"
    quietly cmake -S "$root" -B "$build/arch-$1" -DCMAKE_TOOLCHAIN_FILE="$root/cmake/cross.cmake" -DMINISTORE_ARCH="$1" \
        -DMINISTORE_SYSROOT="$build/sysroot/$2/tree" -DMINISTORE_WERROR=ON -DCMAKE_BUILD_TYPE=Release
    quietly cmake --build "$build/arch-$1" -j "$jobs"
    say "not run on $1:"
    printf '    %s\n' "${@:3}"
    pattern=$(printf '%s\n' "${@:3}" | awk '{ printf "%s^%s$", (NR > 1 ? "|" : ""), $1 }')
    run_ctest "C, $1" "arch-$1" -E "$pattern" || status=1
}

test_on s390x s390x "${not_run[@]}"
test_on aarch64 arm64 "${not_run[@]}"
test_on i686 i386 "${not_run[@]}" "${not_run_32[@]}"

# ---- journals from one to the other ----

build_preset release -DCMAKE_C_COMPILER=gcc
machines=(native s390x aarch64 i686)

# on MACHINE ARGUMENT...: the command `ministore`, there.
on() {
    case $1 in
        native) "$build/release/ministore" "${@:2}" ;;
        i686) /usr/i686-linux-gnu/lib/ld-linux.so.2 --library-path /usr/i686-linux-gnu/lib "$build/arch-i686/ministore" "${@:2}" ;;
        *) "qemu-$1" -L "/usr/$1-linux-gnu" "$build/arch-$1/ministore" "${@:2}" ;;
    esac
}

# Segments with digests and numbers, and commits of several records.
write_journal() { # MACHINE PATH
    printf '%s\n' '{"n":1,"text":"ü€😀"}' '[1.5e300,-0]' 'null' | on "$1" append "$2"
    on "$1" rotate "$2"
    printf '[%d]\n' $(seq 1 40) | on "$1" append --batch 7 "$2"
    on "$1" rotate "$2"
    printf '%s\n' '"last"' | on "$1" append "$2"
}

compare() { # MACHINE FOLDER: whether it writes the bytes that the native one writes, and reads what all others wrote
    diff -r "$2/native" "$2/$1" || return
    for other in "${machines[@]}"; do
        on "$1" verify "$2/$other/j" && on "$1" cat --sequence "$2/$other/j" | cmp - "$2/records" || return
    done
}

folder=$(mktemp -d)
for machine in "${machines[@]}"; do
    mkdir "$folder/$machine"
    write_journal "$machine" "$folder/$machine/j" >/dev/null
done
on native cat --sequence "$folder/native/j" >"$folder/records"
passed=0 failed=0
for machine in "${machines[@]}"; do
    if compare "$machine" "$folder" >"$folder/log" 2>&1; then passed=$((passed + 1)); else
        cat "$folder/log"
        failed=$((failed + 1))
    fi
done
result "the same bytes from ${machines[*]}, each read by each" $passed $failed || status=1
rm -rf "$folder"
exit "$status"
