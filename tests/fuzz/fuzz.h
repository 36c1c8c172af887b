/*
 * What the fuzz targets share: conditions that must hold, an input taken apart into numbers and files, and reading a
 * journal on the disk in memory (tests/crash/disk.h) to its end.
 */
#ifndef MINISTORE_TESTS_FUZZ_H
#define MINISTORE_TESTS_FUZZ_H

#include "../crash/disk.h"

/** Each target defines this, for libFuzzer, AFL++ and driver.c alike. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** End the program, which is a finding, unless the condition holds. */
#define MUST(condition)                                                                                                \
    do {                                                                                                               \
        if (!(condition)) fuzz_fail(__FILE__, __LINE__, #condition);                                                   \
    } while (0)
_Noreturn void fuzz_fail(const char *file, int line, const char *condition);

/** The same for a call that came to another status than expected; `err` says why it did. */
#define MUST_BE(expected, call, err) fuzz_must_be(expected, call, err, #call, __FILE__, __LINE__)
void fuzz_must_be(ministore_status expected, ministore_status got, const ministore_error *err, const char *call,
                  const char *file, int line);

/** A failure must say what it is, in words too. */
void fuzz_check_error(ministore_status status, const ministore_error *err);

/** And a success leaves what the caller had there: fill it before, check it after. */
void fuzz_fill_error(ministore_error *err);
void fuzz_check_untouched(const ministore_error *err);

/* ---- the input ---- */

typedef struct {
    const uint8_t *data;
    size_t size;
} fuzz_input;

/** The next byte, 0 behind the end. */
uint8_t fuzz_byte(fuzz_input *in);

/** Up to `size` bytes. */
fuzz_input fuzz_bytes(fuzz_input *in, size_t size);

/** A copy on the heap, not a byte longer, so that the address sanitizer sees every overreach. To be freed. */
void *fuzz_copy(fuzz_input bytes);

enum { FUZZ_FILES = 8, FUZZ_ACTIVE = 0, FUZZ_ARCHIVES = 5, FUZZ_TORN = 6 };

/** The journal "j", five archives whose names collide or leave gaps, and what a crash may leave. */
extern const char *const fuzz_names[FUZZ_FILES];

/**
 * An input as a folder: a byte of flags, then the active segment's content, then other files, each begun by the byte
 * 0xFF, which no valid record holds, and a byte for its name. Without a journal: 0xFF first.
 */
typedef struct {
    uint8_t flags;
    bool there[FUZZ_FILES];
    fuzz_input files[FUZZ_FILES];
} fuzz_folder;

void fuzz_split(fuzz_folder *out, fuzz_input in);
void fuzz_put(disk *d, const fuzz_folder *folder);

/** Whether a file has the same content, or is missing, on both disks. */
bool fuzz_same(const disk *one, const disk *other, const char *name);

/** Fail unless all archives are as they were, and no others were made. */
void fuzz_check_archives(const disk *before, const disk *after);

/** Fail if a handle of the disk is still open. */
void fuzz_check_handles(const disk *d);

/* ---- reading ---- */

/** What one call of a cursor came to: a record, or a failure with its place. */
typedef struct {
    ministore_status status;
    uint64_t sequence, line, offset;
    size_t size;
    uint32_t crc; /* of the record's text */
    char segment[64];
} fuzz_outcome;

typedef struct {
    ministore_status opened, ended; /* ended: DONE, or the failure that ended it */
    fuzz_outcome *items;            /* all in order, to be freed */
    size_t count, records;
    ministore_cursor_info info; /* at the end, if `described` */
    bool described;
} fuzz_reading;

/** Read to the end, passing bad lines, with a check of each record; by batches, or one by one. */
fuzz_reading fuzz_read(disk *d, const char *path, const ministore_cursor_options *options, bool by_batch);

/** Fail unless two readings came to the same. */
void fuzz_check_same(const fuzz_reading *one, const fuzz_reading *other);

/** Whether it came to its end without a failure. */
bool fuzz_is_clean(const fuzz_reading *r);

#endif
