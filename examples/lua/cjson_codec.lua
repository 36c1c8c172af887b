-- Another JSON library for the records, here lua-cjson: `lua cjson_codec.lua FOLDER`.
-- A codec is any table with the functions encode (value to JSON text) and decode (JSON text to value).
local cjson = require "cjson"
local ministore = require "ministore"
local path = arg[1] .. "/events.jsonl"

local journal = assert(ministore.open(path, { codec = cjson }))
assert(journal:append { id = 1, tags = { "a", "b" }, parent = cjson.null })
print(journal:append { callback = print })
journal:close()

for record, sequence in ministore.replay(path, { codec = cjson }) do
  print(string.format("%d: event %d with %d tags", sequence, record.id, #record.tags), record.parent == ministore.null)
end
