// Cursor: a reader. `read` hands out a batch in one crossing: the language's argout typemap for ministore_batch *batch
// copies it into a value of the language (nothing if batch->count is 0: the cursor is at its end).
//
// Until the wrapper's end the cursor is held, so that no other thread moves the bytes while they are copied.

%typemap(in, numinputs=0) ministore_batch *batch (ministore_batch batch) {
  batch.count = 0;
  $1 = &batch;
}

%typemap(freearg) ministore_batch *batch {
  if ($1->count > 0) Cursor_release(arg1);
}

%nodefaultctor Cursor;
%nodefaultdtor Cursor;
typedef struct {
} Cursor;

%extend Cursor {
    Cursor(const char *path, const ministore_cursor_options *options, ministore_error *err);
    ~Cursor();
    void read(ministore_batch *batch, ministore_error *err);
    // OK: something to read; TIMEOUT; INTERRUPTED.
    int wait(int64_t timeout_ms, ministore_error *err);
    void interrupt(void);
    void stat(ministore_cursor_info *info, ministore_error *err);
    void close(void);
    bool is_closed(void);
}
