/*
 * A disk in memory behind the platform table, which keeps what was synced apart from what was written, and builds the
 * states that a power loss could leave.
 *
 * Files: each sector and the size independently keep any version they had since the file's last sync. Names: each
 * change since the last sync of its folder is independently kept or lost; of a rename what `renames` says. What is not
 * there reads as zeros.
 */
#ifndef MINISTORE_TESTS_DISK_H
#define MINISTORE_TESTS_DISK_H

#include "../../core/internal.h"

/** Bytes of a file at one moment; never changed, shared between disks. */
typedef struct {
    size_t references, size;
    char data[];
} content;

/** A file, or a folder (which has no versions). */
typedef struct {
    content **versions; /* [0]: as synced; then after each change since */
    size_t count;
    uint32_t mode;
    bool folder;
    int parent;    /* of a folder; the root is its own */
    int locked_by; /* handle, or -1 */
} node;

/** What a name stood for after a change. */
typedef struct {
    int node;        /* -1: nothing */
    unsigned change; /* which change of the folder made it so; a rename is one */
} binding;

typedef struct {
    int folder; /* node */
    char text[64];
    binding *history; /* [0]: as synced */
    size_t count;
} name;

/** What a power loss may do to a rename that is not yet durable, besides losing it whole or keeping it whole. */
typedef enum {
    HALVES_APART,   /* keep either half alone: both names, or none */
    NEW_NAME_FIRST, /* keep the new name and the old one; never lose both */
    WHOLE           /* nothing else */
} disk_renames;

typedef struct disk disk;
struct disk {
    ministore__io io; /* first, so that the table's functions find the rest */
    node *nodes;
    size_t node_count;
    name *names;
    size_t name_count;
    struct {
        int node; /* -1: closed */
    } handles[32];
    unsigned changes;
    size_t sector;
    disk_renames renames;
    bool no_links;
    bool fail_write, fail_sync_data; /* the next one fails, the write after its bytes are written; then false again */
    void (*before_change)(void *context); /* called before each call that changes something; NULL: none */
    void *context;
};

void disk_init(disk *d, size_t sector);
void disk_free(disk *d);

/** The same disk after its processes were killed: nothing is lost, nothing more is synced. */
void disk_copy(disk *out, const disk *from);

/** Put a file there, durably. */
void disk_put(disk *d, const char *name, const void *data, size_t size);

/** Newest content of a file of the root folder; NULL if there is none. */
const content *disk_get(const disk *d, const char *name);

/** A number that tells disks with different contents (what is unsynced included) apart. */
uint64_t disk_hash(const disk *d);

/** The choices that a power loss has: how many for each. The array holds `most`; returns how many there are. */
size_t disk_choices(const disk *d, size_t *radices, size_t most);

/** The state that a power loss leaves, by one number below its radix for each choice. */
void disk_crash(disk *out, const disk *from, const size_t *choices);

/** Print names and contents, for a person. */
void disk_print(const disk *d);

#endif
