/*
 * The process around the command: its signals and its first three descriptors.
 */
#define _XOPEN_SOURCE 700
#include "internal.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

struct cli_process {
    struct sigaction pipe, file_size, interrupt;
};

/* Give a closed descriptor 0, 1 or 2 a meaning: a journal opened there would take what is printed for records. The
 * way it is opened makes every use of it fail. */
static bool occupy_descriptors(void) {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd) return false;
    return true;
}

static void ignore_signal(int number, struct sigaction *before) {
    struct sigaction action = {.sa_handler = SIG_IGN};
    (void)sigaction(number, &action, before);
}

/* A host such as Python handles SIGINT when its own code goes on, which may be never. */
static void restore_default_interrupt(struct sigaction *before) {
    struct sigaction action = {.sa_handler = SIG_DFL};
    (void)sigaction(SIGINT, NULL, before);
    if (before->sa_handler != SIG_IGN) (void)sigaction(SIGINT, &action, NULL);
}

cli_process *cli_process_begin(void) {
    cli_process *process = malloc(sizeof *process);
    if (!process || !occupy_descriptors()) {
        cli_report(NULL, 0, "%s", process ? "cannot open /dev/null" : "out of memory");
        free(process);
        return NULL;
    }
    ignore_signal(SIGPIPE, &process->pipe);
    ignore_signal(SIGXFSZ, &process->file_size);
    restore_default_interrupt(&process->interrupt);
    return process;
}

void cli_process_end(cli_process *process) {
    (void)sigaction(SIGPIPE, &process->pipe, NULL);
    (void)sigaction(SIGXFSZ, &process->file_size, NULL);
    (void)sigaction(SIGINT, &process->interrupt, NULL);
    free(process);
}
