# Appends a greeting to the journal given as argument, then reads all records back.
require "ministore"

path = ARGV.fetch(0)
number = Ministore.open(path) { |journal| journal.append({ event: "hello", from: "Ruby" }) }
puts "Ruby appended record #{number} and read #{Ministore.replay(path).count} records back"
