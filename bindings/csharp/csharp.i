// What C# needs beside the shared interface: arrays of bytes pinned instead of copied, and batches and failures that C
// hands over by calling back, so that each costs one crossing. What SWIG generates is internal.

%rename(JournalHandle) Journal;
%rename(CursorHandle) Cursor;

%typemap(csclassmodifiers) SWIGTYPE "internal class"
%pragma(csharp) moduleclassmodifiers="internal class"
%pragma(csharp) imclassclassmodifiers="internal class"
%csconst(1);

// ---- bytes in: an array and how much of it counts; it stays where it is while the call runs ----

#define MINISTORE_OWN_BYTES
%typemap(ctype) const void *data, const char *path "$1_ltype"
%typemap(imtype) const void *data, const char *path "byte[]"
%typemap(cstype) const void *data, const char *path "byte[]"
%typemap(csin) const void *data, const char *path "$csinput"
%typemap(in) const void *data, const char *path "$1 = $input;"

%typemap(ctype) size_t size "size_t"
%typemap(imtype) size_t size "global::System.UIntPtr"
%typemap(cstype) size_t size "int"
%typemap(csin) size_t size "(global::System.UIntPtr)$csinput"
%typemap(in) size_t size "$1 = $input;"

// ---- a batch out: Cursor::read returns a Batch, null at the end ----

%typemap(cstype) void Cursor::read "Batch"
%typemap(csout, excode=SWIGEXCODE) void Cursor::read {
    $imcall;$excode
    return Callbacks.TakeBatch();
  }
%typemap(argout) ministore_batch *batch {
  if ($1->count > 0) csharp_take_batch($1);
}

%{
#include "handles.h"

#if defined(_WIN32)
#define CSHARP_CALL __stdcall
#else
#define CSHARP_CALL
#endif

typedef void(CSHARP_CALL *csharp_batch_callback)(const void *data, int32_t size, const void *spans, int32_t count,
                                                 uint64_t sequence, const char *segment, uint64_t line,
                                                 uint64_t offset);
typedef void(CSHARP_CALL *csharp_error_callback)(const char *code, const char *message, int32_t os_error,
                                                 uint64_t sequence, uint64_t line, uint64_t offset,
                                                 const char *segment, const char *path);

static csharp_batch_callback csharp_batch;
static csharp_error_callback csharp_error;

SWIGEXPORT void SWIGSTDCALL ministore_csharp_callbacks(csharp_batch_callback batch, csharp_error_callback error) {
    csharp_batch = batch;
    csharp_error = error;
}

static void csharp_take_batch(const ministore_batch *batch) {
    csharp_batch(batch->data, (int32_t)batch->size, batch->spans, (int32_t)batch->count, batch->sequence, batch->segment,
                 batch->line, batch->offset);
}

#define MINISTORE_RAISE(err) csharp_raise(err)

static void csharp_raise(const ministore_error *err) {
    csharp_error(handles_status_name(err->status), err->message, err->os_error, err->sequence, err->line, err->offset,
                 err->segment, err->path);
}
%}

// ---- failures: what the callback made is thrown when the call is back in C# ----

%typemap(check, canthrow=1) ministore_error *err "(void)$1;"

%pragma(csharp) imclasscode=%{
  // Before any call: C keeps these two functions.
  internal static readonly Callbacks callbacks = new Callbacks();
%}
