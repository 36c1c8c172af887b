// What the suite does to files, by the system's own calls: .NET knows no links, pipes and permission bits.
using System;
using System.Collections.Generic;
using System.IO;
using System.Runtime.InteropServices;
using Mono.Unix;
using Mono.Unix.Native;

internal static class FileSystem
{
    public static void Link(string file, string target)
    {
        Succeeded(Syscall.link(target, file), file);
    }

    public static void SymbolicLink(string file, string target)
    {
        Succeeded(Syscall.symlink(target, file), file);
    }

    public static void Fifo(string file)
    {
        Succeeded(Syscall.mkfifo(file, Mode("0600")), file);
    }

    public static void MakeFolder(string file)
    {
        Succeeded(Syscall.mkdir(file, Mode("0777")), file);
    }

    public static void SetMode(string file, string mode)
    {
        Succeeded(Syscall.chmod(file, Mode(mode)), file);
    }

    public static void Rename(string file, string to)
    {
        Succeeded(Stdlib.rename(file, to), file);
    }

    public static void Cut(string file, long size)
    {
        Succeeded(Syscall.truncate(file, size), file);
    }

    public static void Remove(string file)
    {
        Succeeded(IsFolder(file) ? Syscall.rmdir(file) : Syscall.unlink(file), file);
    }

    public static string ModeOf(string file)
    {
        Stat stat;
        Succeeded(Syscall.stat(file, out stat), file);
        return Convert.ToString((int)(stat.st_mode & FilePermissions.ALLPERMS), 8).PadLeft(4, '0');
    }

    public static string TargetOf(string link)
    {
        return UnixPath.ReadLink(link);
    }

    public static bool IsFolder(string file)
    {
        return Lstat(file, FilePermissions.S_IFDIR);
    }

    /// <summary>Writes all bytes at a place: 0 with `anew`, where the file is made or emptied; -1: behind the last.</summary>
    public static void Write(string file, byte[] data, bool anew, long place)
    {
        OpenFlags flags = OpenFlags.O_WRONLY | (anew ? OpenFlags.O_CREAT | OpenFlags.O_TRUNC : 0);
        int descriptor = Syscall.open(file, flags, Mode("0600"));
        Succeeded(descriptor, file);
        if (place < 0) place = Syscall.lseek(descriptor, 0, SeekFlags.SEEK_END);
        GCHandle pinned = GCHandle.Alloc(data, GCHandleType.Pinned);
        long written = Syscall.pwrite(descriptor, pinned.AddrOfPinnedObject(), (ulong)data.Length, place);
        pinned.Free();
        Succeeded(Syscall.close(descriptor), file);
        Check.Equal(data.Length, written, "bytes written");
    }

    /// <summary>What is in a folder and all below it but folders, by paths relative to it.</summary>
    public static SortedSet<string> Files(string folder)
    {
        var found = new SortedSet<string>(StringComparer.Ordinal);
        foreach (string name in Names(folder))
        {
            string file = folder + "/" + name;
            if (!IsFolder(file)) found.Add(name);
            else foreach (string below in Files(file)) found.Add(name + "/" + below);
        }
        return found;
    }

    public static void CopyTree(string folder, string copy)
    {
        MakeFolder(copy);
        foreach (string name in Names(folder))
        {
            string from = folder + "/" + name, to = copy + "/" + name;
            if (IsFolder(from)) CopyTree(from, to);
            else if (Lstat(from, FilePermissions.S_IFLNK)) SymbolicLink(to, TargetOf(from));
            else
            {
                Write(to, File.ReadAllBytes(from), true, 0);
                SetMode(to, ModeOf(from));
            }
        }
        SetMode(copy, ModeOf(folder));
    }

    public static void RemoveTree(string folder)
    {
        foreach (string name in Names(folder))
        {
            if (IsFolder(folder + "/" + name)) RemoveTree(folder + "/" + name);
            else Remove(folder + "/" + name);
        }
        Remove(folder);
    }

    private static List<string> Names(string folder)
    {
        var names = new List<string>();
        foreach (UnixFileSystemInfo entry in new UnixDirectoryInfo(folder).GetFileSystemEntries()) names.Add(entry.Name);
        return names;
    }

    private static bool Lstat(string file, FilePermissions kind)
    {
        Stat stat;
        return Syscall.lstat(file, out stat) == 0 && (stat.st_mode & FilePermissions.S_IFMT) == kind;
    }

    private static FilePermissions Mode(string octal)
    {
        return (FilePermissions)Convert.ToUInt32(octal, 8);
    }

    private static void Succeeded(int result, string file)
    {
        if (result < 0) throw new IOException(file + ": " + Stdlib.GetLastError());
    }
}
