rockspec_format = "3.0"
package = "ministore"
version = "scm-1"
source = {
  url = "git+https://github.com/ministore/ministore.git",
}
description = {
  summary = "An embedded write-ahead journal of JSON records in plain text files",
  detailed = [[
Appends one JSON record durably, replays them all in order, streams one file lazily, follows a journal that grows.
The C core is compiled in: a C compiler is all it needs.]],
  license = "Apache-2.0 OR MIT",
  homepage = "https://github.com/ministore/ministore",
}
supported_platforms = { "unix" }
dependencies = {
  "lua >= 5.1, < 5.5",
}
build = {
  type = "builtin",
  modules = {
    ministore = "lua/ministore.lua",
    ["ministore.core"] = {
      sources = {
        "lua/core.c", "lua/cursor.c", "lua/decode.c", "lua/encode.c", "lua/journal.c", "lua/support.c",
        "core/care.c", "core/commit.c", "core/crc32c.c", "core/cursor.c", "core/error.c", "core/follow.c",
        "core/header.c", "core/io_posix.c", "core/journal.c", "core/json.c", "core/json_lines.c", "core/json_shape.c", "core/path.c", "core/recover.c",
        "core/rotate.c", "core/scan.c", "core/segments.c", "core/turn.c", "core/walk.c",
      },
      incdirs = { "core/include" },
      defines = { "MINISTORE_EMBED" },
      libraries = { "pthread" },
    },
  },
  copy_directories = {},
}
