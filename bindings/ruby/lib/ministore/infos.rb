# What stat, verify and repair return: structs with the fields of the C structs.

module Ministore
  # Fills a struct from the native object of the same fields.
  module FromNative
    def from_native(native)
      new(*members.map { |member| native.public_send(member) })
    end
  end
  private_constant :FromNative

  # Of Journal#stat. `torn_bytes` and `torn_offset` are what open cut.
  Info = Struct.new(:segments, :first_sequence, :next_sequence, :durable_sequence, :bytes, :torn_bytes, :torn_offset) do
    extend FromNative
  end

  # Of Cursor#stat. `next_sequence` is the number of the record that comes next.
  CursorInfo = Struct.new(:segments, :first_sequence, :next_sequence, :bytes, :torn_bytes, :torn_offset) do
    extend FromNative
  end

  # Of verify.
  Verified = Struct.new(:segments, :records, :bytes, :problems, :torn_bytes, :uncovered, :first_sequence,
                        :next_sequence) do
    extend FromNative
  end

  # Of repair.
  Repaired = Struct.new(:cut_bytes, :cut_offset, :cut_lines, :cut_records, :archived_bad_lines, :next_sequence) do
    extend FromNative
  end
end
