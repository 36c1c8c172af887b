/*
 * The options of all commands in one table, and the reading of a command line by it.
 */
#define _XOPEN_SOURCE 700
#include "internal.h"

#include <stdlib.h>
#include <string.h>

typedef enum { FLAG, NUMBER, TEXT } value_kind;

typedef struct {
    const char *name;
    char letter; /* 0: none */
    value_kind kind;
    const char *value; /* its name in the help */
    const char *help;
    size_t offset;  /* of the value in cli_arguments */
    uint64_t least; /* of a number */
} option;

#define AT(field) offsetof(cli_arguments, field)

/* The order is that of the bits in internal.h. */
static const option OPTIONS[] = {
    {"from", 0, NUMBER, "SEQ", "begin with this sequence number", AT(from), 1},
    {"segment", 0, TEXT, "FILE", "read this one segment file only", AT(segment), 0},
    {"sequence", 0, FLAG, NULL, "put the sequence number and a TAB before each record", AT(sequence), 0},
    {"skip-bad-lines", 0, FLAG, NULL, "report bad lines, go on behind them and exit with 1 at the end",
     AT(skip_bad_lines), 0},
    {"lines", 'n', NUMBER, "N", "print the last N records (10)", AT(lines), 0},
    {"follow", 'f', FLAG, NULL, "wait for more records and print them as they come", AT(follow), 0},
    {"batch", 0, NUMBER, "N", "commit N lines at a time: all of them or none survive a crash (1)", AT(batch), 1},
    {"max-bytes-per-segment", 0, NUMBER, "BYTES", "rotate when the active segment has reached this size",
     AT(max_bytes_per_segment), 1},
    {"preallocate", 0, NUMBER, "BYTES", "extend the active segment in steps of this size", AT(preallocate), 0},
    {"before", 0, NUMBER, "SEQ", "the oldest sequence number to keep", AT(before), 1},
    {"dry-run", 0, FLAG, NULL, "only say what would be done", AT(dry_run), 0},
    {"yes", 'y', FLAG, NULL, "do not ask", AT(yes), 0},
    {"json", 0, FLAG, NULL, "print one JSON object", AT(json), 0},
    {"max-record-bytes", 0, NUMBER, "BYTES", "the longest record to take (67108864)", AT(max_record_bytes), 1},
    {"help", 'h', FLAG, NULL, "print this help", AT(help), 0},
};

enum { OPTION_COUNT = sizeof OPTIONS / sizeof OPTIONS[0] };

/* Find an option that the command takes, by its name of `size` bytes or by its letter. */
static const option *find(unsigned options, const char *name, size_t size, char letter) {
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const option *o = &OPTIONS[i];
        if (!(options & 1U << i)) continue;
        if (letter ? o->letter == letter : strlen(o->name) == size && memcmp(o->name, name, size) == 0) return o;
    }
    return NULL;
}

/* A decimal number, digits only. */
static bool parse_number(const char *text, uint64_t *out) {
    uint64_t number = 0;
    if (!*text) return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9') return false;
        uint64_t digit = (uint64_t)(*text - '0');
        if (number > (UINT64_MAX - digit) / 10) return false;
        number = 10 * number + digit;
    }
    *out = number;
    return true;
}

/* Store the value of an option; `shown` is what the user wrote. */
static bool store(cli_arguments *out, const option *o, const char *shown, const char *value) {
    char *field = (char *)out + o->offset;
    uint64_t number;
    if (o->kind == TEXT) {
        memcpy(field, &value, sizeof value);
        return true;
    }
    if (!parse_number(value, &number) || number < o->least) {
        cli_report(NULL, 0, "%s: %s is no number from %d on", shown, value, (int)o->least);
        return false;
    }
    memcpy(field, &number, sizeof number);
    return true;
}

/* Take the option at argv[*at]: a flag, or a value that is joined to it (not NULL) or the next argument. */
static bool take(cli_arguments *out, const option *o, const char *joined, int *at, int argc, char **argv) {
    const char *shown = argv[*at];
    if (!o) {
        cli_report(NULL, 0, "%s: no such option here", shown);
        return false;
    }
    if (o->kind == FLAG) {
        if (joined) cli_report(NULL, 0, "%s: --%s takes no value", shown, o->name);
        *((char *)out + o->offset) = true;
        return !joined;
    }
    if (!joined && *at + 1 == argc) {
        cli_report(NULL, 0, "%s: %s is missing", shown, o->value);
        return false;
    }
    return store(out, o, shown, joined ? joined : argv[++*at]);
}

static bool take_long(cli_arguments *out, unsigned options, int *at, int argc, char **argv) {
    const char *name = argv[*at] + 2;
    const char *equals = strchr(name, '=');
    size_t size = equals ? (size_t)(equals - name) : strlen(name);
    return take(out, find(options, name, size, 0), equals ? equals + 1 : NULL, at, argc, argv);
}

/* Letters may stand together: -fn3. */
static bool take_letters(cli_arguments *out, unsigned options, int *at, int argc, char **argv) {
    for (const char *letter = argv[*at] + 1; *letter; letter++) {
        const option *o = find(options, NULL, 0, *letter);
        bool value = o && o->kind != FLAG;
        if (!take(out, o, value && letter[1] ? letter + 1 : NULL, at, argc, argv)) return false;
        if (value) break;
    }
    return true;
}

static bool take_operand(cli_arguments *out, const char *operand) {
    if (out->path)
        cli_report(NULL, 0, "%s: one path is enough", operand);
    else if (!*operand)
        cli_report(NULL, 0, "the path is empty");
    else {
        out->path = operand;
        return true;
    }
    return false;
}

bool cli_parse(cli_arguments *out, unsigned options, int argc, char **argv) {
    bool operands_only = false;
    *out = (cli_arguments){.lines = 10, .batch = 1, .max_record_bytes = 64 << 20};
    for (int at = 0; at < argc; at++) {
        const char *argument = argv[at];
        bool taken;
        if (operands_only || argument[0] != '-' || !argument[1])
            taken = take_operand(out, argument);
        else if (strcmp(argument, "--") == 0)
            taken = operands_only = true;
        else if (argument[1] == '-')
            taken = take_long(out, options, &at, argc, argv);
        else
            taken = take_letters(out, options, &at, argc, argv);
        if (!taken) return false;
    }
    return true;
}

void cli_print_options(cli_output *out, unsigned options) {
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const option *o = &OPTIONS[i];
        if (!(options & 1U << i)) continue;
        char letter[] = {o->letter ? '-' : ' ', o->letter ? o->letter : ' ', o->letter ? ',' : ' ', '\0'};
        int width = 28 - (int)strlen(o->name);
        cli_print(out, "  %s --%s %-*s%s\n", letter, o->name, width, o->value ? o->value : "", o->help);
    }
}
