# The exceptions of ministore: one class for each status of the C core, and two of the package's own.

module Ministore
  # A failure, with its place where there is one; `message` is a sentence for a person.
  #
  # For a record that append refuses, `line` is its number in the batch from 1, `offset` the byte in it and `segment` is
  # empty. For a damaged journal they are the place in the segment file. 0 and "" stand for "does not apply".
  class Error < StandardError
    # The status's name, such as "LOCKED".
    attr_reader :code
    # The system's error number.
    attr_reader :errno
    attr_reader :sequence, :line, :offset, :segment, :path
    # What verify found in all, on the error that it raises; nil on others.
    attr_accessor :verified

    def initialize(message, code: "UNKNOWN", errno: 0, sequence: 0, line: 0, offset: 0, segment: "", path: "")
      super(message)
      @code = code
      @errno = errno
      @sequence = sequence
      @line = line
      @offset = offset
      @segment = segment
      @path = path
    end

    # The exception of the class that belongs to `code`. The native part raises what this returns.
    def self.from_native(code, message, errno, sequence, line, offset, segment, path)
      CLASSES.fetch(code, Error).new(message, code: code, errno: errno, sequence: sequence, line: line, offset: offset,
                                              segment: segment, path: path)
    end
  end

  # A nonsense option, or a path that names a segment where a journal is meant.
  class InvalidArgumentError < Error; end
  # An allocation failed; nothing was changed.
  class OutOfMemoryError < Error; end
  # The system refused; `errno` says why.
  class InputOutputError < Error; end
  # Disk, quota or file size limit is full. What was begun is taken back and the journal stays usable.
  class NoSpaceError < Error; end
  # A directory, FIFO, socket or device stands at the path.
  class NotAFileError < Error; end
  # Another writer has the journal open. Readers need no lock.
  class LockedError < Error; end
  # The file is no journal; not one byte of it was changed.
  class BadHeaderError < Error; end
  # A journal of another format version; nothing was changed.
  class UnsupportedVersionError < Error; end
  # A record given to append is not one line of strict JSON; nothing was written.
  class InvalidJSONError < Error; end
  # A record is longer than max_record_bytes.
  class TooLargeError < Error; end
  # What may have been acknowledged is damaged; the place says where.
  class CorruptError < Error; end
  # There is a torn tail, and the journal was opened with torn_tail: :refuse.
  class TornError < Error; end
  # The records asked for were removed by retention or prune.
  class PrunedError < Error; end
  # An earlier sync failed: close the journal and open it anew.
  class PoisonedError < Error; end
  # The handle was opened by a parent process; open the journal anew in this one.
  class ForkedError < Error; end
  # A record is JSON but the codec cannot read it; `cause` has the codec's words.
  class DecodeError < Error; end
  # The journal or cursor was closed already.
  class ClosedError < Error; end

  class Error
    CLASSES = {
      "INVALID_ARGUMENT" => InvalidArgumentError, "NO_MEMORY" => OutOfMemoryError, "IO" => InputOutputError,
      "NO_SPACE" => NoSpaceError, "NOT_A_FILE" => NotAFileError, "LOCKED" => LockedError,
      "BAD_HEADER" => BadHeaderError, "UNSUPPORTED_VERSION" => UnsupportedVersionError,
      "INVALID_JSON" => InvalidJSONError, "TOO_LARGE" => TooLargeError, "CORRUPT" => CorruptError, "TORN" => TornError,
      "PRUNED" => PrunedError, "POISONED" => PoisonedError, "FORKED" => ForkedError, "DECODE" => DecodeError,
      "CLOSED" => ClosedError
    }.freeze
    private_constant :CLASSES
  end
end
