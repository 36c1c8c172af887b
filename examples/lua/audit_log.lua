-- An audit log: `lua audit_log.lua FOLDER`.
-- Who did what is on the disk before it is done; segments are kept for ever, and verify shows that nothing was altered.
local ministore = require "ministore"
local path = arg[1] .. "/audit.jsonl"

local journal = assert(ministore.open(path, { max_bytes_per_segment = 1000 }))

local function audited(who, action, f)
  local sequence = assert(journal:append { who = who, action = action, state = "begun" })
  local ok = pcall(f)
  assert(journal:append { who = who, action = action, state = ok and "done" or "failed", of = sequence })
end

for i = 1, 10 do
  audited("alice", "rotate key " .. i, function() end)
  audited("mallory", "read key " .. i, function() error("no access") end)
end
assert(journal:close())

for record, sequence in ministore.replay(path, { from = 37 }) do
  print(string.format("%d %-7s %s: %s", sequence, record.who, record.action, record.state))
end

local info = assert(ministore.verify(path))
print(string.format("%d records in %d segments, %d problems", info.records, info.segments, info.problems))

-- Names changed in an archived segment do not go unseen, though each line is a good record still.
local file = assert(io.open(path .. ".001", "r+b"))
local forged = file:read("*a"):gsub("mallory", "nobody!")
file:seek("set", 0)
file:write(forged)
file:close()
local _, err = ministore.verify(path)
print(err.code)
