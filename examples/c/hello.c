/*
 * Appends one event to the journal given as argument, then prints every event it holds.
 * Build it against an installed ministore: cc hello.c $(pkg-config --cflags --libs ministore) -o hello
 */
#include <ministore.h>

#include <stdio.h>
#include <string.h>

static int failed(const ministore_error *err) {
    fprintf(stderr, "hello: %s\n", err->message);
    return 1;
}

static int append(const char *path, const char *event, ministore_error *err) {
    ministore_t *journal;
    uint64_t sequence;
    if (ministore_open(&journal, path, NULL, err) < 0) return -1;
    ministore_status status = ministore_append(journal, event, strlen(event), &sequence, err);
    if (status >= 0) printf("record %llu is on the disk\n", (unsigned long long)sequence);
    ministore_error ignored; /* what was acknowledged is safe whatever close says */
    ministore_close(journal, &ignored);
    return status;
}

static int print_all(const char *path, ministore_error *err) {
    ministore_cursor_t *cursor;
    ministore_record record;
    ministore_status status;
    if (ministore_cursor_open(&cursor, path, NULL, err) < 0) return -1;
    while ((status = ministore_cursor_next(cursor, &record, err)) == MINISTORE_OK)
        printf("%llu\t%.*s\n", (unsigned long long)record.sequence, (int)record.size, record.data);
    ministore_cursor_close(cursor);
    return status;
}

int main(int argc, char **argv) {
    ministore_error err;
    const char *path = argc > 1 ? argv[1] : "hello.journal";
    if (append(path, "{\"event\":\"hello\"}", &err) < 0) return failed(&err);
    if (print_all(path, &err) < 0) return failed(&err);
    return 0;
}
