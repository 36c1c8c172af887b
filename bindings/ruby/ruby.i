// Ruby's part of the interface: strings and paths in, batches out, exceptions, and calls without the interpreter's lock.

%{
#include <ruby/encoding.h>
#include <ruby/thread.h>

/* A run that Ruby refuses, as something waits for this thread, is done with the lock held, or, a wait, left out. Signal
 * handlers and Thread#raise come behind the call: by then an append's sequence number is with its caller. */
#define MINISTORE_BLOCKING(run, call, interrupt, cursor)                                                               \
    do {                                                                                                               \
        rb_thread_call_without_gvl2(run, call, interrupt, cursor);                                                     \
        if (!(call)->ran && (interrupt) == NULL) run(call);                                                            \
    } while (0)

#define MINISTORE_RAISE(err) ruby_raise(err)

static VALUE ruby_text(const char *text) {
    return rb_utf8_str_new_cstr(text);
}

/* The exception is made by Ministore::Error.from_native (lib/ministore/errors.rb). */
static void ruby_raise(const ministore_error *err) {
    VALUE error = rb_path2class("Ministore::Error");
    rb_exc_raise(rb_funcall(error, rb_intern("from_native"), 8, ruby_text(handles_status_name(err->status)),
                            ruby_text(err->message), INT2NUM(err->os_error), ULL2NUM(err->sequence), ULL2NUM(err->line),
                            ULL2NUM(err->offset), ruby_text(err->segment), ruby_text(err->path)));
}

/* [records, first number, first line, offset of the batch, packed spans, segment]; nil at the end. */
static VALUE ruby_batch(const ministore_batch *batch) {
    if (batch->count == 0) return Qnil;
    VALUE records = rb_ary_new_capa((long)batch->count);
    VALUE spans = rb_str_new((const char *)batch->spans, (long)(batch->count * sizeof *batch->spans));
    for (size_t i = 0; i < batch->count; i++)
        rb_ary_push(records, rb_utf8_str_new(batch->data + batch->spans[i].offset, (long)batch->spans[i].size));
    return rb_ary_new_from_args(6, records, ULL2NUM(batch->sequence), ULL2NUM(batch->line), ULL2NUM(batch->offset),
                                spans, ruby_text(batch->segment));
}
%}

// Other threads may change a string while the lock is not held, so a frozen one is taken that shares its bytes.
#define MINISTORE_OWN_BYTES
%typemap(in) (const void *data, size_t size) (VALUE bytes) {
  bytes = $input;
  StringValue(bytes);
  bytes = rb_str_new_frozen(bytes);
  $1 = RSTRING_PTR(bytes);
  $2 = (size_t)RSTRING_LEN(bytes);
}
%typemap(freearg) (const void *data, size_t size) {
  RB_GC_GUARD(bytes$argnum);
}

%typemap(in) const char *path (VALUE path) {
  path = rb_str_new_frozen(rb_get_path($input));
  $1 = StringValueCStr(path);
}
%typemap(freearg) const char *path {
  RB_GC_GUARD(path$argnum);
}

%typemap(argout) ministore_batch *batch {
  $result = ruby_batch($1);
}
