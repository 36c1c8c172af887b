// The exception of ministore: what failed, by its code, and the place where.
using System;

namespace Ministore
{
    /// <summary>What failed.</summary>
    public enum ErrorCode
    {
        /// <summary>A code newer than this package.</summary>
        Unknown,
        /// <summary>A nonsense option, or a path that names a segment where a journal is meant.</summary>
        InvalidArgument,
        /// <summary>An allocation failed; nothing was changed.</summary>
        NoMemory,
        /// <summary>The system refused; OsError says why.</summary>
        Io,
        /// <summary>Disk, quota or file size limit is full. What was begun is taken back.</summary>
        NoSpace,
        /// <summary>A directory, FIFO, socket or device stands at the path.</summary>
        NotAFile,
        /// <summary>Another writer has the journal open. Readers need no lock.</summary>
        Locked,
        /// <summary>The file is no journal; not one byte of it was changed.</summary>
        BadHeader,
        /// <summary>A journal of another format version; nothing was changed.</summary>
        UnsupportedVersion,
        /// <summary>A record given to Append is not one line of strict JSON; nothing was written.</summary>
        InvalidJson,
        /// <summary>A record is longer than MaxRecordBytes.</summary>
        TooLarge,
        /// <summary>What may have been acknowledged is damaged; the place says where.</summary>
        Corrupt,
        /// <summary>There is a torn tail, and the journal was opened with TornTail.Refuse.</summary>
        Torn,
        /// <summary>The records asked for were removed by retention or Prune.</summary>
        Pruned,
        /// <summary>An earlier sync failed: close the journal and open it anew.</summary>
        Poisoned,
        /// <summary>The handle was opened by a parent process.</summary>
        Forked,
        /// <summary>A record is JSON but does not fit the codec; InnerException has its words.</summary>
        Decode,
    }

    /// <summary>
    /// A failure of ministore, with its place where there is one. For a record that Append refuses, Line is its number in
    /// the batch from 1, Offset the byte in it and Segment is empty; for a damaged journal they are the place in the
    /// segment file. 0 and "" stand for "does not apply".
    /// </summary>
    public sealed class MinistoreException : Exception
    {
        internal MinistoreException(
            ErrorCode code, string message, int osError, ulong sequence, ulong line, ulong offset, string segment,
            string path, Exception cause)
            : base(message, cause)
        {
            Code = code;
            OsError = osError;
            Sequence = sequence;
            Line = line;
            Offset = offset;
            Segment = segment;
            Path = path;
        }

        /// <summary>What failed.</summary>
        public ErrorCode Code { get; }

        /// <summary>errno of the system call that failed, or 0.</summary>
        public int OsError { get; }

        /// <summary>The number of the record concerned, or 0.</summary>
        public ulong Sequence { get; }

        /// <summary>The line in the segment, as an editor counts, or the number in the batch, or 0.</summary>
        public ulong Line { get; }

        /// <summary>The byte offset in the segment or refused record.</summary>
        public ulong Offset { get; }

        /// <summary>The file name of the segment concerned, or "".</summary>
        public string Segment { get; }

        /// <summary>The journal's path as it was given.</summary>
        public string Path { get; }

        /// <summary>What Journal.Verify found in all, on the exception that it throws; null on others.</summary>
        public VerifyInfo Verified { get; internal set; }

        // A record that Append refuses before the core has seen it.
        internal static MinistoreException Refused(string message, string path, ulong line, ulong offset, Exception cause)
        {
            return new MinistoreException(ErrorCode.InvalidJson, message, 0, 0, line, offset, "", path, cause);
        }

        // NOT_A_FILE is NotAFile.
        internal static ErrorCode CodeOf(string name)
        {
            ErrorCode code;
            return Enum.TryParse(name.Replace("_", ""), true, out code) ? code : ErrorCode.Unknown;
        }
    }
}
