#!/usr/bin/env bash
# The matrix of languages: C, the packages and the Rust crate write, continue and read each other's journals.
set -eu
. script/lib.sh
need_c_tools
need swig 'has swig' maven 'has mvn' default-jdk-headless 'has javac && javac --release 17 --version' \
    ruby 'has ruby' ruby-dev 'test -f "$(ruby -e "print RbConfig::CONFIG[%q(rubyhdrdir)]")/ruby.h"' perl 'has perl && perl -MExtUtils::MakeMaker -e 1' \
    libperl-dev 'test -f "$(perl -MConfig -e "print \$Config{archlibexp}")/CORE/perl.h"' \
    tcl 'has tclsh' tcl-dev 'has_header tcl8.6/tcl.h' php-cli 'has php' php-dev 'has phpize' \
    mono-mcs 'has mcs' mono-runtime 'has mono' guile-3.0 'has guile' guile-3.0-dev 'pkg-config guile-3.0'
need_cargo
build_languages
built=$languages

build_java() {
    local classes=$built/java-classes jackson jar
    quietly mvn -B -Dministore.build="$built/java" -f bindings/java/pom.xml -DskipTests package
    jackson=$(sed -n 's|.*<jackson.version>\(.*\)</.*|\1|p' bindings/java/pom.xml)
    jackson=$(printf '%s:' "$HOME"/.m2/repository/com/fasterxml/jackson/core/jackson-{databind,core,annotations}/"$jackson"/*.jar)
    jar=$(printf '%s:' "$built"/java/ministore-*.jar)
    quietly javac -cp "$jar" -d "$classes" bindings/java/matrix/Writer.java
    export MATRIX_JAVA="java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp $classes:$jar$jackson Writer"
}

build_ruby() {
    rm -rf "$built/ruby" && mkdir -p "$built/ruby/native" "$built/ruby/lib"
    cp -R bindings/ruby/lib/. "$built/ruby/lib"
    (cd "$built/ruby/native" && quietly ruby "$root/bindings/ruby/ext/ministore/extconf.rb" && quietly make -j "$jobs")
    cp "$built/ruby/native/native.so" "$built/ruby/lib/ministore"
    export MATRIX_RUBY="ruby -I $built/ruby/lib bindings/ruby/matrix/writer.rb"
}

build_perl() {
    rm -rf "$built/perl" && mkdir -p "$built/perl"
    cp -R core bindings LICENSE* "$built/perl"
    (cd "$built/perl/bindings/perl" && quietly perl Makefile.PL && quietly make -j "$jobs")
    export MATRIX_PERL="perl -Mblib=$built/perl/bindings/perl bindings/perl/matrix/writer.pl"
}

build_csharp() {
    quietly bindings/csharp/build.sh "$built/csharp"
    quietly mcs -nologo -r:"$built/csharp/Ministore.dll" -out:"$built/csharp/Writer.exe" bindings/csharp/matrix/Writer.cs
    export MATRIX_CSHARP="mono $built/csharp/Writer.exe"
}

build_others() {
    quietly make -C bindings/tcl built="$built/tcl"
    quietly make -C bindings/php built="$built/php"
    quietly make -C bindings/guile built="$built/guile"
    export TCLLIBPATH=$built/tcl MATRIX_TCL="tclsh bindings/tcl/matrix/writer.tcl"
    export MATRIX_PHP="php -d extension=$built/php/modules/ministore.so bindings/php/matrix/writer.php"
    export GUILE_EXTENSIONS_PATH=$built/guile XDG_CACHE_HOME=$built/guile
    export MATRIX_GUILE="guile -L bindings/guile -s bindings/guile/matrix/writer.scm"
}

quietly go build -o "$built/writer-go" ./tests/interop/matrix
CARGO_TARGET_DIR=$build/interop quietly cargo build --release --locked --manifest-path tests/interop/crate-0.1.7/Cargo.toml
export INTEROP_BIN=$build/interop/release MATRIX_GO=$built/writer-go MATRIX_LUA="lua5.4 tests/interop/matrix/writer.lua"
export MATRIX_PYTHON="$package/bin/python tests/interop/matrix/writer.py"
build_java
build_ruby
build_perl
build_csharp
build_others
run_pytest "languages on each other's journals" "$(python_venv tests tests/requirements.txt)" tests/interop/test_matrix.py
