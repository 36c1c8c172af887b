// A reader of a journal or segment: records one by one or in batches, to the end or on from there.
using System;
using System.Collections;
using System.Collections.Generic;
using System.Diagnostics;
using System.Threading;

namespace Ministore
{
    /// <summary>What ended a wait.</summary>
    public enum Waited
    {
        /// <summary>There is something to read: a record, or a failure that the next read throws.</summary>
        Ready,
        /// <summary>The time has passed.</summary>
        Timeout,
        /// <summary>Interrupt was called.</summary>
        Interrupted,
    }

    /// <summary>
    /// A reader, made by Journal.Replay, Stream and Follow. It crosses into C once for a batch of records. At its end it can
    /// be enumerated again and goes on with what was appended since; one that follows waits there. It belongs to one thread
    /// at a time, but any may call Interrupt and Dispose.
    /// </summary>
    public sealed class Cursor<T> : IEnumerable<Record<T>>, IDisposable
    {
        private readonly Native.CursorHandle handle;
        private readonly ICodec<T> codec;
        private readonly Action<MinistoreException> onBadLine; // null: failures are thrown
        private readonly bool following;
        private readonly TimeSpan timeout;
        private readonly CancellationToken cancellation;
        private Batch batch = Batch.Empty;
        private int index; // of the next record in the batch
        private int interrupted;

        internal Cursor(string path, ICodec<T> codec, ReadOptions options, int scope, bool following)
        {
            if (codec == null) throw new ArgumentNullException("codec");
            this.codec = codec;
            this.following = following;
            Path = path;
            onBadLine = options.OnBadLine;
            timeout = options.Timeout ?? Timeout.InfiniteTimeSpan;
            cancellation = options.Cancellation;
            using (Native.CursorOptions given = options.ToNative(scope, following))
                handle = new Native.CursorHandle(Journal.PathBytes(path), given);
        }

        /// <summary>The path as it was given.</summary>
        public string Path { get; }

        /// <summary>Whether the cursor was closed.</summary>
        public bool IsClosed
        {
            get { return handle.is_closed(); }
        }

        /// <summary>
        /// Read the next record; false at the end. One that follows waits for it, until nothing came for the time given, or
        /// Interrupt is called.
        /// </summary>
        public bool TryRead(out Record<T> record)
        {
            while (index < batch.Count || Advance())
                if (Decode(out record)) return true;
            record = null;
            return false;
        }

        /// <summary>The records that are still to be read.</summary>
        public IEnumerator<Record<T>> GetEnumerator()
        {
            Record<T> record;
            while (TryRead(out record)) yield return record;
        }

        IEnumerator IEnumerable.GetEnumerator()
        {
            return GetEnumerator();
        }

        /// <summary>What is still to be read, undecoded, in the batches in which it comes from C.</summary>
        public IEnumerable<Batch> Batches()
        {
            while (index < batch.Count || Advance())
            {
                Batch rest = index == 0 ? batch : batch.From(index);
                batch = Batch.Empty;
                index = 0;
                yield return rest;
            }
        }

        /// <summary>Wait until there is something to read; Timeout.InfiniteTimeSpan: for ever.</summary>
        public Waited Wait(TimeSpan time, CancellationToken token = default(CancellationToken))
        {
            if (index < batch.Count) return Waited.Ready;
            Stopwatch clock = Stopwatch.StartNew();
            using (token.Register(handle.interrupt))
            {
                while (true)
                {
                    token.ThrowIfCancellationRequested();
                    if (Interlocked.Exchange(ref interrupted, 0) != 0) return Waited.Interrupted;
                    int status = handle.wait(Milliseconds(time, clock.Elapsed));
                    if (status == Native.MinistoreNative.OK) return Waited.Ready;
                    if (status == Native.MinistoreNative.TIMEOUT) return Waited.Timeout;
                    // Interrupted: by one of the two, as the next turn sees, or by a signal of the runtime's own.
                }
            }
        }

        /// <summary>End a wait, now or the next one, and the enumeration that waits. Any thread may call.</summary>
        public void Interrupt()
        {
            Interlocked.Exchange(ref interrupted, 1);
            handle.interrupt();
        }

        /// <summary>Where the cursor is, what the journal holds, and, at the end, how much of a torn tail is behind it.</summary>
        public ReaderInfo Stat()
        {
            using (var info = new Native.CursorInfo())
            {
                handle.stat(info);
                return new ReaderInfo(info, (ulong)(batch.Count - index));
            }
        }

        /// <summary>Close the cursor; a thread that waits with it gets ObjectDisposedException. Twice is fine.</summary>
        public void Dispose()
        {
            handle.close();
        }

        // Reads a batch, having waited for it if the cursor follows; false at the end.
        private bool Advance()
        {
            do
            {
                Batch read = Read();
                if (read != null)
                {
                    batch = read;
                    index = 0;
                    return true;
                }
            }
            while (following && Wait(timeout, cancellation) == Waited.Ready);
            return false;
        }

        // Tells the caller's action of a bad line, behind which the next read goes on.
        private Batch Read()
        {
            while (true)
            {
                MinistoreException bad;
                try
                {
                    return handle.read();
                }
                catch (MinistoreException failure) when (CanBePassed(failure))
                {
                    bad = failure;
                }
                onBadLine(bad);
            }
        }

        private bool CanBePassed(MinistoreException failure)
        {
            return onBadLine != null && (failure.Code == ErrorCode.Corrupt || failure.Code == ErrorCode.TooLarge);
        }

        // The next record of the batch; false if it does not decode and was passed.
        private bool Decode(out Record<T> record)
        {
            ArraySegment<byte> bytes = batch[index];
            ulong sequence = batch.Sequence + (ulong)index;
            ulong line = batch.Line + (ulong)index;
            ulong offset = batch.Offset + (ulong)bytes.Offset;
            try
            {
                T value = codec.Decode(bytes.Array, bytes.Offset, bytes.Count);
                record = new Record<T>(value, sequence, batch.Segment, line, offset);
                index++;
                return true;
            }
            catch (Exception cause)
            {
                string message = batch.Segment + ":" + line + ": record " + sequence + " does not decode: " + cause.Message;
                var failure = new MinistoreException(
                    ErrorCode.Decode, message, 0, sequence, line, offset, batch.Segment, Path, cause);
                if (onBadLine == null) throw failure;
                index++;
                onBadLine(failure);
                record = null;
                return false;
            }
        }

        // A negative number is for ever.
        private static long Milliseconds(TimeSpan time, TimeSpan spent)
        {
            if (time == Timeout.InfiniteTimeSpan) return -1;
            double left = Math.Ceiling((time - spent).TotalMilliseconds);
            return left > 0 ? (long)left : 0;
        }
    }
}
