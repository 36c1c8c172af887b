/*
 * What the files of the core share: the platform table first, then one section for each file.
 */
#ifndef MINISTORE_INTERNAL_H
#define MINISTORE_INTERNAL_H

#include "ministore.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

/* ---- the platform table: every system call on files goes through it (io_posix.c is the real one) ---- */

enum {
    MINISTORE__NAME_SIZE = 256,          /* NAME_MAX and the NUL */
    MINISTORE__CHUNK = 256 * 1024,       /* read at once when a segment is scanned */
    MINISTORE__HEADER_MAX = 4096,        /* longest header line, its newline included */
    MINISTORE__CURRENT_FOLDER = -100     /* for open_folder: relative to the current folder */
};

typedef enum { MINISTORE__FILE, MINISTORE__OTHER, MINISTORE__UNKNOWN } ministore__kind; /* UNKNOWN: stat tells */

/** What stat tells of a file. */
typedef struct {
    uint64_t device, inode, size;
    uint32_t mode; /* permission bits */
    ministore__kind kind;
} ministore__stat;

/** How open_file opens; reading is always possible. A name that is a symbolic link is followed unless NO_FOLLOW. */
enum {
    MINISTORE__WRITE = 1,     /* for writing too */
    MINISTORE__CREATE = 2,    /* make it if it is not there */
    MINISTORE__EXCLUSIVE = 4, /* with CREATE: fail with EEXIST if it is there */
    MINISTORE__NO_FOLLOW = 8  /* fail with ELOOP on a symbolic link */
};

/**
 * Calls return 0 or more for success, -errno for failure. A file just opened may be empty, of any size, or corrupt in
 * any way. Nothing is durable before `sync` (data, size, mode) or `sync_data` (data and size) of the file, and no name
 * before `sync` of its folder. Names are single components inside a folder that is held open.
 */
typedef struct ministore__io ministore__io;
struct ministore__io {
    int (*open_folder)(const ministore__io *io, int folder, const char *path);
    int (*make_folder)(const ministore__io *io, const char *path);
    int (*open_file)(const ministore__io *io, int folder, const char *name, int how, uint32_t mode);
    int (*close)(const ministore__io *io, int file);
    int64_t (*read)(const ministore__io *io, int file, void *data, size_t size, uint64_t offset); /* short: the end */
    int (*write)(const ministore__io *io, int file, const void *data, size_t size, uint64_t offset); /* all, or fail */
    int (*truncate)(const ministore__io *io, int file, uint64_t size);
    int (*allocate)(const ministore__io *io, int file, uint64_t offset, uint64_t size); /* extends by NULs */
    int (*sync)(const ministore__io *io, int file);
    int (*sync_data)(const ministore__io *io, int file);
    int (*lock)(const ministore__io *io, int file); /* -EWOULDBLOCK if another open file holds it */
    int (*stat_file)(const ministore__io *io, int file, ministore__stat *out);
    int (*stat_name)(const ministore__io *io, int folder, const char *name, bool follow, ministore__stat *out);
    int (*read_link)(const ministore__io *io, int folder, const char *name, char *target, size_t size);
    int (*set_mode)(const ministore__io *io, int file, uint32_t mode);
    int (*link)(const ministore__io *io, int folder, const char *from, const char *to); /* -EEXIST if `to` is there */
    int (*rename)(const ministore__io *io, int folder, const char *from, const char *to, bool replace);
    int (*unlink)(const ministore__io *io, int folder, const char *name);
    int (*list)(const ministore__io *io, int folder, int (*each)(void *context, const char *name, ministore__kind kind),
                void *context); /* ends early when `each` returns other than 0, and returns that */
    int64_t (*process)(const ministore__io *io);
    int *(*mark)(const ministore__io *io); /* memory with a 1 that a forked child reads as 0, or NULL; may be NULL */
    void (*unmark)(const ministore__io *io, int *mark);
    int (*watch)(const ministore__io *io, int folder); /* a descriptor that tells of changes in a folder */
    int (*wait)(const ministore__io *io, int watch, int wake, const char *name, int64_t timeout_ms); /* see follow.c */
    int (*make_pipe)(const ministore__io *io, int ends[2]); /* reading end, writing end; neither blocks */
    int (*wake)(const ministore__io *io, int end);          /* safe in signal handlers */
    int64_t (*now_ms)(const ministore__io *io);             /* of a clock that only goes forward */
};

extern const ministore__io ministore__posix;

/** The process that opened a handle: known by a mark, which costs no system call, or by its number. */
typedef struct {
    int *mark;
    int64_t process;
} ministore__owner;

static inline void ministore__own(const ministore__io *io, ministore__owner *owner) {
    owner->mark = io->mark ? io->mark(io) : NULL;
    owner->process = io->process(io);
}

static inline bool ministore__owned(const ministore__io *io, const ministore__owner *owner) {
    return owner->mark ? *owner->mark == 1 : io->process(io) == owner->process;
}

static inline void ministore__disown(const ministore__io *io, ministore__owner *owner) {
    if (owner->mark) io->unmark(io, owner->mark);
}

/* ---- error.c: failures are made where they are noticed, and handed up unchanged ---- */

/** The place of a failure; zero what does not apply. */
typedef struct {
    const char *path;    /* the journal's path as given */
    const char *segment; /* file name, or NULL */
    uint64_t line, sequence, offset;
} ministore__place;

/** Fill err, if it is not NULL, with status, place and a printf-style message, which begins with the place; return
    status. Everything else is zero. */
__attribute__((format(printf, 4, 5))) ministore_status
ministore__fail_at(ministore_error *err, ministore_status status, const ministore__place *at, const char *format, ...);

/** The same without a place. */
#define ministore__fail(err, status, ...) ministore__fail_at(err, status, &(ministore__place){0}, __VA_ARGS__)

/** A failed system call: `result` is its -errno, which also gives the status. `what` says what could not be done. */
ministore_status ministore__fail_io(ministore_error *err, int64_t result, const char *path, const char *segment,
                                    const char *what);

/** Go on if a call succeeded, else hand its failure up: the function returns what the call did. */
#define MINISTORE__TRY(call)                     \
    do {                                         \
        const ministore_status tried = (call);   \
        if (tried != MINISTORE_OK) return tried; \
    } while (0)
#ifdef MINISTORE_ANALYZED
/* What static analyzers, which see one file at a time, cannot know: these two return a failure. */
#define ministore__fail_at(err, status, ...) ((void)ministore__fail_at(err, status, __VA_ARGS__), (status))
#define ministore__fail_io(...) ((void)ministore__fail_io(__VA_ARGS__), MINISTORE_IO)
#endif

/* ---- json.c: the validator ---- */

typedef enum {
    MINISTORE__JSON_STRICT, /* what append takes: at most 128 levels, no lone surrogate escape */
    MINISTORE__JSON_LENIENT /* what readers take: at most 8,192 levels, lone surrogate escapes pass */
} ministore__json_rules;

/** NULL if the bytes are one JSON text, else what is wrong, and at which byte. */
const char *ministore__json_check(const char *data, size_t size, ministore__json_rules rules, size_t *offset);

/** The place behind an escape; NULL if it is not valid. */
const uint8_t *ministore__json_escape(const uint8_t *at, const uint8_t *end, ministore__json_rules rules);

static inline bool ministore__is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/** Leave out the white space around a text. */
static inline void ministore__trim(const char **data, size_t *size) {
    for (; *size > 0 && ministore__is_blank(**data); (*size)--) (*data)++;
    while (*size > 0 && ministore__is_blank((*data)[*size - 1])) (*size)--;
}

/* ---- json_lines.c: records of one layout ---- */

enum { MINISTORE__LAYOUT_MIN = 64, MINISTORE__LAYOUT_MAX = 512 }; /* bytes; not less than a vector has */

/** What bytes such records may have at each place: `more` than the `least` one by so much, but `never` those. */
typedef struct {
    uint8_t least[MINISTORE__LAYOUT_MAX], more[MINISTORE__LAYOUT_MAX], never[2][MINISTORE__LAYOUT_MAX];
    size_t size;     /* 0: there is none */
    unsigned vector; /* bytes that are looked at at once */
} ministore__layout;

/** Learn the layout of a good record: an array or object of such a size, without escapes. Others have none. */
void ministore__layout_learn(ministore__layout *l, const char *text, size_t size);

/** Whether a text has that layout: it is a good record then, on one line. False where there are no vectors. */
bool ministore__layout_fits(const ministore__layout *l, const char *text, size_t size);

/* ---- json_shape.c: records that are alike ---- */

enum { MINISTORE__SHAPES = 16, MINISTORE__SHAPE_BYTES = 64 };

/** The shapes of some records that were found good, and the layout of one. One thread at a time may use it. */
typedef struct {
    ministore__layout layout;
    size_t last, row; /* bytes of the last record that it did not fit; how many in a row had them, too */
    size_t needed;    /* so many, and it is learned anew */
    bool usable;      /* the processor has what shapes take */
    uint8_t known[MINISTORE__SHAPES][MINISTORE__SHAPE_BYTES]; /* by their sizes modulo MINISTORE__SHAPES */
    uint8_t asked[MINISTORE__SHAPE_BYTES];                    /* that of the last one that was not known, */
    size_t asked_size;                                        /* or 0: it has none */
} ministore__shapes;

/** The struct must be zero throughout, as no shape is. */
void ministore__shapes_init(ministore__shapes *s);

/** Whether a text is a good record for certain, as it is on one line and like one that was added. */
bool ministore__shapes_know(ministore__shapes *s, const char *text, size_t size);

/** Add the text that was asked about last and was not known: it was found good by the strict rules since. */
void ministore__shapes_add(ministore__shapes *s, const char *text, size_t size);

/* ---- json_lines.c: the validator for many lines at once ---- */

/**
 * The records in the first lines of `data`, at most `most`, as long as they are valid beyond doubt; of the line behind
 * them ministore__json_check must tell. `used` are the bytes of those lines, newlines included; the last may lack its.
 */
size_t ministore__json_lines(const char *data, size_t size, ministore__json_rules rules, ministore_span *spans,
                             size_t most, size_t *used);

/**
 * The same by strict rules, for as many lines as can be told: how many. They are put to *out, one behind the other, each
 * with the end of a line of a commit that goes on; there is room for MINISTORE__ENCODED_MOST(size) bytes. *out is behind
 * them then.
 */
size_t ministore__json_encode(const char *data, size_t size, char **out, size_t *used);

/** At most: lines of the least size, an empty array and a newline, with a mark each; and bytes written behind the last. */
#define MINISTORE__ENCODED_MOST(size) ((size) + (size) / 3 + 64)

/** End a line as one of a commit that goes on. Behind it. */
static inline char *ministore__end_line(char *out) {
    out[0] = '\t';
    out[1] = '\n';
    return out + 2;
}

/* ---- crc32c.c ---- */

/** CRC-32C of the bytes that gave `crc` (0 for none) followed by these. */
uint32_t ministore__crc32c(uint32_t crc, const void *data, size_t size);

/* ---- path.c: where a journal lives ---- */

typedef struct {
    const ministore__io *io;
    int folder;                      /* held open; -1 if it is not there (readers only) */
    char *path;                      /* as the caller gave it */
    char name[MINISTORE__NAME_SIZE]; /* of the real file in its folder */
} ministore__location;

/** Resolve a path, symbolic links too, and hold its folder open. A writer makes missing folders. */
ministore_status ministore__locate(ministore__location *out, const ministore__io *io, const char *path, bool writer,
                                   ministore_error *err);
void ministore__location_free(ministore__location *location);

/** Whether a file name ends in a point and digits, as those of archived segments do. */
bool ministore__names_segment(const char *name);

/** `name` of the location and a suffix such as ".torn". */
void ministore__sibling(const ministore__location *location, const char *suffix, char name[MINISTORE__NAME_SIZE]);

/* ---- header.c: line 1 of a segment ---- */

typedef struct {
    size_t size;    /* bytes of the line with its newline; 0 if torn */
    uint32_t crc;   /* of these */
    uint64_t first; /* sequence number of the segment's first record; 0: not given */
    bool has_prev;
    uint32_t prev; /* CRC-32C of the segment before, if has_prev */
} ministore__header;

typedef enum {
    MINISTORE__HEADER_GOOD,
    MINISTORE__HEADER_TORN, /* a prefix of a header line, perhaps empty, and then only NULs */
    MINISTORE__HEADER_BAD,
    MINISTORE__HEADER_UNSUPPORTED
} ministore__header_state;

/** Read the header line of an open segment. Fails only when the file cannot be read. */
int ministore__header_read(const ministore__io *io, int file, ministore__header *out, ministore__header_state *state);

/** Read the header of a segment that is by the rules of an active one or not; what is wrong with it fails at its place.
    OK also for a torn one of an active segment, whose size is 0. */
ministore_status ministore__header_load(const ministore__location *location, const char *name, int file, bool active,
                                        ministore__header *out, ministore_error *err);

/** Write a header line to `line`, of MINISTORE__HEADER_MAX bytes; first 0: one without attributes. Its size. */
size_t ministore__header_format(char *line, uint64_t first, uint32_t prev);

/* ---- scan.c: the end of a segment, line by line ---- */

typedef struct {
    uint64_t size;              /* of the file */
    uint64_t end;               /* behind the last complete commit */
    uint64_t lines;             /* ended lines from where the scan began to `end` */
    uint64_t ended;             /* ended lines from where the scan began to `size` */
    uint64_t torn_end;          /* behind the last byte that is no NUL: a torn tail is [end, torn_end) */
    uint64_t last_commit;       /* where the last complete commit begins */
    uint64_t last_commit_lines; /* ended lines before it */
    bool hole;                  /* a line of NULs lies before the last commit: corruption */
    uint64_t hole_lines;        /* ended lines before that line */
    uint64_t hole_offset;       /* of that line's first NUL */
    uint32_t crc;               /* if asked for: CRC-32C of [0, end) with TAIL, of the whole file without */
} ministore__scan;

enum {
    MINISTORE__SCAN_TAIL = 1,  /* the rules of an active segment for NULs; otherwise they are bytes like others */
    MINISTORE__SCAN_FIRST = 2, /* stop as soon as one complete commit has been seen */
    MINISTORE__SCAN_CRC = 4    /* compute `crc`; `from` is a header's size */
};

/** Read a segment from offset `from`, where a commit begins. 0, or -errno. */
int ministore__scan_file(const ministore__io *io, int file, uint64_t from, int how, ministore__scan *out);

/** Whether a line goes on in the next one, from the byte before its newline. */
static inline bool ministore__goes_on(char before) {
    return before == '\t' || before == '\0';
}

/* ---- segments.c: the archived segments beside a journal ---- */

typedef struct {
    uint64_t number; /* more than 32 bits: a fault */
    uint32_t digits; /* of its suffix */
    bool regular;
} ministore__archive;

typedef struct {
    const ministore__location *at;
    ministore__archive *items; /* ascending; to be freed */
    size_t count;
    int active; /* the file behind them, opened as P; -1: it is not there */
} ministore__archives;

/** List the archives; `active` is left as it is. */
ministore_status ministore__list(const ministore__location *location, ministore__archives *out, ministore_error *err);
void ministore__archive_name(const ministore__location *location, const ministore__archive *archive,
                             char name[MINISTORE__NAME_SIZE]);

/** Whether item `index` is a fault of the set: a double number, a gap before it, too large, no regular file. */
ministore_status ministore__archive_check(const ministore__archives *archives, size_t index, ministore_error *err);
ministore_status ministore__archives_check(const ministore__archives *archives, ministore_error *err);

/** Open a file of the journal's folder that must be a regular one; OK and -1 if it is not there. */
ministore_status ministore__open_regular(const ministore__location *location, const char *name, int how, uint32_t mode,
                                         int *file, ministore_error *err);

/** Header of segment `index`, where `count` stands for the active one; with `scan` also its end, with the CRC of the
    whole and as `ended` the lines behind the header. Zeros for a bad header, a fault or no file. 0, or -errno. */
int ministore__segment_read(const ministore__archives *archives, size_t index, ministore__header *header,
                            ministore__scan *scan);

/** Sequence number of that segment's first record. PRUNED: one was removed since the list was made. */
ministore_status ministore__first_of(const ministore__archives *archives, size_t index, uint64_t *out,
                                     ministore_error *err);

/** Index of the newest archive, from `least` on, that is this file; `count` if none is. */
ministore_status ministore__find_file(const ministore__archives *archives, size_t least, const ministore__stat *file,
                                      size_t *index, ministore_error *err);

/** Drop from the list the archive that is the active file itself, and those behind it: it was caught between a
    rotation's steps, or archived since it was opened as P. */
ministore_status ministore__drop_twin(ministore__archives *archives, ministore_error *err);

enum { MINISTORE__LOOKS_MAX = 100 }; /* at a folder that changes under the eyes */

/** Look at the segments anew: open P, then list the archives, so that none falls between, without one that is P itself.
    A gap is looked at again. */
ministore_status ministore__look(const ministore__location *location, ministore__archives *archives,
                                 ministore_error *err);

static inline bool ministore__same_file(const ministore__stat *one, const ministore__stat *other) {
    return one->device == other->device && one->inode == other->inode;
}

/** Segments, bytes and first sequence number of a journal as it is on disk. */
ministore_status ministore__survey(const ministore__location *location, uint32_t *segments, uint64_t *bytes,
                                   uint64_t *first, ministore_error *err);

/* ---- turn.c: threads that wait for their turn ---- */

#if defined(__linux__) && !defined(MINISTORE_PORTABLE) /* tests define it to do without */
#define MINISTORE__FUTEX 1
#else
#define MINISTORE__FUTEX 0
#endif

/** A number that says by changing that who waits for it should look again. */
typedef atomic_uint ministore__turn;

/** Where threads wait for turns; several, so that few wake for one that is not theirs. */
typedef struct {
#if MINISTORE__FUTEX
    char none; /* the kernel has them */
#else
    struct {
        pthread_mutex_t mutex;
        pthread_cond_t changed;
    } lots[16];
#endif
} ministore__lots;

void ministore__lots_init(ministore__lots *lots);
void ministore__lots_free(ministore__lots *lots);

/** Wake who waits, or one of them at least; behind a change. The turn may be gone, the lots may not. */
void ministore__turn_wake(ministore__lots *lots, ministore__turn *turn);

/** Wait until the number is another than `seen`, or longer than that for no reason. False: for so long it was not. */
bool ministore__turn_wait(ministore__lots *lots, ministore__turn *turn, unsigned seen, int64_t timeout_ns);

/* ---- journal.c: the handle of a writer ---- */

typedef struct ministore__request ministore__request; /* commit.c */

typedef struct {
    char *data;
    size_t size, capacity;
} ministore__buffer;

struct ministore {
    ministore__location at;
    ministore_options options;
    ministore__owner owner;

    /* The active segment. Only the request that leads changes it, or open and close. */
    int file;           /* while P is missing: the newest archive, which holds the lock */
    uint64_t first;     /* sequence number of its first record */
    uint64_t begin;     /* its header's size */
    uint64_t end;       /* behind the last commit */
    uint64_t allocated; /* the file's size, if preallocated more than `end` */
    uint64_t lines;     /* records in it */
    uint32_t crc;       /* of [0, end), but for what is in the buffer */
    uint64_t durable;   /* sequence number covered by the last sync */
    bool rotation_due;  /* a rotation after an append failed: the next append tries again */
    bool no_allocation; /* the file system cannot */
    uint64_t newest;    /* number of the newest archive ever seen, or 0 */
    uint32_t digits;    /* of archive names */
    bool poisoned;
    ministore_error cause; /* of the poison */

    /* What open found. */
    ministore__archives archives;
    bool missing;   /* P is not there, archives are */
    bool created;   /* P was made by this open */
    bool two_names; /* the newest archive was P itself; it is dropped from the list */
    uint64_t torn_bytes, torn_offset;
    ministore__buffer buffer; /* the last commits, whose digest is due */
    ministore__shapes shapes; /* of records that one who was alone appended */

    pthread_mutex_t mutex;           /* guards what follows */
    ministore__buffer spare;         /* for the next batch */
    ministore__request *head, *tail; /* the group that forms, in order */
    size_t waiting;                  /* how many they are */
    size_t expected;                 /* at how many they need not wait for more */
    atomic_uint gate;                /* whether somebody writes or works alone, and whether others are there */
    size_t alone;                    /* how many want to work alone, or do: they go first, */
    bool owed;                       /* but behind each the group that waits has its turn */
    ministore__turn idle;            /* changes when it is their turn */
    ministore__lots lots;            /* where all wait */
};

static inline uint64_t ministore__next(const ministore_t *j) {
    return j->first + j->lines;
}

/** Whether a caller's struct is neither shorter than its first release nor longer than this library knows. */
static inline bool ministore__struct_size_fits(uint32_t given, size_t own) {
    return given == own;
}

/** ministore_open on another platform table, for tests. */
ministore_status ministore__open(ministore_t **out, const ministore__io *io, const char *path,
                                 const ministore_options *options, ministore_error *err);

/** A handle whose path is resolved and nothing else; and its end, without a sync. */
ministore_status ministore__new(ministore_t **out, const ministore__io *io, const char *path,
                                const ministore_options *options, bool writer, ministore_error *err);
void ministore__drop(ministore_t *j);

/* ---- recover.c: from the name of a journal to a locked, whole active segment ---- */

/** Get the lock and look at what is there, changing nothing (but making an empty P, with `create`). */
ministore_status ministore__acquire(ministore_t *j, bool create, ministore_error *err);

/** Complete what a crash interrupted: afterwards P is there with a good header, under that name alone. */
ministore_status ministore__complete(ministore_t *j, ministore_error *err);

/** Read the active segment, cut its torn tail as the options say, make what it holds durable. */
ministore_status ministore__recover(ministore_t *j, ministore_error *err);

/** Permission bits of the active segment as they are now, or -errno. */
int ministore__mode(const ministore_t *j);

/** Append [from, to) of the active segment to P.torn, then cut the segment at `from`; all durable. */
ministore_status ministore__cut(ministore_t *j, uint64_t from, uint64_t to, ministore_error *err);

/** Replace an active segment without records by one whose header says where it begins; archives are there. */
ministore_status ministore__renew(ministore_t *j, const ministore__archives *archives, ministore_error *err);

/* ---- commit.c: one leader at a time ---- */

/** Run `work` alone, with no append meanwhile. FORKED and, unless even_poisoned, POISONED are answered here. */
ministore_status ministore__exclusively(ministore_t *j,
                                        ministore_status (*work)(ministore_t *, void *, ministore_error *),
                                        void *argument, bool even_poisoned, ministore_error *err);

void ministore__queue_init(ministore_t *j);
void ministore__queue_free(ministore_t *j);

/** Note that a sync or roll-back failed: nothing more is written with this handle. MINISTORE_IO. */
ministore_status ministore__poison(ministore_t *j, int result, const char *what, ministore_error *err);

/** Make what is written durable. A failure poisons. */
ministore_status ministore__flush(ministore_t *j, ministore_error *err);

/** The CRC-32C of the active segment, up to the last commit. */
uint32_t ministore__digest(ministore_t *j);

/** Sync the folder. A failure poisons. */
ministore_status ministore__sync_folder(ministore_t *j, ministore_error *err);

/* ---- rotate.c ---- */

/** Archive the active segment and begin a new one, if it has records; then remove what max_segments does not keep. */
ministore_status ministore__rotate(ministore_t *j, ministore_error *err);

/** Make P.new with a header, lock it, and give it the name P: it becomes the active segment. With `archive` the one
    before gets an archive's name first. */
ministore_status ministore__install(ministore_t *j, uint64_t first, uint32_t prev, bool archive, ministore_error *err);

/* ---- cursor.c: a reader ---- */

struct ministore_cursor {
    ministore__location at;
    ministore_cursor_options options;
    ministore__owner owner;

    /* The segments as last looked at: the archives, then the file that was P, until it is read. */
    ministore__archives archives;
    size_t index;  /* of the segment being read; archives.count: the last; SIZE_MAX: none yet, or one pruned */
    bool unlinked; /* the segment being read was pruned: what comes next may be behind a gap */
    bool gap;      /* a fault of the set before this segment was told: the count may be off */
    bool told;     /* what is wrong with segment `index` is reported: enter it */

    /* The segment being read. */
    int file;    /* -1: none yet */
    bool active; /* by the rules of an active segment */
    ministore__stat identity;
    char name[MINISTORE__NAME_SIZE];
    uint64_t line;     /* of the line at `offset`; 0: the header has not been seen whole */
    uint64_t sequence; /* of the record there */
    uint64_t offset;   /* of the next line */
    uint64_t sealed;   /* behind the last commit known to be complete */
    uint64_t commit;   /* where the commit of that line begins, as far as single records tell */
    uint64_t synced;   /* `durable`: how far the file was synced */
    uint64_t torn_end; /* behind a torn tail at `offset`; 0: not at the end */
    uint64_t suspect;  /* 1 + offset of a bad line of an active segment that has been read once */
    uint32_t suspect_crc;
    bool following; /* has waited: the first NUL is the end for now */

    char *buffer; /* bytes from file offset `base` */
    size_t capacity, size;
    uint64_t base;
    ministore_span *spans; /* of a batch, or of the records that are known to be good: */
    size_t known, taken;   /* how many, and how many of them have been handed out; the next line is that of the first */
    size_t known_size;     /* bytes of their lines */
    bool singly;           /* for repair: lines are taken one by one, so that `commit` tells */

    uint64_t passed; /* bytes read and gone behind, in all segments */
    bool digest;     /* for verify: compare digests */
    uint32_t crc;
    uint64_t uncovered;

    ministore_status failed; /* what the next call returns, with `cause`; for good unless `once` */
    bool once;
    ministore_error cause;

    int watch; /* follow.c; -1: none */
    atomic_int wake_read, wake_write;
    atomic_bool interrupted;
};

/** ministore_cursor_open on another platform table, for tests; and for verify, with digests. */
ministore_status ministore__cursor_open(ministore_cursor_t **out, const ministore__io *io, const char *path,
                                        const ministore_cursor_options *options, bool digest, ministore_error *err);

/** A reader of the active segment of a locked journal, from where a commit begins behind `lines` lines. */
ministore_status ministore__cursor_at(ministore_cursor_t **out, const ministore_t *j, uint64_t offset, uint64_t lines,
                                      ministore_error *err);

/** Whether there is something to read: OK, DONE, or a failure, which is kept for the next call to report. */
ministore_status ministore__cursor_ready(ministore_cursor_t *c);
ministore_status ministore__cursor_forked(const ministore_cursor_t *c, ministore_error *err);

/** Go behind the next line, however long it is; whether it was ended. 0, or -errno. */
int ministore__cursor_skip_line(ministore_cursor_t *c, bool *ended);

/* ---- walk.c: from segment to segment ---- */

/** Find the segment to begin with by the cursor's options, and enter it. A journal that is not there is OK. */
ministore_status ministore__cursor_start(ministore_cursor_t *c, ministore_error *err);

/** Begin with an open file, which is the cursor's from now on; and read its header, again if it was not whole. */
ministore_status ministore__cursor_begin(ministore_cursor_t *c, int file, bool active, ministore_error *err);
ministore_status ministore__cursor_header(ministore_cursor_t *c, ministore_error *err);

/** An archive has been read to its end: go on with the next segment. DONE: there is none. */
ministore_status ministore__cursor_next_segment(ministore_cursor_t *c, ministore_error *err);

/** The active segment has been read to its end. DONE; or OK if it has become an archive, to be read once more. */
ministore_status ministore__cursor_end_of_active(ministore_cursor_t *c, ministore_error *err);

/* ---- follow.c: waiting ---- */

void ministore__follow_init(ministore_cursor_t *c);
void ministore__follow_free(ministore_cursor_t *c);

/* ---- care.c ---- */

ministore_status ministore__verify(const ministore__io *io, const char *path, uint64_t max_record_bytes,
                                   ministore_verify_info *info, ministore_error *err);
ministore_status ministore__repair(const ministore__io *io, const char *path, uint32_t dry_run,
                                   uint64_t max_record_bytes, ministore_repair_info *info, ministore_error *err);

#pragma GCC visibility pop

#endif
