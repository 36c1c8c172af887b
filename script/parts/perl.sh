#!/usr/bin/env bash
# The Perl distribution: its tests, and what make dist packs as a new user gets it, installed and used outside of the tree.
set -eu
. script/lib.sh
has_perl_headers() { perl -MConfig -e 'exit !-f "$Config{archlibexp}/CORE/perl.h"'; }
need gcc 'has gcc' libc6-dev 'has_header stdlib.h' make 'has make' swig 'has swig' \
    perl 'has prove && perl -MJSON::PP -e 1 && has_perl_headers'

# A copy that holds what a clone holds, as the build leaves files beside its sources.
folder=$build/perl/part
rm -rf "$folder" && mkdir -p "$folder"/clone/{bindings,tests,examples} "$folder/user"
cp -R core LICENSE* "$folder/clone"
cp -R bindings/*.[ih] bindings/perl "$folder/clone/bindings"
(cd "$folder/clone/bindings/perl" && rm -rf blib native_wrap.c pm_to_blib ./*.o)
cp -R tests/conformance "$folder/clone/tests"
cp -R examples/perl "$folder/clone/examples"
in_clone() { (cd "$folder/clone/bindings/perl" && "$@"); }
in_clone quietly perl Makefile.PL
in_clone quietly make -j "$jobs"

# "PASSED FAILED" of a TAP log: what stands at the margin; a program that broke off is one more failure.
count_tap() {
    awk '/^ok /      { good++ }
         /^not ok /  { bad++ }
         /^1\.\.0 /  { bad++ }
         /# SKIP/    { bad++ }
         /^Result: / { result = $2 }
         END { if (result != "PASS" && !bad) bad = 1; print good + 0, bad + 0 }' "$1"
}

status=0
in_clone prove -bv t/ >"$folder/tests.log" 2>&1 </dev/null || true
grep -v '^ *ok ' "$folder/tests.log" || true
# shellcheck disable=SC2046
result "Perl" $(count_tap "$folder/tests.log") || status=1

passed=0 failed=0
try() {
    if "${@:2}"; then passed=$((passed + 1)); else failed=$((failed + 1)) && say "FAILED: $1"; fi
}

only_its_door() {
    [ "$(nm -D --defined-only "$1" | awk '{ print $3 }')" = boot_Ministore__Native ]
}

in_clone quietly make dist
mv "$folder"/clone/bindings/perl/Ministore-*.tar.gz "$folder"
rm -rf "$folder/clone"
(cd "$folder" && tar -xzf Ministore-*.tar.gz && rm Ministore-*.tar.gz && mv Ministore-* source)
in_source() { (cd "$folder/source" && quietly "$@"); }
in_source perl Makefile.PL INSTALL_BASE="$folder/installed"
in_source make -j "$jobs"
in_source make test
in_source make install
rm -rf "$folder/source"
use_it() { (cd "$folder/user" && perl -I "$folder/installed/lib/perl5" "$root/examples/perl/first.pl" "$folder/user"); }
try "the distribution, installed" use_it
try "the symbols of the module" only_its_door "$(find "$folder/installed" -name Native.so)"
result "Perl distribution" "$passed" "$failed" || status=1
exit "$status"
