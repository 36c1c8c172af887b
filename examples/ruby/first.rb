# The first five lines: `ruby first.rb FOLDER`.
require "ministore"

path = File.join(ARGV.fetch(0), "events.jsonl")
sequence = Ministore.open(path) do |journal|
  journal.append({ type: "greeting", text: "hello", tags: [] })
end
Ministore.replay(path).each_with_sequence { |record, number| puts "#{number}\t#{record['type']}\t#{record['text']}" }

puts "appended as number #{sequence}"
