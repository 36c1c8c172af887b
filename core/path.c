/*
 * Where a journal lives: resolving its path and symbolic links to a folder that is held open and a name in it.
 */
#define _POSIX_C_SOURCE 200809L
#include "internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LINKS_MAX = 40,    /* symbolic links in a row, as the system's own limit */
    SUFFIX_MAX = 15,   /* the longest suffix of a sibling's name */
    TARGET_MAX = 4096  /* PATH_MAX */
};

bool ministore__names_segment(const char *name) {
    const char *point = strrchr(name, '.');
    size_t digits = point ? strspn(point + 1, "0123456789") : 0;
    return digits > 0 && point[1 + digits] == '\0';
}

void ministore__sibling(const ministore__location *location, const char *suffix, char name[MINISTORE__NAME_SIZE]) {
    (void)snprintf(name, MINISTORE__NAME_SIZE, "%s%s", location->name, suffix);
}

void ministore__location_free(ministore__location *location) {
    if (location->folder >= 0) location->io->close(location->io, location->folder);
    location->folder = -1;
    free(location->path);
    location->path = NULL;
}

/* The part of a path before its last component; "." if there is none. To be freed. */
static char *parent_of(const char *path) {
    const char *slash = strrchr(path, '/');
    if (!slash) return strdup(".");
    return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

static const char *last_of(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Make a folder's own name durable, before anything is made in it: whoever made it may have been killed before that.
   A folder around it that may not be read, or that cannot be synced, is not ours to make durable. */
static int sync_around(const ministore__io *io, int folder) {
    int outer = io->open_folder(io, folder, "..");
    int result = outer < 0 ? outer : io->sync(io, outer);
    if (outer >= 0) io->close(io, outer);
    bool foreign = result == -EACCES || result == -EPERM || result == -EROFS || result == -EINVAL;
    return foreign ? 0 : result;
}

/* Open a folder; a writer makes it, and those it lies in. */
static int open_folder(const ministore__io *io, int base, const char *path, bool writer) {
    int folder = io->open_folder(io, base, path);
    if (folder != -ENOENT || !writer || base != MINISTORE__CURRENT_FOLDER) return folder;
    char *parent = parent_of(path);
    int around = parent ? open_folder(io, base, parent, true) : -ENOMEM;
    free(parent);
    if (around < 0) return around;
    int result = sync_around(io, around);
    io->close(io, around);
    if (result == 0) result = io->make_folder(io, path);
    return result == 0 || result == -EEXIST ? io->open_folder(io, base, path) : result;
}

static ministore_status bad_name(ministore_error *err, const ministore__location *location, const char *name) {
    ministore__place at = {.path = location->path};
    if (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return ministore__fail_at(err, MINISTORE_NOT_A_FILE, &at, "the path names a folder, not a file");
    if (strlen(name) + SUFFIX_MAX >= MINISTORE__NAME_SIZE)
        return ministore__fail_at(err, MINISTORE_INVALID_ARGUMENT, &at,
                                  "the file name is too long to leave room for its segments' names");
    return MINISTORE_OK;
}

/* Go to the folder of `path`, seen from the folder held now; a missing one gives OK and folder -1 for a reader. */
static ministore_status enter(ministore__location *location, const char *path, bool writer, ministore_error *err) {
    const ministore__io *io = location->io;
    int base = location->folder >= 0 ? location->folder : MINISTORE__CURRENT_FOLDER;
    char *parent = parent_of(path);
    int folder = parent ? open_folder(io, base, parent, writer) : -ENOMEM;
    free(parent);
    if (location->folder >= 0) io->close(io, location->folder);
    location->folder = folder < 0 ? -1 : folder;
    if (folder < 0 && !(folder == -ENOENT && !writer))
        return ministore__fail_io(err, folder, location->path, NULL, "cannot open the journal's folder");
    (void)snprintf(location->name, sizeof location->name, "%s", last_of(path));
    return bad_name(err, location, last_of(path));
}

static ministore_status follow_links(ministore__location *location, bool writer, ministore_error *err) {
    char target[TARGET_MAX];
    for (int i = 0; i < LINKS_MAX && location->folder >= 0; i++) {
        int size = location->io->read_link(location->io, location->folder, location->name, target, sizeof target);
        if (size == -ENOENT && writer) size = sync_around(location->io, location->folder);
        if (size == -EINVAL || size == -ENOENT || size == 0) return MINISTORE_OK; /* no link, or nothing there yet */
        if (size < 0) return ministore__fail_io(err, size, location->path, NULL, "cannot resolve the path");
        MINISTORE__TRY(enter(location, target, writer, err));
    }
    if (location->folder < 0) return MINISTORE_OK;
    return ministore__fail_io(err, -ELOOP, location->path, NULL, "cannot resolve the path");
}

ministore_status ministore__locate(ministore__location *out, const ministore__io *io, const char *path, bool writer,
                                   ministore_error *err) {
    *out = (ministore__location){.io = io, .folder = -1};
    out->path = strdup(path);
    if (!out->path) return ministore__fail(err, MINISTORE_NO_MEMORY, "%s: out of memory", path);
    ministore_status status = path[0] == '\0' ? ministore__fail(err, MINISTORE_INVALID_ARGUMENT, "the path is empty")
                                              : enter(out, path, writer, err);
    if (status == MINISTORE_OK) status = follow_links(out, writer, err);
    if (status != MINISTORE_OK) ministore__location_free(out);
    return status;
}
