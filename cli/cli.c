/*
 * The commands in one table, help and version, and the way from a command line to a command.
 */
#define _XOPEN_SOURCE 700
#include "cli.h"
#include "internal.h"

#include <string.h>

typedef struct {
    const char *name;
    const char *operands; /* as the help shows them */
    const char *summary;
    unsigned options;
    int (*run)(const cli_arguments *args);
} command;

static const command COMMANDS[] = {
    {"append", "PATH", "append JSON texts from stdin, one a line, each durable",
     CLI_BATCH | CLI_MAX_BYTES_PER_SEGMENT | CLI_PREALLOCATE | CLI_MAX_RECORD_BYTES, cli_append},
    {"cat", "PATH", "print the records, oldest first",
     CLI_FROM | CLI_SEGMENT | CLI_SEQUENCE | CLI_SKIP_BAD_LINES | CLI_MAX_RECORD_BYTES, cli_cat},
    {"tail", "PATH", "print the last records, and those to come",
     CLI_LINES | CLI_FOLLOW | CLI_SEQUENCE | CLI_MAX_RECORD_BYTES, cli_tail},
    {"stat", "PATH", "tell segments, bytes, sequence numbers, torn bytes", CLI_JSON, cli_stat},
    {"verify", "PATH", "check every header, line, number and digest", CLI_JSON | CLI_MAX_RECORD_BYTES, cli_verify},
    {"repair", "PATH", "cut the active segment from its first bad line on",
     CLI_DRY_RUN | CLI_YES | CLI_MAX_RECORD_BYTES, cli_repair},
    {"prune", "PATH --before SEQ", "remove archived segments whose records are all older", CLI_BEFORE, cli_prune},
    {"rotate", "PATH", "archive the active segment and begin a new one", 0, cli_rotate},
    {"doctor", "DIR", "does this disk keep what it has synced?", CLI_JSON, cli_doctor},
};

enum { COMMAND_COUNT = sizeof COMMANDS / sizeof COMMANDS[0] };

static const command *find(const char *name) {
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(COMMANDS[i].name, name) == 0) return &COMMANDS[i];
    return NULL;
}

static int unknown_command(const char *name) {
    cli_report(NULL, 0, "%s: no such command; 'ministore help' lists them", name);
    return CLI_USAGE;
}

static int print_overview(void) {
    cli_output *out = cli_output_open();
    if (!out) return CLI_SYSTEM;
    cli_print(out, "usage: ministore COMMAND PATH [OPTION]...\n\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++) cli_print(out, "  %-8s%s\n", COMMANDS[i].name, COMMANDS[i].summary);
    cli_print(out, "  %-8s%s\n", "help", "print this, or with the name of a command its options");
    cli_print(out,
              "\n'ministore --version' prints the version. Exit codes: 0 fine, 1 the content is at fault, 2 usage,\n"
              "3 the system (input and output, lock, space).\n");
    return cli_output_close(out, CLI_FINE);
}

static int print_help(const command *c) {
    cli_output *out = cli_output_open();
    if (!out) return CLI_SYSTEM;
    cli_print(out, "usage: ministore %s %s [OPTION]...\n%s\n\n", c->name, c->operands, c->summary);
    cli_print_options(out, c->options | CLI_HELP);
    return cli_output_close(out, CLI_FINE);
}

static int print_version(void) {
    cli_output *out = cli_output_open();
    if (!out) return CLI_SYSTEM;
    cli_print(out, "ministore %s\n", ministore_version());
    return cli_output_close(out, CLI_FINE);
}

static int help(int argc, char **argv) {
    if (argc == 0) return print_overview();
    const command *c = find(argv[0]);
    return c ? print_help(c) : unknown_command(argv[0]);
}

static int run(const command *c, int argc, char **argv) {
    cli_arguments args;
    if (!cli_parse(&args, c->options | CLI_HELP, argc, argv)) {
        cli_report(NULL, 0, "'ministore help %s' tells how to use it", c->name);
        return CLI_USAGE;
    }
    if (args.help) return print_help(c);
    if (!args.path && !args.segment) {
        cli_report(NULL, 0, "usage: ministore %s %s [OPTION]...", c->name, c->operands);
        return CLI_USAGE;
    }
    return c->run(&args);
}

static int dispatch(int argc, char **argv) {
    if (argc < 2) {
        cli_report(NULL, 0, "usage: ministore COMMAND PATH [OPTION]...; 'ministore help' lists the commands");
        return CLI_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "--version") == 0) return print_version();
    if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        return help(argc - 2, argv + 2);
    const command *c = find(name);
    return c ? run(c, argc - 2, argv + 2) : unknown_command(name);
}

int ministore_cli(int argc, char **argv) {
    cli_process *process = cli_process_begin();
    if (!process) return CLI_SYSTEM;
    int code = dispatch(argc, argv);
    cli_process_end(process);
    return code;
}
