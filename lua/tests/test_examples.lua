-- Every program of examples/lua runs by itself and prints what it should.

local check = require "check"
local os_ = require "testos"

local examples = (...) .. "/../../examples/lua"

local expected = {
  ["first.lua"] = "1\tgreeting\thello\nappended as number 1\n",
  ["event_sourcing.lua"] = [[
replayed 200 events: balance 9900
snapshot of event 200, 3 segments pruned
replayed 1 event: balance 10900
]],
  ["audit_log.lua"] = [[
37 alice   rotate key 10: begun
38 alice   rotate key 10: done
39 mallory read key 10: begun
40 mallory read key 10: failed
40 records in 3 segments, 0 problems
CORRUPT
]],
  ["queue.lua"] = [[
first worker does job 1: resize
first worker does job 2: mail
second worker does job 3: index
second worker does job 4: report
1 segment pruned
]],
  ["registry.lua"] = [[
record 1 cannot be encoded at value: a function has no JSON form
localhost	9090	nil
localhost	9090	debug
]],
  ["cjson_codec.lua"] = [[
nil	record 1 cannot be encoded: Cannot serialise function: type not supported
1: event 1 with 2 tags	true
]],
}

for _, name in ipairs(os_.names(examples)) do
  check.test("example " .. name .. " does what it says", function(_, folder)
    local program = assert(io.popen(string.format("%s %s/%s %s 2>&1", arg[-1], examples, name, folder)))
    local output = program:read("*a")
    program:close()
    local wanted = expected[name] or "what test_examples.lua should expect"
    expected[name] = nil
    check.equal(output, wanted)
  end)
end

check.test("no expected example is missing", function()
  check.equal(next(expected), nil)
end)
