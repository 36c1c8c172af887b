/*
 * simdjson as a validator of lines: a DOM for each line by one parser, in place.
 */
#include "lines.h"

#include <simdjson.h>

static simdjson::dom::parser parser;

static bool parse(const char *line, size_t size) {
    return parser.parse(reinterpret_cast<const uint8_t *>(line), size, false).error() == simdjson::SUCCESS;
}

static uint64_t pass(void *) {
    return for_each_line(text("path", "j"), parse);
}

static void run_replay() {
    measure_passes(pass, nullptr, "MB/s", 1e6);
}

extern "C" {
extern const bench_work works[];
const bench_work works[] = {{"replay", run_replay}, {nullptr, nullptr}};
}
