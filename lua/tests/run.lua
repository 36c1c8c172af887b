-- Runs all tests of the Lua package: `lua lua/tests/run.lua` from the root of the repository, with LUA_PATH and
-- LUA_CPATH leading to ministore and testos (script/parts/lua.sh sets them).

local folder = arg[0]:match("^(.*)/[^/]*$") or "."
package.path = folder .. "/?.lua;" .. package.path

local check = require "check"
for _, name in ipairs { "json", "journal", "cursor", "follow", "lifetime", "model", "conformance", "examples" } do
  assert(loadfile(folder .. "/test_" .. name .. ".lua"))(folder)
end
local interpreter = rawget(_G, "jit") and jit.version or _VERSION
os.exit(check.summary(interpreter) and 0 or 1)
