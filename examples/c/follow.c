/*
 * Follows a journal across its rotations and prints each record once it is durable; ends on Ctrl-C.
 * Usage: follow JOURNAL [FIRST_SEQUENCE]
 */
#include <ministore.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static ministore_cursor_t *cursor;

static void stop(int number) {
    (void)number;
    ministore_cursor_interrupt(cursor);
}

static ministore_status print_new(ministore_error *err) {
    ministore_record record;
    ministore_status status;
    while ((status = ministore_cursor_next(cursor, &record, err)) == MINISTORE_OK)
        printf("%llu\t%.*s\n", (unsigned long long)record.sequence, (int)record.size, record.data);
    fflush(stdout);
    return status;
}

int main(int argc, char **argv) {
    if (argc < 2) {
        fprintf(stderr, "usage: follow JOURNAL [FIRST_SEQUENCE]\n");
        return 2;
    }
    ministore_error err;
    ministore_cursor_options options;
    if (ministore_cursor_options_init(&options, sizeof options) < 0) return 1;
    options.durable = 1;
    options.from = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;

    ministore_status status = ministore_cursor_open(&cursor, argv[1], &options, &err);
    if (status == MINISTORE_OK) {
        signal(SIGINT, stop);
        signal(SIGTERM, stop);
        while (status >= 0 && status != MINISTORE_INTERRUPTED) {
            status = print_new(&err);
            if (status >= 0) status = ministore_cursor_wait(cursor, -1, &err);
        }
        ministore_cursor_close(cursor);
    }
    if (status < 0) fprintf(stderr, "follow: %s\n", err.message);
    return status < 0 ? 1 : 0;
}
