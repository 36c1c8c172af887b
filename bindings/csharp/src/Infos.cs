// What the calls that tell about a journal return.
namespace Ministore
{
    /// <summary>What Journal.Stat tells.</summary>
    public sealed class JournalInfo
    {
        internal JournalInfo(Native.Info info)
        {
            Segments = info.segments;
            FirstSequence = info.first_sequence;
            NextSequence = info.next_sequence;
            DurableSequence = info.durable_sequence;
            Bytes = info.bytes;
            TornBytes = info.torn_bytes;
            TornOffset = info.torn_offset;
        }

        /// <summary>How many segments there are, the active one included.</summary>
        public uint Segments { get; }

        /// <summary>Of the oldest record that is there; equal to NextSequence if there is none.</summary>
        public ulong FirstSequence { get; }

        /// <summary>The number the next record gets; 1 in a new journal.</summary>
        public ulong NextSequence { get; }

        /// <summary>The last record covered by a sync; 0 if none.</summary>
        public ulong DurableSequence { get; }

        /// <summary>Of all segments, without space allocated in advance.</summary>
        public ulong Bytes { get; }

        /// <summary>How much open cut from the end and saved to PATH.torn; 0 for nothing.</summary>
        public ulong TornBytes { get; }

        /// <summary>Where in the active segment it had begun.</summary>
        public ulong TornOffset { get; }
    }

    /// <summary>What Cursor.Stat tells.</summary>
    public sealed class ReaderInfo
    {
        internal ReaderInfo(Native.CursorInfo info, ulong unread)
        {
            Segments = info.segments;
            FirstSequence = info.first_sequence;
            NextSequence = info.next_sequence - unread;
            Bytes = info.bytes;
            TornBytes = info.torn_bytes;
            TornOffset = info.torn_offset;
        }

        /// <summary>Files of the journal as they are now, the active one included; 0 if there is none.</summary>
        public uint Segments { get; }

        /// <summary>Of the oldest record that is there.</summary>
        public ulong FirstSequence { get; }

        /// <summary>Of the record that the cursor hands out next.</summary>
        public ulong NextSequence { get; }

        /// <summary>Of all segments, space allocated in advance included.</summary>
        public ulong Bytes { get; }

        /// <summary>Behind the last complete commit; known at the end only.</summary>
        public ulong TornBytes { get; }

        /// <summary>Where in the active segment they begin.</summary>
        public ulong TornOffset { get; }
    }

    /// <summary>What Journal.Verify found.</summary>
    public sealed class VerifyInfo
    {
        internal VerifyInfo(Native.VerifyInfo info)
        {
            Segments = info.segments;
            Records = info.records;
            Bytes = info.bytes;
            Problems = info.problems;
            TornBytes = info.torn_bytes;
            Uncovered = info.uncovered;
            FirstSequence = info.first_sequence;
            NextSequence = info.next_sequence;
        }

        /// <summary>Files of the journal.</summary>
        public uint Segments { get; }

        /// <summary>Good records.</summary>
        public ulong Records { get; }

        /// <summary>Of all segments.</summary>
        public ulong Bytes { get; }

        /// <summary>Bad lines, headers, numbers, digests, segments.</summary>
        public ulong Problems { get; }

        /// <summary>A torn tail behind the last complete commit: no problem, open cuts it.</summary>
        public ulong TornBytes { get; }

        /// <summary>Archived segments whose digest the next one does not carry.</summary>
        public ulong Uncovered { get; }

        /// <summary>Of the oldest record that is there.</summary>
        public ulong FirstSequence { get; }

        /// <summary>The number the next record gets.</summary>
        public ulong NextSequence { get; }
    }

    /// <summary>What Journal.Repair did, or would do.</summary>
    public sealed class RepairInfo
    {
        internal RepairInfo(Native.RepairInfo info)
        {
            CutBytes = info.cut_bytes;
            CutOffset = info.cut_offset;
            CutLines = info.cut_lines;
            CutRecords = info.cut_records;
            ArchivedBadLines = info.archived_bad_lines;
            NextSequence = info.next_sequence;
        }

        /// <summary>Cut from the active segment and saved to PATH.torn; 0: nothing was to be done.</summary>
        public ulong CutBytes { get; }

        /// <summary>Where the cut began.</summary>
        public ulong CutOffset { get; }

        /// <summary>Ended lines among them.</summary>
        public ulong CutLines { get; }

        /// <summary>Good records among them: the price of the repair.</summary>
        public ulong CutRecords { get; }

        /// <summary>Left as they are: readers go round them.</summary>
        public ulong ArchivedBadLines { get; }

        /// <summary>The number the next record gets afterwards.</summary>
        public ulong NextSequence { get; }
    }
}
