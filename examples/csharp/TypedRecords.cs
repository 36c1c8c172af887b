// A codec of one's own: records into classes, by the JSON serializer that every .NET has.
// mcs -r:Ministore.dll -r:System.Runtime.Serialization.dll TypedRecords.cs && mono TypedRecords.exe
using System;
using System.IO;
using System.Runtime.Serialization;
using System.Runtime.Serialization.Json;
using Ministore;

[DataContract]
internal sealed class Event
{
    [DataMember(Name = "type")]
    public string Type;

    [DataMember(Name = "amount")]
    public long Amount;
}

// A serializer may be used by many threads at once, as a codec is.
internal sealed class DataContractCodec<T> : ICodec<T>
{
    private readonly DataContractJsonSerializer serializer = new DataContractJsonSerializer(typeof(T));

    public byte[] Encode(T value)
    {
        var record = new MemoryStream();
        serializer.WriteObject(record, value);
        return record.ToArray();
    }

    public T Decode(byte[] data, int offset, int count)
    {
        return (T)serializer.ReadObject(new MemoryStream(data, offset, count, false));
    }
}

internal static class TypedRecords
{
    private static void Main()
    {
        var codec = new DataContractCodec<Event>();
        using (Journal<Event> journal = Journal.Open("payments.jsonl", codec))
        {
            journal.AppendAll(new[]
            {
                new Event { Type = "paid", Amount = 9007199254740993 },
                new Event { Type = "refunded", Amount = -5 },
            });
        }
        using (Cursor<Event> records = Journal.Replay("payments.jsonl", codec))
            foreach (Record<Event> record in records) Console.WriteLine(record.Value.Type + " " + record.Value.Amount);
    }
}
