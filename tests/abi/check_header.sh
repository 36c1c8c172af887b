#!/bin/sh
# The public headers compile without a warning as C99, C11, C++11 and C++20, also where they are compiled into another
# program (MINISTORE_EMBED). Usage: check_header.sh COMPILER INCLUDE_DIR
set -eu
compiler=$1
include=$2

check() {
    echo "$compiler $*"
    printf '#include "ministore.h"\n#include "ministore_cjson.h"\n' |
        "$compiler" -fsyntax-only -Wall -Wextra -Wpedantic -Werror -I "$include" -I "$include/../cjson" "$@" -
}

for flag in -UMINISTORE_EMBED -DMINISTORE_EMBED; do
    check -x c -std=c99 "$flag"
    check -x c -std=c11 "$flag"
    check -x c++ -std=c++11 "$flag"
    check -x c++ -std=c++20 "$flag"
done
