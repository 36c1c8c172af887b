/*
 * Runs a fuzz target on each file named, or in the folders named, as a plain test: for compilers without a fuzzer.
 * driver PATH...
 */
#include "../core/tree.h"
#include "fuzz.h"

static size_t run_file(const char *path) {
    tree_bytes bytes = tree_read(path);
    (void)fprintf(stderr, "%s\n", path); /* a crash is of the last one named */
    (void)LLVMFuzzerTestOneInput((const uint8_t *)bytes.data, bytes.size);
    free(bytes.data);
    return 1;
}

static size_t run_folder(const char *path) {
    tree_list list = tree_list_all(path);
    for (size_t i = 0; i < list.count; i++) {
        char *file = tree_join(path, list.names[i]);
        (void)run_file(file);
        free(file);
    }
    size_t count = list.count;
    tree_list_free(&list);
    return count;
}

int main(int argc, char **argv) {
    size_t count = 0;
    struct stat stat;
    for (int i = 1; i < argc; i++) {
        if (lstat(argv[i], &stat) != 0) tree_fail("look at", argv[i]);
        count += S_ISDIR(stat.st_mode) ? run_folder(argv[i]) : run_file(argv[i]);
    }
    (void)printf("%zu inputs, no finding\n", count);
    return count > 0 ? 0 : 2;
}
