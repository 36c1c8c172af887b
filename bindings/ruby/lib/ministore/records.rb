# What replay, stream and follow return: Enumerables that open a cursor when they are iterated, and close it behind that.

module Ministore
  class Records
    include Enumerable

    def initialize(path, **options)
      @path = path
      @options = options
    end

    # Yield every record, to the end as it is when it is reached.
    def each(&block)
      return enum_for(:each) unless block

      with_cursor { |cursor| run(cursor, &block) }
      self
    end

    # As each, with the record's number.
    def each_with_sequence
      return enum_for(:each_with_sequence) unless block_given?

      with_cursor { |cursor| run(cursor) { |record| yield record, cursor.sequence } }
      self
    end

    private

    def with_cursor
      cursor = Cursor.new(@path, **@options)
      yield cursor
    ensure
      cursor&.close
    end

    def run(cursor, &block)
      cursor.each(&block)
    end
  end

  # Records that goes on with what is appended, until none came for `timeout` seconds.
  class Followed < Records
    def initialize(path, timeout, **options)
      super(path, **options)
      @timeout = timeout
    end

    private

    # A signal ends a wait; Ruby has run its handler by then, and the next wait has what is left of the time.
    def run(cursor, &block)
      ending = deadline
      loop do
        before = cursor.sequence
        cursor.each(&block)
        ending = deadline if cursor.sequence != before
        break if cursor.wait(ending && [ending - now, 0].max) == :timeout
      end
    end

    def deadline
      @timeout && now + @timeout
    end

    def now
      Process.clock_gettime(Process::CLOCK_MONOTONIC)
    end
  end
end
