// Takes one scenario of the conformance suite through the public API: one method for each step.
using System;
using System.Collections.Generic;
using System.IO;
using System.Json;
using System.Linq;
using Ministore;

internal sealed class Scenario : IDisposable
{
    private sealed class Follower
    {
        public Cursor<byte[]> Cursor;
        public List<MinistoreException> Passed;
    }

    private const ulong MaxRecordBytes = 64 << 20;

    private readonly string home;
    private readonly Dictionary<string, Journal<byte[]>> writers = new Dictionary<string, Journal<byte[]>>();
    private readonly Dictionary<string, Follower> followers = new Dictionary<string, Follower>();
    private string folder;
    private int copies;

    public Scenario(string home)
    {
        this.home = home;
        folder = home + "/scenario";
        FileSystem.MakeFolder(folder);
    }

    public void Run(Step step)
    {
        string name = step.Text("do");
        switch (name)
        {
            case "open": Open(step); break;
            case "append": Append(step); break;
            case "append_batch": AppendBatch(step); break;
            case "sync": Call(step, Writer(step).Sync); break;
            case "rotate": Call(step, Writer(step).Rotate); break;
            case "prune": Prune(step); break;
            case "stat": Stat(step); break;
            case "close": CloseOne(step); break;
            case "abandon": Abandon(); break;
            case "replay": ReadWhole(step, Journal.Replay<byte[]>); break;
            case "stream": ReadWhole(step, Journal.Stream<byte[]>); break;
            case "follow": Follow(step); break;
            case "next": Next(step); break;
            case "wait": Wait(step); break;
            case "interrupt": Reader(step).Cursor.Interrupt(); break;
            case "verify": Verify(step); break;
            case "repair": Repair(step); break;
            case "json": Json(step); break;
            case "put": Put(step); break;
            case "cut": FileSystem.Cut(File(step), (long)step.Number("bytes")); break;
            case "mkdir": FileSystem.MakeFolder(File(step)); break;
            case "link": FileSystem.Link(File(step), File(step, "target")); break;
            case "symlink": FileSystem.SymbolicLink(File(step), step.Text("target")); break;
            case "fifo": FileSystem.Fifo(File(step)); break;
            case "chmod": FileSystem.SetMode(File(step), step.Text("mode")); break;
            case "rename": FileSystem.Rename(File(step), File(step, "to")); break;
            case "remove": FileSystem.Remove(File(step)); break;
            case "files": Files(step); break;
            default: throw new Exception("an unknown step");
        }
        step.Done();
    }

    public void Dispose()
    {
        foreach (Journal<byte[]> journal in writers.Values)
        {
            try
            {
                journal.Dispose();
            }
            catch (MinistoreException)
            {
                // What is left of a scenario may be damaged; that is not what it asks.
            }
        }
        foreach (Follower follower in followers.Values) follower.Cursor.Dispose();
        writers.Clear();
        followers.Clear();
    }

    private string File(Step step, string name = "file")
    {
        return folder + "/" + step.Text(name);
    }

    private Journal<byte[]> Writer(Step step)
    {
        return writers[step.Text("on", "j")];
    }

    private Follower Reader(Step step)
    {
        return followers[step.Text("on", "c")];
    }

    // The call's result; null if it failed as the step expects.
    private static object Call(Step step, Func<object> call)
    {
        if (!step.Has("error")) return call();
        var expected = new Step(step.Take("error"));
        expected.ExpectError(Check.Throws<MinistoreException>(() => call()));
        return null;
    }

    private static void Call(Step step, Action call)
    {
        Call(step, () =>
        {
            call();
            return null;
        });
    }

    // Writers

    private void Open(Step step)
    {
        string path = File(step, "path"), name = step.Text("as", "j");
        var options = new JournalOptions
        {
            MaxBytesPerSegment = step.NumberIfAny("max_bytes_per_segment"),
            MaxSegments = (uint?)step.NumberIfAny("max_segments"),
            MaxRecordBytes = step.NumberIfAny("max_record_bytes"),
            PreallocateBytes = step.NumberIfAny("preallocate_bytes") ?? 0,
            Sync = (Sync)Enum.Parse(typeof(Sync), step.Text("sync", "always"), true),
            TornTail = (TornTail)Enum.Parse(typeof(TornTail), step.Text("torn_tail", "cut"), true),
        };
        if (step.Has("mode")) options.Mode = Convert.ToUInt32(step.Text("mode"), 8);
        var journal = (Journal<byte[]>)Call(step, () => Journal.Open(path, Codec.Bytes, options));
        if (journal == null) return;
        writers.Add(name, journal);
        step.Expect("torn_bytes", journal.Stat().TornBytes);
    }

    private void Append(Step step)
    {
        Journal<byte[]> journal = Writer(step);
        byte[] record = Step.Bytes(step.Take("record"));
        ExpectResult(step, "sequence", Call(step, () => journal.Append(record)));
    }

    private void AppendBatch(Step step)
    {
        Journal<byte[]> journal = Writer(step);
        List<byte[]> records = step.Records("records");
        ExpectResult(step, "sequence", Call(step, () => journal.AppendAll(records)));
    }

    private void Prune(Step step)
    {
        Journal<byte[]> journal = Writer(step);
        ulong before = step.Number("before");
        ExpectResult(step, "removed", Call(step, () => journal.Prune(before)));
    }

    private static void ExpectResult(Step step, string name, object got)
    {
        if (got != null) step.Expect(name, got);
    }

    private void Stat(Step step)
    {
        string name = step.Text("on", "j");
        ExpectInfo(step, Call(step, () => followers.ContainsKey(name) ? followers[name].Cursor.Stat() : (object)writers[name].Stat()));
    }

    private static void ExpectInfo(Step step, object info)
    {
        if (info != null) step.ExpectProperties(info);
    }

    private void CloseOne(Step step)
    {
        string name = step.Text("on", "j");
        IDisposable handle = followers.ContainsKey(name) ? followers[name].Cursor : (IDisposable)writers[name];
        followers.Remove(name);
        writers.Remove(name);
        Call(step, handle.Dispose);
    }

    private void Abandon()
    {
        string copy = home + "/scenario-" + ++copies;
        FileSystem.CopyTree(folder, copy);
        Dispose();
        FileSystem.RemoveTree(folder);
        folder = copy;
    }

    // Readers

    private static ReadOptions Reading(Step step, List<MinistoreException> passed)
    {
        var options = new ReadOptions { MaxRecordBytes = step.NumberIfAny("max_record_bytes"), From = step.NumberIfAny("from") ?? 0 };
        if (!step.Has("on_bad_line")) return options;
        Check.Equal("skip", step.Text("on_bad_line"), "on_bad_line");
        options.OnBadLine = passed.Add;
        return options;
    }

    private void ReadWhole(Step step, Func<string, ICodec<byte[]>, ReadOptions, Cursor<byte[]>> open)
    {
        string path = File(step, "path");
        var passed = new List<MinistoreException>();
        ReadOptions options = Reading(step, passed);
        Cursor<byte[]> opened = null;
        ExpectRecords(step, passed, () => opened = open(path, Codec.Bytes, options));
        if (step.Has("torn_bytes")) step.Expect("torn_bytes", opened.Stat().TornBytes);
        if (opened != null) opened.Dispose();
    }

    private void Follow(Step step)
    {
        string path = File(step, "path"), name = step.Text("as", "c");
        var passed = new List<MinistoreException>();
        ReadOptions options = Reading(step, passed);
        options.Timeout = TimeSpan.Zero;
        options.AtEnd = step.Flag("at_end");
        var cursor = (Cursor<byte[]>)Call(step, () => Journal.Follow(path, Codec.Bytes, options));
        if (cursor != null) followers.Add(name, new Follower { Cursor = cursor, Passed = passed });
    }

    private void Next(Step step)
    {
        Follower follower = Reader(step);
        follower.Passed.Clear();
        ExpectRecords(step, follower.Passed, () => follower.Cursor);
    }

    private void Wait(Step step)
    {
        Cursor<byte[]> cursor = Reader(step).Cursor;
        Waited waited = cursor.Wait(TimeSpan.FromMilliseconds(step.Number("timeout_ms")));
        step.Expect("result", waited.ToString().ToLowerInvariant());
    }

    private static void ExpectRecords(Step step, List<MinistoreException> passed, Func<Cursor<byte[]>> cursor)
    {
        var got = new List<Record<byte[]>>();
        Call(step, () =>
        {
            foreach (Record<byte[]> record in cursor()) got.Add(record);
        });
        List<byte[]> expected = step.Records("records");
        Check.Equal(expected.Count, got.Count, "records");
        for (int i = 0; i < got.Count; i++) Check.That(expected[i].SequenceEqual(got[i].Value), "record " + i);
        if (step.Has("sequences"))
            Check.That(step.List("sequences").Select(number => (string)number).SequenceEqual(got.Select(r => r.Sequence.ToString())), "sequences");
        List<JsonValue> errors = step.List("errors");
        Check.Equal(errors.Count, passed.Count, "errors");
        for (int i = 0; i < passed.Count; i++) new Step(errors[i]).ExpectError(passed[i]);
    }

    // Care

    private void Verify(Step step)
    {
        string path = File(step, "path");
        ulong bound = step.NumberIfAny("max_record_bytes") ?? MaxRecordBytes;
        if (step.Has("error"))
        {
            var expected = new Step(step.Take("error"));
            var problem = Check.Throws<MinistoreException>(() => Journal.Verify(path, bound));
            expected.ExpectError(problem);
            step.ExpectProperties(problem.Verified);
        }
        else
        {
            step.ExpectProperties(Journal.Verify(path, bound));
        }
    }

    private void Repair(Step step)
    {
        string path = File(step, "path");
        ulong bound = step.NumberIfAny("max_record_bytes") ?? MaxRecordBytes;
        bool dryRun = step.Flag("dry_run");
        ExpectInfo(step, Call(step, () => Journal.Repair(path, dryRun, bound)));
    }

    private static void Json(Step step)
    {
        byte[] record = Step.Bytes(step.Take("record"));
        Call(step, () => Journal.Validate(record));
    }

    // Files

    private void Put(Step step)
    {
        string file = File(step), at = step.Text("at", "");
        FileSystem.Write(file, step.Bytes(), at == "", at == "" ? 0 : at == "end" ? -1 : long.Parse(at));
    }

    private void Files(Step step)
    {
        var expected = new SortedSet<string>(step.Names, StringComparer.Ordinal);
        Check.Equal(string.Join(" ", expected), string.Join(" ", FileSystem.Files(folder)), "files");
        foreach (string name in expected) ExpectFile(folder + "/" + name, new Step(step.Take(name)));
    }

    private static void ExpectFile(string file, Step expected)
    {
        if (expected.Has("target")) expected.Expect("target", FileSystem.TargetOf(file));
        if (expected.Has("mode")) expected.Expect("mode", FileSystem.ModeOf(file));
        if (expected.Has("bytes")) expected.Expect("bytes", new FileInfo(file).Length);
        if (expected.Names.Any()) Check.That(expected.Bytes().SequenceEqual(System.IO.File.ReadAllBytes(file)), "content of " + file);
    }
}
