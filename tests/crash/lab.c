/*
 * The crash lab: runs the real code on a simulated disk, cuts the power before each change of the disk and during the
 * recovery from that, and asks of each state whether every promise is kept.
 *
 * lab [--rounds N | --seconds N] [--seed N] [--workload NAME] [--states N] [--dump FOLDER]
 *
 * Each written workload is run first, then so many rounds of random ones. With --seed only random ones, from that seed
 * on: a failure prints its seed, and `--seed N --rounds 1` shows it again. Where a moment has up to --states states all
 * are tried. With --dump a sample of the states, once recovered and closed, is put into a folder for other readers.
 */
#include "../core/model.h"
#include "disk.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum {
    DEPTH = 2,            /* a crash, and one more while recovering from it */
    CHOICES_MAX = 512,
    STATES_FIRST = 256,   /* at each moment of the work all are tried if there are no more than this (--states) */
    STATES_DRAWN = 256,   /* otherwise so many of them */
    STATES_SECOND = 16,   /* at each moment of a recovery: tried, and drawn */
    GROUP_MAX = 4,        /* appends in a group */
    DUMPED_MAX = 24,      /* states of one run */
    FAILURES_MAX = 3      /* then the lab stops */
};

/* ---- what is run ---- */

typedef struct session session;

typedef struct {
    const char *name;
    void (*prepare)(session *s); /* what is on the disk before; NULL: nothing */
    void (*work)(session *s);
    uint64_t max_bytes, preallocate_bytes;
    uint32_t max_segments; /* 0: all */
    bool manual;           /* sync by hand: only what was synced is promised */
    bool damaged;          /* begins with damage, which repair cuts */
    bool no_links;         /* the file system has none: a rename never loses both names then */
    const char *path;      /* "j" if NULL */
} workload;

struct session {
    const workload *w;
    ministore_options options;
    disk disk;
    model m;
    ministore_t *journal;
    uint64_t random;
    bool damaged; /* not yet repaired */
    bool failed;
    struct explorer *explorer;
    struct gathering *gathering; /* a group commit is being brought about */
};

/* One level of exploration: the work, or the recovery from a crash. */
typedef struct explorer {
    const struct explorer *outer;
    const session *s;
    const disk *disk;
    const model *m;
    int depth;
    char *evidence; /* bytes of a torn tail that must not vanish; NULL: none */
    size_t evidence_size, evidence_at;
    char how[CHOICES_MAX + 64]; /* the state being looked at, for a report */
} explorer;

static struct {
    uint64_t seed;
    long points, states, failures;
    long moments, exhausted; /* of the work: in how many of them all states were tried */
    size_t states_first;
    const char *dump; /* folder; NULL: none */
    long dumped, dumped_before;
    uint64_t *seen; /* hashes of states examined, an open table */
    size_t seen_count, seen_size;
    uint64_t random; /* of the explorer, apart from the work's */
    const char *only;
} lab;

static uint64_t next_random(uint64_t *state) {
    uint64_t z = (*state += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

static const char *path_of(const workload *w) {
    return w->path ? w->path : "j";
}

/* ---- states seen ---- */

static bool insert(uint64_t hash) {
    size_t i = (size_t)hash & (lab.seen_size - 1);
    while (lab.seen[i] != 0 && lab.seen[i] != hash) i = (i + 1) & (lab.seen_size - 1);
    if (lab.seen[i] == hash) return false;
    lab.seen[i] = hash;
    lab.seen_count++;
    return true;
}

static void grow_seen(void) {
    uint64_t *old = lab.seen;
    size_t size = lab.seen_size;
    lab.seen_size = size ? size * 2 : 1 << 16;
    lab.seen_count = 0;
    lab.seen = calloc(lab.seen_size, sizeof *lab.seen);
    if (!lab.seen) exit(2);
    for (size_t i = 0; i < size; i++)
        if (old[i]) (void)insert(old[i]);
    free(old);
}

/* Whether this state with these promises has not been examined yet at this depth. What decides is in the hash. */
static bool is_new(const explorer *e, const disk *d) {
    const model *m = e->m;
    uint64_t hash = disk_hash(d) ^ (m->promised * 0x9e3779b97f4a7c15 + m->attempt * 0xbf58476d1ce4e5b9);
    hash ^= (m->written + 1) * 0x94d049bb133111eb + (m->removable + 1) * 0xd6e8feb86659fd93;
    hash ^= ((uint64_t)e->depth * 2 + e->s->damaged) * 0xa5a5a5a5a5a5a5 + e->evidence_size * 0xc2b2ae3d27d4eb4f;
    if (lab.seen_count * 2 >= lab.seen_size) grow_seen();
    return insert(hash ? hash : 1);
}

/* ---- asking a state ---- */

static char words[1536];

static const char *say(const char *what, ministore_status status, const ministore_error *err) {
    (void)snprintf(words, sizeof words, "%s: %s: %s", what, ministore_status_name(status), err->message);
    return words;
}

/* Still at its place, or anywhere in P.torn. */
static const char *check_evidence(const explorer *e, const disk *d) {
    const content *journal = disk_get(d, "j"), *torn = disk_get(d, "j.torn");
    size_t size = e->evidence_size, at = e->evidence_at;
    if (!e->evidence || (journal && journal->size >= at + size && memcmp(journal->data + at, e->evidence, size) == 0) ||
        (torn && memmem(torn->data, torn->size, e->evidence, size)))
        return NULL;
    return "the bytes of a torn tail are neither in the journal nor in P.torn";
}

static bool may_be_damaged(const session *s) {
    return s->w->manual || s->damaged;
}

/* Before anything is repaired a reader sees what a writer will. *last UINT64_MAX: it says CORRUPT, and may. */
static const char *check_reader(const explorer *e, const disk *state, uint64_t *last) {
    disk d;
    disk_copy(&d, state);
    const char *wrong = model_check(e->m, &d.io, path_of(e->s->w), last);
    if (wrong && may_be_damaged(e->s) && strncmp(wrong, "replay: CORRUPT", 15) == 0) {
        wrong = NULL;
        *last = UINT64_MAX;
    }
    disk_free(&d);
    return wrong;
}

static void note_evidence(explorer *inner, const disk *state) {
    disk d;
    ministore_cursor_t *c;
    ministore_cursor_info info = {.struct_size = sizeof info};
    ministore_cursor_options options;
    (void)ministore_cursor_options_init(&options, sizeof options);
    options.at_end = 1;
    disk_copy(&d, state);
    if (ministore__cursor_open(&c, &d.io, "j", &options, false, NULL) == MINISTORE_OK) {
        if (ministore_cursor_stat(c, &info, NULL) == MINISTORE_OK && info.torn_bytes > 0) {
            inner->evidence = malloc((size_t)info.torn_bytes);
            if (!inner->evidence) exit(2);
            inner->evidence_size = (size_t)info.torn_bytes;
            inner->evidence_at = (size_t)info.torn_offset;
            memcpy(inner->evidence, disk_get(&d, "j")->data + info.torn_offset, (size_t)info.torn_bytes);
        }
        ministore_cursor_close(c);
    }
    disk_free(&d);
}

static void explore(void *context);

/* Open; where there may be damage, which open tells of only at the end of the segment, repair and open. */
static ministore_status open_or_repair(const session *s, disk *d, ministore_t **j, ministore_error *err) {
    const char *path = path_of(s->w);
    ministore_status status = s->damaged ? MINISTORE_CORRUPT : ministore__open(j, &d->io, path, &s->options, err);
    if (status != MINISTORE_CORRUPT || !may_be_damaged(s)) return status;
    status = ministore__repair(&d->io, path, 0, 1 << 20, NULL, err);
    return status == MINISTORE_OK ? ministore__open(j, &d->io, path, &s->options, err) : status;
}

/* Recover, go on, close: with the power cut in between, as deep as DEPTH says. */
static const char *check_writer(explorer *inner, model *m, disk *d, uint64_t expected) {
    ministore_t *j;
    ministore_error err;
    uint64_t last;
    ministore_status status = open_or_repair(inner->s, d, &j, &err);
    if (status != MINISTORE_OK) return say("open", status, &err);
    last = ministore__next(j) - 1;
    if (expected != UINT64_MAX && expected != last) {
        (void)ministore_close(j, NULL);
        return "the writer's next number is not what the reader saw";
    }
    const char *wrong = model_check(m, &d->io, path_of(inner->s->w), &expected);
    model_settle(m, last);
    if (inner->s->w->max_segments > 0) m->removable = last + 1; /* the append may rotate */
    if (!wrong && (status = model_append(m, j, 1, &err)) != MINISTORE_OK) wrong = say("append", status, &err);
    if (!wrong && inner->depth < DEPTH) explore(inner);
    status = model_close(m, j, &err);
    if (!wrong && status != MINISTORE_OK) wrong = say("close", status, &err);
    return wrong ? wrong : model_check(m, &d->io, path_of(inner->s->w), &last);
}

/* ---- states for other readers ---- */

static FILE *dump_file(const char *name) {
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%ld/%s", lab.dump, lab.dumped, name);
    FILE *file = fopen(path, "wb");
    if (file) return file;
    (void)fprintf(stderr, "the crash lab cannot write %s\n", path);
    exit(2);
}

/* The files of a disk, and what a reader finds there, one record a line, as a file `expected`. */
static void dump(const disk *state) {
    char path[4096];
    disk d;
    ministore_cursor_t *c;
    ministore_record record;
    (void)snprintf(path, sizeof path, "%s/%ld", lab.dump, ++lab.dumped);
    (void)mkdir(path, 0700);
    for (size_t i = 0; i < state->name_count; i++) {
        const content *bytes = state->names[i].folder == 0 ? disk_get(state, state->names[i].text) : NULL;
        if (!bytes) continue;
        FILE *file = dump_file(state->names[i].text);
        (void)fwrite(bytes->data, 1, bytes->size, file);
        (void)fclose(file);
    }
    FILE *expected = dump_file("expected");
    disk_copy(&d, state);
    if (ministore__cursor_open(&c, &d.io, "j", NULL, false, NULL) != MINISTORE_OK) exit(2);
    while (ministore_cursor_next(c, &record, NULL) == MINISTORE_OK)
        (void)fprintf(expected, "%.*s\n", (int)record.size, record.data);
    ministore_cursor_close(c);
    disk_free(&d);
    if (fclose(expected) != 0) exit(2);
}

/* Whether a state is taken for the sample: one of a hundred, and so many a run. */
static bool is_sampled(const explorer *e) {
    return lab.dump && !e->s->w->path && lab.states % 100 == 0 && lab.dumped - lab.dumped_before < DUMPED_MAX;
}

static const char *examine(const explorer *e, const disk *state, bool killed) {
    uint64_t last;
    disk d;
    ministore_error err;
    model m = *e->m;
    explorer inner = {.outer = e, .s = e->s, .m = &m, .disk = &d, .depth = e->depth + 1};
    const char *wrong = check_evidence(e, state);
    if (!wrong) wrong = check_reader(e, state, &last);
    if (wrong) return wrong;
    if (!killed && !may_be_damaged(e->s)) note_evidence(&inner, state);
    disk_copy(&d, state);
    if (inner.depth < DEPTH) {
        d.before_change = explore;
        d.context = &inner;
    }
    long failures = lab.failures;
    wrong = check_writer(&inner, &m, &d, last);
    d.before_change = NULL;
    if (!wrong && lab.failures == failures) {
        ministore_status status = ministore__verify(&d.io, path_of(e->s->w), 1 << 20, NULL, &err);
        if (status != MINISTORE_OK) wrong = say("verify", status, &err);
        else if (is_sampled(e)) dump(&d);
    }
    disk_free(&d);
    free(inner.evidence);
    return wrong;
}

static int conclude(void) {
    (void)printf("all states in %ld of %ld moments of the work\n", lab.exhausted, lab.moments);
    if (lab.dump) (void)printf("%ld states in %s\n", lab.dumped, lab.dump);
    (void)printf("%ld moments, %ld states, %ld failures\n", lab.points, lab.states, lab.failures);
    return lab.failures > 0;
}

static void report(const explorer *e, const disk *state, const char *wrong) {
    (void)printf("FAILED workload \"%s\", --seed %llu: %s\n", e->s->w->name, (unsigned long long)lab.seed, wrong);
    for (const explorer *level = e; level; level = level->outer)
        (void)printf("  %s, before change %u of %s\n", level->how, level->disk->changes + 1,
                     level->depth == 0 ? "the work" : "the recovery from:");
    (void)printf("  the state, sectors of %zu bytes:\n", state->sector);
    disk_print(state);
    if (++lab.failures == FAILURES_MAX) exit(conclude());
}

static void look_at(explorer *e, const disk *state, bool killed) {
    if (!is_new(e, state)) return;
    lab.states++;
    const char *wrong = examine(e, state, killed);
    if (wrong) report(e, state, wrong);
}

/* ---- all states of one moment ---- */

/* The next combination of choices, as one counts. False: that was the last. */
static bool count_up(size_t *choices, const size_t *radices, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (++choices[i] < radices[i]) return true;
        choices[i] = 0;
    }
    return false;
}

static size_t combinations(const size_t *radices, size_t count, size_t most) {
    size_t product = 1;
    for (size_t i = 0; i < count && product <= most; i++) product *= radices[i];
    return product;
}

static void choose(size_t *choices, const size_t *radices, size_t count) {
    for (size_t i = 0; i < count; i++) choices[i] = (size_t)(next_random(&lab.random) % radices[i]);
}

static void describe(explorer *e, const size_t *choices, size_t count) {
    size_t at = (size_t)snprintf(e->how, sizeof e->how, "power lost, of what was unsynced is kept ");
    for (size_t i = 0; i < count && at + 2 < sizeof e->how; i++)
        e->how[at++] = (char)(choices[i] < 10 ? '0' + (int)choices[i] : '+');
    e->how[at] = '\0';
}

static void lose_power(explorer *e, const size_t *choices, size_t count) {
    disk crashed;
    describe(e, choices, count);
    disk_crash(&crashed, e->disk, choices);
    look_at(e, &crashed, false);
    disk_free(&crashed);
}

static void lose_power_in_all_ways(explorer *e) {
    size_t radices[CHOICES_MAX], choices[CHOICES_MAX] = {0};
    size_t most = e->depth == 0 ? lab.states_first : STATES_SECOND;
    size_t count = disk_choices(e->disk, radices, CHOICES_MAX);
    if (count > CHOICES_MAX) {
        (void)fprintf(stderr, "the crash lab has room for %d choices, and %zu are to be made\n", CHOICES_MAX, count);
        exit(2);
    }
    if (e->depth == 0) lab.moments++;
    if (combinations(radices, count, most) <= most) {
        if (e->depth == 0) lab.exhausted++;
        do lose_power(e, choices, count);
        while (count_up(choices, radices, count));
        return;
    }
    lose_power(e, choices, count); /* nothing is kept; then all; then some */
    for (size_t i = 0; i < count; i++) choices[i] = radices[i] - 1;
    lose_power(e, choices, count);
    for (size_t i = 2; i < most && i < STATES_DRAWN; i++) {
        choose(choices, radices, count);
        lose_power(e, choices, count);
    }
}

/* Before each change of the disk: here the power may go, or the process be killed. */
static void explore(void *context) {
    explorer *e = context;
    disk killed;
    lab.points++;
    (void)snprintf(e->how, sizeof e->how, "killed");
    disk_copy(&killed, e->disk);
    look_at(e, &killed, true);
    disk_free(&killed);
    lose_power_in_all_ways(e);
}

/* ---- steps of the work: on this disk nothing fails ---- */

static void expect_ok(session *s, const char *what, ministore_status status, const ministore_error *err) {
    if (status == MINISTORE_OK) return;
    s->failed = true;
    lab.failures++;
    (void)printf("FAILED workload \"%s\", --seed %llu: %s\n", s->w->name, (unsigned long long)lab.seed,
                 say(what, status, err));
}

static void open_it(session *s) {
    ministore_error err;
    expect_ok(s, "open", ministore__open(&s->journal, &s->disk.io, path_of(s->w), &s->options, &err), &err);
}

static void append(session *s, unsigned count) {
    ministore_error err;
    if (s->failed) return;
    if (s->w->max_segments > 0) s->m.removable = ministore__next(s->journal) - 1 + count; /* it may rotate */
    expect_ok(s, "append", model_append(&s->m, s->journal, count, &err), &err);
}

static void sync_it(session *s) {
    ministore_error err;
    if (!s->failed) expect_ok(s, "sync", model_sync(&s->m, s->journal, &err), &err);
}

static void rotate(session *s) {
    ministore_error err;
    if (!s->failed) expect_ok(s, "rotate", model_rotate(&s->m, s->journal, &err), &err);
}

static void prune(session *s, uint64_t before) {
    ministore_error err;
    if (!s->failed) expect_ok(s, "prune", model_prune(&s->m, s->journal, before, &err), &err);
}

static void close_it(session *s) {
    ministore_error err;
    if (!s->failed) expect_ok(s, "close", model_close(&s->m, s->journal, &err), &err);
}

/* Text of records [from, to], one a line. */
static size_t lines(uint64_t from, uint64_t to, char *out) {
    size_t size = 0;
    for (; from <= to; from++) {
        size += model_text(from, out + size);
        out[size++] = '\n';
    }
    return size;
}

/* ---- group commits: several threads, and a disk that makes the first wait for the others ---- */

/* One thread that appends records `first` to `last` as one commit. */
typedef struct {
    session *s;
    uint64_t first, last, sequence;
    ministore_status status;
    pthread_t thread;
} appender;

typedef enum { NOBODY_LEADS, FIRST_WAITS, OTHERS_QUEUED, FIRST_ANSWERED } stage;

typedef struct gathering {
    pthread_mutex_t mutex;
    pthread_cond_t turned;
    stage stage;
    pthread_t first;
} gathering;

static void reach(gathering *g, stage to) {
    pthread_mutex_lock(&g->mutex);
    g->stage = to;
    pthread_cond_broadcast(&g->turned);
    pthread_mutex_unlock(&g->mutex);
}

static void await(gathering *g, stage from) {
    pthread_mutex_lock(&g->mutex);
    while (g->stage < from) pthread_cond_wait(&g->turned, &g->mutex);
    pthread_mutex_unlock(&g->mutex);
}

/* Before each change: the first leader waits until the others are queued up, and whoever leads those waits until the
   model knows of the first one's answer. */
static void gather(void *context) {
    const session *s = context;
    gathering *g = s->gathering;
    if (g && g->stage == NOBODY_LEADS) {
        g->first = pthread_self();
        reach(g, FIRST_WAITS);
    }
    if (g) await(g, pthread_equal(g->first, pthread_self()) ? OTHERS_QUEUED : FIRST_ANSWERED);
    explore(s->explorer);
}

static void *append_by_thread(void *argument) {
    appender *a = argument;
    char *text = malloc(MODEL_BATCH_MAX * MODEL_TEXT_MAX);
    if (!text) exit(2);
    size_t size = lines(a->first, a->last, text);
    if (a->first == a->last) a->status = ministore_append(a->s->journal, text, size, &a->sequence, NULL);
    else a->status = ministore_append_batch(a->s->journal, text, size, &a->sequence, NULL);
    free(text);
    return NULL;
}

static void start(session *s, appender *a, uint64_t first, unsigned count) {
    *a = (appender){.s = s, .first = first, .last = first + count - 1};
    if (pthread_create(&a->thread, NULL, append_by_thread, a) != 0) exit(2);
}

static void await_queue(ministore_t *j, size_t length) {
    size_t waiting;
    do {
        (void)sched_yield();
        pthread_mutex_lock(&j->mutex);
        waiting = j->waiting;
        pthread_mutex_unlock(&j->mutex);
    } while (waiting < length);
}

/* Every append of a group is answered alike: acknowledged with its number, or failed as told. */
static void expect_answer(session *s, appender *a, ministore_status status) {
    pthread_join(a->thread, NULL);
    if (a->status == status && (status != MINISTORE_OK || a->sequence == a->last)) return;
    s->failed = true;
    lab.failures++;
    (void)printf("FAILED workload \"%s\", --seed %llu: an append in a group gave %s and number %llu, not %llu\n",
                 s->w->name, (unsigned long long)lab.seed, ministore_status_name(a->status),
                 (unsigned long long)a->sequence, (unsigned long long)a->last);
}

/* One record alone, then `size` appends as one group, of `counts` records; the group comes to `status`. */
static void append_group(session *s, const unsigned *counts, size_t size, ministore_status status, bool *fault) {
    gathering g = {.stage = NOBODY_LEADS};
    appender one, group[GROUP_MAX];
    uint64_t last = ministore__next(s->journal);
    if (s->failed) return;
    pthread_mutex_init(&g.mutex, NULL);
    pthread_cond_init(&g.turned, NULL);
    s->gathering = &g;
    s->m.attempt = last;
    if (s->w->max_segments > 0) s->m.removable = last;
    start(s, &one, last, 1);
    await(&g, FIRST_WAITS);
    for (size_t i = 0; i < size; i++) {
        start(s, &group[i], last + 1, counts[i]);
        last += counts[i];
        await_queue(s->journal, i + 1);
    }
    reach(&g, OTHERS_QUEUED);
    expect_answer(s, &one, MINISTORE_OK);
    model_settle(&s->m, one.last);
    s->m.attempt = last;
    if (s->w->max_segments > 0) s->m.removable = last;
    if (fault) *fault = true;
    reach(&g, FIRST_ANSWERED);
    for (size_t i = 0; i < size; i++) expect_answer(s, &group[i], status);
    if (status == MINISTORE_OK) model_settle(&s->m, last);
    else if (!s->journal->poisoned) s->m.attempt = 0; /* taken back */
    s->gathering = NULL;
    pthread_cond_destroy(&g.turned);
    pthread_mutex_destroy(&g.mutex);
}

/* ---- the workloads ---- */

static void singles(session *s) {
    open_it(s);
    for (int i = 0; i < 4; i++) append(s, 1);
    close_it(s);
}

static void batches(session *s) {
    open_it(s);
    append(s, 3);
    append(s, 1);
    append(s, 7);
    close_it(s);
}

static void sessions(session *s) {
    for (unsigned i = 1; i < 4; i++) {
        open_it(s);
        append(s, i);
        close_it(s);
    }
}

static void rotations(session *s) {
    open_it(s);
    append(s, 1);
    rotate(s);
    append(s, 2);
    append(s, 1);
    rotate(s);
    append(s, 1);
    close_it(s);
}

static void pruning(session *s) {
    open_it(s);
    for (int i = 0; i < 3; i++) {
        append(s, 2);
        rotate(s);
    }
    prune(s, 5);
    append(s, 1);
    prune(s, s->m.promised + 1);
    close_it(s);
}

static void filling(session *s) {
    open_it(s);
    for (unsigned i = 0; i < 7; i++) append(s, 1 + i % 3);
    close_it(s);
}

static void by_hand(session *s) {
    open_it(s);
    append(s, 1);
    append(s, 3);
    sync_it(s);
    append(s, 1);
    append(s, 2);
    append(s, 1);
    close_it(s);
}

static void expect_failure(session *s, ministore_status status) {
    if (status == MINISTORE_IO) return;
    s->failed = true;
    lab.failures++;
    (void)printf("FAILED workload \"%s\": an append that must fail gave %s\n", s->w->name,
                 ministore_status_name(status));
}

static void groups(session *s) {
    open_it(s);
    append_group(s, (const unsigned[]){1, 1, 1}, 3, MINISTORE_OK, NULL);
    append_group(s, (const unsigned[]){1, 1}, 2, MINISTORE_OK, NULL);
    close_it(s);
}

static void groups_with_batches(session *s) {
    open_it(s);
    append_group(s, (const unsigned[]){2, 1, 3}, 3, MINISTORE_OK, NULL);
    append_group(s, (const unsigned[]){1, 4}, 2, MINISTORE_OK, NULL);
    append(s, 1);
    close_it(s);
}

/* A group that fails is taken back as a whole. */
static void group_taken_back(session *s) {
    open_it(s);
    append_group(s, (const unsigned[]){1, 2}, 2, MINISTORE_IO, &s->disk.fail_write);
    append(s, 3);
    close_it(s);
}

static void group_sync_failed(session *s) {
    open_it(s);
    append_group(s, (const unsigned[]){1, 2}, 2, MINISTORE_IO, &s->disk.fail_sync_data);
    close_it(s);
    open_it(s);
    model_settle(&s->m, ministore__next(s->journal) - 1);
    append(s, 1);
    close_it(s);
}

/* An append that fails is taken back, and stays so. */
static void taken_back(session *s) {
    open_it(s);
    append(s, 2);
    s->disk.fail_write = true;
    expect_failure(s, model_append(&s->m, s->journal, 1, NULL));
    append(s, 3);
    close_it(s);
}

/* After a failed sync only opening anew goes on, with the record or without. */
static void sync_failed(session *s) {
    open_it(s);
    append(s, 2);
    s->disk.fail_sync_data = true;
    expect_failure(s, model_append(&s->m, s->journal, 1, NULL));
    close_it(s);
    open_it(s);
    model_settle(&s->m, ministore__next(s->journal) - 1);
    append(s, 3);
    close_it(s);
}

static void mending(session *s) {
    ministore_error err;
    expect_ok(s, "repair", ministore__repair(&s->disk.io, "j", 0, 1 << 20, NULL, &err), &err);
    s->damaged = false;
}

#define HEADER "// MINISTORE JOURNAL v0.1.4\n"

static void put_journal(session *s, const char *name, uint64_t from, uint64_t to, const char *behind) {
    char text[8 * MODEL_TEXT_MAX] = HEADER;
    size_t size = sizeof HEADER - 1;
    size += lines(from, to, text + size);
    memcpy(text + size, behind, strlen(behind));
    disk_put(&s->disk, name, text, size + strlen(behind));
    s->m.promised = to;
}

static void damage(session *s) {
    put_journal(s, "j", 1, 3, "no record\n{\"n\":5}\t\n{\"n\":6}\n{\"n\":7}");
}

static void torn(session *s) {
    put_journal(s, "j", 1, 3, "{\"n\":4}\t\n{\"n\":5}\t\n{\"n\":");
}

/* Segments as the Rust crate leaves them, whose headers have no numbers. */
static void crate_segments(session *s) {
    put_journal(s, "j.000001", 1, 2, "");
    put_journal(s, "j.000002", 3, 5, "");
    put_journal(s, "j", 6, 7, "");
}

static void prune_crate_segments(session *s) {
    open_it(s);
    prune(s, 6);
    append(s, 1);
    close_it(s);
}

/* Any calls in any order; seeds differ in everything. */
static void anything(session *s) {
    open_it(s);
    for (int i = 0; i < 10 && !s->failed; i++) {
        switch (next_random(&s->random) % 10) {
        case 0: rotate(s); break;
        case 1: sync_it(s); break;
        case 2:
            if (!s->w->manual && s->m.promised > 0) prune(s, 1 + next_random(&s->random) % s->m.promised);
            break;
        case 3:
            close_it(s);
            open_it(s);
            break;
        case 4:
            if (!s->w->manual) append_group(s, (const unsigned[]){1, 2, 1}, 3, MINISTORE_OK, NULL);
            break;
        case 5: append(s, 2 + (unsigned)(next_random(&s->random) % 5)); break;
        default: append(s, 1);
        }
    }
    close_it(s);
}

static const workload workloads[] = {
    {.name = "single appends", .work = singles},
    {.name = "batches", .work = batches},
    {.name = "group commits", .work = groups},
    {.name = "group commits with batches", .work = groups_with_batches},
    {.name = "group commits, rotations by size", .work = groups_with_batches, .max_bytes = 200},
    {.name = "group commits without links", .work = groups_with_batches, .max_bytes = 200, .no_links = true},
    {.name = "group commits, preallocated", .work = groups, .preallocate_bytes = 200},
    {.name = "group commits, retention", .work = groups_with_batches, .max_bytes = 150, .max_segments = 2},
    {.name = "a group's failed write", .work = group_taken_back},
    {.name = "a group's failed sync", .work = group_sync_failed},
    {.name = "sessions", .work = sessions},
    {.name = "new folders", .work = singles, .path = "new/deep/j"},
    {.name = "rotations", .work = rotations},
    {.name = "rotations without links", .work = rotations, .no_links = true},
    {.name = "rotations by size", .work = filling, .max_bytes = 200},
    {.name = "rotations by size, preallocated", .work = filling, .max_bytes = 200, .preallocate_bytes = 100},
    {.name = "retention", .work = filling, .max_bytes = 100, .max_segments = 2},
    {.name = "retention of one segment", .work = filling, .max_bytes = 150, .max_segments = 1},
    {.name = "prune", .work = pruning},
    {.name = "prune without links", .work = pruning, .no_links = true},
    {.name = "the crate's segments", .prepare = crate_segments, .work = prune_crate_segments},
    {.name = "preallocation", .work = batches, .preallocate_bytes = 300},
    {.name = "a failed write", .work = taken_back},
    {.name = "a failed write, preallocated", .work = taken_back, .preallocate_bytes = 100},
    {.name = "a failed sync", .work = sync_failed},
    {.name = "torn tail", .prepare = torn, .work = sessions},
    {.name = "repair", .prepare = damage, .work = mending, .damaged = true},
    {.name = "manual sync", .work = by_hand, .manual = true},
    {.name = "manual sync, rotations by size", .work = filling, .manual = true, .max_bytes = 300},
    {.name = "manual sync, preallocated", .work = by_hand, .manual = true, .preallocate_bytes = 200},
};

/* ---- running ---- */

/* The disk that a workload is run on. */
typedef struct {
    size_t sector, padding; /* by how much each record is longer */
    disk_renames renames;
} kind;

static void prepare(session *s, const kind *on) {
    const workload *w = s->w;
    uint64_t longer = 1 + on->padding / 60; /* than the records that the limits are made for */
    (void)ministore_options_init(&s->options, sizeof s->options);
    if (w->max_bytes > 0) s->options.max_bytes_per_segment = w->max_bytes * longer;
    if (w->max_segments > 0) s->options.max_segments = w->max_segments;
    s->options.preallocate_bytes = w->preallocate_bytes * longer;
    s->options.sync = w->manual ? MINISTORE_SYNC_MANUAL : MINISTORE_SYNC_ALWAYS;
    model_padding = on->padding;
    disk_init(&s->disk, on->sector);
    s->disk.no_links = w->no_links;
    s->disk.renames = w->no_links && on->renames == HALVES_APART ? NEW_NAME_FIRST : on->renames;
    if (w->prepare) w->prepare(s);
}

static void run(const workload *w, uint64_t seed, const kind *on) {
    session s = {.w = w, .random = seed, .damaged = w->damaged};
    explorer e = {.s = &s, .m = &s.m, .disk = &s.disk};
    if (lab.only && !strstr(w->name, lab.only)) return;
    lab.seed = lab.random = seed;
    lab.dumped_before = lab.dumped;
    prepare(&s, on);
    s.explorer = &e;
    s.disk.before_change = gather;
    s.disk.context = &s;
    w->work(&s);
    explore(&e);
    disk_free(&s.disk);
    free(lab.seen);
    lab.seen = NULL;
    lab.seen_size = lab.seen_count = 0;
}

/* Sectors smaller than those of disks tear short records in more places, though never the first header line, as no
   disk does; those of real sizes tear records longer than they are. */
static void run_all(void) {
    static const kind kinds[] = {{32, 0, 0}, {64, 0, 0}, {512, 0, 0}, {512, 650, 0}, {4096, 4200, 0}};
    for (size_t w = 0; w < sizeof workloads / sizeof *workloads; w++) {
        long states = lab.states, points = lab.points, moments = lab.moments, exhausted = lab.exhausted;
        for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
            kind on = kinds[i];
            run(&workloads[w], 0, &on);
            on.renames = WHOLE;
            run(&workloads[w], 0, &on);
        }
        if (lab.points > points)
            (void)printf("%-36s %8ld moments %9ld states, all of them in %ld of %ld moments of the work\n",
                         workloads[w].name, lab.points - points, lab.states - states, lab.exhausted - exhausted,
                         lab.moments - moments);
    }
}

/* A workload drawn from the seed. */
static void run_random(uint64_t seed) {
    static const kind kinds[] = {{32, 0, 0}, {48, 0, 0}, {64, 0, 0}, {512, 0, 0}, {512, 650, 0}, {4096, 4200, 0}};
    static const uint64_t allocations[] = {0, 0, 64, 700};
    uint64_t r = seed;
    workload w = {.name = "anything", .work = anything};
    w.max_bytes = next_random(&r) % 4 > 0 ? 60 + next_random(&r) % 600 : 0; /* a rotation at any place */
    w.preallocate_bytes = allocations[next_random(&r) % 4];
    w.max_segments = next_random(&r) % 5 == 0 ? 1 + (uint32_t)(next_random(&r) % 3) : 0;
    w.manual = next_random(&r) % 5 == 0;
    w.no_links = next_random(&r) % 4 == 0;
    kind on = kinds[next_random(&r) % (sizeof kinds / sizeof *kinds)];
    if (next_random(&r) % 2 == 0) on.renames = WHOLE;
    run(&w, seed, &on);
}

static uint64_t number(const char *text, const char *name) {
    char *end;
    uint64_t value = strtoull(text, &end, 10);
    if (*text != '\0' && *end == '\0') return value;
    (void)fprintf(stderr, "lab: %s wants a number, not \"%s\"\n", name, text);
    exit(2);
}

int main(int argc, char **argv) {
    uint64_t rounds = 40, seconds = 0, seed = 1;
    bool one = false;
    lab.states_first = STATES_FIRST;
    for (int i = 1; i < argc; i += 2) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--rounds") == 0) rounds = number(value, argv[i]);
        else if (strcmp(argv[i], "--seconds") == 0) seconds = number(value, argv[i]);
        else if (strcmp(argv[i], "--seed") == 0) seed = number(value, argv[i]), one = true;
        else if (strcmp(argv[i], "--workload") == 0) lab.only = value;
        else if (strcmp(argv[i], "--states") == 0) lab.states_first = (size_t)number(value, argv[i]);
        else if (strcmp(argv[i], "--dump") == 0) lab.dump = value;
        else {
            (void)fprintf(stderr, "usage: lab [--rounds N | --seconds N] [--seed N] [--workload NAME] [--states N] "
                                  "[--dump FOLDER]\n");
            return 2;
        }
    }
    time_t end = time(NULL) + (time_t)seconds;
    if (!one) run_all();
    for (uint64_t i = 0; seconds > 0 ? time(NULL) < end : i < rounds; i++) run_random(seed + i);
    return conclude();
}
