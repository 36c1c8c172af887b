# ministore: an embedded write-ahead journal of JSON records in plain text files.
# This file holds the module's functions; what they hand out is in lib/ministore/.

require "json"

require_relative "ministore/errors"
require_relative "ministore/infos"
require_relative "ministore/native"
require_relative "ministore/format"
require_relative "ministore/journal"
require_relative "ministore/cursor"
require_relative "ministore/records"

module Ministore
  private_constant :Native

  # The version of the C core.
  VERSION = Native.version

  class << self
    # Open a journal for writing; make it if it is not there. With a block it is closed when the block is left, and the
    # block's value is returned. The options are those of Journal#initialize.
    def open(path, **options)
      journal = Journal.new(path, **options)
      return journal unless block_given?

      begin
        yield journal
      ensure
        journal.close
      end
    end

    # All records of a journal, oldest first, as an Enumerable that reads when it is iterated. With a block it is
    # iterated at once. The options are those of Cursor#initialize, without `scope`.
    def replay(path, **options, &block)
      iterate(Records.new(path, scope: :replay, **options), &block)
    end

    # The records of one segment file, active or archived, as an Enumerable.
    def stream(path, **options, &block)
      iterate(Records.new(path, scope: :stream, **options), &block)
    end

    # All records, then those that are appended, as an Enumerable that waits for them. It ends when none came for
    # `timeout` seconds; without one it never does.
    def follow(path, timeout: nil, durable: true, **options, &block)
      iterate(Followed.new(path, timeout, scope: :replay, durable: durable, **options), &block)
    end

    # Check everything. Raises the first problem; its `verified` is what is returned otherwise.
    def verify(path, max_record_bytes: 64 << 20)
      info = Native::VerifyInfo.new
      Native.verify(path, max_record_bytes, info)
      Verified.from_native(info)
    rescue Error => error
      error.verified = Verified.from_native(info)
      raise
    end

    # Make a journal writable again: cut the active segment before its first bad line and keep the bytes in PATH.torn.
    # A dry run only tells what would be done.
    def repair(path, dry_run: false, max_record_bytes: 64 << 20)
      info = Native::RepairInfo.new
      Native.repair(path, dry_run, max_record_bytes, info)
      Repaired.from_native(info)
    end

    # Raise InvalidJSONError unless append would take this JSON text (line feeds are allowed here).
    def validate(text)
      Native.validate(text)
    end

    private

    def iterate(records, &block)
      block ? records.each(&block) : records
    end
  end
end
