/*
 * The C side of the kill test (tests/system/kill.py). `append JOURNAL SEGMENT_BYTES` appends for ever and prints the
 * last number of each commit once it is acknowledged; `follow JOURNAL` prints number and text of each record.
 */
#include <ministore.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEPT = 500, BATCH = 5, LONG_PAD = 20000, TEXT_MAX = LONG_PAD + 64 };

static ministore_error err;

static void must(ministore_status status) {
    if (status == MINISTORE_OK) return;
    (void)fprintf(stderr, "%s: %s\n", ministore_status_name(status), err.message);
    exit(1);
}

/* The text of record n and a newline, as kill.py expects it; its size. */
static size_t text_of(uint64_t n, char *out) {
    size_t pad = n % 97 == 0 ? LONG_PAD : (size_t)(n * 19 % 53);
    size_t size = (size_t)sprintf(out, "{\"n\":%llu,\"pad\":\"", (unsigned long long)n);
    memset(out + size, 'x', pad);
    memcpy(out + size + pad, "\"}\n", 3);
    return size + pad + 3;
}

static void tell(const char *word, uint64_t n) {
    (void)printf("%s%llu\n", word, (unsigned long long)n);
    (void)fflush(stdout);
}

static void append(const char *path, const char *segment_bytes) {
    static char lines[BATCH * TEXT_MAX];
    ministore_t *j;
    ministore_options options;
    ministore_info info = {.struct_size = sizeof info};
    must(ministore_options_init(&options, sizeof options));
    options.max_bytes_per_segment = strtoull(segment_bytes, NULL, 10);
    must(ministore_open(&j, path, &options, &err));
    must(ministore_stat(j, &info, &err));
    tell("begin ", info.next_sequence);
    if (info.next_sequence > KEPT) must(ministore_prune(j, info.next_sequence - KEPT, NULL, &err));
    for (uint64_t n = info.next_sequence;;) {
        uint64_t last, count = n % 3 == 0 ? BATCH : 1;
        size_t size = 0;
        for (uint64_t i = 0; i < count; i++) size += text_of(n + i, lines + size);
        if (count == 1) must(ministore_append(j, lines, size - 1, &last, &err));
        else must(ministore_append_batch(j, lines, size, &last, &err));
        tell("", last);
        n += count;
    }
}

static void follow(const char *path) {
    ministore_cursor_t *c;
    ministore_cursor_options options;
    ministore_record record;
    must(ministore_cursor_options_init(&options, sizeof options));
    options.durable = 1;
    must(ministore_cursor_open(&c, path, &options, &err));
    for (;;) {
        ministore_status status = ministore_cursor_next(c, &record, &err);
        if (status == MINISTORE_DONE) {
            (void)fflush(stdout);
            must(ministore_cursor_wait(c, -1, &err));
            continue;
        }
        must(status);
        (void)printf("%llu\t%.*s\n", (unsigned long long)record.sequence, (int)record.size, record.data);
    }
}

int main(int argc, char **argv) {
    if (argc == 4 && strcmp(argv[1], "append") == 0) append(argv[2], argv[3]);
    if (argc == 3 && strcmp(argv[1], "follow") == 0) follow(argv[2]);
    (void)fprintf(stderr, "usage: append JOURNAL SEGMENT_BYTES | follow JOURNAL\n");
    return 2;
}
