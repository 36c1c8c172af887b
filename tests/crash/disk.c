/*
 * A disk in memory behind the platform table, and the states that a power loss could leave of it.
 */
#include "disk.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HANDLES = sizeof ((disk *)NULL)->handles / sizeof ((disk *)NULL)->handles[0], ROOT = 0 };

/* ---- memory: out of it, a test has nothing to say ---- */

static void *must(void *memory) {
    if (memory) return memory;
    (void)fprintf(stderr, "the crash lab is out of memory\n");
    exit(2);
}

static content *content_of(const void *data, size_t size) {
    content *c = must(malloc(sizeof *c + size));
    c->references = 1;
    c->size = size;
    if (data) memcpy(c->data, data, size);
    else memset(c->data, 0, size);
    return c;
}

static void release(content *c) {
    if (--c->references == 0) free(c);
}

/* ---- files ---- */

static int new_node(disk *d, bool folder, uint32_t mode) {
    d->nodes = must(realloc(d->nodes, (d->node_count + 1) * sizeof *d->nodes));
    d->nodes[d->node_count] = (node){.folder = folder, .mode = mode, .locked_by = -1};
    return (int)d->node_count++;
}

static void push(node *n, content *c) {
    n->versions = must(realloc(n->versions, (n->count + 1) * sizeof(content *)));
    n->versions[n->count++] = c;
}

static const content *newest(const node *n) {
    return n->versions[n->count - 1];
}

static void keep_newest(node *n) {
    if (n->folder) return;
    for (size_t i = 0; i + 1 < n->count; i++) release(n->versions[i]);
    n->versions[0] = n->versions[n->count - 1];
    n->count = 1;
}

/* A new version: as the newest, but `size` long, with `length` bytes at `offset` replaced. */
static void change(node *n, size_t size, const void *data, size_t length, size_t offset) {
    const content *old = newest(n);
    content *c = content_of(NULL, size);
    memcpy(c->data, old->data, old->size < size ? old->size : size);
    if (length > 0) memcpy(c->data + offset, data, length);
    push(n, c);
}

/* ---- names ---- */

static name *find_name(const disk *d, int folder, const char *text) {
    for (size_t i = 0; i < d->name_count; i++)
        if (d->names[i].folder == folder && strcmp(d->names[i].text, text) == 0) return &d->names[i];
    return NULL;
}

static int bound(const name *n) {
    return n ? n->history[n->count - 1].node : -1;
}

static void bind_by(disk *d, int folder, const char *text, int target, unsigned by) {
    name *n = find_name(d, folder, text);
    if (!n) {
        d->names = must(realloc(d->names, (d->name_count + 1) * sizeof *d->names));
        n = &d->names[d->name_count++];
        *n = (name){.folder = folder, .history = must(malloc(sizeof(binding))), .count = 1};
        assert(strlen(text) < sizeof n->text);
        memcpy(n->text, text, strlen(text) + 1);
        n->history[0] = (binding){-1, 0};
    }
    n->history = must(realloc(n->history, (n->count + 1) * sizeof(binding)));
    n->history[n->count++] = (binding){target, by};
}

static void keep_names(disk *d, int folder) {
    for (size_t i = 0; i < d->name_count; i++) {
        name *n = &d->names[i];
        if (n->folder != folder) continue;
        n->history[0] = n->history[n->count - 1];
        n->count = 1;
    }
}

/* ---- the platform table ---- */

static disk *of(const ministore__io *io) {
    return (disk *)io;
}

static disk *changing(const ministore__io *io) {
    disk *d = of(io);
    if (d->before_change) d->before_change(d->context);
    d->changes++;
    return d;
}

/* Whether the next call of a kind is to fail, which is then done with. */
static int fails(bool *next) {
    bool now = *next;
    *next = false;
    return now ? -EIO : 0;
}

static int new_handle(disk *d, int target) {
    for (int i = 0; i < (int)HANDLES; i++) {
        if (d->handles[i].node >= 0) continue;
        d->handles[i].node = target;
        return i;
    }
    return -EMFILE;
}

static node *file_of(disk *d, int handle) {
    assert(handle >= 0 && handle < (int)HANDLES && d->handles[handle].node >= 0);
    return &d->nodes[d->handles[handle].node];
}

static int folder_of(const disk *d, int handle) {
    return handle == MINISTORE__CURRENT_FOLDER ? ROOT : d->handles[handle].node;
}

/* The node at a path of folders, below `at`; *last, unless NULL, is the part behind the last slash, left out. */
static int walk(const disk *d, int at, const char *path, const char **last) {
    char part[64];
    for (;;) {
        size_t size = strcspn(path, "/");
        if (path[size] == '\0' && last) {
            *last = path;
            return at;
        }
        assert(size < sizeof part);
        memcpy(part, path, size);
        part[size] = '\0';
        if (strcmp(part, "..") == 0) at = d->nodes[at].parent;
        else if (size > 0 && strcmp(part, ".") != 0) at = bound(find_name(d, at, part));
        if (at < 0 || path[size] == '\0') return at;
        path += size + 1;
    }
}

static int open_folder(const ministore__io *io, int folder, const char *path) {
    disk *d = of(io);
    int at = walk(d, folder_of(d, folder), path, NULL);
    return at < 0 ? -ENOENT : new_handle(d, at);
}

static int make_folder(const ministore__io *io, const char *path) {
    disk *d = changing(io);
    const char *last;
    int parent = walk(d, ROOT, path, &last);
    if (parent < 0) return -ENOENT;
    if (bound(find_name(d, parent, last)) >= 0) return -EEXIST;
    int made = new_node(d, true, 0700);
    d->nodes[made].parent = parent;
    bind_by(d, parent, last, made, d->changes);
    return 0;
}

static int open_file(const ministore__io *io, int folder, const char *text, int how, uint32_t mode) {
    disk *d = of(io);
    int at = bound(find_name(d, folder_of(d, folder), text));
    if (at >= 0) return how & MINISTORE__EXCLUSIVE ? -EEXIST : new_handle(d, at);
    if (!(how & MINISTORE__CREATE)) return -ENOENT;
    (void)changing(io);
    at = new_node(d, false, mode);
    push(&d->nodes[at], content_of(NULL, 0));
    bind_by(d, folder_of(d, folder), text, at, d->changes);
    return new_handle(d, at);
}

static int close_file(const ministore__io *io, int handle) {
    disk *d = of(io);
    node *n = file_of(d, handle);
    if (n->locked_by == handle) n->locked_by = -1;
    d->handles[handle].node = -1;
    return 0;
}

static int64_t read_file(const ministore__io *io, int handle, void *data, size_t size, uint64_t offset) {
    const content *c = newest(file_of(of(io), handle));
    if (offset >= c->size) return 0;
    if (size > c->size - offset) size = c->size - (size_t)offset;
    memcpy(data, c->data + offset, size);
    return (int64_t)size;
}

static int write_file(const ministore__io *io, int handle, const void *data, size_t size, uint64_t offset) {
    node *n = file_of(changing(io), handle);
    size_t end = (size_t)offset + size;
    change(n, end > newest(n)->size ? end : newest(n)->size, data, size, (size_t)offset);
    return fails(&of(io)->fail_write);
}

static int truncate_file(const ministore__io *io, int handle, uint64_t size) {
    change(file_of(changing(io), handle), (size_t)size, NULL, 0, 0);
    return 0;
}

static int allocate(const ministore__io *io, int handle, uint64_t offset, uint64_t size) {
    change(file_of(changing(io), handle), (size_t)(offset + size), NULL, 0, 0);
    return 0;
}

static int sync_file(const ministore__io *io, int handle) {
    disk *d = changing(io);
    if (file_of(d, handle)->folder) keep_names(d, d->handles[handle].node);
    else keep_newest(file_of(d, handle));
    return 0;
}

static int sync_data(const ministore__io *io, int handle) {
    return fails(&of(io)->fail_sync_data) < 0 ? -EIO : sync_file(io, handle);
}

static int lock_file(const ministore__io *io, int handle) {
    node *n = file_of(of(io), handle);
    if (n->locked_by >= 0 && n->locked_by != handle) return -EWOULDBLOCK;
    n->locked_by = handle;
    return 0;
}

static int fill_stat(const disk *d, int at, ministore__stat *out) {
    const node *n = &d->nodes[at];
    *out = (ministore__stat){.device = 1,
                             .inode = (uint64_t)at + 1,
                             .size = n->folder ? 0 : newest(n)->size,
                             .mode = n->mode,
                             .kind = n->folder ? MINISTORE__OTHER : MINISTORE__FILE};
    return 0;
}

static int stat_file(const ministore__io *io, int handle, ministore__stat *out) {
    return fill_stat(of(io), of(io)->handles[handle].node, out);
}

static int stat_name(const ministore__io *io, int folder, const char *text, bool follow, ministore__stat *out) {
    (void)follow;
    int at = bound(find_name(of(io), folder_of(of(io), folder), text));
    return at < 0 ? -ENOENT : fill_stat(of(io), at, out);
}

static int read_link(const ministore__io *io, int folder, const char *text, char *target, size_t size) {
    (void)target, (void)size;
    return bound(find_name(of(io), folder_of(of(io), folder), text)) < 0 ? -ENOENT : -EINVAL;
}

static int set_mode(const ministore__io *io, int handle, uint32_t mode) {
    file_of(of(io), handle)->mode = mode;
    return 0;
}

static int link_name(const ministore__io *io, int folder, const char *from, const char *to) {
    disk *d = changing(io);
    int at = folder_of(d, folder), target = bound(find_name(d, at, from));
    if (d->no_links) return -EPERM;
    if (target < 0) return -ENOENT;
    if (bound(find_name(d, at, to)) >= 0) return -EEXIST;
    bind_by(d, at, to, target, d->changes);
    return 0;
}

static int rename_name(const ministore__io *io, int folder, const char *from, const char *to, bool replace) {
    disk *d = changing(io);
    int at = folder_of(d, folder), target = bound(find_name(d, at, from));
    if (target < 0) return -ENOENT;
    if (!replace && bound(find_name(d, at, to)) >= 0) return -EEXIST;
    bind_by(d, at, to, target, d->changes);
    bind_by(d, at, from, -1, d->changes);
    return 0;
}

static int unlink_name(const ministore__io *io, int folder, const char *text) {
    disk *d = changing(io);
    int at = folder_of(d, folder);
    if (bound(find_name(d, at, text)) < 0) return -ENOENT;
    bind_by(d, at, text, -1, d->changes);
    return 0;
}

static int list(const ministore__io *io, int folder, int (*each)(void *, const char *, ministore__kind),
                void *context) {
    const disk *d = of(io);
    int at = folder_of(d, folder), result = 0;
    for (size_t i = 0; result == 0 && i < d->name_count; i++) {
        int target = bound(&d->names[i]);
        if (d->names[i].folder != at || target < 0) continue;
        result = each(context, d->names[i].text, d->nodes[target].folder ? MINISTORE__OTHER : MINISTORE__FILE);
    }
    return result;
}

static int64_t process(const ministore__io *io) {
    (void)io;
    return 1;
}

static int64_t now_ms(const ministore__io *io) {
    (void)io;
    return 0;
}

static const ministore__io table = {
    .open_folder = open_folder,
    .make_folder = make_folder,
    .open_file = open_file,
    .close = close_file,
    .read = read_file,
    .write = write_file,
    .truncate = truncate_file,
    .allocate = allocate,
    .sync = sync_file,
    .sync_data = sync_data,
    .lock = lock_file,
    .stat_file = stat_file,
    .stat_name = stat_name,
    .read_link = read_link,
    .set_mode = set_mode,
    .link = link_name,
    .rename = rename_name,
    .unlink = unlink_name,
    .list = list,
    .process = process,
    .now_ms = now_ms, /* nobody waits here: no watch, no pipe */
};

/* ---- disks ---- */

static void init_empty(disk *d, size_t sector) {
    *d = (disk){.io = table, .sector = sector};
    for (int i = 0; i < (int)HANDLES; i++) d->handles[i].node = -1;
}

void disk_init(disk *d, size_t sector) {
    init_empty(d, sector);
    (void)new_node(d, true, 0700);
}

void disk_free(disk *d) {
    for (size_t i = 0; i < d->node_count; i++) {
        for (size_t v = 0; v < d->nodes[i].count; v++) release(d->nodes[i].versions[v]);
        free(d->nodes[i].versions);
    }
    for (size_t i = 0; i < d->name_count; i++) free(d->names[i].history);
    free(d->nodes);
    free(d->names);
}

/* An empty disk with the same nodes and names, which have neither content nor history yet. */
static void init_like(disk *out, const disk *from) {
    init_empty(out, from->sector);
    out->renames = from->renames;
    out->no_links = from->no_links;
    out->changes = from->changes;
    for (size_t i = 0; i < from->node_count; i++) {
        (void)new_node(out, from->nodes[i].folder, from->nodes[i].mode);
        out->nodes[i].parent = from->nodes[i].parent;
    }
    out->name_count = from->name_count;
    out->names = must(calloc(from->name_count + 1, sizeof *out->names));
    for (size_t i = 0; i < from->name_count; i++) {
        out->names[i] = from->names[i];
        out->names[i].history = must(malloc(from->names[i].count * sizeof(binding)));
    }
}

void disk_copy(disk *out, const disk *from) {
    init_like(out, from);
    for (size_t i = 0; i < from->node_count; i++) {
        for (size_t v = 0; v < from->nodes[i].count; v++) {
            from->nodes[i].versions[v]->references++;
            push(&out->nodes[i], from->nodes[i].versions[v]);
        }
    }
    for (size_t i = 0; i < from->name_count; i++)
        memcpy(out->names[i].history, from->names[i].history, from->names[i].count * sizeof(binding));
}

void disk_put(disk *d, const char *text, const void *data, size_t size) {
    int at = new_node(d, false, 0600);
    push(&d->nodes[at], content_of(data, size));
    bind_by(d, ROOT, text, at, 0);
    keep_names(d, ROOT);
}

const content *disk_get(const disk *d, const char *text) {
    int at = bound(find_name(d, ROOT, text));
    return at < 0 ? NULL : newest(&d->nodes[at]);
}

/* Eight bytes at a time: most of the lab's time goes here. */
static uint64_t mix(uint64_t hash, const void *data, size_t size) {
    const char *bytes = data;
    uint64_t word;
    for (size_t i = 0; i < size; i += sizeof word) {
        word = 0;
        memcpy(&word, bytes + i, size - i < sizeof word ? size - i : sizeof word);
        hash = (hash ^ word) * 0x9e3779b97f4a7c15;
        hash ^= hash >> 29;
    }
    return (hash ^ size) * 0x100000001b3;
}

/* Each name by itself, so that their order does not matter; two names of one file differ from two equal files. */
uint64_t disk_hash(const disk *d) {
    uint64_t sum = 0;
    for (size_t i = 0; i < d->name_count; i++) {
        const name *n = &d->names[i];
        if (n->count == 1 && n->history[0].node < 0) continue;
        uint64_t hash = mix(0xcbf29ce484222325, n->text, strlen(n->text));
        for (size_t b = 0; b < n->count; b++) {
            int target = n->history[b].node;
            hash = mix(hash, &target, sizeof target);
            for (size_t v = 0; target >= 0 && v < d->nodes[target].count; v++)
                hash = mix(hash, d->nodes[target].versions[v]->data, d->nodes[target].versions[v]->size);
        }
        sum += hash;
    }
    return sum;
}

/* ---- power loss ---- */

static size_t longest(const node *n) {
    size_t size = 0;
    for (size_t v = 0; v < n->count; v++)
        if (n->versions[v]->size > size) size = n->versions[v]->size;
    return size;
}

/* Bytes of a sector in a version, zeros where it has none. */
static void sector_of(const content *c, size_t start, size_t size, char *out) {
    memset(out, 0, size);
    if (c->size > start) memcpy(out, c->data + start, c->size - start < size ? c->size - start : size);
}

enum { SECTOR_MAX = 4096 };

/* The version that gives the `which`th different content of a sector; and how many there are. */
static size_t sector_versions(const disk *d, const node *n, size_t start, size_t which, size_t *version) {
    char one[SECTOR_MAX], other[SECTOR_MAX];
    size_t different = 0;
    for (size_t v = 0; v < n->count; v++) {
        bool fresh = true;
        sector_of(n->versions[v], start, d->sector, one);
        for (size_t u = 0; fresh && u < v; u++) {
            sector_of(n->versions[u], start, d->sector, other);
            fresh = memcmp(one, other, d->sector) != 0;
        }
        if (fresh && different++ == which) *version = v;
    }
    return different;
}

/* The `which`th different size. */
static size_t size_versions(const node *n, size_t which, size_t *size) {
    size_t different = 0;
    for (size_t v = 0; v < n->count; v++) {
        bool fresh = true;
        for (size_t u = 0; u < v; u++) fresh = fresh && n->versions[u]->size != n->versions[v]->size;
        if (fresh && different++ == which) *size = n->versions[v]->size;
    }
    return different;
}

static void add(size_t *radices, size_t most, size_t *count, size_t radix) {
    if (*count < most) radices[*count] = radix;
    (*count)++;
}

/* How many names a change is about: two for a rename. */
static int names_of_change(const disk *d, unsigned by) {
    int count = 0;
    for (size_t i = 0; i < d->name_count; i++)
        for (size_t b = 1; b < d->names[i].count; b++) count += d->names[i].history[b].change == by;
    return count;
}

/* Whether a change is seen for the first time: unless the halves of renames are apart, one choice for both names. */
static bool first_of_change(const disk *d, size_t index, size_t step) {
    unsigned by = d->names[index].history[step].change;
    for (size_t i = 0; i <= index; i++)
        for (size_t b = 1; b < (i == index ? step : d->names[i].count); b++)
            if (d->names[i].history[b].change == by) return false;
    return true;
}

size_t disk_choices(const disk *d, size_t *radices, size_t most) {
    size_t count = 0, unused;
    for (size_t i = 0; i < d->node_count; i++) {
        const node *n = &d->nodes[i];
        if (n->count < 2) continue;
        add(radices, most, &count, size_versions(n, 0, &unused));
        for (size_t at = 0; at < longest(n); at += d->sector)
            add(radices, most, &count, sector_versions(d, n, at, 0, &unused));
    }
    for (size_t i = 0; i < d->name_count; i++) {
        const name *n = &d->names[i];
        if (d->renames == HALVES_APART && n->count > 1) add(radices, most, &count, n->count);
        for (size_t b = 1; d->renames != HALVES_APART && b < n->count; b++) {
            bool halves = d->renames == NEW_NAME_FIRST && names_of_change(d, n->history[b].change) == 2;
            if (first_of_change(d, i, b)) add(radices, most, &count, halves ? 3 : 2);
        }
    }
    return count;
}

static content *crash_file(const disk *d, const node *n, const size_t **choices) {
    size_t size = 0, version = 0;
    (void)size_versions(n, *(*choices)++, &size);
    content *c = content_of(NULL, size);
    for (size_t at = 0; at < longest(n); at += d->sector) {
        (void)sector_versions(d, n, at, *(*choices)++, &version);
        if (at < size) sector_of(n->versions[version], at, size - at < d->sector ? size - at : d->sector, c->data + at);
    }
    return c;
}

/* Changes as wholes: what is kept of each is noted by number, then each name goes by its last kept one. */
static void crash_changes(disk *out, const disk *from, const size_t *choices) {
    enum { LOST, KEPT, NEW_NAME_ONLY };
    size_t *kept = must(calloc(from->changes + 1, sizeof *kept));
    for (size_t i = 0; i < from->name_count; i++)
        for (size_t b = 1; b < from->names[i].count; b++)
            if (first_of_change(from, i, b)) kept[from->names[i].history[b].change] = *choices++;
    for (size_t i = 0; i < from->name_count; i++) {
        const binding *history = from->names[i].history;
        size_t b = from->names[i].count - 1;
        while (b > 0 && (kept[history[b].change] == LOST ||
                         (kept[history[b].change] == NEW_NAME_ONLY && history[b].node < 0)))
            b--;
        out->names[i].history[0] = history[b];
        out->names[i].count = 1;
    }
    free(kept);
}

void disk_crash(disk *out, const disk *from, const size_t *choices) {
    init_like(out, from);
    for (size_t i = 0; i < from->node_count; i++) {
        const node *n = &from->nodes[i];
        if (n->count == 1) n->versions[0]->references++;
        if (n->count > 0) push(&out->nodes[i], n->count == 1 ? n->versions[0] : crash_file(from, n, &choices));
    }
    if (from->renames != HALVES_APART) {
        crash_changes(out, from, choices);
        return;
    }
    for (size_t i = 0; i < from->name_count; i++) {
        const name *n = &from->names[i];
        out->names[i].history[0] = n->history[n->count > 1 ? *choices++ : 0];
        out->names[i].count = 1;
    }
}

static void print_bytes(const content *c) {
    for (size_t i = 0; i < c->size; i++) {
        unsigned char byte = (unsigned char)c->data[i];
        if (byte == '\0') (void)printf("~");
        else if (byte == '\t') (void)printf("<TAB>");
        else if (byte == '\n') (void)printf("\n    ");
        else (void)printf("%c", byte);
    }
    (void)printf("|\n");
}

void disk_print(const disk *d) {
    for (size_t i = 0; i < d->name_count; i++) {
        int target = bound(&d->names[i]);
        if (target < 0 || d->nodes[target].folder) continue;
        (void)printf("  %s (file %d, %zu bytes, NULs as ~):\n    ", d->names[i].text, target,
                     newest(&d->nodes[target])->size);
        print_bytes(newest(&d->nodes[target]));
    }
}
