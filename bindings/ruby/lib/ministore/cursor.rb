# A reader that is moved by hand; Records and Followed are made of it.

module Ministore
  # Needs no lock, and works while a writer appends, rotates and prunes. Belongs to one thread at a time.
  class Cursor
    include Enumerable

    attr_reader :path
    # The number of the record handed out last; nil before the first.
    attr_reader :sequence

    # scope: :replay (a journal) or :stream (one segment file); from: the first number to read; at_end: begin behind the
    # last record; durable: sync what is new before it is handed out; max_record_bytes; raw and codec as for a journal;
    # on_bad_line: called with the error of each bad line, which is then passed. Without it the error is raised.
    def initialize(path, scope: :replay, from: nil, at_end: false, durable: false, max_record_bytes: nil,
                   on_bad_line: nil, raw: false, codec: nil)
      @codec = Ministore.send(:choose_codec, raw, codec)
      @path = path
      @on_bad_line = on_bad_line
      options = Native::CursorOptions.new
      options.scope = { replay: Native::REPLAY, stream: Native::STREAM }.fetch(scope)
      options.from = from if from
      options.at_end = 1 if at_end
      options.durable = 1 if durable
      options.max_record_bytes = max_record_bytes if max_record_bytes
      options.on_bad_line = Native::BAD_LINE_SKIP if on_bad_line
      @records = []
      @values = nil # of all records, where the codec can read them at once
      @index = 0
      @native = Native::Cursor.new(path, options)
    end

    # The next record. Raises StopIteration at the end; asked again later it goes on with what was appended since.
    def next
      raise StopIteration, "the cursor is at the end" unless advance

      @record
    end

    # Yield every record from here to the end as it is now. May be called again.
    def each
      return enum_for(:each) unless block_given?

      yield @record while advance
      self
    end

    # As each, with the record's number.
    def each_with_sequence
      return enum_for(:each_with_sequence) unless block_given?

      each { |record| yield record, sequence }
    end

    # Wait for something to read, at most `seconds` (nil: for ever): :ready, :timeout, or :interrupted (a signal came, or
    # `interrupt` was called).
    def wait(seconds = nil)
      raise ClosedError.new("the cursor is closed", code: "CLOSED") if closed?
      return :ready if @index < @records.size

      WAITED.fetch(@native.wait(seconds ? (seconds * 1000).ceil : -1))
    end

    # End a wait, now or the next one. Any thread may call.
    def interrupt
      @native.interrupt
    end

    def stat
      native = Native::CursorInfo.new
      @native.stat(native)
      info = CursorInfo.from_native(native)
      info.next_sequence = @first_sequence + @index if @index < @records.size
      info
    end

    def close
      @records = []
      @values = nil
      @index = 0
      @native.close
    end

    def closed?
      @native.is_closed
    end

    def inspect
      "#<#{self.class} #{path}#{' (closed)' if closed?}>"
    end

    private

    WAITED = { Native::OK => :ready, Native::TIMEOUT => :timeout, Native::INTERRUPTED => :interrupted }.freeze
    private_constant :WAITED

    # Take the next record into @record; false at the end.
    def advance
      while @index < @records.size || read_batch
        index = @index
        begin
          @record = decode(index)
        rescue DecodeError => error
          raise unless @on_bad_line

          @index = index + 1
          @on_bad_line.call(error)
          next
        end
        @index = index + 1
        @sequence = @first_sequence + index
        return true
      end
      false
    end

    def read_batch
      batch = @native.read or return false
      @records, @first_sequence, @first_line, @offset, @spans, @segment = batch
      @values = @codec.parse_all(@records) if @codec.respond_to?(:parse_all)
      @index = 0
      true
    rescue CorruptError, TooLargeError => error
      raise unless @on_bad_line

      @on_bad_line.call(error)
      retry
    end

    def decode(index)
      return @values[index] if @values

      @codec.parse(@records[index])
    rescue StandardError => error
      raise decode_error(index, error)
    end

    def decode_error(index, error)
      line = @first_line + index
      sequence = @first_sequence + index
      DecodeError.new("#{@segment}:#{line}: record #{sequence} cannot be decoded: #{error.message}",
                      code: "DECODE", sequence: sequence, line: line, segment: @segment, path: path.to_s,
                      offset: @offset + @spans.unpack1("L", offset: index * 8))
    end
  end
end
