/*
 * What the system tells of the file system under a folder, and what that means for a journal there.
 */
#define _XOPEN_SOURCE 700
#include "internal.h"

#if defined(__linux__)

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

typedef struct {
    const char *type; /* as the mount table names it */
    uint32_t magic;   /* as statfs names it; 0: the mount table only */
    cli_verdict verdict;
    const char *meaning;
} kind;

static const char NETWORK[] = "Not on this machine: syncs and locks are what the server and the network make of them. "
                              "ministore promises nothing here.";
static const char MEMORY[] = "Memory, no disk: everything here is lost with the power or the next boot.";
static const char DISK[] = "A file system on a disk that keeps what was synced.";

static const kind KINDS[] = {
    {"ext4", 0xEF53, CLI_GOOD, DISK},
    {"ext3", 0xEF53, CLI_GOOD, DISK},
    {"ext2", 0xEF53, CLI_DOUBTFUL,
     "Without a journal of its own: records that were synced stay, but a crash can leave the folder damaged until "
     "fsck."},
    {"xfs", 0x58465342, CLI_GOOD, DISK},
    {"btrfs", 0x9123683E, CLI_GOOD, DISK},
    {"f2fs", 0xF2F52010, CLI_GOOD, DISK},
    {"bcachefs", 0xCA451A4E, CLI_GOOD, DISK},
    {"zfs", 0x2FC12FC1, CLI_GOOD, "A file system that keeps what was synced, unless the data set has sync=disabled."},
    {"tmpfs", 0x01021994, CLI_BAD, MEMORY},
    {"ramfs", 0x858458F6, CLI_BAD, MEMORY},
    {"overlay", 0x794C7630, CLI_DOUBTFUL,
     "A container's layer: as durable as the file system of its upper folder, and gone with the container. A volume is "
     "better."},
    {"nfs", 0x6969, CLI_BAD, NETWORK},
    {"nfs4", 0x6969, CLI_BAD, NETWORK},
    {"cifs", 0xFF534D42, CLI_BAD, NETWORK},
    {"smb3", 0xFE534D42, CLI_BAD, NETWORK},
    {"ceph", 0x00C36400, CLI_BAD, NETWORK},
    {"9p", 0x01021997, CLI_DOUBTFUL,
     "A folder of another system (a virtual machine's host, WSL): that system decides what a sync does."},
    {"virtiofs", 0, CLI_DOUBTFUL, "A folder of a virtual machine's host: the host decides what a sync does."},
    {"fuse", 0x65735546, CLI_DOUBTFUL, "A program plays the file system: it decides what a sync does."},
    {"vfat", 0x4D44, CLI_DOUBTFUL, "Without a journal and without links: a crash can damage the file table."},
    {"exfat", 0x2011BAB0, CLI_DOUBTFUL, "Without a journal and without links: a crash can damage the file table."},
};

enum { KIND_COUNT = sizeof KINDS / sizeof KINDS[0] };

static const kind UNKNOWN = {"unknown", 0, CLI_DOUBTFUL, "Unknown here: find out whether it keeps what was synced."};

/* The kind by its name in the mount table ("fuse.sshfs" is fuse), else by what statfs says. */
static const kind *find_kind(const char *type, const char *folder) {
    struct statfs about;
    size_t size = strcspn(type, ".");
    for (size_t i = 0; i < KIND_COUNT && size > 0; i++)
        if (strlen(KINDS[i].type) == size && memcmp(KINDS[i].type, type, size) == 0) return &KINDS[i];
    if (size > 0 || statfs(folder, &about) != 0) return &UNKNOWN;
    for (size_t i = 0; i < KIND_COUNT; i++)
        if (KINDS[i].magic != 0 && KINDS[i].magic == (uint32_t)about.f_type) return &KINDS[i];
    return &UNKNOWN;
}

/* Undo the octal escapes of the mount table, in place. */
static void unescape(char *text) {
    char *to = text;
    while (*text) {
        char octal[4] = "";
        bool escaped = text[0] == '\\' && strspn(text + 1, "01234567") >= 3;
        if (escaped) memcpy(octal, text + 1, 3);
        *to++ = escaped ? (char)strtoul(octal, NULL, 8) : *text;
        text += escaped ? 4 : 1;
    }
    *to = '\0';
}

/* Whether a folder lies in the tree below a mount point. */
static bool below(const char *folder, const char *mount_point) {
    size_t size = strlen(mount_point);
    if (strcmp(mount_point, "/") == 0) return true;
    return strncmp(folder, mount_point, size) == 0 && (folder[size] == '/' || folder[size] == '\0');
}

/* The next field of a line; the line then begins behind it. */
static char *next_field(char **line) {
    char *field = *line;
    *line += strcspn(field, " \n");
    if (**line) *(*line)++ = '\0';
    return field;
}

/* Take one line of the mount table if the folder lies there, and at least as deep as what was found before:
 * "id parent device root mount_point options optional... - type source super_options". */
static void take_mount(cli_mount *out, char *line, const char *folder) {
    for (int i = 0; i < 4; i++) (void)next_field(&line);
    char *mount_point = next_field(&line);
    char *options = next_field(&line);
    unescape(mount_point);
    if (!below(folder, mount_point) || strlen(mount_point) < strlen(out->mount_point)) return;
    while (*line && strcmp(next_field(&line), "-") != 0) continue;
    char *type = next_field(&line);
    char *source = next_field(&line);
    unescape(source);
    (void)snprintf(out->mount_point, sizeof out->mount_point, "%s", mount_point);
    (void)snprintf(out->type, sizeof out->type, "%s", type);
    (void)snprintf(out->source, sizeof out->source, "%s", source);
    (void)snprintf(out->options, sizeof out->options, "%s,%s", options, next_field(&line));
}

/* The last line for the deepest mount point counts: it covers the ones before. */
static void read_mounts(cli_mount *out, const char *folder) {
    FILE *mounts = fopen("/proc/self/mountinfo", "re");
    char *line = NULL;
    size_t capacity = 0;
    while (mounts && getline(&line, &capacity, mounts) > 0) take_mount(out, line, folder);
    free(line);
    if (mounts) (void)fclose(mounts);
}

/* Whether an option is in a list with commas. */
static bool has_option(const char *options, const char *name) {
    size_t size = strlen(name);
    for (const char *at = strstr(options, name); at; at = strstr(at + 1, name))
        if ((at == options || at[-1] == ',') && (at[size] == ',' || at[size] == '\0')) return true;
    return false;
}

/* Whether the kernel says of the ext3 or ext4 file system of a folder that it runs without a journal. */
static bool lacks_journal(const char *folder) {
    struct stat about;
    char path[64], device[PATH_MAX], task[PATH_MAX + 32], word[16] = "";
    if (stat(folder, &about) != 0) return false;
    (void)snprintf(path, sizeof path, "/sys/dev/block/%u:%u", major(about.st_dev), minor(about.st_dev));
    if (!realpath(path, device)) return false;
    (void)snprintf(task, sizeof task, "/sys/fs/ext4/%s/journal_task", strrchr(device, '/') + 1);
    FILE *file = fopen(task, "re");
    if (!file) return false;
    bool read = fgets(word, sizeof word, file) != NULL;
    (void)fclose(file);
    return read && strcmp(word, "<none>\n") == 0;
}

static void judge(cli_mount *out, cli_verdict verdict, const char *meaning) {
    out->verdict = verdict;
    out->meaning = meaning;
}

/* What the mount makes of a file system that is good otherwise. */
static void judge_mount(cli_mount *out, const char *folder) {
    bool ext = strcmp(out->type, "ext4") == 0 || strcmp(out->type, "ext3") == 0;
    if (ext && lacks_journal(folder))
        judge(out, CLI_DOUBTFUL,
              "Without a journal of its own: records that were synced stay, but a crash can leave "
              "folders damaged until fsck has run. (tune2fs -O has_journal)");
    if (has_option(out->options, "nobarrier") || has_option(out->options, "barrier=0"))
        judge(out, CLI_BAD, "Mounted without write barriers: what was synced may only be in the disk's cache.");
    if (has_option(out->options, "volatile") || has_option(out->options, "fsync=volatile"))
        judge(out, CLI_BAD, "Mounted as volatile: the overlay leaves every sync out.");
}

void cli_mount_look(cli_mount *out, const char *folder) {
    *out = (cli_mount){0};
    read_mounts(out, folder);
    const kind *k = find_kind(out->type, folder);
    if (!out->type[0]) (void)snprintf(out->type, sizeof out->type, "%s", k->type);
    judge(out, k->verdict, k->meaning);
    judge_mount(out, folder);
}

#else

void cli_mount_look(cli_mount *out, const char *folder) {
    (void)folder;
    *out = (cli_mount){.verdict = CLI_DOUBTFUL,
                       .meaning = "Only on Linux can this command tell what file system it is: see mount(8)."};
}

#endif
