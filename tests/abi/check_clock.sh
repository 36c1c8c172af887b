#!/bin/sh
# A clock that is set changes nothing: the core asks only the monotonic one (macOS has none for condition variables, and
# is not checked). Usage: check_clock.sh COMPILER STATIC CORE_FOLDER
set -eu
[ "$(uname -s)" = Linux ] || { echo "the clock is checked on Linux only"; exit 0; }

clocks=$(nm -u "$2" | awk '{ print $NF }' | sed 's/@.*//' | sort -u |
    grep -xE '(time|gettimeofday|ftime|timespec_get|clock|localtime|localtime_r|gmtime|gmtime_r|mktime|utimensat|futimens)' || true)
if [ -n "$clocks" ]; then
    echo "the core asks the wall clock:" "$clocks" >&2
    exit 1
fi
compiler=$1
preprocessed() { for file in "$1"/*.c; do "$compiler" -std=c11 -I"$1/include" -E -P "$file"; done; }
# As written in the core, without a blank before the bracket, which the system's prototypes have.
asked=$(preprocessed "$3" | tr -s ' \n' ' ' |
    grep -oE '(clock_gettime|clock_nanosleep|condattr_setclock)\([^)]*\)' | sort -u)
echo "$asked"
# CLOCK_MONOTONIC is 1
if printf '%s\n' "$asked" | grep -vE 'clock_(gettime|nanosleep)\( ?1 ?,|condattr_setclock\(.*, ?1 ?\)'; then
    echo "the core asks another clock than the monotonic one" >&2
    exit 1
fi
