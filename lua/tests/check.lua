-- A small test runner: a test is a name that states a promise, and a function that gets a fresh folder.
-- Checks raise; check.summary prints the count and returns whether all passed.

local os_ = require "testos"

local check = { passed = 0, failed = 0 }

local function show(value)
  if type(value) == "string" then return string.format("%q", value) end
  if type(value) ~= "table" then return tostring(value) end
  local parts = {}
  for k, v in pairs(value) do parts[#parts + 1] = "[" .. show(k) .. "]=" .. show(v) end
  table.sort(parts)
  return "{" .. table.concat(parts, ",") .. "}"
end

local function kind(value)
  return math.type and math.type(value) or type(value)
end

--- Whether two values are equal, 1 and 1.0 apart, tables by what they hold and by their mark (metatable).
local function same(a, b)
  if kind(a) ~= kind(b) then return false end
  if type(a) ~= "table" then return a == b and tostring(a) == tostring(b) end
  if getmetatable(a) ~= getmetatable(b) then return false end
  for k, v in pairs(a) do
    if not same(v, b[k]) then return false end
  end
  for k in pairs(b) do
    if a[k] == nil then return false end
  end
  return true
end

function check.equal(got, expected, what)
  if not same(got, expected) then
    error(string.format("%sexpected %s, got %s", what and what .. ": " or "", show(expected), show(got)), 2)
  end
end

function check.yes(value, what)
  if not value then error(what or "expected a true value", 2) end
end

--- The call answered nil and an error table with that code, and these fields.
function check.fails(code, fields, result, err)
  if result ~= nil then error("expected " .. code .. ", got " .. show(result), 2) end
  if type(err) ~= "table" then error("expected an error table, got " .. show(err), 2) end
  if err.code ~= code then error("expected " .. code .. ", got " .. show(err), 2) end
  for name, value in pairs(fields) do
    if not same(err[name], value) then
      error(string.format("%s: field %s: expected %s, got %s", code, name, show(value), show(err[name])), 2)
    end
  end
  return err
end

--- The function raises a message with that text in it; returns what was raised.
function check.raises(text, f, ...)
  local ok, raised = pcall(f, ...)
  if ok then error("expected an error with " .. show(text), 2) end
  if not tostring(raised):find(text, 1, true) then
    error("expected an error with " .. show(text) .. ", got " .. show(tostring(raised)), 2)
  end
  return raised
end

function check.write(path, bytes)
  local file = assert(io.open(path, "wb"))
  assert(file:write(bytes))
  assert(file:close())
end

function check.read(path)
  local file = assert(io.open(path, "rb"))
  local bytes = assert(file:read("*a"))
  file:close()
  return bytes
end

--- All records, or sequence numbers, that an iterator yields.
function check.collect(...)
  local records, sequences = {}, {}
  for record, sequence in ... do
    records[#records + 1] = record
    sequences[#sequences + 1] = sequence
  end
  return records, sequences
end

function check.test(name, f)
  local folder = os_.folder()
  local ok, raised = pcall(f, folder .. "/j", folder)
  collectgarbage()
  os_.remove_tree(folder)
  check[ok and "passed" or "failed"] = check[ok and "passed" or "failed"] + 1
  if not ok then io.write("FAILED: ", name, "\n  ", tostring(raised), "\n") end
end

function check.summary(what)
  print(string.format("%s: %d passed, %d failed", what, check.passed, check.failed))
  return check.failed == 0
end

return check
