# A million records appended, in batches and one by one, and replayed, in memory that does not grow with them.

require_relative "helper"

class TestMemory < JournalTest
  MEGABYTES = 24 # what the collector may leave lying about

  def test_a_million_records_do_not_make_the_process_grow
    journal = Ministore.open(path, sync: :manual, max_bytes_per_segment: 8 << 20)
    append_batches(journal, 50_000)
    append_singly(journal, 50_000)
    assert_equal 100_000, replay
    warm = resident
    append_batches(journal, 500_000)
    append_singly(journal, 400_000)
    journal.close
    assert_equal 1_000_000, replay
    assert_operator resident - warm, :<, MEGABYTES << 20
  end

  private

  def append_batches(journal, count)
    (0...count).each_slice(1000) { |slice| journal.append_many(slice.map { |n| { "n" => n, "text" => "x" * 40 } }) }
  end

  def append_singly(journal, count)
    count.times { |n| journal.append({ "n" => n, "text" => "x" * 40 }) }
  end

  # All records, counted in both ways of reading.
  def replay
    count = Ministore.replay(path).count
    assert_equal count, Ministore.replay(path, raw: true).count
    count
  end

  def resident
    GC.start
    File.read("/proc/self/status")[/^VmRSS:\s+(\d+)/, 1].to_i * 1024
  end
end
