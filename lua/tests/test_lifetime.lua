-- Handles: closed twice, used after close, collected in any order, inherited by a child, never leaked.

local check = require "check"
local ministore = require "ministore"
local os_ = require "testos"

local test, equal, fails = check.test, check.equal, check.fails

test("closing twice is fine, and use after close raises", function(path)
  local journal = assert(ministore.open(path))
  local cursor = assert(ministore.cursor(path))
  for _ = 1, 2 do
    equal(journal:close(), true)
    equal(cursor:close(), true)
  end
  for _, name in ipairs { "append", "append_many", "sync", "rotate", "prune", "stat" } do
    check.raises("the journal is closed", journal[name], journal, {})
  end
  for _, name in ipairs { "next", "records", "wait", "stat", "interrupt" } do
    check.raises("the cursor is closed", cursor[name], cursor)
  end
  check.yes(tostring(journal):find("closed: " .. path, 1, true))
  check.yes(tostring(cursor):find("closed: " .. path, 1, true))
end)

test("an iterator closes its cursor at the end", function(path)
  local step, cursor = ministore.replay(path)
  equal(step(cursor), nil)
  check.raises("the cursor is closed", step, cursor)
end)

test("a journal that is forgotten is closed by the collector and gives the lock back", function(path)
  local journal = assert(ministore.open(path, { sync = "manual" }))
  journal:append(1)
  journal = nil -- luacheck: ignore
  collectgarbage()
  collectgarbage()
  journal = assert(ministore.open(path))
  equal(journal:stat().durable_sequence, 1)
  journal:close()
end)

test("cursors that are forgotten are closed by the collector", function(path)
  local journal = assert(ministore.open(path))
  journal:append(1)
  for i = 1, 3000 do
    equal(assert(ministore.cursor(path)):next(), 1)
    for _ in ministore.replay(path) do break end
    if i % 100 == 0 then
      collectgarbage()
      collectgarbage()
    end
  end
  check.yes(#os_.names("/proc/self/fd") < 300, "descriptors are left open")
  journal:close()
end)

test("handles and their codecs may refer to each other and are collected all the same", function(path)
  local alive = setmetatable({}, { __mode = "k" })
  for _ = 1, 3 do
    local codec, handle = { encode = tostring }, nil
    handle = assert(ministore.open(path, { codec = codec }))
    codec.handle = handle
    alive[codec] = true
    handle:close()
  end
  collectgarbage()
  collectgarbage()
  equal(next(alive), nil)
end)

test("what a collector does in the middle of a call harms nothing", function(path)
  local journal = assert(ministore.open(path, { sync = "manual" }))
  local cursor
  local function trap(f)
    local object = { __gc = f }
    if newproxy then
      getmetatable(newproxy(true)).__gc = f
    else
      setmetatable(object, object)
    end
  end
  for i = 1, 200 do journal:append({ i, tostring(i), { i } }) end
  journal:sync()
  collectgarbage("setpause", 50)
  collectgarbage("setstepmul", 1000)
  for round = 1, 20 do
    cursor = assert(ministore.cursor(path))
    local closing = cursor
    while true do
      if round % 2 == 0 then trap(function() closing:close() end) end
      trap(function() pcall(closing.next, closing) end)
      local ok, record = pcall(cursor.next, cursor)
      if not ok or record == nil then break end
    end
    cursor:close()
  end
  for _ = 1, 200 do
    trap(function() journal:append({ nested = true }) end)
    assert(journal:append({ ("x"):rep(3000), { {} }, ("y"):rep(3000) }))
  end
  collectgarbage("setpause", 200)
  collectgarbage("setstepmul", 200)
  collectgarbage()
  journal:close()
  assert(ministore.verify(path))
end)

test("in a child process every call on an inherited handle is refused, and close leaves the lock alone", function(path)
  local journal = assert(ministore.open(path))
  journal:append(1)
  local cursor = assert(ministore.cursor(path))
  local status = os_.in_child(function()
    fails("FORKED", {}, journal:append(2))
    fails("FORKED", {}, journal:stat())
    fails("FORKED", {}, cursor:next())
    equal(journal:close(), true)
    equal(cursor:close(), true)
    return true
  end)
  equal(status, 0)
  fails("LOCKED", {}, ministore.open(path))
  equal(journal:append(2), 2)
  journal:close()
end)

if _VERSION == "Lua 5.4" then
  local function run(source, ...)
    return assert(load(source))(...)
  end

  test("a <close> variable closes the journal, also when an error leaves the block", function(path)
    run([[
      local ministore, path = ...
      do
        local journal <close> = assert(ministore.open(path))
        journal:append(1)
      end
      pcall(function()
        local journal <close> = assert(ministore.open(path))
        error("leaving")
      end)
      assert(ministore.open(path)):close()
    ]], ministore, path)
  end)

  test("a loop that is left early closes its cursor", function(path)
    local journal = assert(ministore.open(path))
    journal:append_many({ 1, 2, 3 })
    journal:close()
    local step, cursor, control, closing = ministore.replay(path)
    for record in step, cursor, control, closing do
      if record == 2 then break end
    end
    check.raises("the cursor is closed", cursor.next, cursor)
    step, cursor, control, closing = ministore.follow(path)
    for record in step, cursor, control, closing do
      if record == 2 then break end
    end
    check.raises("the cursor is closed", closing.next, closing)
  end)
end

test("a million operations leave no memory behind", function(path)
  local journal = assert(ministore.open(path, { sync = "manual", max_bytes_per_segment = 1000000, max_segments = 2 }))
  local record = { id = 1, user = "somebody", list = { 1, 2, 3 }, nested = { deep = { x = 0.25 } } }
  local function appends(count)
    for i = 1, count do
      record.id = i
      assert(journal:append(record))
      if i % 100 == 0 then journal:append_many({ record, { bad = print } }) end
    end
  end
  local function reads(count)
    while count > 0 do
      for _ in ministore.replay(path) do
        count = count - 1
        if count == 0 then break end
      end
    end
  end
  local function opens(count)
    for _ = 1, count do
      assert(ministore.cursor(path)):close()
      assert(not ministore.open(path))
    end
  end
  local function round(scale)
    appends(50000 * scale)
    reads(40000 * scale)
    opens(1000 * scale)
    collectgarbage()
    collectgarbage()
    return os_.resident_bytes(), collectgarbage("count")
  end
  local resident, lua_kilobytes = round(1)
  local resident_after, lua_kilobytes_after = round(11)
  journal:close()
  check.yes(lua_kilobytes_after < lua_kilobytes + 200, "Lua memory grew to " .. lua_kilobytes_after .. " KiB")
  check.yes(resident_after < resident + 4e6, "resident memory grew from " .. resident .. " to " .. resident_after)
end)
