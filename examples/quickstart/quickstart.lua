-- Appends a greeting to the journal given as argument, then reads all records back.
local ministore = require "ministore"

local path = arg[1]
local journal = assert(ministore.open(path))
local number = assert(journal:append { event = "hello", from = "Lua" })
assert(journal:close())
local count = 0
for _ in ministore.replay(path) do count = count + 1 end
print(("Lua appended record %d and read %d records back"):format(number, count))
