// The C# side of the matrix of languages. `Writer append JOURNAL SEGMENT_BYTES` appends the lines of stdin as records,
// two thirds one by one and the rest as one commit; `Writer replay JOURNAL` prints all records.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using Ministore;

internal static class Writer
{
    private static void Main(string[] arguments)
    {
        if (arguments[0] == "append") Append(arguments[1], ulong.Parse(arguments[2]));
        else if (arguments[0] == "replay") Replay(arguments[1]);
        else throw new ArgumentException("append JOURNAL SEGMENT_BYTES | replay JOURNAL");
    }

    private static void Append(string path, ulong segmentBytes)
    {
        var input = new StreamReader(Console.OpenStandardInput(), new UTF8Encoding(false));
        var records = new List<string>();
        for (string line = input.ReadLine(); line != null; line = input.ReadLine()) records.Add(line);
        int singles = records.Count * 2 / 3;
        using (var journal = Journal.Open(path, Codec.Text, new JournalOptions { MaxBytesPerSegment = segmentBytes }))
        {
            foreach (string record in records.Take(singles)) journal.Append(record);
            journal.AppendAll(records.Skip(singles));
        }
    }

    private static void Replay(string path)
    {
        using (var records = Journal.Replay(path, Codec.Bytes))
        using (var output = new BufferedStream(Console.OpenStandardOutput()))
        {
            foreach (Record<byte[]> record in records)
            {
                output.Write(record.Value, 0, record.Value.Length);
                output.WriteByte((byte)'\n');
            }
        }
    }
}
