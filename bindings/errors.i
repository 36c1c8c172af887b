// Failures: `ministore_error *err`, the last parameter of every call, is no parameter in the language. After a call
// that filled it the language raises its exception.
//
// A language defines MINISTORE_RAISE(err), a statement that gets the ministore_error, in a %{ %} block of its
// LANGUAGE.i. It may leave the wrapper, by SWIG_fail for one. The status's name is handles_status_name(err->status).
// One that defines none gets a run-time error whose text holds all fields (handles_error_text).

%include <exception.i>

%{
#ifndef MINISTORE_RAISE
#define MINISTORE_RAISE(err)                                                                                           \
    do {                                                                                                               \
        char text[HANDLES_ERROR_TEXT];                                                                                 \
        SWIG_exception(SWIG_RuntimeError, handles_error_text(err, text));                                              \
    } while (0)
#endif
%}

%typemap(in, numinputs=0) ministore_error *err (ministore_error error) {
  error.status = MINISTORE_OK;
  $1 = &error;
}

%typemap(argout) ministore_error *err {
  if ($1->status < 0) {
    MINISTORE_RAISE($1);
  }
}
