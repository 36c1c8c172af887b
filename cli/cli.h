/*
 * The command `ministore` as a function, for main.c and for packages that bring the command with them.
 */
#ifndef MINISTORE_CLI_H
#define MINISTORE_CLI_H

/**
 * Run the command with the arguments of a main(), on descriptors 0, 1 and 2.
 *
 * While it runs SIGPIPE and SIGXFSZ are ignored and a handler of the host for SIGINT is put aside, so that Ctrl-C
 * ends the process as it ends any command. Afterwards all are as before. One call at a time.
 *
 * @return The exit code: 0 fine, 1 the content is at fault, 2 usage, 3 the system.
 */
__attribute__((visibility("hidden"))) int ministore_cli(int argc, char **argv);

#endif
