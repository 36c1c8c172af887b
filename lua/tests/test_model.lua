-- Random values go in and come out equal; random operations on a journal match a list in memory.

local check = require "check"
local ministore = require "ministore"

local test, equal = check.test, check.equal
local random = math.random
local seed = tonumber(os.getenv("MINISTORE_SEED")) or os.time()
math.randomseed(seed)

local function random_string()
  local parts = {}
  for i = 1, random(0, 8) do
    local pick = random(6)
    parts[i] = pick == 1 and string.char(random(0, 31)) or pick == 2 and "\"" or pick == 3 and "\\"
      or pick == 4 and "é😀" or string.char(random(32, 126)):rep(random(20))
  end
  return table.concat(parts)
end

local function random_number()
  local pick = random(4)
  if pick == 1 then return random(-100, 100) end
  if pick == 2 then return random(-1000000, 1000000) * 1000000 + random(0, 999999) end
  if pick == 3 then return (random() - 0.5) * 2 ^ random(-200, 200) end
  return random(-10000, 10000) / 10 ^ random(0, 4)
end

local function random_value(levels)
  local pick = random(levels > 0 and 7 or 5)
  if pick == 1 then return ministore.null end
  if pick == 2 then return random(2) == 1 end
  if pick <= 4 then return random_number() end
  if pick == 5 then return random_string() end
  if pick == 6 then
    local list = ministore.array {}
    for i = 1, random(0, 5) do list[i] = random_value(levels - 1) end
    return list
  end
  local object = {}
  for _ = 1, random(0, 5) do object[random_string()] = random_value(levels - 1) end
  return object
end

test("any value goes in and comes out equal (seed " .. seed .. ")", function(path)
  local journal = assert(ministore.open(path, { sync = "manual" }))
  local expected = {}
  for i = 1, 3000 do
    expected[i] = random_value(4)
    assert(journal:append(expected[i]))
  end
  journal:close()
  local count = 0
  for record, sequence in ministore.replay(path) do
    count = count + 1
    equal(sequence, count)
    equal(record, expected[count], "record " .. count)
  end
  equal(count, 3000)
end)

-- Each operation acts on the journal and on the model: the list `all` of records, of which `first` is the oldest kept.
local operations = {
  append = function(s)
    local value = random_value(2)
    equal(assert(s.journal:append(value)), #s.all + 1)
    s.all[#s.all + 1] = value
  end,
  append_many = function(s)
    local values = {}
    for i = 1, random(1, 6) do
      values[i] = random_value(2)
      s.all[#s.all + 1] = values[i]
    end
    equal(assert(s.journal:append_many(values)), #s.all)
  end,
  refused = function(s)
    check.fails("INVALID_JSON", { line = 2 }, s.journal:append_many({ 1, { print } }))
  end,
  rotate = function(s) assert(s.journal:rotate()) end,
  prune = function(s)
    assert(s.journal:prune(random(s.first, #s.all + 1)))
    s.first = s.journal:stat().first_sequence
  end,
  reopen = function(s)
    s.journal:close()
    s.journal = assert(ministore.open(s.path, s.options))
  end,
  replay = function(s)
    local from = random(s.first, #s.all + 1)
    local expected = from
    for record, sequence in ministore.replay(s.path, { from = from }) do
      equal(sequence, expected)
      equal(record, s.all[sequence])
      expected = expected + 1
    end
    equal(expected, #s.all + 1)
  end,
  poll = function(s)
    for record, sequence in s.follower:records() do
      s.followed = s.followed + 1
      equal(sequence, s.followed)
      equal(record, s.all[sequence])
    end
    equal(s.followed, #s.all)
  end,
}

local names = { "append", "append", "append", "append_many", "refused", "rotate", "prune", "reopen", "replay", "poll" }

test("random operations match a list in memory (seed " .. seed .. ")", function(path)
  local options = { max_bytes_per_segment = 400, sync = "manual" }
  local state = { path = path, options = options, all = {}, first = 1, followed = 0 }
  state.journal = assert(ministore.open(path, options))
  state.follower = assert(ministore.cursor(path))
  for _ = 1, 1500 do
    local name = names[random(#names)]
    if name == "prune" then operations.poll(state) end -- what a follower has not read may be pruned away
    operations[name](state)
    equal(state.journal:stat().next_sequence, #state.all + 1)
  end
  operations.replay(state)
  state.journal:close()
  assert(ministore.verify(path))
end)
