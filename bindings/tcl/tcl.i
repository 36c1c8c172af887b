// What Tcl needs of its own: byte arrays in and out, and failures as -errorcode {MINISTORE CODE name value …}.

%{
#include "ministore.h"
#include <tcl.h>

static const char *handles_status_name(ministore_status status);

/* The places of a failure as the dictionary behind {MINISTORE CODE}: only what applies. */
static void tcl_put_number(Tcl_Obj *code, const char *name, uint64_t number) {
    if (number == 0) return;
    Tcl_ListObjAppendElement(NULL, code, Tcl_NewStringObj(name, -1));
    Tcl_ListObjAppendElement(NULL, code, Tcl_NewWideIntObj((Tcl_WideInt)number));
}

/* A path is what the system calls it; everything else is UTF-8, which Tcl writes in a way of its own. */
static Tcl_Obj *tcl_text(const char *text) {
    Tcl_DString converted;
    Tcl_ExternalToUtfDString(NULL, text, -1, &converted);
    Tcl_Obj *result = Tcl_NewStringObj(Tcl_DStringValue(&converted), Tcl_DStringLength(&converted));
    Tcl_DStringFree(&converted);
    return result;
}

static void tcl_put_text(Tcl_Obj *code, const char *name, const char *text) {
    if (*text == '\0') return;
    Tcl_ListObjAppendElement(NULL, code, Tcl_NewStringObj(name, -1));
    Tcl_ListObjAppendElement(NULL, code, tcl_text(text));
}

static void tcl_raise(Tcl_Interp *interp, const ministore_error *err) {
    Tcl_Obj *code = Tcl_NewListObj(0, NULL);
    Tcl_ListObjAppendElement(NULL, code, Tcl_NewStringObj("MINISTORE", -1));
    Tcl_ListObjAppendElement(NULL, code, Tcl_NewStringObj(handles_status_name(err->status), -1));
    tcl_put_text(code, "path", err->path);
    tcl_put_text(code, "segment", err->segment);
    tcl_put_number(code, "line", err->line);
    tcl_put_number(code, "offset", err->offset);
    tcl_put_number(code, "sequence", err->sequence);
    tcl_put_number(code, "errno", (uint64_t)err->os_error);
    Tcl_SetObjErrorCode(interp, code);
    Tcl_SetObjResult(interp, tcl_text(err->message));
}
#define MINISTORE_RAISE(err)                                                                                           \
    do {                                                                                                               \
        tcl_raise(interp, err);                                                                                        \
        SWIG_fail;                                                                                                     \
    } while (0)

/* The bytes of a value. Tcl itself would cut a character beyond 255 to its last eight bits in silence. */
static const unsigned char *tcl_bytes(Tcl_Interp *interp, Tcl_Obj *value, size_t *size) {
    int length;
    if (value->typePtr != Tcl_GetObjType("bytearray")) {
        const char *text = Tcl_GetStringFromObj(value, &length);
        for (const char *end = text + length; text < end;) {
            Tcl_UniChar character = 0;
            text += Tcl_UtfToUniChar(text, &character);
            if (character > 255) {
                Tcl_SetObjErrorCode(interp, Tcl_NewStringObj("MINISTORE INVALID_ARGUMENT", -1));
                Tcl_SetObjResult(interp, Tcl_NewStringObj("expected bytes, but got a character beyond 255", -1));
                return NULL;
            }
        }
    }
    const unsigned char *bytes = Tcl_GetByteArrayFromObj(value, &length);
    *size = (size_t)length;
    return bytes;
}

/* A batch as the list {records places sequence line offset segment}; places: two 32-bit numbers for each record. */
static Tcl_Obj *tcl_batch(const ministore_batch *batch) {
    Tcl_Obj *records = Tcl_NewListObj(0, NULL);
    for (size_t i = 0; i < batch->count; i++) {
        const ministore_span *span = &batch->spans[i];
        Tcl_ListObjAppendElement(
            NULL, records, Tcl_NewByteArrayObj((const unsigned char *)batch->data + span->offset, (int)span->size));
    }
    Tcl_Obj *parts[] = {
        records,
        Tcl_NewByteArrayObj((const unsigned char *)batch->spans, (int)(batch->count * sizeof *batch->spans)),
        Tcl_NewWideIntObj((Tcl_WideInt)batch->sequence),
        Tcl_NewWideIntObj((Tcl_WideInt)batch->line),
        Tcl_NewWideIntObj((Tcl_WideInt)batch->offset),
        tcl_text(batch->segment),
    };
    return Tcl_NewListObj(6, parts);
}
%}

#define MINISTORE_OWN_BYTES
%typemap(in) (const void *data, size_t size) {
  $1 = (void *)tcl_bytes(interp, $input, &$2);
  if ($1 == NULL) SWIG_fail;
}

// SWIG leaves freearg out for Tcl where a parameter is no argument, so the cursor is let go here.
%typemap(argout) ministore_batch *batch {
  if ($1->count > 0) {
    Tcl_SetObjResult(interp, tcl_batch($1));
    Cursor_release(arg1);
  }
}

// A path as the system writes it.
%typemap(in) const char *path (Tcl_DString path) {
  int length;
  const char *given = Tcl_GetStringFromObj($input, &length);
  $1 = Tcl_UtfToExternalDString(NULL, given, length, &path);
}
%typemap(freearg) const char *path {
  Tcl_DStringFree(&path$argnum);
}

// An interpreter that is deleted runs no destructors, so handles are let go by a callback of Tcl's.
%{
static void tcl_forget_journal(ClientData journal, Tcl_Interp *interp);
static void tcl_forget_cursor(ClientData cursor, Tcl_Interp *interp);
%}
%wrapper %{
static void tcl_forget_journal(ClientData journal, Tcl_Interp *interp) {
    (void)interp;
    delete_Journal((Journal *)journal);
}

static void tcl_forget_cursor(ClientData cursor, Tcl_Interp *interp) {
    (void)interp;
    delete_Cursor((Cursor *)cursor);
}
%}
%typemap(ret) Journal * "if (result) Tcl_CallWhenDeleted(interp, tcl_forget_journal, result);"
%typemap(ret) Cursor * "if (result) Tcl_CallWhenDeleted(interp, tcl_forget_cursor, result);"
%exception Journal::~Journal {
  Tcl_DontCallWhenDeleted(interp, tcl_forget_journal, arg1);
  $action
}
%exception Cursor::~Cursor {
  Tcl_DontCallWhenDeleted(interp, tcl_forget_cursor, arg1);
  $action
}

// Handles are plain pointers: SWIG's own object commands would stay behind when they are deleted.
%typemap(out) SWIGTYPE * {
  Tcl_SetObjResult(interp, SWIG_NewPointerObj(SWIG_as_voidptr($1), $1_descriptor, 0));
}
