/*
 * A platform table around the real one that fails a chosen call, and lets a test look in before each call.
 */
#ifndef MINISTORE_TESTS_FAULTS_H
#define MINISTORE_TESTS_FAULTS_H

#include "../../core/internal.h"

typedef enum {
    OPEN_FOLDER,
    MAKE_FOLDER,
    OPEN_FILE,
    CLOSE,
    READ,
    WRITE,
    TRUNCATE,
    ALLOCATE,
    SYNC,
    SYNC_DATA,
    LOCK,
    STAT_FILE,
    STAT_NAME,
    READ_LINK,
    SET_MODE,
    LINK,
    RENAME,
    UNLINK,
    LIST,
    WATCH,
    WAIT,
    MAKE_PIPE,
    CALL_KINDS,
    ANY_CALL = CALL_KINDS
} call_kind;

extern const char *const call_names[CALL_KINDS];

/** Pass &faults.io; fail_calls says what is to fail. */
typedef struct faults {
    ministore__io io; /* first, so that the table's functions find the rest */
    call_kind kind;   /* which calls are counted towards fail_at */
    long fail_at;     /* the call that fails, counted from 1; 0: none */
    long fail_count;  /* how many calls from there on fail: 1 */
    int error;        /* with this errno */
    long seen;        /* calls of `kind` so far */
    long hits;        /* calls that failed */
    call_kind hit;    /* which kind failed last */
    bool no_links;    /* the file system has no hard links */
    void (*before)(struct faults *f, call_kind kind, const char *name); /* NULL, or told of each call */
    void *context;                                                      /* for `before` */
} faults;

/** Count calls of `kind` from now on, and have number `at` (0: none) and the `count` - 1 behind it fail. */
void fail_calls(faults *f, call_kind kind, long at, long count, int error);

/**
 * A table that fails nothing yet. Its syncs do nothing (fast, and no test here loses power); a write that fails
 * has written half, an allocation that fails has extended the file by half.
 */
faults faults_none(void);

#endif
