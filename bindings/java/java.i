// What Java needs beside the shared interface: 64-bit numbers as long, bytes and paths as byte[], a batch as an object
// that one crossing makes, and failures as MinistoreException. What SWIG generates is the package `internal`.

%rename(JournalHandle) Journal;
%rename(CursorHandle) Cursor;

// Unsigned 64-bit numbers keep their bits, which never matter for sequence numbers and sizes.
%include <stdint.i>
%apply long long { uint64_t };
%apply int { uint32_t };

%pragma(java) jniclassimports="import io.github.ministore.Batch;"
%pragma(java) jniclasscode=%{
    static {
        NativeLibrary.load();
    }
%}
%typemap(javaimports) Cursor "import io.github.ministore.Batch;"

// Object.wait is final.
%rename(await) Cursor::wait;

// Nothing has a finalizer. Handles are freed by a Cleaner when nobody can reach them, also from a call under way;
// close ends their use before. The other classes are deleted by the layer above, which alone makes them.
%typemap(javafinalize) SWIGTYPE ""
SWIG_JAVABODY_PROXY(public, public, SWIGTYPE)
%typemap(javaconstruct) Journal {
    this($imcall, false);
    long pointer = swigCPtr;
    Cleaning.of(this, () -> MinistoreNativeJNI.delete_JournalHandle(pointer));
  }
%typemap(javaconstruct) Cursor {
    this($imcall, false);
    long pointer = swigCPtr;
    Cleaning.of(this, () -> MinistoreNativeJNI.delete_CursorHandle(pointer));
  }

// Constants of the C header are plain ints, as statuses are.
%include <enumtypeunsafe.swg>
%javaconst(1);

// ---- bytes in: copied at the crossing, so that the collector is never held up while the disk is waited for ----

%{
#include "handles.h"

enum { JAVA_SMALL = 4096 };

/* The bytes of an array, in `small` if they fit; NULL, with an exception thrown, if there is no memory for them. */
static void *java_bytes(JNIEnv *jenv, jbyteArray array, jint size, char small[JAVA_SMALL], int ended) {
    char *bytes = small;
    if (size + ended > JAVA_SMALL) bytes = (char *)malloc((size_t)size + (size_t)ended);
    if (bytes == NULL) {
        SWIG_JavaThrowException(jenv, SWIG_JavaOutOfMemoryError, "no memory for the bytes to pass");
        return NULL;
    }
    (*jenv)->GetByteArrayRegion(jenv, array, 0, size, (jbyte *)bytes);
    if (ended) bytes[size] = '\0';
    return bytes;
}
%}

%typemap(jni) const char *path "jbyteArray"
%typemap(jtype) const char *path "byte[]"
%typemap(jstype) const char *path "byte[]"
%typemap(javain) const char *path "$javainput"
%typemap(in) const char *path (char small[JAVA_SMALL]) {
  $1 = (char *)java_bytes(jenv, $input, (*jenv)->GetArrayLength(jenv, $input), small, 1);
  if ($1 == NULL) return $null;
}
%typemap(freearg) const char *path {
  if ($1 != small$argnum) free($1);
}

#define MINISTORE_OWN_BYTES
%typemap(jni) (const void *data, size_t size) "jbyteArray"
%typemap(jtype) (const void *data, size_t size) "byte[]"
%typemap(jstype) (const void *data, size_t size) "byte[]"
%typemap(javain) (const void *data, size_t size) "$javainput"
%typemap(in) (const void *data, size_t size) (char small[JAVA_SMALL]) {
  $2 = (size_t)(*jenv)->GetArrayLength(jenv, $input);
  $1 = java_bytes(jenv, $input, (jint)$2, small, 0);
  if ($1 == NULL) return $null;
}
%typemap(freearg) (const void *data, size_t size) {
  if ($1 != small$argnum) free((void *)$1);
}

// ---- a batch out: Cursor::read returns a Batch, null at the end ----

%typemap(jni) void Cursor::read "jobject"
%typemap(jtype) void Cursor::read "Batch"
%typemap(jstype) void Cursor::read "Batch"
%typemap(javaout) void Cursor::read {
    return $jnicall;
  }
%typemap(out) void Cursor::read "$result = NULL;"
%typemap(argout) ministore_batch *batch {
  if ($1->count > 0) $result = java_batch(jenv, $1);
}

%{
static jbyteArray java_byte_array(JNIEnv *jenv, const char *bytes, size_t size) {
    jbyteArray array = (*jenv)->NewByteArray(jenv, (jsize)size);
    if (array != NULL) (*jenv)->SetByteArrayRegion(jenv, array, 0, (jsize)size, (const jbyte *)bytes);
    return array;
}

/* Spans lie in memory as pairs of 32-bit numbers, and so in the array. */
static jintArray java_spans(JNIEnv *jenv, const ministore_span *spans, size_t count) {
    jintArray array = (*jenv)->NewIntArray(jenv, (jsize)(2 * count));
    if (array != NULL) (*jenv)->SetIntArrayRegion(jenv, array, 0, (jsize)(2 * count), (const jint *)spans);
    return array;
}

/* NULL, with an exception thrown, if there is no memory. */
static jobject java_batch(JNIEnv *jenv, const ministore_batch *batch) {
    jbyteArray data = java_byte_array(jenv, batch->data, batch->size);
    if (data == NULL) return NULL;
    jintArray spans = java_spans(jenv, batch->spans, batch->count);
    if (spans == NULL) return NULL;
    jbyteArray segment = java_byte_array(jenv, batch->segment, strlen(batch->segment));
    if (segment == NULL) return NULL;
    jclass type = (*jenv)->FindClass(jenv, "io/github/ministore/Batch");
    if (type == NULL) return NULL;
    jmethodID make = (*jenv)->GetMethodID(jenv, type, "<init>", "([B[I[BJJJ)V");
    if (make == NULL) return NULL;
    return (*jenv)->NewObject(jenv, type, make, data, spans, segment, (jlong)batch->sequence, (jlong)batch->line,
                              (jlong)batch->offset);
}
%}

// ---- failures ----

%{
#define MINISTORE_RAISE(err) java_raise(jenv, err)

/* Texts cross as bytes: what JNI calls UTF-8 is not. */
static void java_raise(JNIEnv *jenv, const ministore_error *err) {
    if ((*jenv)->ExceptionCheck(jenv)) return;
    jclass type = (*jenv)->FindClass(jenv, "io/github/ministore/MinistoreException");
    if (type == NULL) return;
    jmethodID make = (*jenv)->GetMethodID(jenv, type, "<init>", "([B[BIJJJ[B[B)V");
    if (make == NULL) return;
    const char *code = handles_status_name(err->status);
    const char *texts[] = {code, err->message, err->segment, err->path};
    jbyteArray arrays[4];
    for (int i = 0; i < 4; i++) {
        arrays[i] = java_byte_array(jenv, texts[i], strlen(texts[i]));
        if (arrays[i] == NULL) return;
    }
    jobject exception = (*jenv)->NewObject(jenv, type, make, arrays[0], arrays[1], (jint)err->os_error,
                                           (jlong)err->sequence, (jlong)err->line, (jlong)err->offset, arrays[2], arrays[3]);
    if (exception != NULL) (*jenv)->Throw(jenv, (jthrowable)exception);
}
%}
