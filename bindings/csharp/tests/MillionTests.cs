// A million records appended, in batches and singly, and replayed: the memory of the process does not grow with them.
using System;
using System.IO;
using System.Linq;
using System.Text;
using Ministore;

internal static class MillionTests
{
    private const int Million = 1000000;
    // Far less than the 110 MB of a journal.
    private const long Bound = 48 << 20;

    private static readonly byte[] Record = Encoding.ASCII.GetBytes("{\"text\":\"" + new string('x', 100) + "\"}");

    public static void InBatches(string folder)
    {
        byte[][] batch = Enumerable.Repeat(Record, 1000).ToArray();
        AppendAndReplay(folder + "/journal", journal => journal.AppendAll(batch), batch.Length);
    }

    public static void Singly(string folder)
    {
        AppendAndReplay(folder + "/journal", journal => journal.Append(Record), 1);
    }

    // The first tenth and its replay warm up: the heap has its size then, and code is compiled.
    private static void AppendAndReplay(string path, Action<Journal<byte[]>> append, int records)
    {
        using (Journal<byte[]> journal = Journal.Open(path, Codec.Bytes, new JournalOptions { Sync = Sync.Manual }))
        {
            for (int n = 0; n < Million / 10; n += records) append(journal);
            for (int round = 0; round < 5; round++) Check.Equal(Million / 10, Replay(path), "records");
            long before = Resident();
            for (int n = Million / 10; n < Million; n += records) append(journal);
            journal.Sync();
            Check.Equal((ulong)Million, journal.Stat().DurableSequence, "durable");
            Check.Equal(Million, Replay(path), "records");
            Check.Equal(Million, Replay(path), "records");
            long grown = Resident() - before;
            Check.That(grown < Bound, "grown by " + grown + " bytes");
        }
    }

    private static int Replay(string path)
    {
        using (Cursor<byte[]> cursor = Journal.Replay(path, Codec.Bytes))
            return cursor.Count(record => record.Value.Length == Record.Length);
    }

    private static long Resident()
    {
        string line = File.ReadLines("/proc/self/status").First(one => one.StartsWith("VmRSS:"));
        return 1024 * long.Parse(new string(line.Where(char.IsDigit).ToArray()));
    }
}
