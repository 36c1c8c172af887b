-- Values to JSON text and back: nothing is lost, and what cannot go through is refused with its place.

local check = require "check"
local ministore = require "ministore"

local test, equal, fails = check.test, check.equal, check.fails
local null, array, object = ministore.null, ministore.array, ministore.object
local has_integers = math.type ~= nil
local text_of, value_of = ministore.encode, ministore.decode

local function round_trip(value)
  return value_of(assert(text_of(value)))
end

test("null, booleans, strings, and containers go through unchanged", function()
  local values = { null, true, "", "text", "\0\1\31\127", "\"\\/\b\f\n\r\t", "ä€😀", array {}, array { 1, 2, 3 },
    array { null, array {}, {}, false }, { a = 1, b = { c = array { { d = null } } } }, { [""] = 0 } }
  for _, value in ipairs(values) do
    equal(round_trip(value), value)
  end
  equal(value_of("false"), false)
  equal(text_of(false), "false")
end)

test("strings are escaped as JSON wants it and no further", function()
  equal(text_of("\"\\\n\t\r\b\f\0\27\127/é"), [["\"\\\n\t\r\b\f\u0000\u001b]] .. "\127/é\"")
end)

test("every escape is decoded, surrogate pairs to one code point", function()
  equal(value_of([["\"\\\/\b\f\n\r\t\u0041\u00e9\u20AC\ud83d\ude00\u0000x"]]), "\"\\/\b\f\n\r\tAé€😀\0x")
end)

test("a lone surrogate escape, which other writers leave, becomes its three bytes", function(path)
  check.write(path, '// MINISTORE JOURNAL v0.1.4\n["\\ud800","\\udc00x","\\ud800\\u0041","\\ud800\\ud83d\\ude00"]\n')
  local records = check.collect(ministore.replay(path))
  equal(records[1], array { "\237\160\128", "\237\176\128x", "\237\160\128A", "\237\160\128😀" })
end)

test("arrays and objects stay apart, also when they are empty", function()
  equal(text_of({}), "{}")
  equal(text_of(array()), "[]")
  equal(text_of(object()), "{}")
  equal(text_of(object { a = 1 }), '{"a":1}')
  equal(text_of({ 1, {}, array() }), "[1,{},[]]")
  equal(text_of(value_of("[]")), "[]")
  equal(text_of(value_of("{}")), "{}")
  equal(text_of(value_of('[[],{"a":[]},{}]')), '[[],{"a":[]},{}]')
  local emptied = value_of("[1]")
  emptied[1] = nil
  equal(text_of(emptied), "[]")
end)

test("marks are put on the table that is given", function()
  local t = {}
  check.yes(rawequal(array(t), t))
  check.yes(rawequal(object(t), t))
  check.raises("table expected", array, 1)
end)

test("integers are exact up to the limit of the interpreter, and refused beyond it", function()
  local exact = { "0", "1", "-1", "9007199254740991", "-9007199254740991", "9007199254740992", "-9007199254740992" }
  local beyond = { "9007199254740993", "-9007199254740993", "9223372036854775807", "-9223372036854775808" }
  local never = { "9223372036854775808", "-9223372036854775809", "18446744073709551615", "123456789012345678901234" }
  for _, digits in ipairs(exact) do
    equal(text_of(value_of(digits)), digits)
  end
  for _, digits in ipairs(beyond) do
    if has_integers then
      equal(text_of(value_of(digits)), digits)
    else
      fails("DECODE", {}, value_of(digits))
    end
  end
  for _, digits in ipairs(never) do
    fails("DECODE", {}, value_of(digits))
  end
end)

test("floats come back as they were, bit for bit", function()
  local floats = { 0.5, -0.5, 0.1, 1 / 3, 12.34, 1e15 + 0.5, 1e21, 1e22, 1e23, 1e300, 1.7976931348623157e308, 5e-324,
    2.2250738585072014e-308, 123456.789012, 0.000001, 9.999999e-7, 1e-7, 2 ^ 60, 2 ^ 63, 2 ^ 64, 9007199254740994 + 0.0,
    0.3, 0.1 + 0.2, 999999999.999999, 1000000000.5, 4.35, 1.005, 100 / 3 }
  for _, value in ipairs(floats) do
    equal(round_trip(value), value, text_of(value))
    equal(round_trip(-value), -value, text_of(-value))
  end
  equal(1 / round_trip(-0.0), -math.huge, "negative zero")
  equal(1 / value_of("-0"), -math.huge, "negative zero without a point")
  for i = 1, 20000 do
    local value = (math.random() - 0.5) * 10 ^ math.random(-30, 30)
    equal(round_trip(value), value, text_of(value))
    value = math.random(-1000000, 1000000) / 10 ^ (i % 7)
    equal(round_trip(value), value, text_of(value))
  end
end)

test("floats are written with the fewest digits", function()
  equal(text_of(0.1), "0.1")
  equal(text_of(12.5), "12.5")
  equal(text_of(-1234.567), "-1234.567")
  equal(text_of(1e300), "1e+300")
  equal(text_of(0.1 + 0.2), "0.30000000000000004")
end)

test("numbers are read as the C library reads them, in every form", function()
  for _, text in ipairs { "1e2", "1E+2", "1.5e-3", "0.0000000000000000000000001", "123456789012345678901234567890.0",
    "0.1234567890123456789012345678901234567890", "1.0", "9007199254740993.0", "1e22", "1e23", "4.9e-324",
    "2.2250738585072011e-308", "1" .. ("0"):rep(300) .. ".0", "0." .. ("0"):rep(300) .. "1",
    "179769313486231570000000000000000000000e270" } do
    equal(value_of(text), tonumber(text) + 0.0, text)
  end
  fails("DECODE", {}, value_of("1e309"))
  fails("DECODE", {}, value_of("-1" .. ("0"):rep(400) .. ".5"))
end)

test("a locale with another decimal point changes nothing", function()
  assert(os.setlocale("de_DE.UTF-8", "numeric"), "no locale de_DE.UTF-8: make it by localedef, as script/parts/lua.sh")
  local text = text_of { 0.1, 0.30000000000000004, 1.5e-300 }
  local value = value_of("[0.1,0.30000000000000004,1.5e-300,123456789012345678901234567890.5]")
  os.setlocale("C", "numeric")
  equal(text, "[0.1,0.30000000000000004,1.5e-300]")
  equal(value, array { 0.1, 0.30000000000000004, 1.5e-300, 123456789012345678901234567890.5 })
end)

test("what has no JSON form is refused, and the message says where it is", function()
  local cyclic = { a = {} }
  cyclic.a.b = cyclic
  local cases = {
    { { items = { 1, 2, { callback = print } } }, "items[3].callback: a function" },
    { { a = { b = coroutine.create(function() end) } }, "a.b: a thread" },
    { { file = io.stdout }, "file: a userdata" },
    { { 0 / 0 }, "[1]: NaN" },
    { { x = math.huge }, "x: an infinite" },
    { { x = -math.huge }, "x: an infinite" },
    { cyclic, "deeper than 128" },
    { { 1, 2, a = 3 }, "another key" },
    { { a = 3, [1.5] = 1 }, "another" },
    { { [2] = 1 }, "some are missing" },
    { { 1, nil, 3 }, "some are missing" },
    { { [0] = 1, 2 }, "another number" },
    { { [1.5] = 1 }, "another number" },
    { { 1, 2, [2.5] = 3 }, "another number" },
    { { nil, 2, [1.5] = 3 }, "another number" },
    { { [true] = 1 }, "another key" },
    { object { 1 }, "another key" },
    { array { a = 1 }, "another key" },
    { { pointer = debug.upvalueid and debug.upvalueid(check.equal, 1) or io.stdout }, "pointer: a userdata" },
  }
  for _, case in ipairs(cases) do
    local err = fails("INVALID_JSON", { line = 1 }, text_of(case[1]))
    check.yes(err.message:find(case[2], 1, true), err.message)
  end
  fails("INVALID_JSON", {}, text_of("not \255 UTF-8"))
end)

test("tables nest 128 levels and no more when they are written", function()
  local function nested(levels)
    local value = array {}
    for _ = 2, levels do value = array { value } end
    return value
  end
  equal(text_of(nested(128)), ("["):rep(128) .. ("]"):rep(128))
  fails("INVALID_JSON", {}, text_of(nested(129)))
end)

test("journals of others nest 1000 levels in tables; deeper ones are read raw", function(path)
  local function text(levels) return ("["):rep(levels) .. ("]"):rep(levels) end
  check.write(path, "// MINISTORE JOURNAL v0.1.4\n" .. text(1000) .. "\n" .. text(1001) .. "\n")
  local cursor = assert(ministore.cursor(path))
  local value, levels = cursor:next(), 0
  while value do value, levels = value[1], levels + 1 end
  equal(levels, 1000)
  fails("DECODE", { line = 3, sequence = 2, segment = "j" }, cursor:next())
  equal(#check.collect(ministore.replay(path, { raw = true })), 2)
end)

test("of two equal keys the last one is there", function()
  equal(value_of('{"a":1,"a":2}'), { a = 2 })
end)

test("a number is no string key and a string key is no number", function()
  equal(value_of('{"1":"a"}'), { ["1"] = "a" })
  equal(text_of({ ["1"] = "a" }), '{"1":"a"}')
end)

test("white space between tokens means nothing", function()
  equal(value_of(' \t\r\n{ "a" : [ 1 , 2 ] , "b" : { } } \n'), { a = array { 1, 2 }, b = {} })
end)

test("long strings, many members and long arrays go through", function()
  local long = ("0123456789\n"):rep(100000)
  equal(round_trip(long), long)
  local many, list = {}, array {}
  for i = 1, 5000 do
    many["key" .. i], list[i] = i, i
  end
  equal(round_trip(many), many)
  equal(round_trip(list), list)
end)

test("validate tells JSON from what is none, with the byte", function()
  equal(ministore.validate('{"a":1}'), true)
  fails("INVALID_JSON", { offset = 5 }, ministore.validate('{"a":,}'))
  fails("INVALID_JSON", {}, ministore.validate(""))
  check.raises("string expected", ministore.validate, 1)
end)

test("decode refuses what is no JSON, and what is no string", function()
  fails("INVALID_JSON", {}, value_of("{"))
  check.raises("string expected", value_of, 1)
  check.raises("string expected", value_of)
end)

test("null is one value in all modules that follow lua-cjson", function()
  equal(type(null), "userdata")
  check.yes(value_of("null") == null)
  check.yes(value_of("[null]")[1] == null)
end)
