/*
 * yyjson as a validator of lines: a DOM for each, by its quickest way (memory from a pool kept from line to line).
 */
#include "lines.h"

#include <yyjson.h>

static yyjson_alc pool;

static bool parse(const char *line, size_t size) {
    yyjson_doc *document = yyjson_read_opts((char *)(uintptr_t)line, size, 0, &pool, NULL);
    const bool good = document != NULL;
    yyjson_doc_free(document);
    return good;
}

static uint64_t pass(void *context) {
    (void)context;
    return for_each_line(text("path", "j"), parse);
}

static void run_replay(void) {
    static char memory[16 << 20];
    yyjson_alc_pool_init(&pool, memory, sizeof memory);
    measure_passes(pass, NULL, "MB/s", 1e6);
}

const bench_work works[] = {{"replay", run_replay}, {NULL, NULL}};
