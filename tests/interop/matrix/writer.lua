-- The Lua side of the matrix of languages. `writer.lua append JOURNAL SEGMENT_BYTES` appends the lines of stdin as
-- records, two thirds one by one and the rest as one commit; `writer.lua replay JOURNAL` prints all records.

local ministore = require "ministore"

local commands = {}

function commands.append(path, segment_bytes)
  local records, rest = {}, {}
  for line in io.lines() do records[#records + 1] = line end
  local journal = ministore.assert(ministore.open(path, { raw = true, max_bytes_per_segment = segment_bytes }))
  for i, record in ipairs(records) do
    if i <= #records * 2 / 3 then
      ministore.assert(journal:append(record))
    else
      rest[#rest + 1] = record
    end
  end
  ministore.assert(journal:append_many(rest))
  ministore.assert(journal:close())
end

function commands.replay(path)
  for record in ministore.replay(path, { raw = true }) do io.write(record, "\n") end
end

local command = commands[arg[1]] or error("usage: writer.lua append JOURNAL SEGMENT_BYTES | replay JOURNAL", 0)
command(arg[2], arg[3])
