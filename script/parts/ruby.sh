#!/usr/bin/env bash
# The Ruby gem: its tests, and the gem as a new user gets it, built, installed and used outside of the tree.
set -eu
. script/lib.sh
need gcc 'has gcc' libc6-dev 'has_header stdlib.h' make 'has make' swig 'has swig' ruby 'has ruby' \
    ruby-dev 'test -f "$(ruby -e "print RbConfig::CONFIG[%q(rubyhdrdir)]")/ruby.h"' ruby-minitest 'ruby -e "require %q(minitest)"'

folder=$build/ruby/part
rm -rf "$folder" && mkdir -p "$folder/native" "$folder/lib"
cp -R bindings/ruby/lib/. "$folder/lib"
(cd "$folder/native" && quietly ruby "$root/bindings/ruby/ext/ministore/extconf.rb" && quietly make -j "$jobs")
cp "$folder/native/native.so" "$folder/lib/ministore/native.so"

# run_tests FILE...: minitest on these files; PASSED and FAILED of its last line, errors and skips being failures.
run_tests() {
    ruby -w -I "$folder/lib" -e 'ARGV.each { |file| require File.expand_path(file) }' "$@" >"$folder/tests.log" 2>&1 </dev/null || true
    cat "$folder/tests.log"
    awk '/^[0-9]+ runs, / { bad = $5 + $7 + $9; print $1 - bad, bad; found = 1 } END { if (!found) print 0, 1 }' \
        "$folder/tests.log" >"$folder/counts"
}

status=0
run_tests bindings/ruby/test/test_*.rb
# shellcheck disable=SC2046
result "Ruby" $(cat "$folder/counts") || status=1

passed=0 failed=0
try() {
    if "${@:2}"; then passed=$((passed + 1)); else failed=$((failed + 1)) && say "FAILED: $1"; fi
}

only_its_door() {
    [ "$(nm -D --defined-only "$1" | awk '{ print $3 }')" = Init_native ]
}

# The gem from a copy that holds what a clone holds, into a home of its own.
mkdir -p "$folder/clone/bindings" "$folder/user"
cp -R core docs LICENSE* ministore.gemspec "$folder/clone"
cp -R bindings/*.[ih] bindings/ruby "$folder/clone/bindings"
(cd "$folder/clone" && quietly gem build ministore.gemspec --output "$folder/ministore.gem")
export GEM_HOME=$folder/gems GEM_PATH=$folder/gems
quietly gem install --local --no-document --ignore-dependencies "$folder/ministore.gem"
rm -rf "$folder/clone"
use_gem() { (cd "$folder/user" && ruby -e 'gem "ministore"; load ARGV.shift' "$root/examples/ruby/first.rb" "$folder/user"); }
try "the gem, installed" use_gem
try "the symbols of the gem" only_its_door "$(find "$folder/gems" -path '*/lib/ministore/native.so' | head -n 1)"
result "Ruby gem" "$passed" "$failed" || status=1
exit "$status"
