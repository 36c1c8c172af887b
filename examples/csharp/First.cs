// The first five lines: append durably, replay in order. Records are JSON text.
// mcs -r:Ministore.dll First.cs && mono First.exe
using System;
using Ministore;

internal static class First
{
    private static void Main()
    {
        using (var journal = Journal.Open("events.jsonl", Codec.Text))
            journal.Append("{\"type\":\"greeting\",\"text\":\"hello\"}"); // on the disk when this returns
        using (var records = Journal.Replay("events.jsonl", Codec.Text))
            foreach (var record in records) Console.WriteLine(record.Sequence + " " + record.Value);
    }
}
