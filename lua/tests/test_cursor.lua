-- Reading: replay and stream as iterators, cursors by hand, places of what is wrong.

local check = require "check"
local ministore = require "ministore"
local os_ = require "testos"

local test, equal, fails = check.test, check.equal, check.fails
local HEADER = "// MINISTORE JOURNAL v0.1.4\n"

local function write_journal(path, count, options)
  local journal = assert(ministore.open(path, options))
  for i = 1, count do assert(journal:append({ n = i })) end
  journal:close()
end

test("a journal that is not there is an empty one; a stream of it is a failure", function(path)
  equal(#check.collect(ministore.replay(path)), 0)
  equal(check.raises("", ministore.stream, path).code, "IO")
end)

test("replay goes over all segments, stream over the one named", function(path)
  write_journal(path, 30, { max_bytes_per_segment = 100 })
  local records, sequences = check.collect(ministore.replay(path))
  equal(#records, 30)
  for i = 1, 30 do
    equal(records[i], { n = i })
    equal(sequences[i], i)
  end
  records, sequences = check.collect(ministore.stream(path .. ".002"))
  check.yes(#records > 0 and #records < 30)
  equal(records[1].n, sequences[1])
  equal(check.raises("", ministore.replay, path .. ".002").code, "INVALID_ARGUMENT")
end)

test("options of an iterator are the caller's still", function(path)
  write_journal(path, 3)
  local options = { raw = true, timeout = 0, from = 2 }
  equal(#check.collect(ministore.follow(path, options)), 2)
  equal(options, { raw = true, timeout = 0, from = 2 })
  options.timeout = nil
  equal(#check.collect(ministore.stream(path, options)), 2)
  equal(options, { raw = true, from = 2 })
end)

test("from begins at a sequence number, given as number or digits", function(path)
  write_journal(path, 5)
  equal((check.collect(ministore.replay(path, { from = 4 }))), { { n = 4 }, { n = 5 } })
  equal((check.collect(ministore.replay(path, { from = "5" }))), { { n = 5 } })
  equal(#check.collect(ministore.replay(path, { from = 6 })), 0)
  equal(check.raises("", ministore.replay, path, { from = 7 }).code, "INVALID_ARGUMENT")
end)

test("sequence numbers are exact to the last one", function(path)
  check.write(path .. ".001", "// MINISTORE JOURNAL v0.1.4 first=9223372036854775800\n1\n2\n")
  check.write(path, "// MINISTORE JOURNAL v0.1.4 first=9223372036854775802\n3\n")
  local _, sequences = check.collect(ministore.replay(path, { from = "9223372036854775801" }))
  equal(#sequences, 2)
  equal(tostring(sequences[1]), "9223372036854775801")
  equal(tostring(sequences[2]), "9223372036854775802")
end)

test("a bad line is raised in a loop, with its place, and can be passed with a cursor", function(path)
  check.write(path, HEADER .. '1\n{"a":nan}\n3\n')
  local seen = {}
  local err = check.raises("", function()
    for record in ministore.replay(path) do seen[#seen + 1] = record end
  end)
  equal(seen, { 1 })
  fails("CORRUPT", { segment = "j", line = 3, sequence = 2, offset = #HEADER + 2, path = path }, nil, err)

  local cursor = assert(ministore.cursor(path, { on_bad_line = "skip" }))
  equal(cursor:next(), 1)
  fails("CORRUPT", { line = 3 }, cursor:next())
  equal({ cursor:next() }, { 3, 3 })
  equal(cursor:next(), nil)

  cursor = assert(ministore.cursor(path))
  equal(cursor:next(), 1)
  fails("CORRUPT", { line = 3 }, cursor:next())
  fails("CORRUPT", { line = 3 }, cursor:next())
end)

test("a record that does not fit is a DECODE failure with its place, and can be passed", function(path)
  check.write(path, HEADER .. "1\n [18446744073709551616]\n3\n")
  local place = { segment = "j", line = 3, sequence = 2, offset = #HEADER + 3, path = path }
  local cursor = assert(ministore.cursor(path, { on_bad_line = "skip" }))
  equal(cursor:next(), 1)
  fails("DECODE", place, cursor:next())
  equal(cursor:next(), 3)

  cursor = assert(ministore.cursor(path))
  equal(cursor:next(), 1)
  fails("DECODE", place, cursor:next())
  fails("DECODE", place, cursor:next())
  equal((check.collect(ministore.replay(path, { raw = true }))), { "1", "[18446744073709551616]", "3" })
end)

test("a codec that fails, or finds nothing, is a DECODE failure", function(path)
  check.write(path, HEADER .. "1\n2\n")
  local answers = {
    { function() error("no luck") end, "no luck" },
    { function() return nil, "soft failure" end, "soft failure" },
    { function() return nil end, "codec.decode returned nil" },
    { function() error({}) end, "no string" },
  }
  for _, answer in ipairs(answers) do
    local cursor = assert(ministore.cursor(path, { codec = { decode = answer[1] } }))
    local err = fails("DECODE", { line = 2, sequence = 1 }, cursor:next())
    check.yes(err.message:find(answer[2], 1, true), err.message)
  end
  local cursor = assert(ministore.cursor(path, { codec = { decode = function() return false end } }))
  equal(cursor:next(), false)
end)

test("a codec that uses its own cursor is refused, and one that closes it is heard", function(path)
  write_journal(path, 3)
  local cursor
  local codec = { decode = function() return (cursor:next()) end }
  cursor = assert(ministore.cursor(path, { codec = codec }))
  local err = fails("DECODE", { sequence = 1 }, cursor:next())
  check.yes(err.message:find("in use", 1, true), err.message)
  codec.decode = function(text)
    cursor:close()
    return text
  end
  local open_files = #os_.names("/proc/self/fd")
  equal(cursor:next(), '{"n":1}')
  check.yes(#os_.names("/proc/self/fd") < open_files, "its files are open still")
  check.raises("the cursor is closed", cursor.next, cursor)
end)

test("a cursor goes on with what is appended after its end", function(path)
  local cursor = assert(ministore.cursor(path))
  equal(cursor:next(), nil)
  local journal = assert(ministore.open(path))
  journal:append("a")
  equal({ cursor:next() }, { "a", 1 })
  equal(cursor:next(), nil)
  journal:append_many({ "b", "c" })
  equal((check.collect(cursor:records())), { "b", "c" })
  equal(#check.collect(cursor:records()), 0)
  journal:append("d")
  equal((check.collect(cursor:records())), { "d" })
  journal:close()
end)

test("a cursor's stat says what comes next, also in the middle of a batch", function(path)
  write_journal(path, 5)
  local cursor = assert(ministore.cursor(path))
  equal(cursor:stat().next_sequence, 1)
  for i = 1, 5 do
    equal(cursor:next(), { n = i })
    equal(cursor:stat().next_sequence, i + 1)
  end
  equal(cursor:stat(), { segments = 1, first_sequence = 1, next_sequence = 6, bytes = #check.read(path), torn_bytes = 0,
    torn_offset = 0 })
  equal(assert(ministore.cursor(path, { at_end = true })):stat().next_sequence, 6)
end)

test("a torn tail is left out and can be asked about", function(path)
  check.write(path, HEADER .. "1\n{")
  local cursor = assert(ministore.cursor(path))
  equal((check.collect(cursor:records())), { 1 })
  equal(cursor:stat().torn_bytes, 1)
  equal(cursor:stat().torn_offset, #HEADER + 2)
end)

test("stream reads by the scope option as well", function(path)
  write_journal(path, 3)
  local cursor = assert(ministore.cursor(path, { scope = "stream" }))
  equal(#check.collect(cursor:records()), 3)
end)

test("records of very different shapes follow each other unharmed", function(path)
  local journal = assert(ministore.open(path, { sync = "manual" }))
  local expected = {}
  for i = 1, 300 do
    local record = ministore.array {}
    for k = 1, i % 40 do record[k] = { [("k"):rep(k)] = k, list = ministore.array { i, k } } end
    expected[i] = i % 3 == 0 and { wide = record, i = i } or record
    assert(journal:append(expected[i]))
  end
  journal:close()
  equal((check.collect(ministore.replay(path))), expected)
end)

test("wrong arguments raise", function(path)
  check.raises("string expected", ministore.replay)
  check.raises("unknown option 'timeout'", ministore.replay, path, { timeout = 1 })
  check.raises("'replay' or 'stream' expected", ministore.cursor, path, { scope = "all" })
  local cursor = assert(ministore.cursor(path))
  check.raises("seconds", cursor.wait, cursor, -1)
  check.raises("seconds", cursor.wait, cursor, 0 / 0)
  check.raises("number expected", cursor.wait, cursor, "soon")
  check.raises("a cursor expected", cursor.next, {})
end)
