// Writers and readers: values, threads, batches, following, interrupts, places of failures.
using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Ministore;

internal static class JournalTests
{
    private static void Write(string path, params string[] records)
    {
        using (Journal<string> journal = Journal.Open(path, Codec.Text)) journal.AppendAll(records);
    }

    private static List<string> Read(string path)
    {
        using (Cursor<string> cursor = Journal.Replay(path, Codec.Text)) return cursor.Select(record => record.Value).ToList();
    }

    public static void TextAndBytesKeepEveryCharacter(string folder)
    {
        string path = folder + "/größe 𝄞/journal";
        string[] records = { "9223372036854775807", "1.7976931348623157E308", "null", "[]", "{}", "\"é 𝄞 \\u0000\"" };
        Write(path, records);
        Check.That(records.SequenceEqual(Read(path)), "records");
        Check.That(File.Exists(path), "the path keeps its characters");
        using (Cursor<byte[]> cursor = Journal.Replay(path, Codec.Bytes))
            Check.That(records.SequenceEqual(cursor.Select(record => Encoding.UTF8.GetString(record.Value))), "as bytes");
    }

    public static void HalfASurrogatePairIsRefusedNotReplaced(string folder)
    {
        using (Journal<string> journal = Journal.Open(folder + "/journal", Codec.Text))
        {
            var refused = Check.Throws<MinistoreException>(() => journal.Append("\"\ud800\""));
            Check.Equal(ErrorCode.InvalidJson, refused.Code, "code");
            Check.Equal(1ul, journal.Stat().NextSequence, "nothing was written");
        }
    }

    public static void ALineFeedInARecordOfABatchIsRefusedWithItsPlace(string folder)
    {
        using (Journal<string> journal = Journal.Open(folder + "/journal", Codec.Text))
        {
            var refused = Check.Throws<MinistoreException>(() => journal.AppendAll(new[] { "1", "2\n3" }));
            Check.Equal(ErrorCode.InvalidJson, refused.Code, "code");
            Check.Equal(2ul, refused.Line, "line");
            Check.Equal(1ul, refused.Offset, "offset");
            Check.Equal(1ul, journal.Stat().NextSequence, "nothing was written");
        }
    }

    public static void APathWithANulIsRefused(string folder)
    {
        Check.Throws<ArgumentException>(() => Journal.Open(folder + "/j\0x", Codec.Text));
        Check.That(!File.Exists(folder + "/j"), "nothing was made");
    }

    public static void ManyThreadsAppend(string folder)
    {
        var sequences = new ConcurrentBag<ulong>();
        using (Journal<string> journal = Journal.Open(folder + "/journal", Codec.Text))
        {
            List<Thread> threads = Enumerable.Range(0, 16).Select(i => new Thread(() =>
            {
                for (int n = 0; n < 50; n++) sequences.Add(journal.Append(n.ToString()));
            })).ToList();
            threads.ForEach(thread => thread.Start());
            threads.ForEach(thread => thread.Join());
            Check.Equal(800ul, journal.Stat().DurableSequence, "durable");
        }
        Check.That(sequences.OrderBy(n => n).SequenceEqual(Enumerable.Range(1, 800).Select(n => (ulong)n)), "each number once");
        Check.Equal(800, Read(folder + "/journal").Count, "records");
    }

    public static void RecordsAndBatchesAreTheSame(string folder)
    {
        string path = folder + "/journal";
        string[] records = Enumerable.Range(0, 20000).Select(n => "{\"n\":" + n + "}").ToArray();
        Write(path, records);
        var got = new List<string>();
        int batches = 0;
        using (Cursor<string> cursor = Journal.Replay(path, Codec.Text))
        {
            Record<string> first;
            Check.That(cursor.TryRead(out first), "a first record");
            Check.Equal("1 2 journal", first.Sequence + " " + first.Line + " " + first.Segment, "its place");
            Check.Equal(2ul, cursor.Stat().NextSequence, "what comes next");
            got.Add(first.Value);
            foreach (Batch batch in cursor.Batches())
            {
                batches++;
                Check.Equal((ulong)got.Count + 1, batch.Sequence, "sequence");
                Check.Equal((ulong)got.Count + 2, batch.Line, "line");
                for (int i = 0; i < batch.Count; i++)
                    got.Add(Encoding.UTF8.GetString(batch[i].Array, batch[i].Offset, batch[i].Count));
            }
        }
        Check.That(batches > 1, "several batches");
        Check.That(records.SequenceEqual(got), "records");
    }

    public static void DamageIsThrownWithItsPlaceAndStays(string folder)
    {
        string path = folder + "/journal";
        Write(path, "1");
        File.AppendAllText(path, "bad\n2\n");
        using (Cursor<string> cursor = Journal.Replay(path, Codec.Text))
        {
            Record<string> record;
            Check.That(cursor.TryRead(out record), "the good one");
            for (int again = 0; again < 2; again++)
            {
                var failure = Check.Throws<MinistoreException>(() => cursor.TryRead(out record));
                Check.Equal("Corrupt journal 3 2", failure.Code + " " + failure.Segment + " " + failure.Line + " " + failure.Sequence, "place");
                Check.Equal(path, failure.Path, "path");
                Check.That(failure.Message.Contains("journal:3"), failure.Message);
            }
        }
    }

    public static void AMissingSegmentCanBePassed(string folder)
    {
        string path = folder + "/journal";
        using (Journal<string> journal = Journal.Open(path, Codec.Text))
        {
            for (int n = 1; n <= 3; n++)
            {
                journal.Append(n.ToString());
                journal.Rotate();
            }
        }
        File.Delete(path + ".002");
        var passed = new List<ErrorCode>();
        var options = new ReadOptions { OnBadLine = failure => passed.Add(failure.Code) };
        using (Cursor<string> cursor = Journal.Replay(path, Codec.Text, options))
            Check.Equal("1 3", string.Join(" ", cursor.Select(record => record.Value)), "records");
        Check.That(passed.SequenceEqual(new[] { ErrorCode.Corrupt }), "what was passed");
    }

    private sealed class Numbers : ICodec<int>
    {
        public byte[] Encode(int value)
        {
            return Encoding.ASCII.GetBytes(value.ToString());
        }

        public int Decode(byte[] data, int offset, int count)
        {
            return int.Parse(Encoding.ASCII.GetString(data, offset, count));
        }
    }

    public static void ARecordThatDoesNotDecodeIsAFailureWithItsPlace(string folder)
    {
        string path = folder + "/journal";
        Write(path, "1", "\"two\"", "3");
        using (Cursor<int> cursor = Journal.Replay(path, new Numbers()))
        {
            Record<int> record;
            Check.That(cursor.TryRead(out record) && record.Value == 1, "the first");
            var failure = Check.Throws<MinistoreException>(() => cursor.TryRead(out record));
            Check.Equal("Decode 3 2", failure.Code + " " + failure.Line + " " + failure.Sequence, "place");
            Check.That(failure.InnerException is FormatException, "the cause");
        }
        var passed = new List<ulong>();
        var options = new ReadOptions { OnBadLine = failure => passed.Add(failure.Line) };
        using (Cursor<int> cursor = Journal.Replay(path, new Numbers(), options))
            Check.That(cursor.Select(record => record.Value).SequenceEqual(new[] { 1, 3 }), "the others");
        Check.That(passed.SequenceEqual(new[] { 3ul }), "what was passed");
    }

    public static void AFollowerCrossesRotationsAndEndsAtItsTimeout(string folder)
    {
        string path = folder + "/journal";
        Write(path, "0");
        using (Cursor<string> cursor = Journal.Follow(path, Codec.Text, new ReadOptions { AtEnd = true }))
        {
            Task writer = Task.Run(() =>
            {
                using (Journal<string> journal = Journal.Open(path, Codec.Text, new JournalOptions { MaxBytesPerSegment = 100 }))
                    for (int n = 1; n <= 100; n++) journal.Append(n.ToString());
            });
            for (int n = 1; n <= 100; n++)
            {
                Record<string> record;
                Check.That(cursor.TryRead(out record), "another record");
                Check.Equal(n + ":" + (n + 1), record.Value + ":" + record.Sequence, "record");
            }
            writer.Wait();
        }
        using (Cursor<string> cursor = Journal.Follow(path, Codec.Text, new ReadOptions { Timeout = TimeSpan.Zero }))
        {
            Check.Equal(101, cursor.Count(), "records");
            Check.Equal(Waited.Timeout, cursor.Wait(TimeSpan.FromMilliseconds(1)), "at the end");
            cursor.Interrupt();
            Check.Equal(Waited.Interrupted, cursor.Wait(Timeout.InfiniteTimeSpan), "interrupted");
            Write(path, "101");
            Check.Equal(Waited.Ready, cursor.Wait(Timeout.InfiniteTimeSpan), "something new");
        }
    }

    public static void ATokenEndsAWaitAndLeavesNothingBehind(string folder)
    {
        var source = new CancellationTokenSource();
        using (Cursor<string> cursor = Journal.Follow(folder + "/journal", Codec.Text, new ReadOptions { Cancellation = source.Token }))
        {
            Task waiting = Task.Run(() => Check.Throws<OperationCanceledException>(() => cursor.Count()));
            source.Cancel();
            waiting.Wait();
            Check.Equal(Waited.Timeout, cursor.Wait(TimeSpan.Zero), "the next wait");
        }
    }

    /// <summary>Goal: the signals by which the runtime stops threads for the collector end no wait.</summary>
    public static void TheCollectorEndsNoWait(string folder)
    {
        using (Cursor<string> cursor = Journal.Follow(folder + "/journal", Codec.Text))
        {
            Task<int> waiting = Task.Run(() => cursor.Count());
            for (int i = 0; i < 50; i++) GC.Collect();
            Check.That(!waiting.IsCompleted, "it waits");
            cursor.Interrupt();
            Check.Equal(0, waiting.Result, "records");
        }
    }
}
