# What the gem costs, in interleaved rounds of one run: `ruby bench/bench_ruby.rb [records] [rounds]`.
# Replay against a loop of its own over the same file, which reads lines and parses them with the json library.

require "json"
require "ministore"
require "tmpdir"

RECORDS = Integer(ARGV[0] || 1_000_000)
ROUNDS = Integer(ARGV[1] || 5)

# An event of 120 bytes.
def record(number)
  text = format('{"id":%d,"user":"user-%05d","action":"purchase","amount":%.2f,"items":[%d,%d],"ok":true,"note":"',
                number, number % 50_000, number % 100_000 / 100.0, number % 7, number % 11)
  text << ("n" * (118 - text.size)) << '"}'
end

def write_journal(path)
  Ministore.open(path, raw: true, sync: :manual) do |journal|
    (1..RECORDS).each_slice(1000) { |numbers| journal.append_many(numbers.map { |number| record(number) }) }
  end
end

def lines_and_json(path)
  count = 0
  File.open(path) do |file|
    file.gets
    while (line = file.gets)
      count += 1 if JSON.parse(line)
    end
  end
  count
end

def replay(path, **options)
  count = 0
  Ministore.replay(path, **options) { |_| count += 1 }
  count
end

def seconds
  GC.start
  begun = Process.clock_gettime(Process::CLOCK_MONOTONIC)
  raise "records are missing" unless yield == RECORDS

  Process.clock_gettime(Process::CLOCK_MONOTONIC) - begun
end

Dir.mktmpdir do |folder|
  path = File.join(folder, "j")
  write_journal(path)
  megabytes = File.size(path) / 1e6
  contenders = {
    "lines and JSON.parse" => -> { lines_and_json(path) },
    "ministore into values" => -> { replay(path) },
    "ministore raw" => -> { replay(path, raw: true) }
  }
  times = contenders.transform_values { [] }
  (0..ROUNDS).each do |round| # round 0 warms up
    contenders.each { |name, run| seconds(&run).then { |time| times[name] << time if round.positive? } }
  end
  base = nil
  puts "replay of #{RECORDS} records, Ruby #{RUBY_VERSION}, json #{JSON::VERSION}, median of #{ROUNDS}"
  times.each do |name, all|
    median = all.sort[all.size / 2]
    base ||= median
    puts format("  %-24s %10.0f records/s %7.1f MB/s (%.2f to %.2f s)  %.2f times", name, RECORDS / median,
                megabytes / median, all.min, all.max, base / median)
  end
end
