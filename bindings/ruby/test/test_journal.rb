# What the suite does not ask: Ruby's values, options, blocks, Enumerables, errors and threads.

require_relative "helper"

class TestJournal < JournalTest
  VALUES = [
    { "int" => 2**63 - 1, "negative" => -2**63, "unsigned" => 2**64 - 1, "beyond" => 10**30 },
    { "floats" => [0.1, 1.0 / 3, 5e-324, 1.7976931348623157e308, 0.1 + 0.2, -0.0] },
    { "null" => nil, "empty" => [[], {}, ""], "bool" => [true, false] },
    "\u00e9\u{1f600}\u2028\u0000\"\\\t", 9_007_199_254_740_993, nil, [], {}, false
  ].freeze

  def test_values_come_back_as_they_went_in
    Ministore.open(path) { |journal| assert_equal VALUES.size, journal.append_many(VALUES) }
    back = Ministore.replay(path).to_a
    assert_equal VALUES, back
    assert_equal VALUES.map { |value| JSON.generate(value) }, back.map { |value| JSON.generate(value) }
    assert_equal 1.0 / -0.0, 1.0 / back[1]["floats"].last
  end

  def test_raw_gives_and_takes_text
    Ministore.open(path, raw: true) do |journal|
      assert_equal 1, journal.append(' {"a" : 1.50}')
      assert_raises(TypeError) { journal.append({ a: 1 }) }
      assert_equal 3, journal.append_many(["1", '"é"'.b])
    end
    records = Ministore.replay(path, raw: true).to_a
    assert_equal ['{"a" : 1.50}', "1", '"é"'], records
    assert(records.all? { |record| record.encoding == Encoding::UTF_8 && record.valid_encoding? })
  end

  def test_a_codec_replaces_the_json_library
    upper = Object.new
    def upper.generate(value) = JSON.generate(value.to_s)
    def upper.parse(text) = JSON.parse(text).upcase
    Ministore.open(path, codec: upper) { |journal| journal << :word }
    assert_equal ["WORD"], Ministore.replay(path, codec: upper).to_a
    assert_raises(ArgumentError) { Ministore.open(path, codec: upper, raw: true) }
  end

  def test_to_json_of_the_programs_own_classes_is_used
    point = Struct.new(:x, :y) { def to_json(*args) = to_h.to_json(*args) }
    Ministore.open(path) { |journal| journal << point.new(1, 2) }
    assert_equal [{ "x" => 1, "y" => 2 }], Ministore.replay(path).to_a
  end

  def test_a_block_closes_the_journal_and_gives_its_value
    journal = nil
    assert_equal 7, Ministore.open(path) { |opened| (journal = opened) && 7 }
    assert_predicate journal, :closed?
    assert_raises(RuntimeError) { Ministore.open(path) { raise "left" } }
    Ministore.open(path, &:close)
  end

  def test_refused_records_tell_their_place
    Ministore.open(path) do |journal|
      [Float::NAN, Float::INFINITY, "\xff"].each { |value| assert_raises(Ministore::InvalidJSONError) { journal << value } }
      loop_in_itself = []
      loop_in_itself << loop_in_itself
      error = assert_raises(Ministore::InvalidJSONError) { journal.append_many([1, loop_in_itself]) }
      assert_equal ["INVALID_JSON", 2], [error.code, error.line]
      assert_equal 1, journal.stat.next_sequence
    end
    Ministore.open(path, raw: true) do |journal|
      error = assert_raises(Ministore::InvalidJSONError) { journal.append_many(["1", "[1,\n2]"]) }
      assert_equal [2, 3], [error.line, error.offset]
      error = assert_raises(Ministore::InvalidJSONError) { journal.append_many(["1", "", "2"]) }
      assert_equal 2, error.line
      assert_equal 1, journal.stat.next_sequence
    end
  end

  def test_options_that_are_wrong_are_refused
    assert_raises(ArgumentError) { Ministore.open(path, max_segment: 1) }
    assert_raises(ArgumentError) { Ministore.open(path, sync: :never) }
    assert_raises(TypeError) { Ministore.open(path, max_segments: "many") }
    assert_raises(ArgumentError, RangeError, TypeError) { Ministore.open(path, max_segments: -1) }
    assert_raises(ArgumentError, RangeError, TypeError) { Ministore.open(path, max_bytes_per_segment: 2**64) }
    assert_raises(Ministore::InvalidArgumentError) { Ministore.open(path, max_segments: 0) }
    assert_raises(ArgumentError) { Ministore.open("a\0b") }
    assert_raises(ArgumentError) { Ministore.replay(path, form: 1).to_a }
    refute_path_exists path
  end

  def test_a_path_may_be_a_pathname
    Ministore.open(Pathname(path)) { |journal| journal << 1 }
    assert_equal [1], Ministore.replay(Pathname(path)).to_a
  end

  def test_a_replay_is_an_enumerable_that_can_be_run_again
    Ministore.open(path) { |journal| journal.append_many((1..10).to_a) }
    records = Ministore.replay(path, from: 3)
    2.times { assert_equal (3..10).to_a, records.to_a }
    assert_equal [3, 4], records.first(2)
    assert_equal [6, 8], records.lazy.select(&:even?).map(&:itself).reject { |n| n == 4 }.first(2)
    assert_equal [[3, 3], [4, 4]], records.each_with_sequence.first(2)
    stepped = records.each
    assert_equal [3, 4], [stepped.next, stepped.next]
    seen = []
    Ministore.stream(path) { |record| seen << record }
    assert_equal (1..10).to_a, seen
  end

  def test_a_cursor_goes_on_with_what_was_appended
    journal = Ministore.open(path)
    cursor = Ministore::Cursor.new(path)
    assert_raises(StopIteration) { cursor.next }
    journal.append_many([nil, 2, 3])
    assert_equal :ready, cursor.wait(0)
    assert_equal [nil, 1], [cursor.next, cursor.sequence]
    assert_equal 2, cursor.stat.next_sequence
    assert_equal [2, 3], cursor.to_a
    assert_equal :timeout, cursor.wait(0)
    cursor.interrupt
    assert_equal :interrupted, cursor.wait
    [cursor, journal].each(&:close)
  end

  def test_follow_goes_on_across_rotations_and_ends_behind_its_timeout
    journal = Ministore.open(path, max_bytes_per_segment: 100)
    journal << 0
    seen = Ministore.follow(path, timeout: 0.2).map do |record|
      journal << record + 1 if record < 30
      record
    end
    assert_equal (0..30).to_a, seen
    journal.close
  end

  def test_bad_lines_are_passed_only_when_asked
    put("1\nbad\n{\"n\":1e999}\n4\n")
    passed = []
    assert_equal [1, 4], Ministore.replay(path, on_bad_line: passed.method(:push)).to_a
    assert_equal [%w[CORRUPT j] + [3, 2], %w[DECODE j] + [4, 3]],
                 passed.map { |error| [error.code, error.segment, error.line, error.sequence] }
    assert_equal HEADER.size + 6, passed.last.offset
    assert_kind_of JSON::ParserError, passed.last.cause
    seen = []
    error = assert_raises(Ministore::CorruptError) { Ministore.replay(path) { |record| seen << record } }
    assert_equal [[1], 3], [seen, error.line]
    put("1e999\n2\n")
    cursor = Ministore::Cursor.new(path)
    2.times { assert_equal 2, assert_raises(Ministore::DecodeError) { cursor.next }.line }
    cursor.close
  end

  def test_what_is_no_bad_line_is_raised_and_not_passed
    Dir.mkdir(path)
    assert_raises(Ministore::NotAFileError) { Ministore.replay(path, on_bad_line: ->(_) {}).to_a }
  end

  def test_errors_have_a_class_a_message_and_a_place
    Ministore.open(path) do
      error = assert_raises(Ministore::LockedError) { Ministore.open(path) }
      assert_kind_of Ministore::Error, error
      assert_match(/another writer/, error.message)
      assert_equal ["LOCKED", path], [error.code, error.path]
    end
    error = assert_raises(Ministore::InputOutputError) { Ministore.stream(File.join(folder, "none")).to_a }
    assert_equal Errno::ENOENT::Errno, error.errno
  end

  def test_verify_tells_on_its_error_what_it_found
    put("1\nbad\n3\n")
    error = assert_raises(Ministore::CorruptError) { Ministore.verify(path) }
    assert_equal [1, 2, 1], [error.verified.segments, error.verified.records, error.verified.problems]
    assert_equal 1, Ministore.repair(path, dry_run: true).cut_records
    assert_equal 2, Ministore.repair(path).next_sequence
    assert_equal 1, Ministore.verify(path).records
  end

  def test_threads_append_together
    journal = Ministore.open(path)
    numbers = Array.new(8) { |t| Thread.new { Array.new(50) { |i| journal.append([t, i]) } } }.flat_map(&:value)
    journal.close
    assert_equal (1..400).to_a, numbers.sort
    Ministore.replay(path).group_by(&:first).each_value { |own| assert_equal (0...50).to_a, own.map(&:last) }
  end

  def test_a_thread_that_waits_leaves_the_others_running_and_can_be_ended
    Ministore.open(path, &:sync)
    cursor = Ministore::Cursor.new(path)
    waiting = Thread.new { cursor.wait }
    Thread.pass until waiting.status == "sleep"
    error = assert_raises(Ministore::InvalidArgumentError) { cursor.wait(0) }
    assert_match(/another thread/, error.message)
    waiting.kill.join
    assert_equal :timeout, cursor.wait(0) # the kill ended its wait, not this one
    waiting = Thread.new { cursor.wait }
    Thread.pass until waiting.status == "sleep"
    cursor.interrupt
    assert_equal :interrupted, waiting.value
  end

  def test_a_signal_handler_runs_while_follow_waits
    output = in_process(<<~RUBY, path)
      trap("USR1") { puts "handled"; exit }
      Thread.new { sleep 0.05; Process.kill("USR1", $$) }
      Ministore.follow(ARGV[0]) {}
    RUBY
    assert_equal "handled\n", output
  end
end
