/*
 * Folders of files for tests: read and write a file, list, copy and remove a whole tree.
 * What goes wrong here is the machine's fault, not the library's: it ends the program with a message.
 */
#ifndef MINISTORE_TESTS_TREE_H
#define MINISTORE_TESTS_TREE_H

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/** Bytes on the heap; one NUL more stands behind them. */
typedef struct {
    char *data;
    size_t size, capacity;
} tree_bytes;

/** The paths of all that is below a folder, relative to it; a folder before what is in it. */
typedef struct {
    char **names;
    size_t count;
} tree_list;

static inline void *tree_need(void *memory) {
    if (memory == NULL) {
        fputs("out of memory\n", stderr);
        exit(2);
    }
    return memory;
}

static inline _Noreturn void tree_fail(const char *what, const char *path) {
    fprintf(stderr, "cannot %s %s: %s\n", what, path, strerror(errno));
    exit(2);
}

/** folder/name, or name alone if the folder is "". To be freed. */
static inline char *tree_join(const char *folder, const char *name) {
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = tree_need(malloc(size));
    snprintf(path, size, "%s%s%s", folder, *folder ? "/" : "", name);
    return path;
}

/** Add the bytes to those that are there. */
static inline void tree_append(tree_bytes *bytes, const void *data, size_t size) {
    size_t needed = bytes->size + size + 1;
    if (needed > bytes->capacity) {
        bytes->capacity = needed * 2;
        bytes->data = tree_need(realloc(bytes->data, bytes->capacity));
    }
    if (size > 0) memcpy(bytes->data + bytes->size, data, size);
    bytes->size += size;
    bytes->data[bytes->size] = '\0';
}

static inline tree_bytes tree_read(const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) tree_fail("read", path);
    tree_bytes bytes = {0};
    char buffer[65536];
    size_t size;
    tree_append(&bytes, "", 0);
    while ((size = fread(buffer, 1, sizeof buffer, file)) > 0) tree_append(&bytes, buffer, size);
    if (ferror(file)) tree_fail("read", path);
    fclose(file);
    return bytes;
}

static inline void tree_write(const char *path, const void *data, size_t size) {
    FILE *file = fopen(path, "wb");
    if (file == NULL) tree_fail("write", path);
    size_t written = size > 0 ? fwrite(data, 1, size, file) : 0;
    if (fclose(file) != 0 || written != size) tree_fail("write", path);
}

static inline int tree_compare_names(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static inline void tree_list_below(const char *root, const char *below, tree_list *list) {
    char *folder = tree_join(root, below);
    DIR *stream = opendir(folder);
    if (stream == NULL) tree_fail("list", folder);
    for (struct dirent *entry; (entry = readdir(stream)) != NULL;) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        char *name = tree_join(below, entry->d_name);
        list->names = tree_need(realloc(list->names, (list->count + 1) * sizeof *list->names));
        list->names[list->count++] = name;
        char *path = tree_join(root, name);
        struct stat stat;
        if (lstat(path, &stat) != 0) tree_fail("look at", path);
        if (S_ISDIR(stat.st_mode)) tree_list_below(root, name, list);
        free(path);
    }
    closedir(stream);
    free(folder);
}

/** All paths below a folder, sorted. Free with tree_list_free. */
static inline tree_list tree_list_all(const char *root) {
    tree_list list = {0};
    tree_list_below(root, "", &list);
    if (list.count > 0) qsort(list.names, list.count, sizeof *list.names, tree_compare_names);
    return list;
}

static inline void tree_list_free(tree_list *list) {
    for (size_t i = 0; i < list->count; i++) free(list->names[i]);
    free(list->names);
}

static inline void tree_copy_entry(const char *from, const char *to) {
    struct stat stat;
    char target[4096];
    if (lstat(from, &stat) != 0) tree_fail("look at", from);
    if (S_ISLNK(stat.st_mode)) {
        ssize_t size = readlink(from, target, sizeof target - 1);
        if (size < 0) tree_fail("read the link", from);
        target[size] = '\0';
        if (symlink(target, to) != 0) tree_fail("make the link", to);
        return;
    }
    if (S_ISDIR(stat.st_mode)) {
        if (mkdir(to, 0700) != 0) tree_fail("make the folder", to);
    } else if (S_ISFIFO(stat.st_mode)) {
        if (mkfifo(to, 0600) != 0) tree_fail("make the pipe", to);
    } else {
        tree_bytes bytes = tree_read(from);
        tree_write(to, bytes.data, bytes.size);
        free(bytes.data);
    }
    if (chmod(to, (stat.st_mode & 07777) | (S_ISDIR(stat.st_mode) ? 0700u : 0u)) != 0)
        tree_fail("change the mode of", to);
}

/** Copy what is below `from` into the folder `to`, which is there. */
static inline void tree_copy(const char *from, const char *to) {
    tree_list list = tree_list_all(from);
    for (size_t i = 0; i < list.count; i++) {
        char *source = tree_join(from, list.names[i]);
        char *copy = tree_join(to, list.names[i]);
        tree_copy_entry(source, copy);
        free(source);
        free(copy);
    }
    tree_list_free(&list);
}

/** Remove a folder with all that is in it. */
static inline void tree_remove(const char *root) {
    tree_list list = tree_list_all(root);
    for (size_t i = list.count; i-- > 0;) {
        char *path = tree_join(root, list.names[i]);
        if (remove(path) != 0) tree_fail("remove", path);
        free(path);
    }
    tree_list_free(&list);
    if (rmdir(root) != 0) tree_fail("remove", root);
}

/** Make a fresh folder under TMPDIR. To be freed. */
static inline char *tree_make_temporary(void) {
    const char *base = getenv("TMPDIR");
    char *path = tree_join(base != NULL && *base ? base : "/tmp", "ministore-test-XXXXXX");
    if (mkdtemp(path) == NULL) tree_fail("make a folder", path);
    return path;
}

#endif
