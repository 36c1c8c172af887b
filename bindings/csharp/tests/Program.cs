// Runs the tests: every public method of the classes below and every scenario of the conformance suite is one.
// mono Tests.exe SUITE
using System;
using System.IO;
using System.Reflection;

internal static class Program
{
    private static readonly Type[] Tests = { typeof(JournalTests), typeof(LifetimeTests), typeof(MillionTests) };

    private static int passed;
    private static int failed;

    private static int Main(string[] arguments)
    {
        foreach (Type type in Tests)
        {
            foreach (MethodInfo method in type.GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly))
                Try(type.Name + "." + method.Name, folder => method.Invoke(null, new object[] { folder }));
        }
        Conformance.Run(arguments[0], Try);
        Console.WriteLine("{0} passed, {1} failed", passed, failed);
        return failed == 0 ? 0 : 1;
    }

    // Runs a test in a folder of its own.
    private static void Try(string name, Action<string> test)
    {
        string folder = Path.Combine(Path.GetTempPath(), "ministore-" + Guid.NewGuid().ToString("N"));
        Directory.CreateDirectory(folder);
        try
        {
            test(folder);
            passed++;
        }
        catch (Exception failure)
        {
            failed++;
            Console.WriteLine("FAILED: {0}: {1}", name, (failure as TargetInvocationException)?.InnerException ?? failure);
        }
        finally
        {
            FileSystem.RemoveTree(folder);
        }
    }
}

internal static class Check
{
    public static void That(bool holds, string what)
    {
        if (!holds) throw new Exception(what);
    }

    public static void Equal<T>(T expected, T got, string what)
    {
        if (!Equals(expected, got)) throw new Exception(what + ": expected " + expected + ", got " + got);
    }

    public static E Throws<E>(Action call) where E : Exception
    {
        try
        {
            call();
        }
        catch (E expected)
        {
            return expected;
        }
        throw new Exception("nothing was thrown, where " + typeof(E).Name + " was expected");
    }
}
