-- The benchmark's works in Lua: works.lua WORK [KEY=VALUE]... prints {"name":, "value":, "unit":} lines.
-- Works: append, replay_tables, replay_raw, lines_cjson, require. Needs ministore, testos (lua/tests) and lua-cjson.

local os_ = require "testos"

local LINE_BYTES = 121
local RECORD = '{"id":100000000,"user":"ada.lovelace","amount":12.5,"currency":"EUR",'
  .. '"note":"paid in full, thanks!","ok":true,"n":[1,2]}'

local arguments = {}
for i = 2, #arg do
  local key, value = arg[i]:match("^(%w+)=(.*)$")
  arguments[key] = value
end
local seconds = tonumber(arguments.seconds or 1)
local path = arguments.path or "j"

local function answer(name, value, unit)
  print(('{"name":"%s","value":%.6g,"unit":"%s"}'):format(name, value, unit))
end

--- `once` returns how many records it went over. The median of the passes; of several not the first.
local function passes(once)
  local rates = {}
  local begun = os_.seconds()
  repeat
    collectgarbage()
    local start = os_.seconds()
    local records = once()
    rates[#rates + 1] = records * LINE_BYTES / 1e6 / (os_.seconds() - start)
    assert(records == tonumber(arguments.records or records), records)
  until os_.seconds() - begun >= seconds
  if #rates > 1 then table.remove(rates, 1) end
  table.sort(rates)
  answer("rate", rates[math.ceil(#rates / 2)], "MB/s")
end

local works = {}

function works.append()
  local ministore = require "ministore"
  local journal = ministore.assert(ministore.open("j", { raw = true }))
  local done, start = 0, os_.seconds()
  repeat
    assert(journal:append(RECORD))
    done = done + 1
  until os_.seconds() - start >= seconds
  answer("rate", done / (os_.seconds() - start), "records/s")
  journal:close()
end

function works.replay_tables()
  local ministore = require "ministore"
  passes(function()
    local count = 0
    for each in ministore.replay(path) do
      if each.ok then count = count + 1 end
    end
    return count
  end)
end

function works.replay_raw()
  local ministore = require "ministore"
  passes(function()
    local count = 0
    for _ in ministore.replay(path, { raw = true }) do count = count + 1 end
    return count
  end)
end

function works.lines_cjson()
  local decode = require("cjson").decode
  passes(function()
    local count = 0
    local file = assert(io.open(path, "rb"))
    file:read("*l")
    for line in file:lines() do
      if decode(line).ok then count = count + 1 end
    end
    file:close()
    return count
  end)
end

function works.require()
  local start = os_.seconds()
  require "ministore"
  answer("time", (os_.seconds() - start) * 1e3, "ms")
end

works[arg[1]]()
