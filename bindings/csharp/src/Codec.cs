// How values become records and back.
using System;
using System.Text;

namespace Ministore
{
    /// <summary>How values become records and back. Used by many threads at once.</summary>
    public interface ICodec<T>
    {
        /// <summary>One JSON text on one line, in UTF-8. What it throws becomes ErrorCode.InvalidJson.</summary>
        byte[] Encode(T value);

        /// <summary>
        /// The value of the record that is `count` bytes from `offset` on; the array is not to be kept or changed. What
        /// it throws becomes ErrorCode.Decode.
        /// </summary>
        T Decode(byte[] data, int offset, int count);
    }

    /// <summary>The codecs that leave the JSON to others.</summary>
    public static class Codec
    {
        /// <summary>Records as they are.</summary>
        public static readonly ICodec<byte[]> Bytes = new BytesCodec();

        /// <summary>Records as text.</summary>
        public static readonly ICodec<string> Text = new TextCodec();

        private sealed class BytesCodec : ICodec<byte[]>
        {
            public byte[] Encode(byte[] value)
            {
                return value;
            }

            public byte[] Decode(byte[] data, int offset, int count)
            {
                var record = new byte[count];
                Buffer.BlockCopy(data, offset, record, 0, count);
                return record;
            }
        }

        // Half a surrogate pair is refused, where Encoding.UTF8 would write another character.
        private sealed class TextCodec : ICodec<string>
        {
            private static readonly Encoding Utf8 = new UTF8Encoding(false, true);

            public byte[] Encode(string value)
            {
                return Utf8.GetBytes(value);
            }

            public string Decode(byte[] data, int offset, int count)
            {
                return Utf8.GetString(data, offset, count);
            }
        }
    }
}
