# Builds ministore/native: what SWIG makes of bindings/ministore.i, compiled together with the core's sources.

require "mkmf"

here = __dir__
root = File.expand_path("../../../..", here)
core = File.join(root, "core")
bindings = File.join(root, "bindings")

swig = find_executable("swig") or abort "ministore needs SWIG 4 to build: install the package swig"
system(swig, "-ruby", "-module", "ministore::native", "-I#{bindings}", "-I#{core}/include", "-o", "native_wrap.c",
       File.join(bindings, "ministore.i")) or abort "swig failed"

$srcs = ["native_wrap.c"] + Dir.glob("*.c", base: core).sort
$VPATH << core
$INCFLAGS << " -I#{core} -I#{core}/include -I#{bindings}"
$defs << "-DMINISTORE_EMBED" << "-DSWIG_TYPE_TABLE=ministore"
$CFLAGS << " -std=gnu11 -O2 -fvisibility=hidden -pthread"
$warnflags = "-Wall -Wno-unused-function"
$distcleanfiles << "native_wrap.c"

create_makefile("ministore/native")
