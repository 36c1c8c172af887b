/*
 * ministore doctor: does this disk keep what it has synced? What the system says, what was tried, and a verdict.
 */
#define _XOPEN_SOURCE 700
#include "internal.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

enum { BAR_WIDTH = 40, TRIALS = 5, BUCKETS = 32 };

/* Quicker than this no sync reaches a medium. */
static const uint64_t SUSPICIOUS_NS = 10000;
/* Less free space than this is soon full. */
static const uint64_t LITTLE_BYTES = 64 << 20;

typedef struct {
    char folder[PATH_MAX];
    cli_mount mount;
    cli_probe probe;
    uint64_t free_bytes;
    uint64_t buckets[BUCKETS]; /* syncs that took less than 2^i microseconds, and not less than half of that */
    cli_verdict verdict;
    const char *reason;
} examination;

typedef struct {
    const char *key;
    const char *promise; /* what the journal needs it for */
    const cli_trial *result;
} named_trial;

static const char *const VERDICTS[] = {"good", "doubtful", "bad"};

static void name_trials(const examination *e, named_trial out[TRIALS]) {
    const named_trial trials[TRIALS] = {
        {"sync", "an append that returned stays", &e->probe.sync},
        {"lock", "one writer at a time", &e->probe.lock},
        {"link", "rotation without a moment in which the journal has no name", &e->probe.link},
        {"rename", "rotation in one step", &e->probe.rename},
        {"folder_sync", "new names survive power loss", &e->probe.folder_sync},
    };
    memcpy(out, trials, sizeof trials);
}

static uint64_t median_ns(const examination *e) {
    return e->probe.sync_ns[CLI_SYNCS / 2];
}

static void count_buckets(examination *e) {
    for (size_t i = 0; i < CLI_SYNCS; i++) {
        size_t bucket = 0;
        while (bucket < BUCKETS - 1 && e->probe.sync_ns[i] >= (uint64_t)1000 << bucket) bucket++;
        e->buckets[bucket]++;
    }
}

/* The gravest finding is the verdict; of equals the first. */
static void find(examination *e, bool found, cli_verdict verdict, const char *reason) {
    if (!found || (e->reason && verdict <= e->verdict)) return;
    e->verdict = verdict;
    e->reason = reason;
}

static void judge(examination *e) {
    const cli_probe *p = &e->probe;
    find(e, true, e->mount.verdict, e->mount.meaning);
    find(e, !p->sync.works, CLI_BAD, "Syncing a file fails here.");
    find(e, !p->lock.works, CLI_BAD, "Locks do not keep a second writer out.");
    find(e, !p->rename.works, CLI_BAD, "A file cannot be renamed over another.");
    find(e, !p->folder_sync.works, CLI_BAD, "Folders cannot be synced: a new file may be gone after power loss.");
    find(e, p->sync.works && median_ns(e) < SUSPICIOUS_NS, CLI_DOUBTFUL,
         "Syncs are faster than a disk can be: something seems to leave them out (libeatmydata, a virtual disk's "
         "cache).");
    find(e, e->free_bytes < LITTLE_BYTES, CLI_DOUBTFUL, "Hardly any space is free.");
}

static int examine(examination *e, const char *folder) {
    struct statvfs space;
    *e = (examination){0};
    if (!realpath(folder, e->folder)) return cli_report_errno(folder, "cannot examine", errno);
    cli_mount_look(&e->mount, e->folder);
    int code = cli_probe_run(&e->probe, e->folder);
    if (code != CLI_FINE) return code;
    if (statvfs(e->folder, &space) != 0) return cli_report_errno(folder, "cannot tell the free space", errno);
    e->free_bytes = (uint64_t)space.f_bavail * space.f_frsize;
    if (e->probe.sync.works) count_buckets(e);
    judge(e);
    return CLI_FINE;
}

/* ---- for people ---- */

static void print_row(cli_output *out, const char *label, const char *text) {
    cli_print(out, "%-14s", label);
    cli_print_clean(out, text);
    cli_print(out, "\n");
}

static void print_bytes(char *text, size_t size, uint64_t bytes) {
    static const char *const UNITS[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB"};
    double value = (double)bytes;
    size_t unit = 0;
    for (; value >= 1024 && unit < 5; unit++) value /= 1024;
    (void)snprintf(text, size, unit ? "%.1f %s" : "%.0f %s", value, UNITS[unit]);
}

static void print_time(char *text, size_t size, uint64_t ns) {
    if (ns < 1000000)
        (void)snprintf(text, size, "%" PRIu64 " us", ns / 1000);
    else
        (void)snprintf(text, size, "%.1f ms", (double)ns / 1e6);
}

static void print_mount(cli_output *out, const cli_mount *mount, const char *told_later) {
    char text[sizeof *mount + 64];
    (void)snprintf(text, sizeof text, "%s on %s, mounted at %s", mount->type, mount->source, mount->mount_point);
    print_row(out, "file system", mount->mount_point[0] ? text : mount->type);
    print_row(out, "options", mount->options);
    if (mount->meaning != told_later) print_row(out, "", mount->meaning);
}

static void print_histogram(cli_output *out, const examination *e) {
    char text[32], bar[BAR_WIDTH + 1];
    uint64_t most = 1;
    memset(bar, '#', sizeof bar);
    for (size_t i = 0; i < BUCKETS; i++)
        if (e->buckets[i] > most) most = e->buckets[i];
    for (size_t i = 0; i < BUCKETS; i++) {
        if (e->buckets[i] == 0) continue;
        print_time(text, sizeof text, (uint64_t)1000 << i);
        int width = (int)(e->buckets[i] * BAR_WIDTH / most);
        cli_print(out, "    < %8s  %.*s %" PRIu64 "\n", text, width > 0 ? width : 1, bar, e->buckets[i]);
    }
}

static void print_syncs(cli_output *out, const examination *e) {
    char fastest[32], median[32], slowest[32], text[256];
    print_time(fastest, sizeof fastest, e->probe.sync_ns[0]);
    print_time(median, sizeof median, median_ns(e));
    print_time(slowest, sizeof slowest, e->probe.sync_ns[CLI_SYNCS - 1]);
    (void)snprintf(text, sizeof text, "%d appends of 120 bytes: fastest %s, median %s, slowest %s", CLI_SYNCS, fastest,
                   median, slowest);
    print_row(out, "sync latency", text);
    print_histogram(out, e);
}

static void print_trials(cli_output *out, const examination *e) {
    named_trial trials[TRIALS];
    name_trials(e, trials);
    for (size_t i = 0; i < TRIALS; i++) {
        const cli_trial *result = trials[i].result;
        cli_print(out, "%-14s", trials[i].key);
        cli_print_coloured(out, result->works ? CLI_GREEN : CLI_RED, result->works ? "works" : "fails");
        if (result->error) cli_print(out, ": %s", strerror(result->error));
        cli_print(out, " (%s)\n", trials[i].promise);
    }
}

static void print_for_people(cli_output *out, const examination *e) {
    static const cli_colour COLOURS[] = {CLI_GREEN, CLI_YELLOW, CLI_RED};
    char space[32];
    print_bytes(space, sizeof space, e->free_bytes);
    print_row(out, "folder", e->folder);
    print_mount(out, &e->mount, e->reason);
    print_row(out, "free space", space);
    if (e->probe.sync.works) print_syncs(out, e);
    print_trials(out, e);
    cli_print(out, "%-14s", "verdict");
    cli_print_coloured(out, COLOURS[e->verdict], VERDICTS[e->verdict]);
    cli_print(out, ": %s\n", e->reason);
    cli_print(out, "No command can see a disk that lies about its syncs: only pulling the plug shows that.\n");
}

/* ---- as JSON ---- */

static void print_json_text(cli_output *out, const char *key, const char *text) {
    cli_print(out, "\"%s\":", key);
    cli_print_json_string(out, text);
}

static void print_json_mount(cli_output *out, const cli_mount *mount) {
    cli_print(out, ",\"file_system\":{");
    print_json_text(out, "type", mount->type);
    cli_print(out, ",");
    print_json_text(out, "source", mount->source);
    cli_print(out, ",");
    print_json_text(out, "mount_point", mount->mount_point);
    cli_print(out, ",");
    print_json_text(out, "options", mount->options);
    cli_print(out, ",\"verdict\":\"%s\",", VERDICTS[mount->verdict]);
    print_json_text(out, "meaning", mount->meaning);
    cli_print(out, "}");
}

static void print_json_syncs(cli_output *out, const examination *e) {
    const char *separator = "";
    cli_print(out,
              ",\"sync_latency\":{\"syncs\":%d,\"fastest_ns\":%" PRIu64 ",\"median_ns\":%" PRIu64
              ",\"slowest_ns\":%" PRIu64 ",\"histogram\":[",
              CLI_SYNCS, e->probe.sync_ns[0], median_ns(e), e->probe.sync_ns[CLI_SYNCS - 1]);
    for (size_t i = 0; i < BUCKETS; i++) {
        if (e->buckets[i] == 0) continue;
        cli_print(out, "%s{\"below_ns\":%" PRIu64 ",\"count\":%" PRIu64 "}", separator, (uint64_t)1000 << i,
                  e->buckets[i]);
        separator = ",";
    }
    cli_print(out, "]}");
}

static void print_json_trials(cli_output *out, const examination *e) {
    named_trial trials[TRIALS];
    name_trials(e, trials);
    for (size_t i = 0; i < TRIALS; i++)
        cli_print(out, "%s\"%s\":%s", i ? "," : ",\"tests\":{", trials[i].key,
                  trials[i].result->works ? "true" : "false");
    cli_print(out, "}");
}

static void print_json(cli_output *out, const examination *e) {
    cli_print(out, "{");
    print_json_text(out, "folder", e->folder);
    print_json_mount(out, &e->mount);
    cli_print(out, ",\"free_bytes\":%" PRIu64, e->free_bytes);
    if (e->probe.sync.works)
        print_json_syncs(out, e);
    else
        cli_print(out, ",\"sync_latency\":null");
    print_json_trials(out, e);
    cli_print(out, ",\"verdict\":\"%s\",", VERDICTS[e->verdict]);
    print_json_text(out, "reason", e->reason);
    cli_print(out, "}\n");
}

static int print_examination(const cli_arguments *args, const examination *e) {
    cli_output *out = cli_output_open();
    if (!out) return CLI_SYSTEM;
    if (args->json)
        print_json(out, e);
    else
        print_for_people(out, e);
    return cli_output_close(out, e->verdict == CLI_BAD ? CLI_SYSTEM : CLI_FINE);
}

int cli_doctor(const cli_arguments *args) {
    examination *e = malloc(sizeof *e);
    if (!e) return cli_report_errno(args->path, "cannot examine", ENOMEM);
    int code = examine(e, args->path);
    if (code == CLI_FINE) code = print_examination(args, e);
    free(e);
    return code;
}
