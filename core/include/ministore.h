/*
 * ministore: an append-only journal of JSON records in plain text files.
 *
 * A journal is one file at a path P (the active segment) and, once it was rotated, archived segments P.001,
 * P.002, ... beside it. Each line behind the header line is one JSON record. An append that returned MINISTORE_OK
 * survives power loss; what a crash leaves half-written is cut off when the journal is opened again.
 *
 * Status     Calls that can fail return ministore_status: 0 is success, positive is no failure (the end, a
 *            time-out), negative is failure. Test `< 0` for failure and treat an unknown number as one.
 * Error      The last parameter, ministore_error *err, receives the details of a failure. It may be NULL. A call
 *            that does not fail leaves it untouched.
 * Ownership  What a call returns through `out` is the caller's to close. Input is borrowed until the call
 *            returns. A record or batch is borrowed from its cursor until the next call on that cursor.
 * Text       Records are UTF-8, given as pointer and length. Paths are NUL-ended bytes, as the system takes them.
 * Numbers    Sequence numbers count the records of a journal from 1. Lines count from 1, the header is line 1.
 *            Offsets and sizes are in bytes. 0 stands for "does not apply".
 * Threads    A ministore_t may be used from any number of threads at once; a ministore_cursor_t by one at a time
 *            (ministore_cursor_interrupt excepted). Nothing is shared between handles.
 * Fork       A handle belongs to the process that opened it. In a child every call on it returns
 *            MINISTORE_FORKED, except the close calls, which free it and leave the file and its lock alone.
 * Signals    A write beyond RLIMIT_FSIZE raises SIGXFSZ, as any write does; ignore it to get MINISTORE_NO_SPACE.
 *
 * The file format is described in docs/format.md, the promises and what they rest on in docs/durability.md.
 */
#ifndef MINISTORE_H
#define MINISTORE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define MINISTORE_EXTERN extern "C"
#else
#define MINISTORE_EXTERN extern
#endif
#if defined(MINISTORE_EMBED)
#define MINISTORE_API MINISTORE_EXTERN __attribute__((visibility("hidden")))
#else
#define MINISTORE_API MINISTORE_EXTERN __attribute__((visibility("default")))
#endif

/* ---------------------------------------------------------------- about -- */

/** The library's version, such as "0.2.0". A static string; any thread may call. */
MINISTORE_API const char *ministore_version(void);

/** The version of this interface. It grows by one when programs built for the one before may break. */
MINISTORE_API uint32_t ministore_abi_version(void);

/* --------------------------------------------------------------- status -- */

/** What a call came to. The numbers are for ever; new ones are added at the end. */
typedef int32_t ministore_status;

enum {
    MINISTORE_OK = 0,
    MINISTORE_DONE = 1,        /* a cursor is at its end; there may be more later */
    MINISTORE_TIMEOUT = 2,     /* the time given to a wait has passed */
    MINISTORE_INTERRUPTED = 3, /* a signal, or ministore_cursor_interrupt, ended a wait */

    MINISTORE_INVALID_ARGUMENT = -1,    /* NULL, a nonsense option, a path that names a segment */
    MINISTORE_NO_MEMORY = -2,           /* an allocation failed; nothing was changed */
    MINISTORE_IO = -3,                  /* the system refused; see os_error */
    MINISTORE_NO_SPACE = -4,            /* disk, quota or file size limit is full; what was begun is taken back */
    MINISTORE_NOT_A_FILE = -5,          /* a directory, FIFO, socket or device stands at the path */
    MINISTORE_LOCKED = -6,              /* another writer has the journal open */
    MINISTORE_BAD_HEADER = -7,          /* the file is no journal; not one byte of it was changed */
    MINISTORE_UNSUPPORTED_VERSION = -8, /* a journal of another format version; nothing was changed */
    MINISTORE_INVALID_JSON = -9,        /* a record given to append is not one line of strict JSON */
    MINISTORE_TOO_LARGE = -10,          /* a record is longer than max_record_bytes, or a number is used up */
    MINISTORE_CORRUPT = -11,            /* what may have been acknowledged is damaged; see the place */
    MINISTORE_TORN = -12,               /* there is a torn tail, and torn_tail is MINISTORE_TORN_TAIL_REFUSE */
    MINISTORE_PRUNED = -13,             /* the records asked for were removed by retention or prune */
    MINISTORE_POISONED = -14,           /* an earlier sync failed: close the journal and open it anew */
    MINISTORE_FORKED = -15              /* the handle was opened by a parent process */
};

/** The name of a status without its prefix, such as "LOCKED"; "UNKNOWN" for other numbers. A static string. */
MINISTORE_API const char *ministore_status_name(ministore_status status);

/* ---------------------------------------------------------------- error -- */

/**
 * The details of a failure. The layout is frozen. Strings are NUL-ended; longer ones are cut at a character.
 *
 * For a record that append refuses, `line` is its number in the batch from 1 (1 for a single record), `offset`
 * the byte in that record, and `segment` is empty. For a damaged journal they are the place in the segment file.
 */
typedef struct ministore_error {
    ministore_status status;
    int32_t os_error;     /* errno of the system call that failed, or 0 */
    uint64_t sequence;    /* sequence number of the record concerned, or 0 */
    uint64_t line;        /* physical line in `segment` as an editor counts, header = 1, or 0 */
    uint64_t offset;      /* byte offset in `segment` */
    uint64_t reserved[4]; /* zero */
    char segment[256];    /* file name of the segment concerned, without its folder, or "" */
    char path[1024];      /* the journal's path as it was given to open */
    char message[512];    /* for a person: "FILE:LINE: what is wrong and what to do"; for a refused record without FILE */
} ministore_error;

/* ---------------------------------------------------------------- types -- */

/** A journal open for writing. */
typedef struct ministore ministore_t;

/** A reader of a journal. */
typedef struct ministore_cursor ministore_cursor_t;

/** One record, borrowed from its cursor until the next call on it. The layout is frozen. */
typedef struct ministore_record {
    const char *data;     /* the JSON text without white space around it; not NUL-ended */
    size_t size;          /* bytes at `data` */
    uint64_t sequence;    /* the record's sequence number */
    const char *segment;  /* file name of its segment, NUL-ended */
    uint64_t line;        /* its line in the segment */
    uint64_t offset;      /* byte offset of `data` in the segment */
    uint64_t reserved[2]; /* zero */
} ministore_record;

/** Where in a batch one record lies. The layout is frozen. */
typedef struct ministore_span {
    uint32_t offset; /* from ministore_batch.data */
    uint32_t size;   /* bytes */
} ministore_span;

/**
 * Records on consecutive lines of one segment, borrowed from their cursor until the next call on it. Record i has
 * number `sequence` + i and stands on line `line` + i. Between the records are only white space and line ends, so
 * that `data` as a whole is JSON Lines. The layout is frozen.
 */
typedef struct ministore_batch {
    const char *data;            /* the lines; not NUL-ended */
    size_t size;                 /* bytes at `data` */
    const ministore_span *spans; /* `count` of them */
    size_t count;                /* records, at least 1 */
    uint64_t sequence;           /* of the first record */
    const char *segment;         /* file name of the segment, NUL-ended */
    uint64_t line;               /* of the first record */
    uint64_t offset;             /* byte offset of `data` in the segment */
    uint64_t reserved[2];        /* zero */
} ministore_batch;

/* ---------------------------------------------------------------- write -- */

/** When an append is durable: ministore_options.sync. */
enum {
    MINISTORE_SYNC_ALWAYS = 0, /* when it returns */
    MINISTORE_SYNC_MANUAL = 1  /* when the next ministore_sync, ministore_rotate or ministore_close has returned */
};

/** What open does with a torn tail: ministore_options.torn_tail. */
enum {
    MINISTORE_TORN_TAIL_CUT = 0,   /* save it to P.torn, then cut it */
    MINISTORE_TORN_TAIL_REFUSE = 1 /* fail with MINISTORE_TORN and change nothing */
};

/** How a journal is opened. Fill it by ministore_options_init, then change what you need. */
typedef struct ministore_options {
    uint32_t struct_size;           /* set by ministore_options_init */
    uint32_t mode;                  /* permission bits of files made anew; 0600 */
    uint64_t max_bytes_per_segment; /* rotate when the active segment has reached this; UINT64_MAX: never; not 0 */
    uint32_t max_segments;          /* keep this many, the active one included, and REMOVE older ones at each
                                       rotation; UINT32_MAX: keep all; not 0 */
    uint32_t sync;                  /* MINISTORE_SYNC_ALWAYS or MINISTORE_SYNC_MANUAL */
    uint32_t torn_tail;             /* MINISTORE_TORN_TAIL_CUT or MINISTORE_TORN_TAIL_REFUSE */
    uint32_t reserved;              /* zero */
    uint64_t max_record_bytes;      /* longest record; 64 MiB; from 1 to 1 GiB */
    uint64_t preallocate_bytes;     /* extend the active segment in steps of this; 0: off. Faster, but while the
                                       journal is open its file ends in NULs (see docs/durability.md) */
} ministore_options;

/**
 * Fill options with the defaults.
 *
 * @param options      The struct to fill.
 * @param struct_size  sizeof(ministore_options) in the calling program.
 * @return MINISTORE_OK;
 *         MINISTORE_INVALID_ARGUMENT   NULL, or a size smaller than the first release's or larger than this library's.
 */
MINISTORE_API ministore_status ministore_options_init(ministore_options *options, size_t struct_size);

/**
 * Open a journal for writing; make it, and missing parent folders, if it is not there.
 *
 * When this returns OK the caller is the journal's only writer, an interrupted rotation is completed, a torn tail
 * is cut (its bytes are kept in P.torn; see ministore_stat), and what the journal holds is durable.
 * The active segment is read once. On failure nothing that was there is changed, but for what recovery had completed.
 *
 * @param out      Receives the handle; close it with ministore_close. NULL on failure.
 * @param path     Path of the journal's active segment. A symbolic link is followed once.
 * @param options  How to open it; NULL for the defaults. Not kept.
 * @param err      Receives the details of a failure. May be NULL.
 * @return MINISTORE_OK;
 *         MINISTORE_INVALID_ARGUMENT     NULL, nonsense options, or a path that names an archived segment (P.001);
 *         MINISTORE_LOCKED               another writer has it; readers do not need the lock;
 *         MINISTORE_NOT_A_FILE           something else than a regular file is at the path;
 *         MINISTORE_BAD_HEADER           the file is no journal;
 *         MINISTORE_UNSUPPORTED_VERSION  its format is newer than this library;
 *         MINISTORE_CORRUPT              its end, or the set of its segments, is damaged: see ministore_verify;
 *         MINISTORE_TORN                 it has a torn tail and the options refuse to cut it;
 *         MINISTORE_NO_SPACE, MINISTORE_IO, MINISTORE_NO_MEMORY.
 */
MINISTORE_API ministore_status ministore_open(ministore_t **out, const char *path, const ministore_options *options,
                                              ministore_error *err);

/**
 * Append one record and make it durable.
 *
 * When this returns OK the record survives power loss (with MINISTORE_SYNC_MANUAL: once the next ministore_sync
 * has returned). Appends that wait at the same time share one write and one sync. The segment is rotated before
 * this returns when it has reached max_bytes_per_segment.
 *
 * @param journal       An open journal. Any thread may call.
 * @param data          One JSON text on one line, without its newline; borrowed. White space around it is dropped.
 * @param size          Length of `data` in bytes.
 * @param sequence_out  Receives the record's sequence number. May be NULL.
 * @param err           Receives the details of a failure. May be NULL.
 * @return MINISTORE_OK;
 *         MINISTORE_INVALID_JSON, MINISTORE_TOO_LARGE   nothing was written;
 *         MINISTORE_NO_SPACE   what was written is taken back, the journal stays usable;
 *         MINISTORE_IO         as NO_SPACE, except after a failed sync: then the journal is poisoned and whether
 *                              the record is there shows when it is opened anew;
 *         MINISTORE_POISONED   an earlier sync failed; close the journal and open it anew;
 *         MINISTORE_INVALID_ARGUMENT, MINISTORE_NO_MEMORY, MINISTORE_FORKED   nothing was written.
 */
MINISTORE_API ministore_status ministore_append(ministore_t *journal, const void *data, size_t size,
                                                uint64_t *sequence_out, ministore_error *err);

/**
 * Append many records as one commit: after a crash all of them are there or none.
 *
 * As ministore_append otherwise. No record at all (size 0) is OK and writes nothing.
 *
 * @param journal       An open journal. Any thread may call.
 * @param data          JSON texts, one a line, each ended by a newline (the last one may lack it); borrowed. An
 *                      empty line is MINISTORE_INVALID_JSON.
 * @param size          Length of `data` in bytes.
 * @param sequence_out  Receives the last record's sequence number (0 if there was none). May be NULL.
 * @param err           Receives the details of a failure; `line` is the refused record's number from 1. May be NULL.
 * @return As ministore_append.
 */
MINISTORE_API ministore_status ministore_append_batch(ministore_t *journal, const void *data, size_t size,
                                                      uint64_t *sequence_out, ministore_error *err);

/**
 * Make every append that returned before this call durable.
 *
 * Needed with MINISTORE_SYNC_MANUAL only; otherwise there is nothing to do and this returns at once.
 *
 * @return MINISTORE_OK;
 *         MINISTORE_IO         the sync failed, the journal is poisoned;
 *         MINISTORE_POISONED, MINISTORE_FORKED, MINISTORE_INVALID_ARGUMENT.
 */
MINISTORE_API ministore_status ministore_sync(ministore_t *journal, ministore_error *err);

/**
 * Archive the active segment and begin a new one.
 *
 * An active segment without records is left as it is. With max_segments the oldest segments are removed.
 *
 * @return MINISTORE_OK;
 *         MINISTORE_NO_SPACE, MINISTORE_IO   the active segment stays as it was, unless a directory sync failed:
 *                              then the journal is poisoned;
 *         MINISTORE_TOO_LARGE  the segment numbers or the sequence numbers are used up;
 *         MINISTORE_POISONED, MINISTORE_FORKED, MINISTORE_INVALID_ARGUMENT, MINISTORE_NO_MEMORY.
 */
MINISTORE_API ministore_status ministore_rotate(ministore_t *journal, ministore_error *err);

/**
 * Remove archived segments all of whose records are older than a sequence number, oldest first.
 *
 * Whole segments go: records from `before` on always stay, some older ones may. The active segment is never
 * removed; it is rotated first when no segment that stays would tell the numbers of its records.
 *
 * @param before       The oldest sequence number to keep; at most the next one.
 * @param removed_out  Receives how many segments were removed. May be NULL.
 * @return MINISTORE_OK;
 *         MINISTORE_INVALID_ARGUMENT   NULL, or `before` is 0 or beyond the next sequence number;
 *         MINISTORE_CORRUPT            a segment's number cannot be told; nothing was removed;
 *         MINISTORE_IO                 a segment cannot be removed; older ones are gone;
 *         MINISTORE_NO_SPACE, MINISTORE_POISONED, MINISTORE_FORKED, MINISTORE_NO_MEMORY.
 */
MINISTORE_API ministore_status ministore_prune(ministore_t *journal, uint64_t before, uint32_t *removed_out,
                                               ministore_error *err);

/** What ministore_stat tells. Set struct_size to sizeof(ministore_info) first. */
typedef struct ministore_info {
    uint32_t struct_size;
    uint32_t segments;         /* the active one included */
    uint64_t first_sequence;   /* of the oldest record that is there; equal to next_sequence if there is none */
    uint64_t next_sequence;    /* the number the next record gets; 1 in a new journal */
    uint64_t durable_sequence; /* the last record covered by a sync; 0 if none */
    uint64_t bytes;            /* of all segments, without space allocated in advance */
    uint64_t torn_bytes;       /* how much open cut from the end and saved to P.torn; 0 for nothing */
    uint64_t torn_offset;      /* where in the active segment it had begun */
} ministore_info;

/**
 * Tell what the journal holds.
 *
 * Looks at the folder; archived segments without numbers in their header (the Rust crate's) are read once a call.
 *
 * @param info  Filled as far as its struct_size reaches.
 * @return MINISTORE_OK; MINISTORE_INVALID_ARGUMENT, MINISTORE_CORRUPT, MINISTORE_IO, MINISTORE_FORKED,
 *         MINISTORE_NO_MEMORY. A poisoned journal can still be asked.
 */
MINISTORE_API ministore_status ministore_stat(ministore_t *journal, ministore_info *info, ministore_error *err);

/**
 * Close a journal: sync what is not yet durable, release the lock, free the handle.
 *
 * No other call on the handle may be running or follow. The handle is freed whatever is returned. A poisoned
 * journal closes OK. In a forked child only memory and descriptors are freed.
 *
 * @param journal  May be NULL.
 * @return MINISTORE_OK; MINISTORE_IO   the last sync failed: appends since the one before may be lost.
 */
MINISTORE_API ministore_status ministore_close(ministore_t *journal, ministore_error *err);

/* ----------------------------------------------------------------- read -- */

/** What a cursor reads: ministore_cursor_options.scope. */
enum {
    MINISTORE_REPLAY = 0, /* the whole journal, all segments in order */
    MINISTORE_STREAM = 1  /* the one file named, active or archived, and no other */
};

/** What a cursor does behind a bad line: ministore_cursor_options.on_bad_line. */
enum {
    MINISTORE_BAD_LINE_STOP = 0, /* return the same error from then on */
    MINISTORE_BAD_LINE_SKIP = 1  /* go on behind it when called again */
};

/** How a cursor is opened. Fill it by ministore_cursor_options_init, then change what you need. */
typedef struct ministore_cursor_options {
    uint32_t struct_size;      /* set by ministore_cursor_options_init */
    uint32_t scope;            /* MINISTORE_REPLAY or MINISTORE_STREAM */
    uint64_t from;             /* the first sequence number to read; 0: the oldest there is */
    uint32_t at_end;           /* 1: begin behind the last record (then `from` is 0); 0 */
    uint32_t on_bad_line;      /* MINISTORE_BAD_LINE_STOP or MINISTORE_BAD_LINE_SKIP */
    uint32_t validate;         /* 1: check that each record is JSON; 0: hand it out as it is (a decoder follows) */
    uint32_t durable;          /* 1: sync what is new before handing it out, for followers that act on it; 0 */
    uint64_t max_record_bytes; /* longest line taken into memory; 64 MiB; from 1 to 1 GiB */
} ministore_cursor_options;

/**
 * Fill cursor options with the defaults: replay from the oldest record, stop at a bad line, validate.
 *
 * @return As ministore_options_init.
 */
MINISTORE_API ministore_status ministore_cursor_options_init(ministore_cursor_options *options, size_t struct_size);

/**
 * Open a reader. It needs no lock, writes nothing, and works while a writer appends, rotates and prunes.
 *
 * @param out      Receives the cursor; close it with ministore_cursor_close. NULL on failure.
 * @param path     Path of the journal; with MINISTORE_STREAM of one segment file.
 * @param options  NULL for the defaults. Not kept.
 * @return MINISTORE_OK   also for a journal that is not there (it has no records, and may come);
 *         MINISTORE_INVALID_ARGUMENT     NULL, nonsense options, `from` beyond the next sequence number, or, with
 *                                        MINISTORE_REPLAY, a path that names an archived segment;
 *         MINISTORE_PRUNED               `from` is older than the oldest record;
 *         MINISTORE_NOT_A_FILE, MINISTORE_BAD_HEADER, MINISTORE_UNSUPPORTED_VERSION, MINISTORE_CORRUPT,
 *         MINISTORE_IO                   also when the file of MINISTORE_STREAM is missing;
 *         MINISTORE_NO_MEMORY.
 */
MINISTORE_API ministore_status ministore_cursor_open(ministore_cursor_t **out, const char *path,
                                                     const ministore_cursor_options *options, ministore_error *err);

/**
 * Read the next record.
 *
 * Only complete commits are handed out. At the end this returns MINISTORE_DONE; called again later it goes on with
 * what was appended since.
 *
 * @param record  Receives the record, borrowed until the next call on the cursor. Untouched unless OK.
 * @return MINISTORE_OK; MINISTORE_DONE;
 *         MINISTORE_CORRUPT    a bad line, a missing segment, a wrong number: `err` has the place;
 *         MINISTORE_TOO_LARGE  a line longer than max_record_bytes;
 *         MINISTORE_PRUNED     the segment to read next was removed meanwhile;
 *         MINISTORE_NOT_A_FILE, MINISTORE_UNSUPPORTED_VERSION, MINISTORE_IO, MINISTORE_NO_MEMORY,
 *         MINISTORE_FORKED, MINISTORE_INVALID_ARGUMENT.
 *         After a failure MINISTORE_BAD_LINE_SKIP goes on behind a bad line; all else is returned again.
 */
MINISTORE_API ministore_status ministore_cursor_next(ministore_cursor_t *cursor, ministore_record *record,
                                                     ministore_error *err);

/**
 * Read the next records, as many as the cursor's buffer holds: the quick way for bindings.
 *
 * @param batch  Receives at least one record, borrowed until the next call on the cursor. Untouched unless OK.
 * @return As ministore_cursor_next. A bad line ends a batch; the next call reports it.
 */
MINISTORE_API ministore_status ministore_cursor_next_batch(ministore_cursor_t *cursor, ministore_batch *batch,
                                                           ministore_error *err);

/**
 * Wait until there is something to read: a record, or an error that the next read reports.
 *
 * @param timeout_ms  Milliseconds; 0 looks once; negative waits for ever.
 * @return MINISTORE_OK; MINISTORE_TIMEOUT;
 *         MINISTORE_INTERRUPTED   a signal was handled in this thread, or ministore_cursor_interrupt was called;
 *         MINISTORE_IO, MINISTORE_NO_MEMORY, MINISTORE_FORKED, MINISTORE_INVALID_ARGUMENT.
 */
MINISTORE_API ministore_status ministore_cursor_wait(ministore_cursor_t *cursor, int64_t timeout_ms,
                                                     ministore_error *err);

/**
 * End a wait, now or the next one: it holds until one ministore_cursor_wait has returned MINISTORE_INTERRUPTED.
 *
 * Any thread and any signal handler may call while the cursor is open.
 *
 * @param cursor  May be NULL.
 */
MINISTORE_API void ministore_cursor_interrupt(ministore_cursor_t *cursor);

/** What ministore_cursor_stat tells. Set struct_size to sizeof(ministore_cursor_info) first. */
typedef struct ministore_cursor_info {
    uint32_t struct_size;
    uint32_t segments;       /* files of the journal as they are now, the active one included; 0 if there is none */
    uint64_t first_sequence; /* of the oldest record that is there */
    uint64_t next_sequence;  /* of the record that the cursor hands out next */
    uint64_t bytes;          /* of all segments, space allocated in advance included */
    uint64_t torn_bytes;     /* behind the last complete commit, without NULs at the end; known at the end only */
    uint64_t torn_offset;    /* where in the active segment they begin; 0 if there are none */
} ministore_cursor_info;

/**
 * Tell where the cursor is and what the journal holds. With at_end this is the cheap way to ask without a writer.
 * Records and batches borrowed from the cursor stay valid.
 *
 * @param info  Filled as far as its struct_size reaches.
 * @return MINISTORE_OK; MINISTORE_INVALID_ARGUMENT, MINISTORE_CORRUPT, MINISTORE_IO, MINISTORE_FORKED,
 *         MINISTORE_NO_MEMORY.
 */
MINISTORE_API ministore_status ministore_cursor_stat(ministore_cursor_t *cursor, ministore_cursor_info *info,
                                                     ministore_error *err);

/** Close a cursor and free it. No other call on it may be running or follow. NULL is fine. */
MINISTORE_API void ministore_cursor_close(ministore_cursor_t *cursor);

/* ----------------------------------------------------------------- care -- */

/** What ministore_verify found. Set struct_size to sizeof(ministore_verify_info) first. */
typedef struct ministore_verify_info {
    uint32_t struct_size;
    uint32_t segments;
    uint64_t records;        /* good ones */
    uint64_t bytes;          /* read so far: grows while the call runs, and another thread may look */
    uint64_t problems;       /* bad lines, headers, numbers, digests, segments */
    uint64_t torn_bytes;     /* a torn tail behind the last complete commit: no problem, open cuts it */
    uint64_t uncovered;      /* archived segments whose digest the next one does not carry (the Rust crate's) */
    uint64_t first_sequence; /* as in ministore_info */
    uint64_t next_sequence;
} ministore_verify_info;

/**
 * Check every header, line, number and digest of a journal. Changes nothing and needs no lock.
 *
 * @param path              The journal's path. One that is not there has nothing wrong with it.
 * @param max_record_bytes  Longest line to take into memory; a longer one is a problem. 67108864 is usual.
 * @param info              Filled also on failure, as far as its struct_size reaches. May be NULL.
 * @param err               Receives the first problem. May be NULL.
 * @return MINISTORE_OK; the first problem's status otherwise: MINISTORE_CORRUPT, MINISTORE_TOO_LARGE,
 *         MINISTORE_BAD_HEADER, MINISTORE_UNSUPPORTED_VERSION, MINISTORE_NOT_A_FILE, MINISTORE_PRUNED (a writer
 *         pruned meanwhile), MINISTORE_IO, MINISTORE_INVALID_ARGUMENT, MINISTORE_NO_MEMORY.
 */
MINISTORE_API ministore_status ministore_verify(const char *path, uint64_t max_record_bytes,
                                                ministore_verify_info *info, ministore_error *err);

/** What ministore_repair did, or would do. Set struct_size to sizeof(ministore_repair_info) first. */
typedef struct ministore_repair_info {
    uint32_t struct_size;
    uint32_t reserved;           /* zero */
    uint64_t cut_bytes;          /* cut from the active segment and saved to P.torn; 0: nothing was to be done */
    uint64_t cut_offset;         /* where the cut began */
    uint64_t cut_lines;          /* ended lines among them */
    uint64_t cut_records;        /* good records among them: the price of the repair */
    uint64_t archived_bad_lines; /* left as they are: readers go round them */
    uint64_t next_sequence;      /* the number the next record gets afterwards */
} ministore_repair_info;

/**
 * Make a journal writable again: cut the active segment from its first bad commit on, saving the bytes to P.torn.
 *
 * Takes the writer's lock and completes what open would complete. No record that stays changes its number; archived
 * segments are never changed.
 *
 * @param path              The journal's path.
 * @param dry_run           1: change nothing, only tell what would be done; 0: do it.
 * @param max_record_bytes  Longest line to take into memory; 67108864 is usual.
 * @param info              Filled as far as its struct_size reaches. May be NULL.
 * @return MINISTORE_OK     the active segment is good now (or, dry_run, would be);
 *         MINISTORE_LOCKED, MINISTORE_BAD_HEADER, MINISTORE_UNSUPPORTED_VERSION, MINISTORE_NOT_A_FILE;
 *         MINISTORE_CORRUPT    the set of segments is damaged, which cutting cannot mend;
 *         MINISTORE_TOO_LARGE  a line is longer than max_record_bytes: give more;
 *         MINISTORE_NO_SPACE, MINISTORE_IO, MINISTORE_INVALID_ARGUMENT, MINISTORE_NO_MEMORY.
 */
MINISTORE_API ministore_status ministore_repair(const char *path, uint32_t dry_run, uint64_t max_record_bytes,
                                                ministore_repair_info *info, ministore_error *err);

/* ----------------------------------------------------------------- JSON -- */

/**
 * Check that bytes are one JSON text as append takes it (RFC 8259): UTF-8, at most 128 levels of nesting, no lone
 * surrogate escape. White space around it, line feeds included, is allowed here. Allocates nothing.
 *
 * @param err  Receives the byte `offset` and what is wrong there. May be NULL.
 * @return MINISTORE_OK; MINISTORE_INVALID_JSON; MINISTORE_INVALID_ARGUMENT   data is NULL and size is not 0.
 */
MINISTORE_API ministore_status ministore_json_validate(const void *data, size_t size, ministore_error *err);

#endif
