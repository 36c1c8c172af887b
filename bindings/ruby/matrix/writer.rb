# The Ruby side of the matrix of languages. `writer.rb append JOURNAL SEGMENT_BYTES` appends the lines of stdin as
# records, two thirds one by one and the rest as one commit; `writer.rb replay JOURNAL` prints all records.

require "ministore"

def append(path, segment_bytes)
  records = $stdin.readlines(chomp: true)
  singles = records.size * 2 / 3
  Ministore.open(path, raw: true, max_bytes_per_segment: Integer(segment_bytes)) do |journal|
    records.first(singles).each { |record| journal.append(record) }
    journal.append_many(records.drop(singles))
  end
end

def replay(path)
  Ministore.replay(path, raw: true) { |record| $stdout.write(record, "\n") }
end

case ARGV.shift
when "append" then append(*ARGV)
when "replay" then replay(*ARGV)
else abort "usage: writer.rb append JOURNAL SEGMENT_BYTES | replay JOURNAL"
end
