#!/bin/sh
# Builds Ministore.dll and beside it the shared library with the core compiled in: build.sh OUT
# Needs SWIG, a C compiler and mcs, Mono's compiler of C#.
set -eu
cd "$(dirname "$0")"
out=$1
root=../..
rm -rf "$out/swig"
mkdir -p "$out/swig"
swig -csharp -module MinistoreNative -namespace Ministore.Native -dllimport ministore_csharp -I"$root/bindings" \
    -I"$root/core/include" -outdir "$out/swig" -o "$out/swig/ministore_wrap.c" "$root/bindings/ministore.i"
# Hidden but what P/Invoke looks for, which SWIG marks itself.
"${CC:-cc}" -std=gnu11 -O2 -fPIC -fvisibility=hidden -DMINISTORE_EMBED -shared ${CFLAGS:-} \
    -I"$root/core/include" -I"$root/bindings" "$out/swig/ministore_wrap.c" "$root"/core/*.c -pthread \
    -o "$out/libministore_csharp.so"
mcs -target:library -optimize+ -warnaserror+ -nologo -doc:"$out/Ministore.xml" -out:"$out/Ministore.dll" src/*.cs "$out"/swig/*.cs
