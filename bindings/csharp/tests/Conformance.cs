// Takes every scenario of tests/conformance through the public API, as its README.md says.
using System;
using System.Collections.Generic;
using System.IO;
using System.Json;
using System.Linq;

internal static class Conformance
{
    public static void Run(string suite, Action<string, Action<string>> test)
    {
        int ran = 0, all = 0;
        var names = new HashSet<string>();
        foreach (string file in Directory.GetFiles(suite, "*.json").Where(file => !file.EndsWith("schema.json")).OrderBy(file => file))
        {
            foreach (JsonValue scenario in (JsonArray)JsonValue.Parse(File.ReadAllText(file)))
            {
                all++;
                string name = scenario["name"];
                names.Add(name);
                test(Path.GetFileName(file) + ": " + name, folder =>
                {
                    ran++;
                    RunScenario((JsonArray)scenario["steps"], folder);
                });
            }
        }
        test("every scenario ran", folder =>
        {
            Console.WriteLine("conformance: {0} of {1} scenarios ran", ran, all);
            Check.Equal(all, ran, "scenarios");
            Check.Equal(all, names.Count, "names that are unlike each other");
            Check.That(all > 0, "there are scenarios");
        });
    }

    private static void RunScenario(JsonArray steps, string home)
    {
        using (var scenario = new Scenario(home))
        {
            int number = 0;
            foreach (JsonValue step in steps)
            {
                number++;
                try
                {
                    scenario.Run(new Step(step));
                }
                catch (Exception failure)
                {
                    throw new Exception("step " + number + " " + step + ": " + failure.Message, failure);
                }
            }
        }
    }
}
