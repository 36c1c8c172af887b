-- The Lua side of the kill test (kill.py). `append JOURNAL SEGMENT_BYTES` appends for ever and prints the last number of
-- each commit once it is acknowledged; `follow JOURNAL` prints number and text of each record.

local ministore = require "ministore"

local KEPT = 500
local commands = {}

local function text_of(n)
  return ('{"n":%d,"pad":"%s"}'):format(n, ("x"):rep(n % 97 == 0 and 20000 or n * 19 % 53))
end

local function tell(...)
  io.write(...)
  io.flush()
end

function commands.append(path, segment_bytes)
  local options = { raw = true, max_bytes_per_segment = math.tointeger(tonumber(segment_bytes)) }
  local journal = ministore.assert(ministore.open(path, options))
  local n = ministore.assert(journal:stat()).next_sequence
  tell("begin ", n, "\n")
  if n > KEPT then ministore.assert(journal:prune(n - KEPT)) end
  while true do
    local texts = {}
    for i = 1, n % 3 == 0 and 5 or 1 do texts[i] = text_of(n + i - 1) end
    local last = ministore.assert(#texts == 1 and journal:append(texts[1]) or journal:append_many(texts))
    tell(last, "\n")
    n = n + #texts
  end
end

function commands.follow(path)
  for record, sequence in ministore.follow(path, { raw = true }) do tell(sequence, "\t", record, "\n") end
end

local command = commands[arg[1]] or error("usage: writer.lua append JOURNAL SEGMENT_BYTES | follow JOURNAL", 0)
command(arg[2], arg[3])
