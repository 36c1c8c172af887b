#!/bin/sh
# Exported symbols: libministore.so has those of symbols.txt and no other, libministore_cjson.so and the static
# library define nothing outside our prefix. Usage: check_symbols.sh SHARED STATIC CJSON
set -eu
here=$(dirname "$0")
exported() { nm -D --defined-only "$1" | awk '$2 != "A" { print $3 }' | LC_ALL=C sort; }

exported "$1" | diff -u "$here/symbols.txt" - ||
    { echo "the exported symbols of $1 are not those of tests/abi/symbols.txt (see docs/abi.md)" >&2; exit 1; }
exported "$3" | diff -u "$here/symbols_cjson.txt" - ||
    { echo "the exported symbols of $3 are not those of tests/abi/symbols_cjson.txt (see docs/abi.md)" >&2; exit 1; }

foreign=$(nm -g --defined-only "$2" | awk 'NF == 3 { print $3 }' | grep -vE '^(ministore_|_*(asan|odr_asan|__asan))' || true)
if [ -n "$foreign" ]; then
    echo "$2 defines global symbols without the prefix ministore_:" "$foreign" >&2
    exit 1
fi
