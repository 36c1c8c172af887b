/*
 * Appends events until it is killed, and prints the number of each as soon as it is durable: what was printed is
 * there afterwards, whatever happens to this process. script/quickstart kills it. Usage: endless JOURNAL
 */
#include <ministore.h>

#include <stdio.h>

static int failed(const ministore_error *err) {
    fprintf(stderr, "endless: %s\n", err->message);
    return 1;
}

int main(int argc, char **argv) {
    ministore_t *journal;
    ministore_options options;
    ministore_error err;
    uint64_t sequence;
    if (argc != 2 || ministore_options_init(&options, sizeof options) < 0) return 2;
    options.max_bytes_per_segment = 4096;
    if (ministore_open(&journal, argv[1], &options, &err) < 0) return failed(&err);

    for (unsigned long n = 1;; n++) {
        char event[64];
        int size = snprintf(event, sizeof event, "{\"event\":\"tick\",\"n\":%lu}", n);
        if (ministore_append(journal, event, (size_t)size, &sequence, &err) < 0) return failed(&err);
        printf("%llu\n", (unsigned long long)sequence);
        if (fflush(stdout) != 0) return 1;
    }
}
