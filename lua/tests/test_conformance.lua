-- The runner of the conformance suite: takes every scenario of tests/conformance through the package's public
-- functions. What the steps mean is written in tests/conformance/README.md.

local check = require "check"
local ministore = require "ministore"
local os_ = require "testos"

local suite = (...) .. "/../../tests/conformance"
os_.umask("022")

-- ---- values -------------------------------------------------------------------------------------------------------

local function digits(number)
  if type(number) == "number" and not math.type then return string.format("%.0f", number) end
  return tostring(number)
end

local function expect(got, expected, what)
  if got ~= expected then
    error(string.format("%s: expected %s, got %s", what, tostring(expected), tostring(got)), 0)
  end
end

local BYTES = { text = true, hex = true, parts = true, ["repeat"] = true }

local function bytes_of(value)
  local bytes
  if value.text then
    bytes = value.text
  elseif value.hex then
    bytes = value.hex:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end)
  else
    local parts = {}
    for i, part in ipairs(value.parts) do
      for name in pairs(part) do
        if not BYTES[name] then error("unknown field of bytes: " .. name, 0) end
      end
      parts[i] = bytes_of(part)
    end
    bytes = table.concat(parts)
  end
  return bytes:rep(tonumber(value["repeat"] or 1))
end

local function record_of(value)
  return type(value) == "string" and value or bytes_of(value)
end

-- ---- expectations -------------------------------------------------------------------------------------------------

local ERROR = { code = true, segment = true, line = true, offset = true, sequence = true }

local function expect_error(err, expected, what)
  if type(err) ~= "table" then error(what .. ": no error table but " .. tostring(err), 0) end
  for name, value in pairs(expected) do
    if not ERROR[name] then error("unknown field of an error: " .. name, 0) end
    local got = err[name] or (name == "segment" and "" or "0") -- what does not apply is absent
    expect(digits(got), value, what .. ": " .. name .. " (" .. tostring(err) .. ")")
  end
end

--- The outcome of a call: its result if it was to succeed; nil if it was to fail and did.
local function outcome(step, result, err)
  if step.error then
    if result ~= nil then error("expected " .. step.error.code .. ", but it succeeded", 0) end
    expect_error(err, step.error, "error")
    return nil
  end
  if result == nil then error("failed: " .. tostring(err), 0) end
  return result
end

local function expect_fields(step, info, names)
  for name in names:gmatch("%S+") do
    if step[name] then expect(digits(info[name]), step[name], name) end
  end
end

local function expect_list(got, expected, convert, what)
  for i = 1, math.max(#got, #expected) do
    local value = got[i] ~= nil and convert(got[i]) or nil
    local wanted = expected[i] ~= nil and convert(expected[i]) or nil
    expect(value, wanted, what .. " " .. i)
  end
end

-- ---- reading ------------------------------------------------------------------------------------------------------

--- Read to the end, past what may be passed, and compare. `failure` is what opening or an iterator raised.
local function read_all(step, cursor)
  local records, sequences, errors = {}, {}, {}
  local failure
  while not failure do
    local record, second = cursor:next()
    if record ~= nil then
      records[#records + 1], sequences[#sequences + 1] = record, second
    elseif second == nil then
      break
    elseif step.errors then
      errors[#errors + 1] = second
      if #errors > #step.errors then failure = second end
    else
      failure = second
    end
  end
  return records, sequences, errors, failure
end

--- The same with the iterator that a program would use.
local function iterate(...)
  local records, sequences = {}, {}
  local ok, failure = pcall(function(iterator, ...)
    for record, sequence in iterator(...) do
      records[#records + 1], sequences[#sequences + 1] = record, sequence
    end
  end, ...)
  return records, sequences, {}, not ok and failure or nil
end

local function expect_read(step, records, sequences, errors, failure)
  if failure and not step.error then error("failed: " .. tostring(failure), 0) end
  if step.error then expect_error(failure, step.error, "error") end
  expect_list(records, step.records or {}, record_of, "record")
  if step.sequences then expect_list(sequences, step.sequences, digits, "sequence number") end
  for i, expected in ipairs(step.errors or {}) do
    expect_error(errors[i], expected, "error " .. i)
  end
end

local function read_step(step, path, iterator, scope)
  local options = {
    raw = true, from = step.from, max_record_bytes = step.max_record_bytes, on_bad_line = step.on_bad_line,
  }
  if not step.torn_bytes and not step.errors then
    return expect_read(step, iterate(iterator, path, options))
  end
  options.scope = scope
  local cursor, err = ministore.cursor(path, options)
  if not cursor then return expect_read(step, {}, {}, {}, err) end
  expect_read(step, read_all(step, cursor))
  if step.torn_bytes then expect(digits(cursor:stat().torn_bytes), step.torn_bytes, "torn_bytes") end
  cursor:close()
end

-- ---- the folder ---------------------------------------------------------------------------------------------------

--- Call f with the name below `folder`, path and look of everything in it, folders before what is in them.
local function walk(folder, f, prefix)
  for _, name in ipairs(os_.names(folder .. (prefix or ""))) do
    local below = (prefix or "") .. "/" .. name
    local look = os_.look(folder .. below)
    f(below:sub(2), folder .. below, look)
    if look.kind == "folder" then walk(folder, f, below) end
  end
end

local function copy_folder(from, to)
  walk(from, function(name, path, look)
    local target = to .. "/" .. name
    if look.kind == "folder" then os_.mkdir(target) end
    if look.kind == "link" then return os_.symlink(look.target, target) end
    if look.kind == "other" then os_.mkfifo(target) end
    if look.kind == "file" then check.write(target, check.read(path)) end
    os_.chmod(target, look.mode)
  end)
end

local FILE = { text = true, hex = true, parts = true, ["repeat"] = true, bytes = true, mode = true, target = true }

local function expect_file(name, path, look, expected)
  for field in pairs(expected) do
    if not FILE[field] then error("unknown field of a file: " .. field, 0) end
  end
  if expected.text or expected.hex or expected.parts then
    expect(check.read(path), bytes_of(expected), name)
  end
  if expected.bytes then expect(digits(look.bytes), expected.bytes, name .. ": bytes") end
  if expected.mode then expect(look.mode, expected.mode, name .. ": mode") end
  if expected.target then expect(look.target, expected.target, name .. ": target") end
end

-- ---- the steps: for each its fields, and what it does; `at` is the scenario's folder and handles ------------------

local steps = {}

local function fields(names)
  local set = { ["do"] = true }
  for name in names:gmatch("%S+") do set[name] = true end
  return set
end

local function define(name, names, f)
  steps[name] = { fields = fields(names), run = f }
end

local function below(at, name)
  return at.folder .. "/" .. name
end

local function handle(at, step, default)
  return at.handles[step.on or default] or error("no handle " .. (step.on or default), 0)
end

local WRITER = "segments first_sequence next_sequence durable_sequence bytes torn_bytes torn_offset"

local OPEN = "max_bytes_per_segment max_segments max_record_bytes preallocate_bytes sync torn_tail mode"

define("open", "path as error torn_bytes " .. OPEN, function(at, step)
  local options = { raw = true }
  for name in OPEN:gmatch("%S+") do options[name] = step[name] end
  local journal = outcome(step, ministore.open(below(at, step.path), options))
  if not journal then return end
  at.handles[step.as or "j"] = journal
  if step.torn_bytes then expect(digits(journal:stat().torn_bytes), step.torn_bytes, "torn_bytes") end
end)

define("append", "on record sequence error", function(at, step)
  local sequence = outcome(step, handle(at, step, "j"):append(record_of(step.record)))
  if step.sequence then expect(digits(sequence), step.sequence, "sequence") end
end)

define("append_batch", "on records sequence error", function(at, step)
  local records = {}
  for i, record in ipairs(step.records) do records[i] = record_of(record) end
  local sequence = outcome(step, handle(at, step, "j"):append_many(records))
  if step.sequence then expect(digits(sequence), step.sequence, "sequence") end
end)

define("sync", "on error", function(at, step) outcome(step, handle(at, step, "j"):sync()) end)
define("rotate", "on error", function(at, step) outcome(step, handle(at, step, "j"):rotate()) end)

define("prune", "on before removed error", function(at, step)
  local removed = outcome(step, handle(at, step, "j"):prune(step.before))
  if step.removed then expect(digits(removed), step.removed, "removed") end
end)

define("stat", "on error " .. WRITER, function(at, step)
  local info = outcome(step, handle(at, step, "j"):stat())
  if info then expect_fields(step, info, WRITER) end
end)

define("close", "on error", function(at, step)
  outcome(step, handle(at, step, "j"):close())
  at.handles[step.on or "j"] = nil
end)

define("abandon", "", function(at)
  local copy = os_.folder()
  copy_folder(at.folder, copy)
  for _, each in pairs(at.handles) do each:close() end
  os_.remove_tree(at.folder)
  at.folder, at.handles = copy, {}
end)

local READ = "path from on_bad_line max_record_bytes records sequences error errors torn_bytes"

define("replay", READ, function(at, step) read_step(step, below(at, step.path), ministore.replay, "replay") end)
define("stream", READ, function(at, step) read_step(step, below(at, step.path), ministore.stream, "stream") end)

define("follow", "path as from at_end on_bad_line max_record_bytes error", function(at, step)
  local cursor = outcome(step, ministore.cursor(below(at, step.path), {
    raw = true, durable = true, from = step.from, at_end = step.at_end, on_bad_line = step.on_bad_line,
    max_record_bytes = step.max_record_bytes,
  }))
  at.handles[step.as or "c"] = cursor
end)

define("next", "on records sequences error errors", function(at, step)
  expect_read(step, read_all(step, handle(at, step, "c")))
end)

define("wait", "on timeout_ms result error", function(at, step)
  local ready, why = handle(at, step, "c"):wait(tonumber(step.timeout_ms) / 1000)
  if outcome(step, ready, why) ~= nil and step.result then expect(ready and "ready" or why, step.result, "result") end
end)

define("interrupt", "on", function(at, step) handle(at, step, "c"):interrupt() end)

local VERIFY = "segments records bytes problems torn_bytes uncovered first_sequence next_sequence"

define("verify", "path max_record_bytes error " .. VERIFY, function(at, step)
  local options = { max_record_bytes = step.max_record_bytes }
  local info, err, partial = ministore.verify(below(at, step.path), options)
  expect_fields(step, outcome(step, info, err) or partial, VERIFY)
end)

local REPAIR = "cut_bytes cut_offset cut_lines cut_records archived_bad_lines next_sequence"

define("repair", "path dry_run max_record_bytes error " .. REPAIR, function(at, step)
  local options = { dry_run = step.dry_run, max_record_bytes = step.max_record_bytes }
  local info = outcome(step, ministore.repair(below(at, step.path), options))
  if info then expect_fields(step, info, REPAIR) end
end)

define("json", "record error", function(_, step) outcome(step, ministore.validate(record_of(step.record))) end)

define("put", "file text hex parts repeat at", function(at, step)
  local path, bytes = below(at, step.file), bytes_of(step)
  if not step.at then
    local is_new = not os_.look(path)
    check.write(path, bytes)
    return is_new and os_.chmod(path, "0600")
  end
  local file = assert(io.open(path, "r+b"))
  file:seek(step.at == "end" and "end" or "set", step.at ~= "end" and tonumber(step.at) or 0)
  file:write(bytes)
  file:close()
end)

define("cut", "file bytes", function(at, step) os_.cut(below(at, step.file), step.bytes) end)
define("mkdir", "file", function(at, step) os_.mkdir(below(at, step.file)) end)
define("link", "file target", function(at, step) os_.link(below(at, step.target), below(at, step.file)) end)
define("symlink", "file target", function(at, step) os_.symlink(step.target, below(at, step.file)) end)
define("fifo", "file", function(at, step) os_.mkfifo(below(at, step.file)) end)
define("chmod", "file mode", function(at, step) os_.chmod(below(at, step.file), step.mode) end)
define("rename", "file to", function(at, step) assert(os.rename(below(at, step.file), below(at, step.to))) end)
define("remove", "file", function(at, step) assert(os.remove(below(at, step.file))) end)

define("files", "", function(at, step)
  local seen = {}
  walk(at.folder, function(name, path, look)
    if look.kind == "folder" then return end
    if not step[name] then error("unexpected file " .. name, 0) end
    expect_file(name, path, look, step[name])
    seen[name] = true
  end)
  for name in pairs(step) do
    if name ~= "do" and not seen[name] then error("missing file " .. name, 0) end
  end
end)

-- ---- scenarios ----------------------------------------------------------------------------------------------------

local function run_step(at, step)
  local definition = steps[step["do"]] or error("unknown step", 0)
  for name in pairs(step) do
    if not definition.fields[name] and step["do"] ~= "files" then error("unknown field " .. name, 0) end
  end
  definition.run(at, step)
end

local function run_scenario(scenario)
  local at = { folder = os_.folder(), handles = {} }
  local failure
  for i, step in ipairs(scenario.steps) do
    local ok, raised = pcall(run_step, at, step)
    if not ok then
      failure = string.format("step %d (%s): %s", i, tostring(step["do"]), tostring(raised))
      break
    end
  end
  for _, each in pairs(at.handles) do each:close() end
  os_.remove_tree(at.folder)
  if failure then error(failure, 0) end
end

local files = {}
for _, name in ipairs(os_.names(suite)) do
  if name:match("%.json$") and name ~= "schema.json" then files[#files + 1] = name end
end
table.sort(files)
assert(#files > 0, suite .. " holds no scenarios")

local count, ran = 0, 0
for _, name in ipairs(files) do
  local text = check.read(suite .. "/" .. name)
  local scenarios = assert(ministore.decode(text))
  count = count + select(2, text:gsub('"steps"%s*:', ""))
  for _, scenario in ipairs(scenarios) do
    check.test(name .. ": " .. scenario.name, function() run_scenario(scenario) end)
    ran = ran + 1
  end
end
check.test("every scenario of the files was run", function() check.equal(ran, count) end)
print(string.format("conformance: %d scenarios of %d in %d files", ran, count, #files))
