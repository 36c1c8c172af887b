// The fields of a step of the conformance suite; what nobody took of them is unknown, and so a failure.
using System;
using System.Collections.Generic;
using System.IO;
using System.Json;
using System.Linq;
using System.Text;
using Ministore;

internal sealed class Step
{
    private readonly Dictionary<string, JsonValue> fields = new Dictionary<string, JsonValue>();

    public Step(JsonValue given)
    {
        foreach (KeyValuePair<string, JsonValue> field in (JsonObject)given) fields.Add(field.Key, field.Value);
    }

    public IEnumerable<string> Names
    {
        get { return fields.Keys; }
    }

    public bool Has(string name)
    {
        return fields.ContainsKey(name);
    }

    public JsonValue Take(string name)
    {
        Check.That(Has(name), name + " is missing");
        JsonValue value = fields[name];
        fields.Remove(name);
        return value;
    }

    public string Text(string name, string otherwise = null)
    {
        return otherwise == null || Has(name) ? (string)Take(name) : otherwise;
    }

    public ulong Number(string name)
    {
        return ulong.Parse(Text(name));
    }

    public ulong? NumberIfAny(string name)
    {
        return Has(name) ? Number(name) : (ulong?)null;
    }

    public bool Flag(string name)
    {
        return Has(name) && (bool)Take(name);
    }

    public List<JsonValue> List(string name)
    {
        return Has(name) ? ((JsonArray)Take(name)).ToList() : new List<JsonValue>();
    }

    public List<byte[]> Records(string name)
    {
        return List(name).Select(Bytes).ToList();
    }

    /// <summary>Compares a field, if it is there, with what came.</summary>
    public void Expect(string name, object got)
    {
        if (Has(name)) Check.Equal(Text(name), Convert.ToString(got), name);
    }

    /// <summary>Compares the properties of an info with the fields of the same names: CutBytes is cut_bytes.</summary>
    public void ExpectProperties(object info)
    {
        foreach (var property in info.GetType().GetProperties())
        {
            string name = string.Concat(property.Name.Select((c, i) => (i > 0 && char.IsUpper(c) ? "_" : "") + char.ToLower(c)));
            Expect(name, property.GetValue(info, null));
        }
    }

    public void ExpectError(MinistoreException error)
    {
        Check.Equal(Text("code").Replace("_", ""), error.Code.ToString().ToUpperInvariant(), "code");
        Expect("segment", error.Segment);
        Expect("line", error.Line);
        Expect("offset", error.Offset);
        Expect("sequence", error.Sequence);
        Done();
    }

    public void Done()
    {
        Check.That(fields.Count == 0, "unknown fields " + string.Join(", ", fields.Keys));
    }

    /// <summary>What is left of the fields, as bytes.</summary>
    public byte[] Bytes()
    {
        int times = int.Parse(Text("repeat", "1"));
        var once = new MemoryStream();
        if (Has("text")) Write(once, Encoding.UTF8.GetBytes(Text("text")));
        else if (Has("hex")) Write(once, FromHex(Text("hex")));
        else foreach (JsonValue part in (JsonArray)Take("parts")) Write(once, Bytes(part));
        Done();
        var all = new MemoryStream();
        while (times-- > 0) once.WriteTo(all);
        return all.ToArray();
    }

    public static byte[] Bytes(JsonValue value)
    {
        return value.JsonType == JsonType.String ? Encoding.UTF8.GetBytes((string)value) : new Step(value).Bytes();
    }

    private static void Write(MemoryStream stream, byte[] data)
    {
        stream.Write(data, 0, data.Length);
    }

    private static byte[] FromHex(string hex)
    {
        return Enumerable.Range(0, hex.Length / 2).Select(i => Convert.ToByte(hex.Substring(2 * i, 2), 16)).ToArray();
    }
}
