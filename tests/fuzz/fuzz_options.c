/*
 * Arbitrary bytes as each option and info struct: the library touches no byte beyond struct_size, takes what the header
 * allows, refuses all else without touching anything, and what it takes gives a working journal.
 */
#include "fuzz.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ALLOCATED_MAX = 1 << 20, LONGER = 24, RECORDS = 3 };

/* The disk in memory takes no more than a little; a failing allocation is no error. */
static int allocate_little(const ministore__io *io, int file, uint64_t offset, uint64_t size) {
    ministore__stat stat;
    if (offset > ALLOCATED_MAX || size > ALLOCATED_MAX) return -ENOSPC;
    int result = io->stat_file(io, file, &stat);
    return result < 0 ? result : io->truncate(io, file, offset + size);
}

/* A struct of the caller's: `size` bytes on the heap, of which the input gives as many as it has. */
typedef struct {
    unsigned char *bytes, *before;
    uint32_t size;
} given;

/* Sizes around the real one; struct_size tells the truth, or less. A fuzzed struct_size beyond would be a lie. */
static given take(fuzz_input *in, size_t real) {
    given g = {.size = (uint32_t)(real + fuzz_byte(in) % LONGER)};
    if (fuzz_byte(in) % 4 == 0) g.size = 4 + fuzz_byte(in) % (uint32_t)(real + LONGER);
    fuzz_input bytes = fuzz_bytes(in, g.size);
    g.bytes = calloc(1, g.size);
    g.before = malloc(g.size);
    MUST(g.bytes && g.before);
    memcpy(g.bytes, bytes.data, bytes.size);
    uint32_t struct_size;
    memcpy(&struct_size, g.bytes, sizeof struct_size);
    if (struct_size % 4 != 0 || struct_size > g.size) struct_size = g.size;
    memcpy(g.bytes, &struct_size, sizeof struct_size);
    memcpy(g.before, g.bytes, g.size);
    return g;
}

static bool fits(const given *g, size_t real) {
    uint32_t struct_size;
    memcpy(&struct_size, g->before, sizeof struct_size);
    return struct_size == real;
}

static void expect_untouched(const given *g) {
    MUST(memcmp(g->bytes, g->before, g->size) == 0);
}

/* An info struct was filled if its size is the library's, and not touched otherwise; never behind struct_size. */
static void expect_info(const given *g, size_t real, ministore_status status) {
    MUST(status == (fits(g, real) ? MINISTORE_OK : MINISTORE_INVALID_ARGUMENT));
    if (status != MINISTORE_OK)
        expect_untouched(g);
    else
        MUST(memcmp(g->bytes, g->before, 4) == 0 && memcmp(g->bytes + real, g->before + real, g->size - real) == 0);
}

static void let_go(given *g) {
    free(g->bytes);
    free(g->before);
}

/* ---- options ---- */

static bool takes_writer(const given *g) {
    ministore_options o;
    if (!fits(g, sizeof o)) return false;
    memcpy(&o, g->before, sizeof o);
    return o.mode <= 0777 && o.max_bytes_per_segment > 0 && o.max_segments > 0 && o.sync <= MINISTORE_SYNC_MANUAL &&
           o.torn_tail <= MINISTORE_TORN_TAIL_REFUSE && o.reserved == 0 && o.preallocate_bytes <= INT64_MAX &&
           o.max_record_bytes > 0 && o.max_record_bytes <= 1 << 30;
}

static bool takes_reader(const given *g) {
    ministore_cursor_options o;
    if (!fits(g, sizeof o)) return false;
    memcpy(&o, g->before, sizeof o);
    return o.scope <= MINISTORE_STREAM && o.at_end <= 1 && !(o.at_end && o.from) &&
           o.on_bad_line <= MINISTORE_BAD_LINE_SKIP && o.validate <= 1 && o.durable <= 1 && o.max_record_bytes > 0 &&
           o.max_record_bytes <= 1 << 30;
}

/* Whatever was taken, records go in and come out. */
static void use(disk *d, ministore_t *j) {
    ministore_error err;
    ministore_info info = {.struct_size = sizeof info};
    for (uint64_t i = 1; i <= RECORDS; i++) {
        uint64_t number;
        MUST_BE(MINISTORE_OK, ministore_append(j, "7", 1, &number, &err), &err);
        MUST(number == i);
    }
    MUST_BE(MINISTORE_OK, ministore_stat(j, &info, &err), &err);
    MUST(info.next_sequence == RECORDS + 1);
    MUST_BE(MINISTORE_OK, ministore_close(j, &err), &err);
    ministore_cursor_options options;
    (void)ministore_cursor_options_init(&options, sizeof options);
    fuzz_reading r = fuzz_read(d, "j", &options, true);
    MUST(fuzz_is_clean(&r) && r.count == RECORDS + 1 - info.first_sequence);
    free(r.items);
}

static void fuzz_writer_options(fuzz_input *in, disk *d) {
    given g = take(in, sizeof(ministore_options));
    ministore_t *j;
    ministore_error err;
    ministore_status status = ministore__open(&j, &d->io, "j", (const ministore_options *)(void *)g.bytes, &err);
    MUST_BE(takes_writer(&g) ? MINISTORE_OK : MINISTORE_INVALID_ARGUMENT, status, &err);
    expect_untouched(&g);
    if (status == MINISTORE_OK)
        use(d, j);
    else
        MUST(j == NULL && d->name_count == 0);
    let_go(&g);
}

static void put_journal(disk *d) {
    static const char journal[] = "// MINISTORE JOURNAL v0.1.4\n1\n[2]\t\n3\nbad\n5";
    disk_put(d, "j", journal, sizeof journal - 1);
}

static void fuzz_reader_options(fuzz_input *in, disk *d) {
    given g = take(in, sizeof(ministore_cursor_options));
    ministore_cursor_options o;
    ministore_cursor_t *c;
    ministore_error err;
    put_journal(d);
    ministore_status status =
        ministore__cursor_open(&c, &d->io, "j", (const ministore_cursor_options *)(void *)g.bytes, false, &err);
    expect_untouched(&g);
    if (!takes_reader(&g)) {
        MUST_BE(MINISTORE_INVALID_ARGUMENT, status, &err);
        MUST(c == NULL);
    } else {
        memcpy(&o, g.before, sizeof o);
        MUST_BE(o.from <= 5 ? MINISTORE_OK : MINISTORE_INVALID_ARGUMENT, status, &err); /* 5 is the next number */
        ministore_cursor_close(c);
        fuzz_reading r = fuzz_read(d, "j", &o, false);
        free(r.items);
    }
    let_go(&g);
}

/* ---- infos ---- */

static void fuzz_stat(fuzz_input *in, disk *d) {
    given g = take(in, sizeof(ministore_info));
    ministore_t *j;
    ministore_error err;
    MUST_BE(MINISTORE_OK, ministore__open(&j, &d->io, "j", NULL, &err), &err);
    expect_info(&g, sizeof(ministore_info), ministore_stat(j, (ministore_info *)(void *)g.bytes, &err));
    MUST_BE(MINISTORE_OK, ministore_close(j, &err), &err);
    let_go(&g);
}

static void fuzz_cursor_stat(fuzz_input *in, disk *d) {
    given g = take(in, sizeof(ministore_cursor_info));
    ministore_cursor_t *c;
    ministore_error err;
    put_journal(d);
    MUST_BE(MINISTORE_OK, ministore__cursor_open(&c, &d->io, "j", NULL, false, &err), &err);
    expect_info(&g, sizeof(ministore_cursor_info),
                ministore_cursor_stat(c, (ministore_cursor_info *)(void *)g.bytes, &err));
    ministore_cursor_close(c);
    let_go(&g);
}

static void fuzz_verify_info(fuzz_input *in, disk *d) {
    given g = take(in, sizeof(ministore_verify_info));
    ministore_error err;
    uint64_t most = 1 + fuzz_byte(in);
    expect_info(&g, sizeof(ministore_verify_info),
                ministore__verify(&d->io, "j", most, (ministore_verify_info *)(void *)g.bytes, &err));
    let_go(&g);
}

static void fuzz_repair_info(fuzz_input *in, disk *d) {
    given g = take(in, sizeof(ministore_repair_info));
    ministore_error err;
    uint32_t dry_run = fuzz_byte(in) % 2;
    put_journal(d);
    expect_info(&g, sizeof(ministore_repair_info),
                ministore__repair(&d->io, "j", dry_run, 100, (ministore_repair_info *)(void *)g.bytes, &err));
    let_go(&g);
}

/* ---- the _init calls ---- */

/* A struct of `size` bytes, or none, and a struct_size that is no larger than it. */
static void fuzz_init(fuzz_input *in, disk *d) {
    (void)d;
    size_t size = fuzz_byte(in), real;
    void *bytes = calloc(1, size > 0 ? size : 1);
    MUST(bytes != NULL);
    ministore_status status;
    if (fuzz_byte(in) % 2 == 0) {
        real = sizeof(ministore_options);
        status = ministore_options_init(bytes, size);
    } else {
        real = sizeof(ministore_cursor_options);
        status = ministore_cursor_options_init(bytes, size);
    }
    MUST(status == (size == real ? MINISTORE_OK : MINISTORE_INVALID_ARGUMENT));
    uint32_t struct_size = 0;
    if (size >= sizeof struct_size) memcpy(&struct_size, bytes, sizeof struct_size);
    MUST(struct_size == (status == MINISTORE_OK ? real : 0));
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static void (*const kinds[])(fuzz_input *,
                                 disk *) = {fuzz_writer_options, fuzz_reader_options, fuzz_stat, fuzz_cursor_stat,
                                            fuzz_verify_info,    fuzz_repair_info,    fuzz_init};
    fuzz_input in = {data, size};
    disk d;
    disk_init(&d, 512);
    d.io.allocate = allocate_little;
    kinds[fuzz_byte(&in) % (sizeof kinds / sizeof kinds[0])](&in, &d);
    fuzz_check_handles(&d);
    disk_free(&d);
    return 0;
}
