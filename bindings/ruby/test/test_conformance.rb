# Takes every scenario of tests/conformance through the public Ruby API, as its README.md says.

require "fileutils"
require "json"
require "minitest/autorun"
require "ministore"
require "tmpdir"

# The fields of a step; what nobody took of them is unknown, and so a failure.
class Fields
  def initialize(test, fields)
    @test = test
    @fields = fields.dup
  end

  def has?(name)
    @fields.key?(name)
  end

  def take(name, default = nil)
    @fields.delete(name) { default }
  end

  def names
    @fields.keys
  end

  def rest
    fields = @fields
    @fields = {}
    fields
  end

  # The numbers among these that are there, as keyword arguments.
  def numbers(*names)
    names.select { |name| has?(name) }.to_h { |name| [name.to_sym, Integer(take(name), 10)] }
  end

  # Compare every field of these that the step has.
  def expect(got)
    got.each do |name, value|
      next unless has?(name.to_s)

      @test.assert_equal take(name.to_s), value.is_a?(Array) ? value : value.to_s, name
    end
  end

  def done
    @test.assert_empty @fields, "unknown fields"
  end
end

# The folder and the handles of one scenario; one method for each step.
class Runner
  attr_reader :folder

  def initialize(test, parent)
    @test = test
    @parent = parent
    @number = 0
    @folder = File.join(parent, "0")
    Dir.mkdir(@folder)
    @handles = {}
  end

  def run(fields)
    step = Fields.new(@test, fields)
    send("step_#{step.take('do')}", step)
    step.done
  end

  def close
    @handles.each_value do |handle|
      handle.close
    rescue Ministore::Error
      # A journal that the scenario broke.
    end
    @handles.clear
  end

  private

  def path(step, name = "path")
    File.join(@folder, step.take(name))
  end

  # The block's value; nil if it failed as the step expects.
  def call(step, &block)
    expected = step.take("error")
    return yield unless expected

    expect_error(expected, @test.assert_raises(Ministore::Error, &block))
    nil
  end

  def expect_error(expected, error)
    fields = Fields.new(@test, expected)
    fields.expect(code: error.code, segment: error.segment, line: error.line, offset: error.offset,
                  sequence: error.sequence)
    fields.done
  end

  def handle(step, default = "j")
    @handles.fetch(step.take("on", default))
  end

  def keep(name, handle)
    @test.refute @handles.key?(name), name
    @handles[name] = handle
  end

  def bytes(value)
    return value if value.is_a?(String)

    fields = Fields.new(@test, value)
    times = Integer(fields.take("repeat", "1"), 10)
    data = if fields.has?("text") then fields.take("text").b
           elsif fields.has?("hex") then [fields.take("hex")].pack("H*")
           else fields.take("parts").map { |part| bytes(part).b }.join
           end
    fields.done
    data * times
  end

  def expect_info(step, info)
    step.expect(info.to_h) if info
  end

  # Writers

  def step_open(step)
    file = path(step)
    name = step.take("as", "j")
    options = step.numbers("max_bytes_per_segment", "max_segments", "max_record_bytes", "preallocate_bytes")
    %w[sync torn_tail].each { |option| options[option.to_sym] = step.take(option).to_sym if step.has?(option) }
    options[:mode] = step.take("mode").to_i(8) if step.has?("mode")
    journal = call(step) { Ministore.open(file, raw: true, **options) } or return
    keep(name, journal)
    step.expect(torn_bytes: journal.stat.torn_bytes)
  end

  def step_append(step)
    journal = handle(step)
    record = bytes(step.take("record"))
    step.expect(sequence: call(step) { journal.append(record) })
  end

  def step_append_batch(step)
    journal = handle(step)
    records = step.take("records").map { |record| bytes(record) }
    step.expect(sequence: call(step) { journal.append_many(records) })
  end

  def step_sync(step)
    call(step) { handle(step).sync }
  end

  def step_rotate(step)
    call(step) { handle(step).rotate }
  end

  def step_prune(step)
    before = Integer(step.take("before"), 10)
    step.expect(removed: call(step) { handle(step).prune(before) })
  end

  def step_stat(step)
    expect_info(step, call(step) { handle(step).stat })
  end

  def step_close(step)
    call(step) { @handles.delete(step.take("on", "j")).close }
  end

  def step_abandon(_step)
    copy = File.join(@parent, (@number += 1).to_s)
    @test.assert system("cp", "-a", @folder, copy)
    old = @folder
    @folder = copy
    close
    FileUtils.rm_rf(old)
  end

  # Readers

  # The options of a reader, and the list that takes the errors it passes.
  def reading(step)
    options = step.numbers("from", "max_record_bytes")
    passed = []
    if step.has?("on_bad_line")
      @test.assert_equal "skip", step.take("on_bad_line")
      options[:on_bad_line] = passed.method(:push)
    end
    [options, passed]
  end

  # By the Enumerables that a program would use; by a cursor where the step asks for the torn bytes.
  def read_whole(step, scope)
    file = path(step)
    options, passed = reading(step)
    unless step.has?("torn_bytes")
      return expect_records(step, passed) { Ministore.public_send(scope, file, raw: true, **options) }
    end

    cursor = nil
    expect_records(step, passed) { cursor = Ministore::Cursor.new(file, scope: scope, raw: true, **options) }
    step.expect(torn_bytes: cursor.stat.torn_bytes)
    cursor.close
  end

  def step_replay(step)
    read_whole(step, :replay)
  end

  def step_stream(step)
    read_whole(step, :stream)
  end

  def step_follow(step)
    file = path(step)
    name = step.take("as", "c")
    options, passed = reading(step)
    options[:at_end] = step.take("at_end") if step.has?("at_end")
    cursor = call(step) { Ministore::Cursor.new(file, raw: true, durable: true, **options) } or return
    keep(name, cursor)
    (@passed ||= {})[cursor] = passed
  end

  def step_next(step)
    cursor = handle(step, "c")
    passed = @passed.fetch(cursor).clear
    expect_records(step, passed) { cursor }
  end

  def step_wait(step)
    seconds = Integer(step.take("timeout_ms"), 10) / 1000.0
    step.expect(result: handle(step, "c").wait(seconds))
  end

  def step_interrupt(step)
    handle(step, "c").interrupt
  end

  # What the block opens is read to its end.
  def expect_records(step, passed)
    records = []
    sequences = []
    call(step) do
      yield.each_with_sequence do |record, sequence|
        records << record
        sequences << sequence.to_s
      end
    end
    @test.assert_equal step.take("records", []).map { |record| bytes(record).b }, records.map(&:b)
    step.expect(sequences: sequences)
    errors = step.take("errors", [])
    @test.assert_equal errors.size, passed.size, passed.inspect
    errors.zip(passed) { |expected, error| expect_error(expected, error) }
  end

  # Care

  def step_verify(step)
    file = path(step)
    options = step.numbers("max_record_bytes")
    expected = step.take("error")
    return expect_info(step, Ministore.verify(file, **options)) unless expected

    error = @test.assert_raises(Ministore::Error) { Ministore.verify(file, **options) }
    expect_error(expected, error)
    expect_info(step, error.verified)
  end

  def step_repair(step)
    file = path(step)
    options = step.numbers("max_record_bytes")
    dry_run = step.take("dry_run", false)
    expect_info(step, call(step) { Ministore.repair(file, dry_run: dry_run, **options) })
  end

  def step_json(step)
    record = bytes(step.take("record"))
    call(step) { Ministore.validate(record) }
  end

  # Files

  def step_put(step)
    file = path(step, "file")
    at = step.take("at")
    data = bytes(step.rest)
    File.open(file, at ? File::WRONLY : File::WRONLY | File::CREAT | File::TRUNC, 0o600) do |io|
      io.seek(at == "end" ? io.size : Integer(at || "0", 10))
      @test.assert_equal data.bytesize, io.syswrite(data) unless data.empty?
    end
  end

  def step_cut(step)
    File.truncate(path(step, "file"), Integer(step.take("bytes"), 10))
  end

  def step_mkdir(step)
    Dir.mkdir(path(step, "file"))
  end

  def step_link(step)
    File.link(path(step, "target"), path(step, "file"))
  end

  def step_symlink(step)
    File.symlink(step.take("target"), path(step, "file"))
  end

  def step_fifo(step)
    File.mkfifo(path(step, "file"))
  end

  def step_chmod(step)
    File.chmod(step.take("mode").to_i(8), path(step, "file"))
  end

  def step_rename(step)
    File.rename(path(step, "file"), path(step, "to"))
  end

  def step_remove(step)
    file = path(step, "file")
    File.directory?(file) && !File.symlink?(file) ? Dir.rmdir(file) : File.unlink(file)
  end

  def step_files(step)
    found = Dir.glob("**/*", File::FNM_DOTMATCH, base: @folder).reject do |name|
      file = File.join(@folder, name)
      File.directory?(file) && !File.symlink?(file)
    end
    @test.assert_equal step.names.sort, found.sort
    found.each { |name| expect_file(File.join(@folder, name), Fields.new(@test, step.take(name))) }
  end

  def expect_file(file, expected)
    expected.expect(target: File.readlink(file)) if expected.has?("target")
    expected.expect(mode: format("%04o", File.stat(file).mode & 0o7777)) if expected.has?("mode")
    expected.expect(bytes: File.size(file)) if expected.has?("bytes")
    content = expected.rest
    @test.assert_equal bytes(content).b, File.binread(file), file unless content.empty?
  end
end

class TestConformance < Minitest::Test
  SUITE = File.expand_path("../../../tests/conformance", __dir__)
  FILES = Dir.glob("*.json", base: SUITE).sort - ["schema.json"]
  SCENARIOS = FILES.flat_map do |file|
    JSON.parse(File.read(File.join(SUITE, file))).map { |scenario| [file, scenario] }
  end

  SCENARIOS.each do |file, scenario|
    define_method("test_#{file}: #{scenario['name']}") { run_scenario(file, scenario) }
  end

  # Each scenario is a method of its own name, so that none hides another; the files say how many there are.
  def test_every_scenario_is_run
    tests = self.class.runnable_methods.count { |name| name.start_with?(*FILES.map { |file| "test_#{file}: " }) }
    steps = FILES.sum { |file| File.read(File.join(SUITE, file)).scan(/"steps"\s*:/).size }
    puts "conformance: #{tests} of #{steps} scenarios are run"
    assert_equal steps, tests
    assert_operator tests, :>, 0
  end

  private

  def run_scenario(file, scenario)
    umask = File.umask(0o022)
    Dir.mktmpdir do |parent|
      runner = Runner.new(self, parent)
      scenario["steps"].each.with_index(1) { |fields, number| run_step(runner, file, scenario, fields, number) }
    ensure
      runner&.close
      File.umask(umask)
    end
  end

  def run_step(runner, file, scenario, fields, number)
    runner.run(fields)
  rescue StandardError, Minitest::Assertion => error
    flunk "#{file}: #{scenario['name']}: step #{number} #{fields}: #{error.class}: #{error.message}"
  end
end
