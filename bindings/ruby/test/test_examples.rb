# The examples of the documents run as they stand, and print what they say.

require_relative "helper"

class TestExamples < JournalTest
  EXAMPLES = File.expand_path("../../../examples/ruby", __dir__)

  PRINTED = {
    "first.rb" => "1\tgreeting\thello\nappended as number 1\n",
    "queue.rb" => "run 1: job 1: resize\nrun 1: job 2: crop\nrun 2: job 3: rotate\n"
  }.freeze

  def test_every_example_prints_what_it_says
    assert_equal PRINTED.keys, Dir.children(EXAMPLES).sort
    PRINTED.each do |name, expected|
      inner = File.join(folder, name)
      Dir.mkdir(inner)
      assert_equal expected, in_process("load ARGV.shift", File.join(EXAMPLES, name), inner)
    end
  end
end
