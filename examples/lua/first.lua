-- The first five lines: `lua first.lua FOLDER`.
local ministore = require "ministore"
local folder = arg[1]

local journal = assert(ministore.open(folder .. "/events.jsonl"))
local sequence = assert(journal:append { type = "greeting", text = "hello", tags = ministore.array {} })
journal:close()
for record, number in ministore.replay(folder .. "/events.jsonl") do print(number, record.type, record.text) end

print("appended as number " .. sequence)
