#!/usr/bin/env bash
# The C# package, by Mono: its tests, the conformance suite among them, plain and under the address sanitizer, and
# what a new user has of it.
set -eu
. script/lib.sh
need gcc 'has gcc' libc6-dev 'has_header stdlib.h' swig 'has swig' mono-mcs 'has mcs' mono-runtime 'has mono' \
    libmono-posix4.0-cil 'test -f /usr/lib/mono/4.5/Mono.Posix.dll' \
    libmono-system-json4.0-cil 'test -f /usr/lib/mono/4.5/System.Json.dll' \
    libmono-system-runtime-serialization4.0-cil 'test -f /usr/lib/mono/4.5/System.Runtime.Serialization.dll'
folder=$build/csharp
mkdir -p "$folder"
quietly bindings/csharp/build.sh "$folder"

# compile PROGRAM SOURCE... [-r:ASSEMBLY]...: beside the package.
compile() { quietly mcs -nologo -warnaserror+ -r:"$folder/Ministore.dll" -out:"$folder/$1.exe" "${@:2}"; }
compile Tests bindings/csharp/tests/*.cs -r:System.Json.dll -r:Mono.Posix.dll
compile Writer bindings/csharp/matrix/Writer.cs

status=0

# run_tests NAME FOLDER [VARIABLE=VALUE]...: the tests with the package in that folder.
run_tests() {
    local log=$2/tests.log
    env "${@:3}" mono "$2/Tests.exe" tests/conformance </dev/null >"$log" 2>&1 && : || status=1
    grep -v ' passed, ' "$log" || true
    # shellcheck disable=SC2046
    result "$1" $(awk '/^[0-9]+ passed, [0-9]+ failed$/ { sum = $1 " " $3 } END { print sum ? sum : "0 1" }' "$log") || status=1
}

run_tests "C#" "$folder"

# The handles of bindings/handles.h are the same in all languages; here misuse is cheap to try under the sanitizer. The
# runtime has a handler of its own for null references, and keeps what it allocates.
mkdir -p "$folder/asan"
CFLAGS="-g -fsanitize=address" quietly bindings/csharp/build.sh "$folder/asan"
cp "$folder/Tests.exe" "$folder/asan"
run_tests "C#, address sanitizer" "$folder/asan" ASAN_OPTIONS=handle_segv=0:detect_leaks=0 \
    LD_PRELOAD="$(gcc -print-file-name=libasan.so)"

exports_its_door_only() {
    nm -D --defined-only "$folder/libministore_csharp.so" |
        awk '$3 !~ /^(CSharp_|SWIGRegister|ministore_csharp_callbacks$)/ { print; bad = 1 } END { exit bad || NR == 0 }'
}

# A program elsewhere with copies of the two files beside it, as the page says.
a_program_of_a_new_user() {
    cp "$folder/Ministore.dll" "$folder/libministore_csharp.so" "$root/examples/csharp/$1.cs" "$3"
    (cd "$3" && mcs -nologo -r:Ministore.dll -r:System.Runtime.Serialization.dll "$1.cs" &&
        [ "$(mono "$1.exe")" = "$2" ])
}

the_program_of_the_matrix() {
    printf '1\n"two"\n{"n":3}\n' >"$1/records"
    mono "$folder/Writer.exe" append "$1/journal" 30 <"$1/records" &&
        mono "$folder/Writer.exe" replay "$1/journal" | cmp - "$1/records"
}

try "the library's symbols" exports_its_door_only
try "the first example" a_program_of_a_new_user First '1 {"type":"greeting","text":"hello"}'
try "the example of typed records" a_program_of_a_new_user TypedRecords $'paid 9007199254740993\nrefunded -5'
try "the program of the matrix" the_program_of_the_matrix
result "C# package" "$passed" "$failed" || status=1
exit "$status"
