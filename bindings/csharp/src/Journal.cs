// The door to the package, and a journal open for writing.
using System;
using System.Collections.Generic;
using System.IO;
using System.Text;

namespace Ministore
{
    /// <summary>An embedded write-ahead journal of JSON records in plain text files.</summary>
    public static class Journal
    {
        private const ulong MaxRecordBytes = 64 << 20;

        /// <summary>The version of the core, such as "0.2.0".</summary>
        public static string Version
        {
            get { return Native.MinistoreNative.version(); }
        }

        /// <summary>Open a journal for writing; make it, and missing folders, if it is not there.</summary>
        public static Journal<T> Open<T>(string path, ICodec<T> codec, JournalOptions options = null)
        {
            return new Journal<T>(path, codec, options ?? new JournalOptions());
        }

        /// <summary>Read all records, oldest first, to the end. A missing journal is empty.</summary>
        public static Cursor<T> Replay<T>(string path, ICodec<T> codec, ReadOptions options = null)
        {
            return new Cursor<T>(path, codec, options ?? new ReadOptions(), Native.MinistoreNative.REPLAY, false);
        }

        /// <summary>Read the one segment file named, active or archived, and no other.</summary>
        public static Cursor<T> Stream<T>(string path, ICodec<T> codec, ReadOptions options = null)
        {
            return new Cursor<T>(path, codec, options ?? new ReadOptions(), Native.MinistoreNative.STREAM, false);
        }

        /// <summary>Read all records and wait at the end for more, also across rotations.</summary>
        public static Cursor<T> Follow<T>(string path, ICodec<T> codec, ReadOptions options = null)
        {
            return new Cursor<T>(path, codec, options ?? new ReadOptions(), Native.MinistoreNative.REPLAY, true);
        }

        /// <summary>
        /// Check every header, line, number and digest. Changes nothing and needs no lock. Throws the first problem,
        /// whose Verified has all.
        /// </summary>
        public static VerifyInfo Verify(string path, ulong maxRecordBytes = MaxRecordBytes)
        {
            using (var info = new Native.VerifyInfo())
            {
                try
                {
                    Native.MinistoreNative.verify(PathBytes(path), maxRecordBytes, info);
                }
                catch (MinistoreException problem)
                {
                    problem.Verified = new VerifyInfo(info);
                    throw;
                }
                return new VerifyInfo(info);
            }
        }

        /// <summary>
        /// Make a journal writable again: cut the active segment from its first bad commit on, saving the bytes to
        /// PATH.torn. A dry run changes nothing and tells what would be done.
        /// </summary>
        public static RepairInfo Repair(string path, bool dryRun = false, ulong maxRecordBytes = MaxRecordBytes)
        {
            using (var info = new Native.RepairInfo())
            {
                Native.MinistoreNative.repair(PathBytes(path), dryRun, maxRecordBytes, info);
                return new RepairInfo(info);
            }
        }

        /// <summary>Check that bytes are one JSON text as Append takes it.</summary>
        public static void Validate(byte[] record)
        {
            if (record == null) throw new ArgumentNullException("record");
            Native.MinistoreNative.validate(record, record.Length);
        }

        // Ended by a NUL; one within would cut the path short.
        internal static byte[] PathBytes(string path)
        {
            if (path == null) throw new ArgumentNullException("path");
            if (path.IndexOf('\0') >= 0) throw new ArgumentException("a path holds no NUL", "path");
            return Encoding.UTF8.GetBytes(path + "\0");
        }
    }

    /// <summary>
    /// A journal open for writing; made by Journal.Open. Any number of threads may use it at once: appends that wait at the
    /// same time share one write and one sync. After Dispose every other call throws ObjectDisposedException.
    /// </summary>
    public sealed class Journal<T> : IDisposable
    {
        private readonly Native.JournalHandle handle;
        private readonly ICodec<T> codec;

        internal Journal(string path, ICodec<T> codec, JournalOptions options)
        {
            if (codec == null) throw new ArgumentNullException("codec");
            this.codec = codec;
            Path = path;
            using (Native.Options given = options.ToNative())
                handle = new Native.JournalHandle(Journal.PathBytes(path), given);
        }

        /// <summary>The path as it was given.</summary>
        public string Path { get; }

        /// <summary>Whether the journal was closed.</summary>
        public bool IsClosed
        {
            get { return handle.is_closed(); }
        }

        /// <summary>Append one record, durable when this returns (with Sync.Manual: after the next Sync); its number.</summary>
        public ulong Append(T value)
        {
            byte[] record = Encode(value, 1);
            return handle.append(record, record.Length);
        }

        /// <summary>
        /// Append records as one commit: after a crash all of them are there or none. The last one's number, 0 if there are
        /// none. If one is refused, none is written, and Line of the exception is its number from 1.
        /// </summary>
        public ulong AppendAll(IEnumerable<T> values)
        {
            var lines = new MemoryStream();
            ulong number = 0;
            foreach (T value in values)
            {
                byte[] record = EncodeLine(value, ++number);
                lines.Write(record, 0, record.Length);
                lines.WriteByte((byte)'\n');
            }
            return handle.append_batch(lines.GetBuffer(), (int)lines.Length);
        }

        /// <summary>Make durable what was appended; needed with Sync.Manual only.</summary>
        public void Sync()
        {
            handle.sync();
        }

        /// <summary>Archive the active segment and begin a new one; nothing if it holds no record.</summary>
        public void Rotate()
        {
            handle.rotate();
        }

        /// <summary>Remove archived segments all of whose records are older than number `before`; how many went.</summary>
        public uint Prune(ulong before)
        {
            return handle.prune(before);
        }

        /// <summary>What the journal holds, and what open cut from its end.</summary>
        public JournalInfo Stat()
        {
            using (var info = new Native.Info())
            {
                handle.stat(info);
                return new JournalInfo(info);
            }
        }

        /// <summary>
        /// Wait for calls under way, sync what is not yet durable and release the lock. Throws if the last sync failed; the
        /// journal is closed all the same. A second time is fine.
        /// </summary>
        public void Close()
        {
            handle.close();
        }

        /// <summary>As Close.</summary>
        public void Dispose()
        {
            Close();
        }

        private byte[] Encode(T value, ulong number)
        {
            byte[] record;
            try
            {
                record = codec.Encode(value);
            }
            catch (Exception cause)
            {
                string message = "record " + number + " cannot be encoded: " + cause.Message;
                throw MinistoreException.Refused(message, Path, number, 0, cause);
            }
            if (record == null) throw new ArgumentNullException("value");
            return record;
        }

        // A line feed inside a record would make two of it.
        private byte[] EncodeLine(T value, ulong number)
        {
            byte[] record = Encode(value, number);
            int at = Array.IndexOf(record, (byte)'\n');
            if (at < 0) return record;
            string message = "record " + number + " holds a line feed at byte " + at;
            throw MinistoreException.Refused(message, Path, number, (ulong)at, null);
        }
    }
}
