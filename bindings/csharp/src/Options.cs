// How a journal is opened and read. What is null is at its default.
using System;
using System.Threading;

namespace Ministore
{
    /// <summary>When an append is durable.</summary>
    public enum Sync
    {
        /// <summary>When it returns.</summary>
        Always,
        /// <summary>When the next Sync, Rotate or Dispose has returned: for bulk loads.</summary>
        Manual,
    }

    /// <summary>What open does with a torn tail: what a crash left behind the last complete commit.</summary>
    public enum TornTail
    {
        /// <summary>Save it to PATH.torn, then cut it.</summary>
        Cut,
        /// <summary>Fail with ErrorCode.Torn and change nothing.</summary>
        Refuse,
    }

    /// <summary>How a journal is opened.</summary>
    public sealed class JournalOptions
    {
        /// <summary>Permission bits of files made anew; 0600.</summary>
        public uint? Mode { get; set; }

        /// <summary>Rotate when the active segment has reached this; never. Not 0.</summary>
        public ulong? MaxBytesPerSegment { get; set; }

        /// <summary>Keep so many segments, the active one included, and REMOVE older ones at each rotation; all.</summary>
        public uint? MaxSegments { get; set; }

        /// <summary>When an append is durable.</summary>
        public Sync Sync { get; set; }

        /// <summary>What open does with a torn tail.</summary>
        public TornTail TornTail { get; set; }

        /// <summary>The longest record; 64 MiB.</summary>
        public ulong? MaxRecordBytes { get; set; }

        /// <summary>Extend the active segment in steps of this: quicker, but while it is open it ends in NULs.</summary>
        public ulong PreallocateBytes { get; set; }

        internal Native.Options ToNative()
        {
            var options = new Native.Options();
            if (Mode.HasValue) options.mode = Mode.Value;
            if (MaxBytesPerSegment.HasValue) options.max_bytes_per_segment = MaxBytesPerSegment.Value;
            if (MaxSegments.HasValue) options.max_segments = MaxSegments.Value;
            options.sync = (uint)Sync;
            options.torn_tail = (uint)TornTail;
            if (MaxRecordBytes.HasValue) options.max_record_bytes = MaxRecordBytes.Value;
            options.preallocate_bytes = PreallocateBytes;
            return options;
        }
    }

    /// <summary>How a journal is read.</summary>
    public sealed class ReadOptions
    {
        /// <summary>The first record to read; 0: the oldest there is.</summary>
        public ulong From { get; set; }

        /// <summary>Begin behind the last record: for following.</summary>
        public bool AtEnd { get; set; }

        /// <summary>Takes each failure at a bad line, behind which the reading then goes on; null: it is thrown.</summary>
        public Action<MinistoreException> OnBadLine { get; set; }

        /// <summary>The longest line taken into memory; 64 MiB.</summary>
        public ulong? MaxRecordBytes { get; set; }

        /// <summary>Sync what is new before handing it out; on for following, else off.</summary>
        public bool? Durable { get; set; }

        /// <summary>How long following waits for a record until an enumeration ends; null: for ever.</summary>
        public TimeSpan? Timeout { get; set; }

        /// <summary>Ends an enumeration that waits, by OperationCanceledException.</summary>
        public CancellationToken Cancellation { get; set; }

        internal Native.CursorOptions ToNative(int scope, bool following)
        {
            var options = new Native.CursorOptions();
            options.scope = (uint)scope;
            options.from = From;
            options.at_end = AtEnd ? 1u : 0u;
            options.on_bad_line =
                (uint)(OnBadLine == null ? Native.MinistoreNative.BAD_LINE_STOP : Native.MinistoreNative.BAD_LINE_SKIP);
            options.durable = (Durable ?? following) ? 1u : 0u;
            if (MaxRecordBytes.HasValue) options.max_record_bytes = MaxRecordBytes.Value;
            return options;
        }
    }
}
