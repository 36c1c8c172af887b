#!/bin/sh
# Builds what of the Java package is not Java: SWIG's classes, into OUT/swig, and the shared library with the core
# compiled in, into OUT/classes where the jar takes it from. Called by Maven: build_native.sh OUT JAVA_HOME
set -eu
cd "$(dirname "$0")"
out=$1 java_home=$2
root=../..
package=io/github/ministore/internal

system=$(uname -s | tr '[:upper:]' '[:lower:]')
case $system in
darwin) suffix=dylib ;;
*) suffix=so ;;
esac
case $(uname -m) in
amd64) machine=x86_64 ;;
arm64) machine=aarch64 ;;
*) machine=$(uname -m) ;;
esac

library=$out/classes/$package/$system-$machine/libministore_java.$suffix
[ ! -f "$library" ] || [ -n "$(find "$root/bindings"/*.[ih] java.i build_native.sh "$root/core" -newer "$library")" ] || exit 0
rm -rf "$out/swig"
mkdir -p "$out/swig/$package" "$(dirname "$library")"
swig -java -module MinistoreNative -package io.github.ministore.internal -I"$root/bindings" -I"$root/core/include" \
    -outdir "$out/swig/$package" -o "$out/swig/ministore_wrap.c" "$root/bindings/ministore.i"
# SWIG writes pointers through jlong.
"${CC:-cc}" -std=gnu11 -O2 -fPIC -fno-strict-aliasing -fvisibility=hidden -DMINISTORE_EMBED -shared ${CFLAGS:-} \
    -I"$root/core/include" -I"$root/bindings" -I"$java_home/include" -I"$java_home/include/$system" \
    "$out/swig/ministore_wrap.c" "$root"/core/*.c -pthread -o "$library.new"
mv "$library.new" "$library"
