#!/usr/bin/env bash
# The Java package by Maven: its tests, the conformance suite among them, then what a new user has of it: a program
# outside of the tree, the examples, the documentation, the benchmarks once.
set -eu
. script/lib.sh
need gcc 'has gcc' libc6-dev 'has_header stdlib.h' swig 'has swig' maven 'has mvn' \
    default-jdk-headless 'has javac && javac --release 17 --version'
# By the locale Java reads file names.
export LC_ALL=C.UTF-8
folder=$build/java
mkdir -p "$folder"
log=$folder/maven.log
maven() { mvn -B -Dministore.build="$folder/target" -f bindings/java/pom.xml "$@"; }

status=0
maven install >"$log" 2>&1 </dev/null && : || { status=1; cat "$log"; }
# The last line of its kind is the sum; errors and what was skipped are failures.
counts=$(awk -F '[ ,:]+' '
    /^conformance: / { print > "/dev/stderr" }
    /Tests run: [0-9]+, Failures: .*[0-9]$/ { sum = $0 }
    END {
        gsub(/[^0-9]+/, " ", sum)
        split(sum, n, " ")
        bad = n[2] + n[3] + n[4]
        print n[1] - bad, n[1] ? bad : 1
    }' "$log")
# shellcheck disable=SC2086
result "Java" $counts || status=1
[ "$status" = 0 ] || exit 1

exports_its_door_only() {
    nm -D --defined-only "$folder"/target/classes/io/github/ministore/internal/*/libministore_java.so |
        awk '$3 !~ /^Java_io_github_ministore_internal_/ { print; bad = 1 } END { exit bad || NR == 0 }'
}

the_version_is_the_cores() {
    local core
    core=$(java -cp "$jars:$folder/target/test-classes" 'io.github.ministore.LoadingTest$Version')
    [ "$(sed -n 's|^  <version>\(.*\)</version>|\1|p' bindings/java/pom.xml)" = "$core" ] &&
        grep -q "<version>$core</version>" bindings/java/consumer/pom.xml
}

a_program_of_a_new_user() {
    cp bindings/java/consumer/pom.xml "$1"
    mkdir -p "$1/src/main/java"
    cp examples/java/First.java "$1/src/main/java"
    (cd "$1" && mvn -B -q compile exec:java -Dexec.mainClass=First) | grep '1 hello$'
}

version=$(sed -n 's|.*<jackson.version>\(.*\)</.*|\1|p' bindings/java/pom.xml)
jackson=$(printf '%s:' "$HOME"/.m2/repository/com/fasterxml/jackson/core/jackson-{databind,core,annotations}/"$version"/*.jar)
jars=$(printf '%s:' "$folder"/target/ministore-*.jar)$jackson

an_example_as_one_file() {
    (cd "$1" && [ "$(java -cp "$jars" "$root/examples/java/First.java")" = "1 hello" ])
}

an_example_on_the_module_path() {
    (cd "$1" && [ "$(java -p "$jars" --add-modules io.github.ministore,com.fasterxml.jackson.databind \
        "$root/examples/java/First.java")" = "1 hello" ])
}

the_program_of_the_matrix() {
    printf '1\n"two"\n{"n":3}\n' >"$1/records"
    java -cp "$jars" bindings/java/matrix/Writer.java append "$1/journal" 30 <"$1/records" &&
        java -cp "$jars" bindings/java/matrix/Writer.java replay "$1/journal" | cmp - "$1/records"
}

the_documentation_is_whole() {
    javadoc -quiet -Xdoclint:all -Xdoclint/package:io.github.ministore -Werror -d "$1" --module-path "$jackson" \
        -sourcepath bindings/java/src/main/java:"$folder/target/swig" io.github.ministore
}

the_benchmarks_run() {
    java -cp "$jars" bench/bench_java.java "$1" 1000
}

try "the library's symbols" exports_its_door_only
try "the version is the core's" the_version_is_the_cores
try "a program of a new user" a_program_of_a_new_user
try "an example as one file" an_example_as_one_file
try "an example on the module path" an_example_on_the_module_path
try "the program of the matrix" the_program_of_the_matrix
try "the documentation is whole" the_documentation_is_whole
try "the benchmarks run" the_benchmarks_run
result "Java package" "$passed" "$failed"
