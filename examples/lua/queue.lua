-- A local queue: `lua queue.lua FOLDER`.
-- Producers append jobs; the worker notes how far it came in a journal of its own, and so goes on after a crash.
-- A job is done at least once: the worker may stop between doing it and noting it.
local ministore = require "ministore"
local jobs, progress = arg[1] .. "/jobs.jsonl", arg[1] .. "/jobs.progress"

local function last_done()
  local done = 0
  for record in ministore.replay(progress) do done = record.done end
  return done
end

-- Work on at most `most` jobs, then stop as a killed process would: without any goodbye.
local function work(name, most)
  local notes = assert(ministore.open(progress, { max_bytes_per_segment = 65536, max_segments = 2 }))
  for job, sequence in ministore.follow(jobs, { from = last_done() + 1, timeout = 0 }) do
    print(string.format("%s does job %d: %s", name, sequence, job.task))
    assert(notes:append { done = sequence })
    most = most - 1
    if most == 0 then break end
  end
  notes:close()
end

local queue = assert(ministore.open(jobs, { max_bytes_per_segment = 65536 }))
assert(queue:append_many { { task = "resize" }, { task = "mail" }, { task = "index" } })
work("first worker", 2)
assert(queue:append { task = "report" })
work("second worker", 10)

-- What every worker has done can go, a segment at a time.
assert(queue:rotate())
print(string.format("%d segment pruned", assert(queue:prune(last_done() + 1))))
queue:close()
