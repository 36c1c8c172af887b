# A local queue that survives crashes: `ruby queue.rb FOLDER`. A producer appends jobs; a worker follows them, and notes
# in a journal of its own how far it came, so that it goes on there when it is started again.
require "ministore"

folder = ARGV.fetch(0)
jobs = File.join(folder, "jobs.jsonl")
done = File.join(folder, "done.jsonl")

# The worker's place is the last record of its own journal.
def next_job(done)
  last = nil
  Ministore.replay(done) { |record| last = record["job"] }
  last ? last + 1 : 1
end

Ministore.open(jobs) do |queue|
  queue.append_many(%w[resize crop rotate].map { |action| { action: action } })
end

2.times do |run|
  Ministore.open(done, max_bytes_per_segment: 1 << 20) do |place|
    Ministore.follow(jobs, from: next_job(done), timeout: 0).each_with_sequence do |job, number|
      puts "run #{run + 1}: job #{number}: #{job['action']}"
      place.append({ job: number })
      break if number == 2 # the first run is stopped here
    end
  end
end
