/*
 * A platform table around the real one that fails a chosen call.
 */
#include "faults.h"

#include <errno.h>

const char *const call_names[CALL_KINDS] = {
    "open_folder", "make_folder", "open_file", "close",     "read",      "write",    "truncate", "allocate",
    "sync",        "sync_data",   "lock",      "stat_file", "stat_name", "read_link", "set_mode", "link",
    "rename",      "unlink",      "list",      "watch",     "wait",      "make_pipe"};

static const ministore__io *const real = &ministore__posix;

/* 0: go on; or the error to fail with. */
static int gate(const ministore__io *io, call_kind kind, const char *name) {
    faults *f = (faults *)io;
    if (f->before) f->before(f, kind, name);
    if (f->kind != ANY_CALL && f->kind != kind) return 0;
    f->seen++;
    if (f->fail_at == 0 || f->seen < f->fail_at || f->seen >= f->fail_at + f->fail_count) return 0;
    f->hits++;
    f->hit = kind;
    return -f->error;
}

static int open_folder(const ministore__io *io, int folder, const char *path) {
    int result = gate(io, OPEN_FOLDER, path);
    return result < 0 ? result : real->open_folder(real, folder, path);
}

static int make_folder(const ministore__io *io, const char *path) {
    int result = gate(io, MAKE_FOLDER, path);
    return result < 0 ? result : real->make_folder(real, path);
}

static int open_file(const ministore__io *io, int folder, const char *name, int how, uint32_t mode) {
    int result = gate(io, OPEN_FILE, name);
    return result < 0 ? result : real->open_file(real, folder, name, how, mode);
}

/* A close that fails has closed, as on Linux. */
static int close_file(const ministore__io *io, int file) {
    int result = gate(io, CLOSE, NULL), closed = real->close(real, file);
    return result < 0 ? result : closed;
}

static int64_t read_file(const ministore__io *io, int file, void *data, size_t size, uint64_t offset) {
    int result = gate(io, READ, NULL);
    return result < 0 ? result : real->read(real, file, data, size, offset);
}

static int write_file(const ministore__io *io, int file, const void *data, size_t size, uint64_t offset) {
    int result = gate(io, WRITE, NULL), written = real->write(real, file, data, result < 0 ? size / 2 : size, offset);
    return result < 0 ? result : written;
}

static int truncate_file(const ministore__io *io, int file, uint64_t size) {
    int result = gate(io, TRUNCATE, NULL);
    return result < 0 ? result : real->truncate(real, file, size);
}

static int allocate(const ministore__io *io, int file, uint64_t offset, uint64_t size) {
    int result = gate(io, ALLOCATE, NULL), allocated = real->allocate(real, file, offset, result < 0 ? size / 2 : size);
    return result < 0 ? result : allocated;
}

static int sync_file(const ministore__io *io, int file) {
    (void)file;
    return gate(io, SYNC, NULL);
}

static int sync_data(const ministore__io *io, int file) {
    (void)file;
    return gate(io, SYNC_DATA, NULL);
}

static int lock_file(const ministore__io *io, int file) {
    int result = gate(io, LOCK, NULL);
    return result < 0 ? result : real->lock(real, file);
}

static int stat_file(const ministore__io *io, int file, ministore__stat *out) {
    int result = gate(io, STAT_FILE, NULL);
    return result < 0 ? result : real->stat_file(real, file, out);
}

static int stat_name(const ministore__io *io, int folder, const char *name, bool follow, ministore__stat *out) {
    int result = gate(io, STAT_NAME, name);
    return result < 0 ? result : real->stat_name(real, folder, name, follow, out);
}

static int read_link(const ministore__io *io, int folder, const char *name, char *target, size_t size) {
    int result = gate(io, READ_LINK, name);
    return result < 0 ? result : real->read_link(real, folder, name, target, size);
}

static int set_mode(const ministore__io *io, int file, uint32_t mode) {
    int result = gate(io, SET_MODE, NULL);
    return result < 0 ? result : real->set_mode(real, file, mode);
}

static int link_name(const ministore__io *io, int folder, const char *from, const char *to) {
    int result = gate(io, LINK, to);
    if (result == 0 && ((const faults *)io)->no_links) return -EPERM;
    return result < 0 ? result : real->link(real, folder, from, to);
}

static int rename_name(const ministore__io *io, int folder, const char *from, const char *to, bool replace) {
    int result = gate(io, RENAME, to);
    return result < 0 ? result : real->rename(real, folder, from, to, replace);
}

static int unlink_name(const ministore__io *io, int folder, const char *name) {
    int result = gate(io, UNLINK, name);
    return result < 0 ? result : real->unlink(real, folder, name);
}

static int list(const ministore__io *io, int folder, int (*each)(void *, const char *, ministore__kind),
                void *context) {
    int result = gate(io, LIST, NULL);
    return result < 0 ? result : real->list(real, folder, each, context);
}

static int watch(const ministore__io *io, int folder) {
    int result = gate(io, WATCH, NULL);
    return result < 0 ? result : real->watch(real, folder);
}

static int wait_change(const ministore__io *io, int watched, int wake, const char *name, int64_t timeout_ms) {
    int result = gate(io, WAIT, name);
    return result < 0 ? result : real->wait(real, watched, wake, name, timeout_ms);
}

static int make_pipe(const ministore__io *io, int ends[2]) {
    int result = gate(io, MAKE_PIPE, NULL);
    return result < 0 ? result : real->make_pipe(real, ends);
}

void fail_calls(faults *f, call_kind kind, long at, long count, int error) {
    f->kind = kind;
    f->seen = 0;
    f->fail_at = at;
    f->fail_count = count;
    f->error = error;
}

faults faults_none(void) {
    faults f = {.io = ministore__posix, .kind = ANY_CALL, .fail_count = 1};
    f.io.open_folder = open_folder;
    f.io.make_folder = make_folder;
    f.io.open_file = open_file;
    f.io.close = close_file;
    f.io.read = read_file;
    f.io.write = write_file;
    f.io.truncate = truncate_file;
    f.io.allocate = allocate;
    f.io.sync = sync_file;
    f.io.sync_data = sync_data;
    f.io.lock = lock_file;
    f.io.stat_file = stat_file;
    f.io.stat_name = stat_name;
    f.io.read_link = read_link;
    f.io.set_mode = set_mode;
    f.io.link = link_name;
    f.io.rename = rename_name;
    f.io.unlink = unlink_name;
    f.io.list = list;
    f.io.mark = NULL; /* so that the number counts */
    f.io.watch = watch;
    f.io.wait = wait_change;
    f.io.make_pipe = make_pipe;
    return f;
}
