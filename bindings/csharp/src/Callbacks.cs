// The two functions that C calls: one takes a batch while the cursor holds it, the other makes an exception, which is
// thrown when the call is back.
using System;
using System.Runtime.InteropServices;
using System.Text;

namespace Ministore.Native
{
    internal sealed class Callbacks
    {
        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        private delegate void BatchCallback(
            IntPtr data, int size, IntPtr spans, int count, ulong sequence, IntPtr segment, ulong line, ulong offset);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        private delegate void ErrorCallback(
            IntPtr code, IntPtr message, int osError, ulong sequence, ulong line, ulong offset, IntPtr segment, IntPtr path);

        // C keeps them as long as the process runs, so the collector must not have them.
        private static readonly BatchCallback Batches = TakeOver;
        private static readonly ErrorCallback Errors = Raise;

        [ThreadStatic]
        private static Batch taken;

        public Callbacks()
        {
            ministore_csharp_callbacks(Batches, Errors);
        }

        /// <summary>The batch that the last call of this thread has handed over; null if there was none.</summary>
        public static Batch TakeBatch()
        {
            Batch batch = taken;
            taken = null;
            return batch;
        }

        [DllImport("ministore_csharp")]
        private static extern void ministore_csharp_callbacks(BatchCallback batch, ErrorCallback error);

        // No exception may run through the frames of C.
        private static void TakeOver(
            IntPtr data, int size, IntPtr spans, int count, ulong sequence, IntPtr segment, ulong line, ulong offset)
        {
            try
            {
                var bytes = new byte[size];
                Marshal.Copy(data, bytes, 0, size);
                var pairs = new int[2 * count];
                Marshal.Copy(spans, pairs, 0, pairs.Length);
                taken = new Batch(bytes, pairs, Text(segment), sequence, line, offset);
            }
            catch (Exception outOfMemory)
            {
                MinistoreNativePINVOKE.SWIGPendingException.Set(outOfMemory);
            }
        }

        private static void Raise(
            IntPtr code, IntPtr message, int osError, ulong sequence, ulong line, ulong offset, IntPtr segment, IntPtr path)
        {
            try
            {
                string name = Text(code);
                MinistoreNativePINVOKE.SWIGPendingException.Set(
                    name == "CLOSED"
                        ? (Exception)new ObjectDisposedException(null, Text(message))
                        : new MinistoreException(
                            MinistoreException.CodeOf(name), Text(message), osError, sequence, line, offset, Text(segment),
                            Text(path), null));
            }
            catch (Exception outOfMemory)
            {
                MinistoreNativePINVOKE.SWIGPendingException.Set(outOfMemory);
            }
        }

        private static string Text(IntPtr ended)
        {
            int size = 0;
            while (Marshal.ReadByte(ended, size) != 0) size++;
            var bytes = new byte[size];
            Marshal.Copy(ended, bytes, 0, size);
            return Encoding.UTF8.GetString(bytes);
        }
    }
}
