/*
 * The end of a segment: which bytes are commits, which a torn tail, which mere space, which damage.
 */
#include "support.h"

#include <stdlib.h>
#include <string.h>

static ministore__scan scan_file(uint64_t from, int how) {
    const ministore__io *io = &ministore__posix;
    ministore__scan out;
    int folder = io->open_folder(io, MINISTORE__CURRENT_FOLDER, test_folder);
    int file = io->open_file(io, folder, "j", 0, 0);
    assert_true(file >= 0);
    assert_int_equal(ministore__scan_file(io, file, from, how, &out), 0);
    io->close(io, file);
    io->close(io, folder);
    return out;
}

/* Bytes with '~' for NUL, and what a scan of an active segment must find in them. */
typedef struct {
    const char *bytes;
    uint64_t end, lines, torn_end;
    bool hole;
} row;

static const row rows[] = {
    {"", 0, 0, 0, false},
    {"1\n", 2, 1, 2, false},
    {"1\n2\n", 4, 2, 4, false},
    {"1\n2", 2, 1, 3, false},             /* an unterminated line is torn, even one that parses */
    {"1\n2\t\n3\n", 7, 3, 7, false},      /* a commit of two */
    {"1\n2\t\n", 2, 1, 5, false},         /* its last line is missing */
    {"1\n2\t\n3\t\n4", 2, 1, 9, false},
    {"1\n~~~", 2, 1, 2, false},           /* mere space */
    {"~~~", 0, 0, 0, false},
    {"1\n2~~~", 2, 1, 3, false},
    {"1\n~~\n", 2, 1, 5, false},          /* a line of NULs: its mark is lost */
    {"1\n~~2\n", 2, 1, 6, false},         /* a hole in the last commit */
    {"1\n~~2\n~~", 2, 1, 6, false},
    {"1\n2\t\n~~3\t\n4\n", 2, 1, 12, false},
    {"1\n~~2\t\n3\n~", 2, 1, 9, false},
    {"1\n~~2\n3\n", 8, 3, 8, true},       /* a hole, and then a commit: damage */
    {"1\n~~2\n3", 6, 2, 7, true},
    {"1\n~~2\n~3", 6, 2, 8, true},
    {"1\n~\n2\n", 2, 1, 6, false},        /* it goes on, because its mark may be lost: one commit, the last */
};

/* Goal: the rules for the end of an active segment. Method: a table. */
static void ends_of_active_segments(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const row *r = &rows[i];
        char bytes[64];
        size_t size = strlen(r->bytes);
        for (size_t b = 0; b < size; b++) bytes[b] = r->bytes[b] == '~' ? '\0' : r->bytes[b];
        put_bytes("j", bytes, size);
        ministore__scan found = scan_file(0, MINISTORE__SCAN_TAIL | MINISTORE__SCAN_CRC);
        bool right = found.end == r->end && found.lines == r->lines && found.torn_end == r->torn_end &&
                     found.hole == r->hole && found.size == size;
        if (!right)
            fail_msg("%s: end %d lines %d torn_end %d hole %d", r->bytes, (int)found.end, (int)found.lines,
                     (int)found.torn_end, found.hole);
        assert_int_equal(found.crc, ministore__crc32c(0, bytes, (size_t)found.end));
    }
}

/* Goal: nothing depends on where a chunk ends. Method: the same tail behind padding of every length near a chunk. */
static void across_chunks(void **state) {
    (void)state;
    static const char tail[] = "\n2\t\n\0\0\0" "3\n\0\0";
    enum { ROOM = 16 };
    char *bytes = malloc(MINISTORE__CHUNK + ROOM);
    assert_non_null(bytes);
    for (size_t pad = MINISTORE__CHUNK - sizeof tail; pad <= MINISTORE__CHUNK; pad++) {
        memset(bytes, '7', pad);
        memcpy(bytes + pad, tail, sizeof tail - 1);
        put_bytes("j", bytes, pad + sizeof tail - 1);
        ministore__scan found = scan_file(0, MINISTORE__SCAN_TAIL | MINISTORE__SCAN_CRC);
        assert_int_equal(found.end, pad + 1);
        assert_int_equal(found.lines, 1);
        assert_int_equal(found.torn_end, pad + sizeof tail - 3);
        assert_false(found.hole);
        assert_int_equal(found.crc, ministore__crc32c(0, bytes, pad + 1));
    }
    free(bytes);
}

/* Goal: in an archived segment NULs are bytes as others. */
static void archived_segments_have_no_tail(void **state) {
    (void)state;
    put_bytes("j", "1\n\0\0" "2\n3\t\n4", 10);
    ministore__scan found = scan_file(0, 0);
    assert_int_equal(found.end, 6);
    assert_int_equal(found.lines, 2);
    assert_int_equal(found.ended, 3);
    assert_int_equal(found.size, 10);
    assert_false(found.hole);
}

/* Goal: the last commit's place is known, to look at its lines. */
static void the_last_commit(void **state) {
    (void)state;
    put_text("j", "1\n2\t\n3\n4");
    ministore__scan found = scan_file(2, MINISTORE__SCAN_TAIL);
    assert_int_equal(found.last_commit, 2);
    assert_int_equal(found.last_commit_lines, 0);
    assert_int_equal(found.end, 7);
    assert_int_equal(found.lines, 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(ends_of_active_segments),
        TEST(across_chunks),
        TEST(archived_segments_have_no_tail),
        TEST(the_last_commit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
