-- A configuration registry: `lua registry.lua FOLDER`.
-- Each change is one record, so that the registry has a history; related changes are one commit.
local ministore = require "ministore"
local path = arg[1] .. "/registry.jsonl"

local Registry = {}
Registry.__index = Registry

local function apply(values, change)
  local value = change.value
  if value == ministore.null then value = nil end -- null takes a key away
  values[change.key] = value
end

function Registry.open(path)
  local self = setmetatable({ values = {} }, Registry)
  self.journal = assert(ministore.open(path))
  for change in ministore.replay(path) do apply(self.values, change) end
  return self
end

--- Change some keys together: all of them are changed after a crash, or none.
function Registry:set(changes)
  local records = {}
  for key, value in pairs(changes) do records[#records + 1] = { key = key, value = value } end
  local sequence, err = self.journal:append_many(records)
  if not sequence then return nil, err end
  for _, change in ipairs(records) do apply(self.values, change) end
  return sequence
end

function Registry:close()
  return self.journal:close()
end

local registry = Registry.open(path)
assert(registry:set { ["http.host"] = "localhost", ["http.port"] = 8080 })
assert(registry:set { ["http.port"] = 9090, ["log.level"] = "debug" })
assert(registry:set { ["log.level"] = ministore.null })
local _, err = registry:set { ["bad"] = print }
print(err)
registry:close()

registry = Registry.open(path)
print(registry.values["http.host"], registry.values["http.port"], registry.values["log.level"])
registry:close()

-- The registry as it was after the second change.
local values = {}
for change, sequence in ministore.replay(path) do
  if sequence > 4 then break end
  apply(values, change)
end
print(values["http.host"], values["http.port"], values["log.level"])
