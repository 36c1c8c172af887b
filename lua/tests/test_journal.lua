-- The journal handle: appending, options, failures as tables, wrong arguments as errors.

local check = require "check"
local ministore = require "ministore"
local os_ = require "testos"

local test, equal, fails = check.test, check.equal, check.fails
local HEADER = "// MINISTORE JOURNAL v0.1.4\n"

test("append returns sequence numbers, and replay gives the records back in order", function(path)
  local journal = assert(ministore.open(path))
  equal(journal:append({ n = 1 }), 1)
  equal(journal:append("text"), 2)
  equal(journal:append(ministore.null), 3)
  equal(journal:append(false), 4)
  equal(journal:close(), true)
  local records, sequences = check.collect(ministore.replay(path))
  equal(records, { { n = 1 }, "text", ministore.null, false })
  equal(sequences, { 1, 2, 3, 4 })
  equal(check.read(path), HEADER .. '{"n":1}\n"text"\nnull\nfalse\n')
end)

test("append_many is one commit: marked by TABs, all or nothing", function(path)
  local journal = assert(ministore.open(path))
  equal(journal:append_many({ 1, { 2 }, "3" }), 3)
  equal(journal:append_many({}), 0)
  fails("INVALID_JSON", { line = 2 }, journal:append_many({ 4, { f = print } }))
  fails("INVALID_JSON", { line = 3 }, journal:append_many({ 4, 5, "\255" }))
  equal(journal:append_many({ 4 }), 4)
  journal:close()
  equal(check.read(path), HEADER .. '1\t\n[2]\t\n"3"\n4\n')
end)

test("a raw journal takes JSON text and keeps its bytes", function(path)
  local journal = assert(ministore.open(path, { raw = true }))
  equal(journal:append('{"n": 12345678901234567890, "n": 1.10}'), 1)
  equal(journal:append_many({ " [1] ", '"x"' }), 3)
  fails("INVALID_JSON", { line = 1, offset = 1 }, journal:append("{"))
  fails("INVALID_JSON", { line = 2, offset = 1 }, journal:append_many({ "1", "2\n3" }))
  fails("INVALID_JSON", { line = 2 }, journal:append_many({ "1", "" }))
  check.raises("JSON text", journal.append, journal, { n = 1 })
  check.raises("JSON text", journal.append, journal, 1)
  check.raises("JSON text", journal.append_many, journal, { "1", 2 })
  journal:close()
  local records = check.collect(ministore.replay(path, { raw = true }))
  equal(records, { '{"n": 12345678901234567890, "n": 1.10}', "[1]", '"x"' })
end)

test("a codec of one's own encodes and decodes", function(path)
  local codec = {
    encode = function(value) return '"' .. value:upper() .. '"' end,
    decode = function(text) return text:sub(2, -2):lower() end,
  }
  local journal = assert(ministore.open(path, { codec = codec }))
  equal(journal:append("abc"), 1)
  equal(journal:append_many({ "d", "e" }), 3)
  journal:close()
  journal = assert(ministore.open(path, { raw = false, codec = codec }))
  equal(journal:append("f"), 4)
  journal:close()
  equal(check.read(path), HEADER .. '"ABC"\n"D"\t\n"E"\n"F"\n')
  equal((check.collect(ministore.replay(path, { codec = codec }))), { "abc", "d", "e", "f" })
end)

test("a codec that fails is a failure of that record", function(path)
  local codec = { encode = function(value) return value.missing.field end }
  local journal = assert(ministore.open(path, { codec = codec }))
  local err = fails("INVALID_JSON", { line = 1 }, journal:append({}))
  check.yes(err.message:find("index", 1, true), err.message)
  codec.encode = function() return nil end
  err = fails("INVALID_JSON", { line = 2 }, (function()
    codec.encode = function(value) return value == 1 and "1" or nil end
    return journal:append_many({ 1, 2 })
  end)())
  check.yes(err.message:find("codec.encode returned a nil", 1, true), err.message)
  codec.encode = function() error({}) end
  fails("INVALID_JSON", { line = 1 }, journal:append(1))
  codec.encode = function() return "1\n2" end
  fails("INVALID_JSON", { line = 1, offset = 1 }, journal:append(1))
  equal(journal:stat().next_sequence, 1)
  codec.encode = function()
    journal:close()
    return "1"
  end
  check.raises("the journal is closed", journal.append, journal, 1)
end)

test("stat tells what is there, and sync, rotate and prune do their work", function(path)
  local journal = assert(ministore.open(path, { sync = "manual", mode = "0640" }))
  journal:append(1)
  journal:append(2)
  equal(journal:stat(), { segments = 1, first_sequence = 1, next_sequence = 3, durable_sequence = 0,
    bytes = #HEADER + 4, torn_bytes = 0, torn_offset = 0 })
  equal(journal:sync(), true)
  equal(journal:stat().durable_sequence, 2)
  equal(journal:rotate(), true)
  journal:append(3)
  equal(journal:prune(3), 1)
  equal(journal:stat().first_sequence, 3)
  journal:close()
  equal(os_.look(path).mode, "0640")
  equal((check.collect(ministore.replay(path))), { 3 })
end)

test("max_bytes_per_segment rotates, max_segments removes", function(path, folder)
  local journal = assert(ministore.open(path, { max_bytes_per_segment = 40, max_segments = 2 }))
  for i = 1, 40 do assert(journal:append(i)) end
  journal:close()
  local names = os_.names(folder)
  table.sort(names)
  equal(#names, 2)
  equal(names[1], "j")
end)

test("numbers of options may be strings of digits", function(path)
  local journal = assert(ministore.open(path, { max_bytes_per_segment = "18446744073709551615" }))
  equal(journal:append(1), 1)
  journal:close()
  check.raises("whole number expected", ministore.open, path, { max_bytes_per_segment = "18446744073709551616" })
  check.raises("whole number expected", ministore.open, path, { max_segments = 4294967296 })
end)

test("a torn tail is cut and told of, or refused", function(path)
  check.write(path, HEADER .. '1\n{"torn')
  fails("TORN", { path = path, segment = "j", line = 3, offset = #HEADER + 2 },
    ministore.open(path, { torn_tail = "refuse" }))
  local journal = assert(ministore.open(path))
  equal(journal:stat().torn_bytes, 6)
  equal(journal:stat().torn_offset, #HEADER + 2)
  journal:close()
  equal(check.read(path .. ".torn"), '{"torn')
end)

test("failures are tables that print well and name the place", function(path, folder)
  local journal = assert(ministore.open(path))
  local err = fails("LOCKED", { path = path }, ministore.open(path))
  equal(tostring(err), err.message)
  equal(check.raises("", ministore.assert, nil, err), err)
  journal:close()

  fails("NOT_A_FILE", {}, ministore.open(folder))
  check.write(path, "something else\n")
  fails("BAD_HEADER", {}, ministore.open(path))
  check.write(path, "// MINISTORE JOURNAL v9.0.0\n")
  fails("UNSUPPORTED_VERSION", {}, ministore.open(path))
  fails("INVALID_ARGUMENT", {}, ministore.open(path .. ".001"))
  check.write(folder .. "/file", "")
  err = fails("IO", {}, ministore.open(folder .. "/file/j"))
  equal(type(err.errno), "number")
end)

test("options that are wrong raise, and say which", function(path)
  local cases = {
    { { max_byte = 1 }, "unknown option 'max_byte'" },
    { { 1 }, "options have names" },
    { { max_segments = -1 }, "option 'max_segments'" },
    { { max_segments = 1.5 }, "option 'max_segments'" },
    { { max_segments = "x" }, "option 'max_segments': a 32-bit whole number expected, got x" },
    { { sync = {} }, "option 'sync': 'always' or 'manual' expected, got table" },
    { { max_segments = "" }, "option 'max_segments'" },
    { { max_segments = {} }, "option 'max_segments'" },
    { { max_record_bytes = "1\0" }, "option 'max_record_bytes'" },
    { { mode = 640 }, "octal digits" },
    { { mode = "0999" }, "octal digits" },
    { { sync = "often" }, "'always' or 'manual' expected, got often" },
    { { torn_tail = true }, "'cut' or 'refuse' expected, got boolean" },
    { { raw = 1 }, "a boolean expected" },
    { { codec = "cjson" }, "encode and decode" },
    { { codec = {}, raw = true }, "exclude each other" },
  }
  for _, case in ipairs(cases) do
    check.raises(case[2], ministore.open, path, case[1])
  end
  check.raises("table expected", ministore.open, path, "raw")
  check.yes(os_.look(path) == nil, "nothing was made")
end)

test("wrong arguments raise as in the standard library", function(path)
  check.raises("string expected", ministore.open)
  check.raises("string expected", ministore.open, 1)
  check.raises("NUL", ministore.open, "a\0b")
  local journal = assert(ministore.open(path))
  check.raises("value expected", journal.append, journal)
  check.raises("a record expected, got nil", journal.append, journal, nil)
  check.raises("a record expected, got function", journal.append, journal, print)
  check.raises("table expected", journal.append_many, journal, 1)
  check.raises("a sequence number expected", journal.prune, journal)
  check.raises("a sequence number expected", journal.prune, journal, -1)
  check.raises("a journal expected", journal.append, {}, 1)
  check.raises("a journal expected", journal.append, io.stdout, 1)
  check.raises("a journal expected", journal.append, ministore.null, 1)
  check.raises("a journal expected", journal.append)
  fails("INVALID_ARGUMENT", {}, journal:prune(0))
  fails("INVALID_ARGUMENT", {}, journal:prune(2))
  journal:close()
end)

test("a record that is too large is refused and the journal stays usable", function(path)
  local journal = assert(ministore.open(path, { max_record_bytes = 10 }))
  fails("TOO_LARGE", { line = 1 }, journal:append(("x"):rep(20)))
  fails("TOO_LARGE", { line = 2 }, journal:append_many({ 1, ("x"):rep(20) }))
  equal(journal:append(1), 1)
  journal:close()
end)

test("metamethods of records are not called", function(path)
  local journal = assert(ministore.open(path))
  local trap = function() error("called") end
  local record = setmetatable({ a = 1 }, { __index = trap, __pairs = trap, __len = trap, __tostring = trap })
  equal(journal:append(record), 1)
  journal:close()
  equal((check.collect(ministore.replay(path))), { { a = 1 } })
end)

test("verify counts and names what is wrong; repair mends it and can be asked first", function(path)
  local journal = assert(ministore.open(path))
  for i = 1, 5 do journal:append(i) end
  journal:close()
  local info = assert(ministore.verify(path))
  equal(info, { segments = 1, records = 5, bytes = #HEADER + 10, problems = 0, torn_bytes = 0, uncovered = 0,
    first_sequence = 1, next_sequence = 6 })
  check.write(path, HEADER .. "1\n2\nx\n4\n5\n")
  local result, err, partial = ministore.verify(path)
  fails("CORRUPT", { segment = "j", line = 4, sequence = 3, offset = #HEADER + 4 }, result, err)
  equal(partial.problems, 1)
  equal(partial.records, 4)
  local expected = { cut_bytes = 6, cut_offset = #HEADER + 4, cut_lines = 3, cut_records = 2, archived_bad_lines = 0,
    next_sequence = 3 }
  equal(ministore.repair(path, { dry_run = true }), expected)
  equal(check.read(path), HEADER .. "1\n2\nx\n4\n5\n")
  equal(ministore.repair(path), expected)
  equal(check.read(path), HEADER .. "1\n2\n")
  equal(check.read(path .. ".torn"), "x\n4\n5\n")
  check.raises("unknown option", ministore.verify, path, { dry_run = true })
end)

test("the module names its version", function()
  check.yes(ministore._VERSION:match("^%d+%.%d+%.%d+"), ministore._VERSION)
end)
