-- Event sourcing with a snapshot: `lua event_sourcing.lua FOLDER`.
-- State is what all events so far come to. A snapshot spares reading them all again, and lets the old ones be pruned.
local ministore = require "ministore"
local folder = arg[1]
local events, snapshots = folder .. "/account.jsonl", folder .. "/account.snapshots"

local function apply(state, event)
  state.balance = state.balance + (event.type == "deposit" and event.cents or -event.cents)
end

-- Snapshots are a journal too: the last record counts, and it is durable before the events that it covers are pruned.
local function save_snapshot(state, sequence)
  local journal = assert(ministore.open(snapshots, { max_bytes_per_segment = 65536, max_segments = 2 }))
  assert(journal:append { state = state, sequence = sequence })
  assert(journal:close())
end

local function load()
  local state, last = { balance = 0 }, 0
  for saved in ministore.replay(snapshots) do state, last = saved.state, saved.sequence end
  local count = 0
  for event, sequence in ministore.replay(events, { from = last + 1 }) do
    apply(state, event)
    last, count = sequence, count + 1
  end
  return state, last, count
end

local journal = assert(ministore.open(events, { max_bytes_per_segment = 2048 }))
for i = 1, 200 do
  assert(journal:append { type = i % 4 == 0 and "withdrawal" or "deposit", cents = i })
end

local state, last, count = load()
print(string.format("replayed %d events: balance %d", count, state.balance))

save_snapshot(state, last)
local removed = assert(journal:prune(last + 1))
print(string.format("snapshot of event %d, %d segments pruned", last, removed))

assert(journal:append { type = "deposit", cents = 1000 })
assert(journal:close())
state, last, count = load()
print(string.format("replayed %d event: balance %d", count, state.balance))
