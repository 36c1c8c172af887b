// What Guile needs of its own: bytevectors in and out, paths in the locale's encoding, and failures raised by
// raise-native of the module (ministore errors).

%{
#include <libguile.h>

static void guile_raise(const ministore_error *err) {
    scm_call_8(scm_c_public_ref("ministore errors", "raise-native"),
               scm_from_utf8_symbol(handles_status_name(err->status)), scm_from_utf8_string(err->message),
               scm_from_int32(err->os_error), scm_from_uint64(err->sequence), scm_from_uint64(err->line),
               scm_from_uint64(err->offset), scm_from_locale_string(err->segment), scm_from_locale_string(err->path));
}
#define MINISTORE_RAISE(err) guile_raise(err)

static SCM guile_bytes(const void *data, size_t size) {
    SCM bytes = scm_c_make_bytevector(size);
    memcpy(SCM_BYTEVECTOR_CONTENTS(bytes), data, size);
    return bytes;
}

/* A copy that the collector owns, as an exception may leave the wrapper before it could be freed. */
static SCM guile_path(SCM path) {
    char *text = scm_to_locale_string(path);
    SCM copy = guile_bytes(text, strlen(text) + 1);
    free(text);
    return copy;
}

/* The vector (records sequence line offset spans segment); records: a vector of bytevectors; #f at the end. */
static SCM guile_batch(const ministore_batch *batch) {
    if (batch->count == 0) return SCM_BOOL_F;
    SCM records = scm_c_make_vector(batch->count, SCM_BOOL_F);
    for (size_t i = 0; i < batch->count; i++)
        scm_c_vector_set_x(records, i, guile_bytes(batch->data + batch->spans[i].offset, batch->spans[i].size));
    SCM result = scm_c_make_vector(6, records);
    scm_c_vector_set_x(result, 1, scm_from_uint64(batch->sequence));
    scm_c_vector_set_x(result, 2, scm_from_uint64(batch->line));
    scm_c_vector_set_x(result, 3, scm_from_uint64(batch->offset));
    scm_c_vector_set_x(result, 4, guile_bytes(batch->spans, batch->count * sizeof *batch->spans));
    scm_c_vector_set_x(result, 5, scm_from_locale_string(batch->segment));
    return result;
}
%}

#define MINISTORE_OWN_BYTES
%typemap(in) (const void *data, size_t size) {
  if (!scm_is_bytevector($input)) scm_wrong_type_arg(FUNC_NAME, $argnum, $input);
  $1 = SCM_BYTEVECTOR_CONTENTS($input);
  $2 = SCM_BYTEVECTOR_LENGTH($input);
}
%typemap(freearg) (const void *data, size_t size) "";

%typemap(in) const char *path (SCM path) {
  path = guile_path($input);
  $1 = (char *)SCM_BYTEVECTOR_CONTENTS(path);
}
%typemap(freearg) const char *path "scm_remember_upto_here_1(path$argnum);";

%typemap(argout) ministore_batch *batch {
  SWIG_APPEND_VALUE(guile_batch($1));
}
