// Handles that are used wrongly or forgotten: each misuse is an exception, and nothing crashes in any order.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;
using Ministore;

internal static class LifetimeTests
{
    private static Journal<string> Filled(string folder, int records)
    {
        Journal<string> journal = Journal.Open(folder + "/journal", Codec.Text, new JournalOptions { Sync = Sync.Manual });
        journal.AppendAll(Enumerable.Repeat("\"record\"", records));
        return journal;
    }

    private static void Closed(Action call)
    {
        Check.Throws<ObjectDisposedException>(call);
    }

    public static void AClosedJournalRefusesAllButClose(string folder)
    {
        Journal<string> journal = Filled(folder, 1);
        Check.That(!journal.IsClosed, "open");
        journal.Close();
        journal.Dispose();
        Check.That(journal.IsClosed, "closed");
        Closed(() => journal.Append("1"));
        Closed(() => journal.AppendAll(new[] { "1" }));
        Closed(journal.Sync);
        Closed(journal.Rotate);
        Closed(() => journal.Prune(1));
        Closed(() => journal.Stat());
    }

    public static void AClosedCursorRefusesAllButClose(string folder)
    {
        Filled(folder, 2).Dispose();
        Cursor<string> cursor = Journal.Follow(folder + "/journal", Codec.Text);
        cursor.Dispose();
        cursor.Dispose();
        Check.That(cursor.IsClosed, "closed");
        Closed(() => cursor.Count());
        Closed(() => cursor.Batches().Count());
        Closed(() => cursor.Stat());
        Closed(() => cursor.Wait(TimeSpan.Zero));
        cursor.Interrupt();
    }

    public static void NullIsRefusedBeforeItReachesTheLibrary(string folder)
    {
        Check.Throws<ArgumentNullException>(() => Journal.Validate(null));
        Check.Throws<ArgumentNullException>(() => Journal.Verify(null));
        Check.Throws<ArgumentNullException>(() => Journal.Open(null, Codec.Text));
        Check.Throws<ArgumentNullException>(() => Journal.Open<string>(folder + "/journal", null));
        Check.Throws<ArgumentNullException>(() => Journal.Replay<string>(folder + "/journal", null));
        using (Journal<byte[]> journal = Journal.Open(folder + "/journal", Codec.Bytes))
        {
            Check.Throws<ArgumentNullException>(() => journal.Append(null));
            Check.Throws<ArgumentNullException>(() => journal.AppendAll(new byte[][] { null }));
            Check.Equal(1ul, journal.Stat().NextSequence, "nothing was written");
        }
    }

    public static void ACursorOutlivesTheJournal(string folder)
    {
        Cursor<string> cursor;
        Record<string> record;
        using (Filled(folder, 100000))
        {
            cursor = Journal.Replay(folder + "/journal", Codec.Text);
            Check.That(cursor.TryRead(out record), "a record");
        }
        Check.Equal(99999, cursor.Count(), "the others");
        cursor.Dispose();
    }

    public static void AnExceptionInTheBlockClosesTheJournal(string folder)
    {
        Check.Throws<InvalidOperationException>(() =>
        {
            using (Filled(folder, 1)) throw new InvalidOperationException();
        });
        Filled(folder, 1).Dispose();
    }

    public static void AnExceptionOfTheCallerOfBadLinesGoesThroughAndTheCursorGoesOn(string folder)
    {
        Filled(folder, 1).Dispose();
        File.AppendAllText(folder + "/journal", "bad\n\"after\"\n");
        var options = new ReadOptions { OnBadLine = failure => { throw new InvalidOperationException(); } };
        using (Cursor<string> cursor = Journal.Replay(folder + "/journal", Codec.Text, options))
        {
            Record<string> record;
            Check.That(cursor.TryRead(out record), "the good one");
            Check.Throws<InvalidOperationException>(() => cursor.TryRead(out record));
            Check.That(cursor.TryRead(out record) && record.Value == "\"after\"", "the one behind");
        }
    }

    // In a method of its own, so that no frame keeps it.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Forget(string folder)
    {
        var forgetting = new Thread(() => Filled(folder, 1));
        forgetting.Start();
        forgetting.Join();
    }

    /// <summary>Goal: a forgotten journal gives its lock free once it is collected.</summary>
    public static void AForgottenJournalIsClosedByTheCollector(string folder)
    {
        Forget(folder);
        while (true)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            try
            {
                Filled(folder, 1).Dispose();
                return;
            }
            catch (MinistoreException locked)
            {
                Check.Equal(ErrorCode.Locked, locked.Code, "code");
            }
        }
    }

    public static void GarbageIsCollectedInAnyOrder(string folder)
    {
        Filled(folder, 10000).Dispose();
        var kept = new List<object>();
        for (int round = 0; round < 200; round++)
        {
            Cursor<string> cursor = Journal.Replay(folder + "/journal", Codec.Text);
            Record<string> record;
            Check.That(cursor.TryRead(out record), "a record");
            object[] all = { cursor, record, cursor.Batches().First(), cursor.GetEnumerator() };
            kept.Add(all[round % all.Length]);
            if (round % 3 == 0) cursor.Dispose();
            if (round % 50 == 0) GC.Collect();
        }
        kept.Clear();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        using (Cursor<string> cursor = Journal.Replay(folder + "/journal", Codec.Text)) Check.Equal(10000, cursor.Count(), "records");
    }

    /// <summary>Goal: closing waits for the appends under way; later ones are refused, and what returned is there.</summary>
    public static void ClosingWhileThreadsAppend(string folder)
    {
        Journal<string> journal = Journal.Open(folder + "/journal", Codec.Text);
        var last = new ulong[8];
        List<Thread> threads = Enumerable.Range(0, last.Length).Select(i => new Thread(() =>
        {
            Closed(() =>
            {
                while (true) last[i] = journal.Append("1");
            });
        })).ToList();
        threads.ForEach(thread => thread.Start());
        while (journal.Stat().NextSequence < 100) Thread.Yield();
        journal.Dispose();
        threads.ForEach(thread => thread.Join());
        using (Cursor<string> cursor = Journal.Replay(folder + "/journal", Codec.Text))
            Check.Equal(last.Max(), (ulong)cursor.Count(), "records");
    }

    /// <summary>Goal: whoever waits is told that the cursor was closed, before the wait or within it.</summary>
    public static void ClosingWhileAThreadWaits(string folder)
    {
        for (int round = 0; round < 200; round++)
        {
            Cursor<string> cursor = Journal.Follow(folder + "/journal", Codec.Text);
            Task waiting = Task.Run(() => Closed(() => cursor.Wait(Timeout.InfiniteTimeSpan)));
            Thread.SpinWait(round * 100);
            cursor.Dispose();
            waiting.Wait();
        }
    }
}
