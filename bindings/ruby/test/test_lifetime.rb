# Handles: closed twice, used after close, left by exceptions, collected in any order, inherited by a child.

require_relative "helper"

class TestLifetime < JournalTest
  def test_closing_twice_is_fine_and_use_after_close_raises
    journal = Ministore.open(path)
    cursor = Ministore::Cursor.new(path)
    2.times { [journal, cursor].each(&:close) }
    { append: [1], append_many: [[1]], sync: [], rotate: [], prune: [1], stat: [] }.each do |name, arguments|
      error = assert_raises(Ministore::ClosedError, name.to_s) { journal.public_send(name, *arguments) }
      assert_equal "CLOSED", error.code
    end
    %i[next to_a wait stat].each { |name| assert_raises(Ministore::ClosedError, name.to_s) { cursor.public_send(name) } }
    cursor.interrupt
  end

  def test_an_iterator_outlives_its_journal
    journal = Ministore.open(path)
    journal.append_many((1..1000).to_a)
    records = Ministore.replay(path).each
    assert_equal 1, records.next
    journal.close
    journal = nil
    collect_garbage
    assert_equal 2, records.next
    FileUtils.rm_rf(folder)
    assert_equal 3, records.next
  end

  def test_a_cursor_closed_in_its_own_loop_ends_it_by_an_error
    Ministore.open(path) { |journal| journal.append_many([1, 2, 3]) }
    cursor = Ministore::Cursor.new(path)
    assert_raises(Ministore::ClosedError) { cursor.each { cursor.close } }
  end

  def test_an_exception_in_a_loop_closes_its_cursor
    Ministore.open(path) { |journal| journal.append_many((1..5).to_a) }
    before = descriptors
    100.times do
      assert_raises(ZeroDivisionError) { Ministore.replay(path) { raise ZeroDivisionError } }
      assert_raises(ZeroDivisionError) { Ministore.follow(path, timeout: 0) { raise ZeroDivisionError } }
      Ministore.replay(path) { break }
    end
    assert_equal before, descriptors
  end

  def test_an_exception_in_a_callback_leaves_the_cursor_fit
    put("1\nbad\n3\nworse\n5\n")
    cursor = Ministore::Cursor.new(path, on_bad_line: ->(_) { raise ZeroDivisionError })
    assert_equal 1, cursor.next
    assert_raises(ZeroDivisionError) { cursor.next }
    assert_equal 3, cursor.next
    assert_raises(ZeroDivisionError) { cursor.next }
    assert_equal [5], cursor.to_a
    cursor.close
  end

  def test_what_is_forgotten_is_closed_by_the_collector_or_at_exit
    Ministore.open(path) { |journal| journal << 1 }
    1000.times { Ministore::Cursor.new(path).next }
    10.times { Ministore.replay(path).each.next }
    collect_garbage
    assert_operator descriptors, :<, 300
    in_process(<<~RUBY, path)
      $journal = Ministore.open(ARGV[0], sync: :manual)
      $journal.append(2)
      $cursors = Array.new(10) { Ministore::Cursor.new(ARGV[0]).tap(&:next) }
    RUBY
    assert_equal [1, 2], Ministore.replay(path).to_a
  end

  def test_everything_is_collected_under_stress_and_at_exit
    in_process(<<~RUBY, path)
      GC.stress = true
      journal = Ministore.open(ARGV[0])
      journal.append_many([{"a" => [1, "x" * 100]}] * 5)
      cursor = Ministore::Cursor.new(ARGV[0])
      cursor.next
      Ministore.replay(ARGV[0]).each.next
      begin
        journal.append_many([1, Float::NAN])
      rescue Ministore::Error
      end
      Ministore.verify(ARGV[0])
    RUBY
  end

  def test_a_string_may_be_changed_by_another_thread_while_it_is_appended
    journal = Ministore.open(path, raw: true, sync: :manual)
    text = "[#{'1,' * 50_000}1]"
    size = text.bytesize
    changing = Thread.new { 200.times { text.replace("2" * 10).replace("[#{'1,' * 50_000}1]") && Thread.pass } }
    200.times { journal.append(text) }
    changing.join
    journal.close
    assert(Ministore.replay(path, raw: true).all? { |record| [10, size].include?(record.bytesize) })
  end

  def test_a_journal_closed_while_threads_append_answers_closed
    20.times do |round|
      journal = Ministore.open(path, sync: round.even? ? :always : :manual)
      threads = Array.new(4) { Thread.new { assert_raises(Ministore::ClosedError) { loop { journal.append(1) } } } }
      Thread.pass
      journal.close
      threads.each(&:join)
    end
    Ministore.verify(path)
  end

  def test_a_cursor_closed_while_a_thread_waits_on_it
    Ministore.open(path, &:sync)
    cursor = Ministore::Cursor.new(path)
    waiting = Thread.new { assert_raises(Ministore::ClosedError) { cursor.wait } }
    Thread.pass until waiting.status == "sleep"
    cursor.close
    waiting.join
    assert_raises(Ministore::ClosedError) { cursor.next }
  end

  def test_in_a_child_every_call_is_refused_and_the_lock_stays
    journal = Ministore.open(path)
    journal << 1
    cursor = Ministore::Cursor.new(path)
    child = fork do
      [-> { journal << 2 }, -> { journal.stat }, -> { cursor.next }].each do |call|
        call.call
        exit!(1)
      rescue Ministore::ForkedError
        next
      end
      [journal, cursor].each(&:close)
      exit!(0)
    end
    Process.wait(child)
    assert_equal 0, $?.exitstatus
    assert_raises(Ministore::LockedError) { Ministore.open(path) }
    assert_equal 2, journal.append(2)
    [journal, cursor].each(&:close)
  end

  def test_handles_cannot_be_copied_or_made_without_opening
    journal = Ministore.open(path)
    copy = journal.dup
    journal.close
    assert_raises(Ministore::ClosedError) { copy << 1 }
    assert_raises(NoMethodError) { Ministore::Journal.allocate.append(1) }
    in_process(<<~RUBY)
      module Ministore
        [-> { Native::Journal.allocate.append("1") }, -> { Native::Cursor.allocate.read }].each do |call|
          call.call
          exit 1
        rescue StandardError
          next
        end
      end
    RUBY
  end

  private

  def descriptors
    collect_garbage
    Dir.children("/proc/self/fd").size
  end
end
