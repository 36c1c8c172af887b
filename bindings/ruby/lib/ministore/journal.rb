# A journal open for writing.

module Ministore
  # Any thread may call; appends that wait at the same time share one sync.
  class Journal
    attr_reader :path

    # Numbers: max_bytes_per_segment, max_segments (which REMOVES older ones), max_record_bytes, preallocate_bytes, mode.
    # sync: :always or :manual; torn_tail: :cut or :refuse; raw: records are JSON text; codec: an object with
    # `generate` and `parse`, in the place of the json library.
    def initialize(path, sync: :always, torn_tail: :cut, raw: false, codec: nil, **numbers)
      @codec = Ministore.send(:choose_codec, raw, codec)
      @path = path
      options = Native::Options.new
      options.sync = Ministore.send(:choice, :sync, :SYNC, sync, %i[always manual])
      options.torn_tail = Ministore.send(:choice, :torn_tail, :TORN_TAIL, torn_tail, %i[cut refuse])
      numbers.each { |name, value| set(options, name, value) }
      @native = Native::Journal.new(path, options)
    end

    # Append one record. When this returns its number, the record survives power loss.
    def append(record)
      @native.append(encode(record, 1))
    end
    alias << append

    # Append records as one commit: after a crash all are there or none; if one is refused, none is written. Returns the
    # last one's number.
    def append_many(records)
      lines = String.new(encoding: Encoding::UTF_8)
      records.each_with_index do |record, index|
        lines << one_line(encode(record, index + 1), index + 1) << "\n"
      end
      @native.append_batch(lines)
    end

    # Make all that was appended durable; needed with sync: :manual only.
    def sync
      @native.sync
    end

    # Archive the active segment and begin a new one.
    def rotate
      @native.rotate
    end

    # Remove archived segments all of whose records are older than `before`. Returns how many went.
    def prune(before)
      @native.prune(before)
    end

    def stat
      info = Native::Info.new
      @native.stat(info)
      Info.from_native(info)
    end

    # Sync, give back the lock. Closing again does nothing.
    def close
      @native.close
    end

    def closed?
      @native.is_closed
    end

    def inspect
      "#<#{self.class} #{path}#{' (closed)' if closed?}>"
    end

    private

    NUMBERS = %i[max_bytes_per_segment max_segments max_record_bytes preallocate_bytes mode].freeze
    private_constant :NUMBERS

    def set(options, name, value)
      raise ArgumentError, "unknown option: #{name}" unless NUMBERS.include?(name)

      options.public_send(:"#{name}=", value)
    end

    def encode(record, number)
      @codec.generate(record)
    rescue JSON::JSONError => error
      raise refused(error.message, number, 0)
    end

    # In a batch a line feed would make two records of one.
    def one_line(text, number)
      text = text.dup.force_encoding(Encoding::UTF_8) unless text.encoding == Encoding::UTF_8
      feed = text.b.index("\n") if text.include?("\n")
      raise refused("it holds a line feed at byte #{feed}; a record is one line", number, feed) if feed

      text
    end

    def refused(why, number, offset)
      InvalidJSONError.new("record #{number} is refused: #{why}", code: "INVALID_JSON", line: number, offset: offset,
                                                                  path: path.to_s)
    end
  end
end
