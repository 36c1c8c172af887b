// Journal: a journal open for writing. Bytes go in as the language's byte string, without a copy where that can be.
//
// A language may define typemaps of its own for (const void *data, size_t size); SWIG's for a string with its length
// are the default.

#ifndef MINISTORE_OWN_BYTES
%apply (char *STRING, size_t LENGTH) { (const void *data, size_t size) };
#endif

%nodefaultctor Journal;
%nodefaultdtor Journal;
typedef struct {
} Journal;

// Without bodies: new_Journal, delete_Journal, Journal_append … of handles.h.
%extend Journal {
    Journal(const char *path, const ministore_options *options, ministore_error *err);
    ~Journal();
    uint64_t append(const void *data, size_t size, ministore_error *err);
    // Lines, each ended by a line feed (the last one may lack it).
    uint64_t append_batch(const void *data, size_t size, ministore_error *err);
    void sync(ministore_error *err);
    void rotate(ministore_error *err);
    uint32_t prune(uint64_t before, ministore_error *err);
    void stat(ministore_info *info, ministore_error *err);
    void close(ministore_error *err);
    bool is_closed(void);
}
