/*
 * The archived segments beside a journal: listing them, what is wrong with the set, where their numbers begin.
 */
#include "internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const ministore__location *location;
    ministore__archives *out;
} listing;

/* The number that digits stand for; UINT64_MAX beyond 64 bits. */
static uint64_t suffix_number(const char *digits) {
    uint64_t value = 0;
    for (; *digits; digits++) {
        uint64_t digit = (uint64_t)(*digits - '0');
        if (value > (UINT64_MAX - digit) / 10) return UINT64_MAX;
        value = value * 10 + digit;
    }
    return value;
}

static bool all_digits(const char *text) {
    return *text != '\0' && strspn(text, "0123456789") == strlen(text);
}

static bool grow(ministore__archives *archives) {
    if (archives->count < archives->capacity) return true;
    size_t capacity = archives->capacity ? archives->capacity * 2 : 16;
    ministore__archive *items = realloc(archives->items, capacity * sizeof *items);
    if (!items) return false;
    archives->items = items;
    archives->capacity = capacity;
    return true;
}

static bool is_regular(const ministore__location *location, const char *name, ministore__kind kind) {
    if (kind == MINISTORE__FILE || kind == MINISTORE__OTHER) return kind == MINISTORE__FILE;
    ministore__stat stat;
    int result = location->io->stat_name(location->io, location->folder, name, true, &stat);
    return result == 0 ? stat.kind == MINISTORE__FILE : result != -ENOENT; /* else opening it tells */
}

static int each(void *context, const char *name, ministore__kind kind) {
    listing *l = context;
    size_t size = strlen(l->location->name);
    if (strncmp(name, l->location->name, size) != 0 || name[size] != '.' || !all_digits(name + size + 1)) return 0;
    if (!grow(l->out)) return -ENOMEM;
    l->out->items[l->out->count++] = (ministore__archive){
        .number = suffix_number(name + size + 1),
        .digits = (uint32_t)strlen(name + size + 1),
        .regular = is_regular(l->location, name, kind),
    };
    return 0;
}

static int by_number(const void *left, const void *right) {
    const ministore__archive *a = left, *b = right;
    if (a->number != b->number) return a->number < b->number ? -1 : 1;
    return a->digits < b->digits ? -1 : a->digits > b->digits;
}

ministore_status ministore__list(const ministore__location *location, ministore__archives *out, ministore_error *err) {
    out->count = 0;
    if (location->folder < 0) return MINISTORE_OK;
    listing l = {location, out};
    int result = location->io->list(location->io, location->folder, each, &l);
    if (result < 0) return ministore__fail_io(err, result, location->path, NULL, "cannot list the journal's folder");
    if (out->count > 1) qsort(out->items, out->count, sizeof *out->items, by_number);
    return MINISTORE_OK;
}

void ministore__archive_name(const ministore__location *location, const ministore__archive *archive,
                             char name[MINISTORE__NAME_SIZE]) {
    int size = snprintf(name, MINISTORE__NAME_SIZE, "%s.%0*llu", location->name, (int)archive->digits,
                        (unsigned long long)archive->number);
    if (size >= MINISTORE__NAME_SIZE) name[0] = '\0'; /* no file can have it */
}

ministore_status ministore__archive_check(const ministore__location *location, const ministore__archives *archives,
                                          size_t index, ministore_error *err) {
    const ministore__archive *item = &archives->items[index];
    char name[MINISTORE__NAME_SIZE];
    ministore__place at = {.path = location->path, .segment = name};
    ministore__archive_name(location, item, name);
    if (item->number > UINT32_MAX)
        return ministore__fail_at(err, MINISTORE_CORRUPT, &at, "its number is beyond 32 bits; move the file away if it "
                                                               "is not the journal's");
    if (!item->regular)
        return ministore__fail_at(err, MINISTORE_CORRUPT, &at, "it has a segment's name and is no regular file; "
                                                               "move it away if it is not the journal's");
    if ((index > 0 && item->number == item[-1].number) ||
        (index + 1 < archives->count && item->number == item[1].number))
        return ministore__fail_at(err, MINISTORE_CORRUPT, &at, "another segment has the same number");
    if (index == 0 || item->number == item[-1].number + 1) return MINISTORE_OK;
    ministore__archive missing = {.number = item[-1].number + 1, .digits = item[-1].digits};
    ministore__archive_name(location, &missing, name);
    return ministore__fail_at(err, MINISTORE_CORRUPT, &at, "the segment is missing, while older ones are there");
}

ministore_status ministore__archives_check(const ministore__location *location, const ministore__archives *archives,
                                           ministore_error *err) {
    ministore_status status = MINISTORE_OK;
    for (size_t i = 0; status == MINISTORE_OK && i < archives->count; i++)
        status = ministore__archive_check(location, archives, i, err);
    return status;
}

static int read_open(const ministore__io *io, int file, ministore__header *header, uint64_t *lines) {
    ministore__header_state state;
    int result = ministore__header_read(io, file, header, &state);
    if (result < 0 || !lines) return result;
    ministore__scan scan;
    result = ministore__scan_file(io, file, 0, 0, &scan);
    *lines = scan.ended > 0 ? scan.ended - 1 : 0;
    return result;
}

int ministore__archive_read(const ministore__location *location, const ministore__archive *archive,
                            ministore__header *header, uint64_t *lines) {
    char name[MINISTORE__NAME_SIZE];
    ministore__archive_name(location, archive, name);
    *header = (ministore__header){0};
    if (lines) *lines = 0;
    if (!archive->regular) return 0;
    int file = location->io->open_file(location->io, location->folder, name, 0, 0);
    if (file < 0) return file;
    int result = read_open(location->io, file, header, lines);
    location->io->close(location->io, file);
    return result;
}

/* What `first_of` needs of segment `index`; an active segment that is not there has nothing. */
static int look(const ministore__location *location, const ministore__archives *archives, int active, size_t index,
                uint64_t *first, uint64_t *lines) {
    ministore__header header = {0};
    int result = 0;
    if (index < archives->count) result = ministore__archive_read(location, &archives->items[index], &header, lines);
    else if (active >= 0) result = read_open(location->io, active, &header, lines);
    *first = header.first;
    return result;
}

/* Sum of the lines of segments [from, to). */
static int count_lines(const ministore__location *location, const ministore__archives *archives, size_t from, size_t to,
                       uint64_t *sum) {
    for (*sum = 0; from < to; from++) {
        uint64_t first = 0, lines = 0;
        int result = look(location, archives, -1, from, &first, &lines);
        if (result < 0) return result;
        *sum += lines;
    }
    return 0;
}

/* Whether segment `index` is the one behind `index` - 1; counting does not reach over a gap. */
static bool joined(const ministore__archives *archives, size_t index) {
    return index == archives->count || archives->items[index].number == archives->items[index - 1].number + 1;
}

/* The nearest segment at or before `index`, or else behind it, whose header tells a number. *found 0: none does, and
   *at is the oldest that can be counted from. */
static int nearest_first(const ministore__location *location, const ministore__archives *archives, int active,
                         size_t index, size_t *at, uint64_t *found) {
    size_t oldest = index;
    int result = look(location, archives, active, index, found, NULL);
    while (result == 0 && *found == 0 && oldest > 0 && joined(archives, oldest))
        result = look(location, archives, active, --oldest, found, NULL);
    *at = oldest;
    for (size_t i = index + 1; result == 0 && *found == 0 && i <= archives->count && joined(archives, i); i++) {
        result = look(location, archives, active, i, found, NULL);
        if (*found > 0) *at = i;
    }
    return result;
}

static ministore_status no_numbers(const ministore__location *location, ministore_error *err) {
    return ministore__fail_at(err, MINISTORE_CORRUPT, &(ministore__place){.path = location->path},
                              "the segments hold more records than the first= of a later one allows");
}

ministore_status ministore__first_of(const ministore__location *location, const ministore__archives *archives,
                                     int active, size_t index, uint64_t *out, ministore_error *err) {
    size_t at = 0;
    uint64_t found, lines = 0;
    int result = nearest_first(location, archives, active, index, &at, &found);
    if (result == 0) {
        result = at <= index ? count_lines(location, archives, at, index, &lines)
                             : count_lines(location, archives, index, at, &lines);
    }
    if (result < 0) return ministore__fail_io(err, result, location->path, NULL, "cannot read the archived segments");
    if (found == 0) *out = 1 + lines;
    else if (at <= index) *out = found + lines;
    else if (found > lines) *out = found - lines;
    else return no_numbers(location, err);
    return MINISTORE_OK;
}

static int sum_bytes(const ministore__location *location, const ministore__archives *archives, int active,
                     uint64_t *bytes) {
    ministore__stat stat = {0};
    char name[MINISTORE__NAME_SIZE];
    int result = active < 0 ? 0 : location->io->stat_file(location->io, active, &stat);
    *bytes = stat.size;
    for (size_t i = 0; i < archives->count && result == 0; i++) {
        ministore__archive_name(location, &archives->items[i], name);
        result = location->io->stat_name(location->io, location->folder, name, true, &stat);
        if (result == 0) *bytes += stat.size;
        else if (result == -ENOENT) result = 0; /* pruned meanwhile */
    }
    return result;
}

/* Whether a name of the folder leads to this file. */
static int leads_to(const ministore__location *location, const char *name, const ministore__stat *file) {
    ministore__stat named;
    int result = location->io->stat_name(location->io, location->folder, name, true, &named);
    if (result < 0) return result == -ENOENT ? 0 : result;
    return ministore__same_file(file, &named);
}

int ministore__drop_twin(const ministore__location *location, ministore__archives *archives, int active) {
    ministore__stat file;
    char name[MINISTORE__NAME_SIZE];
    if (archives->count == 0 || active < 0) return 0;
    int result = location->io->stat_file(location->io, active, &file);
    int still_active = result < 0 ? result : leads_to(location, location->name, &file);
    if (still_active < 0) return still_active;
    for (size_t i = archives->count; i-- > 0;) {
        ministore__archive_name(location, &archives->items[i], name);
        result = leads_to(location, name, &file);
        if (result > 0) archives->count = i;
        if (result != 0 || still_active) return result;
    }
    return 0;
}

ministore_status ministore__survey(const ministore__location *location, uint32_t *segments, uint64_t *bytes,
                                   uint64_t *first, ministore_error *err) {
    const ministore__io *io = location->io;
    ministore__archives archives = {0};
    int active = location->folder < 0 ? -ENOENT : io->open_file(io, location->folder, location->name, 0, 0);
    int result = active < 0 && active != -ENOENT ? active : 0;
    ministore_status status = result == 0 ? ministore__list(location, &archives, err) : MINISTORE_OK;
    if (status == MINISTORE_OK && result == 0) result = ministore__drop_twin(location, &archives, active);
    if (status == MINISTORE_OK && result >= 0) result = sum_bytes(location, &archives, active, bytes);
    if (result < 0) status = ministore__fail_io(err, result, location->path, NULL, "cannot look at the segments");
    *segments = (uint32_t)archives.count + (active >= 0);
    if (status == MINISTORE_OK) status = ministore__first_of(location, &archives, active, 0, first, err);
    if (active >= 0) io->close(io, active);
    free(archives.items);
    return status;
}
