/*
 * Line 1 of a segment: which are good, torn, bad or newer, and what they tell.
 */
#include "support.h"

#include <stdlib.h>
#include <string.h>

#define MAGIC "// MINISTORE JOURNAL v"

/* Read a first line from a file with these bytes. */
static ministore__header_state read_with(const ministore__io *io, const char *data, size_t size,
                                         ministore__header *out) {
    ministore__header_state header_state;
    put_bytes("j", data, size);
    int folder = io->open_folder(io, MINISTORE__CURRENT_FOLDER, test_folder);
    int file = io->open_file(io, folder, "j", 0, 0);
    assert_true(file >= 0);
    assert_int_equal(ministore__header_read(io, file, out, &header_state), 0);
    io->close(io, file);
    io->close(io, folder);
    return header_state;
}

static ministore__header_state read_bytes(const char *data, size_t size, ministore__header *out) {
    return read_with(&ministore__posix, data, size, out);
}

typedef struct {
    const char *text;
    ministore__header_state state;
    uint64_t first;
    bool has_prev;
    uint32_t prev;
} row;

static const row rows[] = {
    {MAGIC "0.1.4\n", MINISTORE__HEADER_GOOD, 0, false, 0},
    {MAGIC "0.1.0\n", MINISTORE__HEADER_GOOD, 0, false, 0},
    {MAGIC "0.1.99\r\n", MINISTORE__HEADER_GOOD, 0, false, 0},
    {MAGIC "0.1.4 first=17 prev=crc32c:00C0ffee\n", MINISTORE__HEADER_GOOD, 17, true, 0xc0ffee},
    {MAGIC "0.1.4 first=9223372036854775807\n", MINISTORE__HEADER_GOOD, INT64_MAX, false, 0},
    {MAGIC "0.1.4 prev=sha256:00 word other=1  first=2\n", MINISTORE__HEADER_GOOD, 2, false, 0},
    {MAGIC "0.1.4 prev=crc32c:0\n", MINISTORE__HEADER_GOOD, 0, false, 0},
    {MAGIC "0.1.4 prev=crc32c:0000000g\n", MINISTORE__HEADER_GOOD, 0, false, 0},
    {MAGIC "0.1.4 first=0\n", MINISTORE__HEADER_BAD, 0, false, 0},
    {MAGIC "0.1.4 first=\n", MINISTORE__HEADER_BAD, 0, false, 0},
    {MAGIC "0.1.4 first=-1\n", MINISTORE__HEADER_BAD, 0, false, 0},
    {MAGIC "0.1.4 first=9223372036854775808\n", MINISTORE__HEADER_BAD, 0, false, 0},
    {MAGIC "0.1.4 first=99999999999999999999\n", MINISTORE__HEADER_BAD, 0, false, 0},
    {MAGIC "0.1.4first=1\n", MINISTORE__HEADER_BAD, 0, false, 0},
    {MAGIC "0.2.0\n", MINISTORE__HEADER_UNSUPPORTED, 0, false, 0},
    {MAGIC "1.1.4\n", MINISTORE__HEADER_UNSUPPORTED, 0, false, 0},
    {MAGIC "00.1.4\n", MINISTORE__HEADER_UNSUPPORTED, 0, false, 0},
    {MAGIC "\n", MINISTORE__HEADER_BAD, 0, false, 0},
    {MAGIC "0.1\n", MINISTORE__HEADER_BAD, 0, false, 0},
    {MAGIC "0.1.\n", MINISTORE__HEADER_BAD, 0, false, 0},
    {MAGIC "0,1.4\n", MINISTORE__HEADER_BAD, 0, false, 0},
    {"{\"n\":1}\n", MINISTORE__HEADER_BAD, 0, false, 0},
    {"\n", MINISTORE__HEADER_BAD, 0, false, 0},
    {"", MINISTORE__HEADER_TORN, 0, false, 0},
    {"/", MINISTORE__HEADER_TORN, 0, false, 0},
    {MAGIC, MINISTORE__HEADER_TORN, 0, false, 0},
    {MAGIC "0.1", MINISTORE__HEADER_TORN, 0, false, 0},
    {MAGIC "0.1.4", MINISTORE__HEADER_TORN, 0, false, 0},
    {MAGIC "0.1.4\r", MINISTORE__HEADER_TORN, 0, false, 0},
    {MAGIC "0.1.4 ", MINISTORE__HEADER_TORN, 0, false, 0},
    {MAGIC "0.1.4 firs", MINISTORE__HEADER_TORN, 0, false, 0},
    {MAGIC "0.1.4 first=17 prev=crc32c:00c0", MINISTORE__HEADER_TORN, 0, false, 0},
    {MAGIC "0.1.4 first=17\r", MINISTORE__HEADER_TORN, 0, false, 0},
    {MAGIC "0.1.4 WORD", MINISTORE__HEADER_BAD, 0, false, 0},
    {MAGIC "0.1.4x", MINISTORE__HEADER_BAD, 0, false, 0},
    {MAGIC "9.9.9", MINISTORE__HEADER_UNSUPPORTED, 0, false, 0},
    {"{\"n\":", MINISTORE__HEADER_BAD, 0, false, 0},
};

/* Goal: each first line is judged right. Method: a table. */
static void first_lines(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const row *r = &rows[i];
        ministore__header header;
        ministore__header_state found = read_bytes(r->text, strlen(r->text), &header);
        if (found != r->state) print_error("%s\n", r->text);
        assert_int_equal(found, r->state);
        assert_int_equal(header.first, r->first);
        assert_int_equal(header.has_prev, r->has_prev);
        assert_int_equal(header.prev, r->prev);
        assert_int_equal(header.size, r->state == MINISTORE__HEADER_GOOD ? strlen(r->text) : 0);
    }
}

/* Goal: NULs may follow a torn header and nothing else. Method: bytes at the start, near and far behind. */
static void nuls_behind_a_torn_header(void **state) {
    (void)state;
    enum { SIZE = 3 * MINISTORE__HEADER_MAX };
    static const size_t places[] = {40, MINISTORE__HEADER_MAX - 1, MINISTORE__HEADER_MAX, SIZE - 1};
    char *bytes = calloc(SIZE, 1);
    ministore__header header;
    assert_non_null(bytes);
    assert_int_equal(read_bytes(bytes, SIZE, &header), MINISTORE__HEADER_TORN);
    memcpy(bytes, HEADER, 20);
    assert_int_equal(read_bytes(bytes, SIZE, &header), MINISTORE__HEADER_TORN);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        bytes[places[i]] = 'x';
        assert_int_equal(read_bytes(bytes, SIZE, &header), MINISTORE__HEADER_BAD);
        bytes[places[i]] = '\0';
    }
    free(bytes);
}

/* Goal: 4,096 bytes are the most. Method: a line of just that length, and one byte more. */
static void the_longest_header(void **state) {
    (void)state;
    char line[MINISTORE__HEADER_MAX + 1];
    ministore__header header;
    memset(line, 'a', sizeof line);
    memcpy(line, MAGIC "0.1.4 x=", strlen(MAGIC "0.1.4 x="));
    line[MINISTORE__HEADER_MAX - 1] = '\n';
    assert_int_equal(read_bytes(line, MINISTORE__HEADER_MAX, &header), MINISTORE__HEADER_GOOD);
    line[MINISTORE__HEADER_MAX - 1] = 'a';
    line[MINISTORE__HEADER_MAX] = '\n';
    assert_int_equal(read_bytes(line, MINISTORE__HEADER_MAX + 1, &header), MINISTORE__HEADER_BAD);
}

/* Goal: what is written is what is read. */
static void written_headers(void **state) {
    (void)state;
    char line[MINISTORE__HEADER_MAX];
    ministore__header header;
    size_t size = ministore__header_format(line, 0, 5);
    assert_int_equal(size, strlen(HEADER));
    assert_memory_equal(line, HEADER, size);
    size = ministore__header_format(line, 12, 0xabc);
    assert_memory_equal(line, MAGIC "0.1.4 first=12 prev=crc32c:00000abc\n", size);
    assert_int_equal(read_bytes(line, size, &header), MINISTORE__HEADER_GOOD);
    assert_int_equal(header.first, 12);
    assert_int_equal(header.prev, 0xabc);
}

/* The real table, but for a file that is empty at the first read and has a header at the next. */
static int reads;

static int64_t read_late(const ministore__io *io, int file, void *data, size_t size, uint64_t offset) {
    return reads++ == 0 ? 0 : ministore__posix.read(io, file, data, size, offset);
}

/* Goal: a reader that meets a journal just being made finds no foreign file. Method: the header comes meanwhile. */
static void a_header_that_comes_meanwhile(void **state) {
    (void)state;
    ministore__io late = ministore__posix;
    ministore__header header;
    late.read = read_late;
    reads = 0;
    assert_int_equal(read_with(&late, HEADER "7\n", strlen(HEADER "7\n"), &header), MINISTORE__HEADER_TORN);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_header_that_comes_meanwhile),
        TEST(first_lines),
        TEST(nuls_behind_a_torn_header),
        TEST(the_longest_header),
        TEST(written_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
