-- Following: waits that end, polls that do not wait, coroutines, and a writer in another process.

local check = require "check"
local ministore = require "ministore"
local os_ = require "testos"

local test, equal = check.test, check.equal

test("follow with timeout 0 ends when nothing is left", function(path)
  local journal = assert(ministore.open(path))
  journal:append_many({ 1, 2 })
  equal({ check.collect(ministore.follow(path, { timeout = 0 })) }, { { 1, 2 }, { 1, 2 } })
  equal(#check.collect(ministore.follow(path, { timeout = 0, at_end = true })), 0)
  journal:close()
end)

test("follow ends after its time-out", function(path)
  local begun = os_.seconds()
  equal(#check.collect(ministore.follow(path, { timeout = 0.05 })), 0)
  check.yes(os_.seconds() - begun >= 0.05)
end)

test("a follower polled from a coroutine never waits and misses nothing across rotations", function(path)
  local journal = assert(ministore.open(path, { max_bytes_per_segment = 60 }))
  local cursor = assert(ministore.cursor(path, { durable = true }))
  local seen = {}
  local poll = coroutine.wrap(function()
    while true do
      for record in cursor:records() do seen[#seen + 1] = record end
      coroutine.yield()
    end
  end)
  for i = 1, 50 do
    journal:append(i)
    if i % 3 == 0 then poll() end
  end
  poll()
  equal(#seen, 50)
  for i = 1, 50 do equal(seen[i], i) end
  journal:close()
end)

test("follow may be resumed inside a coroutine that yields from the loop", function(path)
  local journal = assert(ministore.open(path))
  journal:append_many({ 1, 2, 3 })
  local step = coroutine.wrap(function()
    for record in ministore.follow(path, { timeout = 0 }) do coroutine.yield(record) end
    return "end"
  end)
  equal({ step(), step(), step(), step() }, { 1, 2, 3, "end" })
  journal:close()
end)

test("wait tells a record from a time-out and from an interrupt", function(path)
  local cursor = assert(ministore.cursor(path))
  equal({ cursor:wait(0) }, { false, "timeout" })
  local begun = os_.seconds()
  equal({ cursor:wait(0.0009) }, { false, "timeout" })
  check.yes(os_.seconds() - begun >= 0.0009, "part of a millisecond counts")
  cursor:interrupt()
  equal({ cursor:wait() }, { false, "interrupted" })
  equal({ cursor:wait(0) }, { false, "timeout" })
  local journal = assert(ministore.open(path))
  journal:append_many({ 1, 2 })
  equal({ cursor:wait() }, { true })
  equal(cursor:next(), 1)
  equal({ cursor:wait(0) }, { true })
  equal(cursor:next(), 2)
  equal({ cursor:wait(0) }, { false, "timeout" })
  journal:close()
end)

test("an interrupt, which any signal may be, does not end a follower's loop", function(path)
  local journal = assert(ministore.open(path))
  local step, state, control, cursor = ministore.follow(path, { timeout = 0.01 })
  cursor:interrupt()
  local begun = os_.seconds()
  equal(step(state, control), nil)
  check.yes(os_.seconds() - begun >= 0.01, "it waited its time after the interrupt")
  journal:close()
end)

test("a failure while following is raised", function(path)
  check.write(path, "// MINISTORE JOURNAL v0.1.4\n1\nx\n")
  local seen = {}
  local err = check.raises("", function()
    for record in ministore.follow(path, { timeout = 0 }) do seen[#seen + 1] = record end
  end)
  equal(err.code, "CORRUPT")
  equal(seen, { 1 })
end)

test("a follower wakes up for what another process appends and rotates", function(path)
  local command = string.format([[
    local ministore = require "ministore"
    local journal = assert(ministore.open(%q, { max_bytes_per_segment = 200 }))
    for i = 1, 100 do assert(journal:append({ n = i })) end
    journal:close()
  ]], path)
  check.write(path .. ".lua", command)
  local writer = assert(io.popen(arg[-1] .. " " .. path .. ".lua 2>&1", "r"))
  local count = 0
  for record, sequence in ministore.follow(path) do
    count = count + 1
    equal(record.n, sequence)
    equal(sequence, count)
    if count == 100 then break end
  end
  equal(writer:read("*a"), "")
  writer:close()
end)

test("Ctrl-C ends a script that follows", function(path)
  check.write(path .. ".lua", string.format([[
    local journal = assert(require "ministore".open(%q))
    journal:append("ready")
    for record in require "ministore".follow(%q) do
      print(record)
      io.stdout:flush()
    end
  ]], path, path))
  local follower = assert(io.popen(string.format("echo $$; exec %s %s.lua 2>&1", arg[-1], path)))
  local pid = follower:read("*l")
  equal(follower:read("*l"), "ready")
  os.execute("kill -INT " .. pid)
  check.yes(follower:read("*a"):find("interrupted!", 1, true))
  follower:close()
end)
