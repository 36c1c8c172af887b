-- What the Lua package costs, in interleaved rounds of one run: `lua bench/bench_lua.lua [records] [rounds]`.
-- Replay into tables against lua-cjson line by line over the same file; durable appends against a bare loop of write
-- and fdatasync of the same bytes. Needs ministore, cjson (Debian: lua-cjson) and testos (lua/tests) on the paths.

local cjson = require "cjson"
local ministore = require "ministore"
local os_ = require "testos"

local RECORDS = tonumber(arg[1]) or 2000000
local ROUNDS = tonumber(arg[2]) or 5
local APPENDS, APPEND_ROUNDS = 20, 20 * ROUNDS -- short turns, as other work on the disk comes and goes

-- An event of 120 bytes.
local function record(i)
  local text = string.format('{"id":%d,"user":"user-%05d","action":"purchase","amount":%.2f,', i, i % 50000,
    i % 100000 / 100) .. string.format('"items":[%d,%d],"ok":true,"note":"', i % 7, i % 11)
  return text .. ("n"):rep(118 - #text) .. '"}'
end

local function write_journal(path)
  local journal = ministore.assert(ministore.open(path, { raw = true, sync = "manual" }))
  for first = 1, RECORDS, 1000 do
    local batch = {}
    for i = first, math.min(first + 999, RECORDS) do batch[#batch + 1] = record(i) end
    ministore.assert(journal:append_many(batch))
  end
  ministore.assert(journal:close())
end

local function median(list)
  table.sort(list)
  return list[math.floor(#list / 2) + 1]
end

--- Run each contender once a round; print what it does in a second (median, slowest to fastest), and its ratio to
-- the first.
local function compare(title, count, rounds, contenders)
  local rates = {}
  for round = 0, rounds do -- round 0 warms up
    for i, contender in ipairs(contenders) do
      collectgarbage()
      local begun = os_.seconds()
      contender.run()
      rates[i] = rates[i] or {}
      if round > 0 then table.insert(rates[i], count / (os_.seconds() - begun)) end
    end
  end
  print(title)
  local base = median(rates[1])
  for i, contender in ipairs(contenders) do
    local middle = median(rates[i])
    print(string.format("  %-32s %10.0f records a second (%.0f to %.0f)  %.2f", contender.name, middle, rates[i][1],
      rates[i][#rates[i]], middle / base))
  end
end

local function replay_tables(path)
  local count = 0
  for each in ministore.replay(path) do
    if each.ok then count = count + 1 end
  end
  assert(count == RECORDS)
end

local function replay_cjson(path)
  local count = 0
  local file = assert(io.open(path, "rb"))
  local decode = cjson.decode
  file:read("*l")
  for line in file:lines() do
    if decode(line).ok then count = count + 1 end
  end
  file:close()
  assert(count == RECORDS)
end

local function replay_raw(path)
  local count = 0
  for _ in ministore.replay(path, { raw = true }) do count = count + 1 end
  assert(count == RECORDS)
end

local function repeated(f)
  return function()
    for _ = 1, APPENDS do f() end
  end
end

local folder = os_.folder()
write_journal(folder .. "/j")
print(rawget(_G, "jit") and jit.version or _VERSION)
compare("replay", RECORDS, ROUNDS, {
  { name = "lua-cjson line by line", run = function() replay_cjson(folder .. "/j") end },
  { name = "ministore into tables", run = function() replay_tables(folder .. "/j") end },
  { name = "ministore raw", run = function() replay_raw(folder .. "/j") end },
})

local bare = os_.open_to_write(folder .. "/bare")
local raw = ministore.assert(ministore.open(folder .. "/raw", { raw = true }))
local tables = ministore.assert(ministore.open(folder .. "/tables"))
local text = record(1)
local value = ministore.assert(ministore.decode(text))
compare("durable appends", APPENDS, APPEND_ROUNDS, {
  { name = "bare write and fdatasync", run = repeated(function() os_.write_and_sync(bare, text .. "\n") end) },
  { name = "ministore raw", run = repeated(function() assert(raw:append(text)) end) },
  { name = "ministore from tables", run = repeated(function() assert(tables:append(value)) end) },
})
os_.close_file(bare)
raw:close()
tables:close()
os_.remove_tree(folder)
