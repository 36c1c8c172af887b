-- ministore: an append-only journal of JSON records in plain text files.
-- The C module with the iterators of `for` on top: replay, stream and follow.

local ministore = require "ministore.core"

-- Options as a new table with some of them set, so that the caller's stays as it was.
local function with(options, changes)
  local result = {}
  for name, value in pairs(options or {}) do result[name] = value end
  for name, value in pairs(changes) do result[name] = value end
  return result
end

--- As Lua's assert, which in Lua 5.1 (not in LuaJIT) refuses to raise a table.
-- @return its arguments, if the first is not nil
function ministore.assert(result, err, ...)
  if result == nil then error(err, 0) end
  return result, err, ...
end

--- Iterate over all records of a journal: `for record, sequence in ministore.replay(path) do`.
-- Failures are raised as error tables.
-- @string path
-- @tparam[opt] table options from, on_bad_line, max_record_bytes, durable, raw, codec
-- @return what `for` takes; the last value closes the cursor on Lua 5.4 when the loop is left early
function ministore.replay(path, options)
  local cursor = ministore.assert(ministore.cursor(path, options))
  return cursor:records(true), cursor, nil, cursor
end

--- Iterate over the records of one segment file.
-- @string path
-- @tparam[opt] table options as for replay
-- @return what `for` takes
function ministore.stream(path, options)
  return ministore.replay(path, with(options, { scope = "stream" }))
end

--- Iterate over all records and go on with what is appended; the loop ends when nothing came for `timeout` seconds.
-- What is handed out is durable, unless options say `durable = false`.
-- @string path
-- @tparam[opt] table options as for replay, and at_end and timeout; without a timeout the loop waits for ever
-- @return what `for` takes
function ministore.follow(path, options)
  options = with({ durable = true }, options or {})
  local timeout = options.timeout
  options.timeout = nil
  local cursor = ministore.assert(ministore.cursor(path, options))
  local step = cursor:records()

  -- The waiting loop is in Lua, so that the hooks of the host (Ctrl-C among them) run after each signal.
  local function next_record()
    while true do
      local record, sequence = step(cursor)
      if record ~= nil then return record, sequence end
      local _, why = ministore.assert(cursor:wait(timeout))
      if why == "timeout" then
        cursor:close()
        return nil
      end
    end
  end

  return next_record, nil, nil, cursor
end

return ministore
