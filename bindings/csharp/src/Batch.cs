// Records as they came over in one crossing from C, and a record by itself.
using System;

namespace Ministore
{
    /// <summary>
    /// Records on consecutive lines of one segment, as one array of bytes: the quick way to read much. Record i has number
    /// Sequence + i and stands on line Line + i. Between records are only white space and line ends, so that Data as a
    /// whole is JSON Lines.
    /// </summary>
    public sealed class Batch
    {
        internal static readonly Batch Empty = new Batch(new byte[0], new int[0], "", 1, 0, 0);

        private readonly int[] spans; // offset and size of each record in turn

        internal Batch(byte[] data, int[] spans, string segment, ulong sequence, ulong line, ulong offset)
        {
            Data = data;
            this.spans = spans;
            Segment = segment;
            Sequence = sequence;
            Line = line;
            Offset = offset;
        }

        /// <summary>The lines; not a copy.</summary>
        public byte[] Data { get; }

        /// <summary>How many records there are.</summary>
        public int Count
        {
            get { return spans.Length / 2; }
        }

        /// <summary>Record i: a part of Data.</summary>
        public ArraySegment<byte> this[int i]
        {
            get { return new ArraySegment<byte>(Data, spans[2 * i], spans[2 * i + 1]); }
        }

        /// <summary>The number of the first record.</summary>
        public ulong Sequence { get; }

        /// <summary>The file name of the segment.</summary>
        public string Segment { get; }

        /// <summary>The line of the first record.</summary>
        public ulong Line { get; }

        /// <summary>The byte offset of Data in the segment.</summary>
        public ulong Offset { get; }

        // What comes from record i on.
        internal Batch From(int i)
        {
            var rest = new int[spans.Length - 2 * i];
            Array.Copy(spans, 2 * i, rest, 0, rest.Length);
            return new Batch(Data, rest, Segment, Sequence + (ulong)i, Line + (ulong)i, Offset);
        }
    }

    /// <summary>A record with its number and place.</summary>
    public sealed class Record<T>
    {
        internal Record(T value, ulong sequence, string segment, ulong line, ulong offset)
        {
            Value = value;
            Sequence = sequence;
            Segment = segment;
            Line = line;
            Offset = offset;
        }

        /// <summary>What the codec made of it.</summary>
        public T Value { get; }

        /// <summary>Its number.</summary>
        public ulong Sequence { get; }

        /// <summary>The file name of its segment.</summary>
        public string Segment { get; }

        /// <summary>Its line in the segment, as an editor counts.</summary>
        public ulong Line { get; }

        /// <summary>Its byte offset in the segment.</summary>
        public ulong Offset { get; }
    }
}
