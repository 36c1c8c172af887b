/*
 * What the Lua tests need of the system and Lua does not have: folders, links, permission bits, fork, memory.
 * Functions raise on failure.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <lauxlib.h>
#include <lua.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int done(lua_State *L, int result, const char *what) {
    if (result != 0) return luaL_error(L, "%s: %s", what, strerror(errno));
    return 0;
}

static mode_t check_mode(lua_State *L, int index) {
    return (mode_t)strtoul(luaL_checkstring(L, index), NULL, 8);
}

/* A new folder below TMPDIR, by its real name. */
static int folder(lua_State *L) {
    const char *temporary = getenv("TMPDIR");
    char name[4096];
    snprintf(name, sizeof name, "%s/ministore-lua-XXXXXX", temporary != NULL ? temporary : "/tmp");
    if (mkdtemp(name) == NULL) return done(L, -1, name);
    lua_pushstring(L, name);
    return 1;
}

static int make_folder(lua_State *L) {
    const char *name = luaL_checkstring(L, 1);
    return done(L, mkdir(name, 0777), name);
}

static int hard_link(lua_State *L) {
    return done(L, link(luaL_checkstring(L, 1), luaL_checkstring(L, 2)), luaL_checkstring(L, 2));
}

static int symbolic_link(lua_State *L) {
    return done(L, symlink(luaL_checkstring(L, 1), luaL_checkstring(L, 2)), luaL_checkstring(L, 2));
}

static int make_fifo(lua_State *L) {
    const char *name = luaL_checkstring(L, 1);
    return done(L, mkfifo(name, 0600), name);
}

static int change_mode(lua_State *L) {
    const char *name = luaL_checkstring(L, 1);
    return done(L, chmod(name, check_mode(L, 2)), name);
}

static int cut(lua_State *L) {
    const char *name = luaL_checkstring(L, 1);
    return done(L, truncate(name, (off_t)luaL_checknumber(L, 2)), name);
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *walk) {
    (void)info, (void)type, (void)walk;
    return remove(path);
}

static int remove_tree(lua_State *L) {
    const char *name = luaL_checkstring(L, 1);
    return done(L, nftw(name, remove_entry, 8, FTW_DEPTH | FTW_PHYS), name);
}

static const char *kind_of(mode_t mode) {
    return S_ISREG(mode) ? "file" : S_ISDIR(mode) ? "folder" : S_ISLNK(mode) ? "link" : "other";
}

/* What a name is, itself and not what it links to: a table of kind, mode (octal digits), bytes, target; or nil. */
static int look(lua_State *L) {
    const char *name = luaL_checkstring(L, 1);
    struct stat info;
    char text[4096];
    if (lstat(name, &info) != 0) return 0;
    lua_newtable(L);
    lua_pushstring(L, kind_of(info.st_mode));
    lua_setfield(L, -2, "kind");
    snprintf(text, sizeof text, "%04o", (unsigned)(info.st_mode & 07777));
    lua_pushstring(L, text);
    lua_setfield(L, -2, "mode");
    lua_pushnumber(L, (lua_Number)info.st_size);
    lua_setfield(L, -2, "bytes");
    if (S_ISLNK(info.st_mode)) {
        ssize_t size = readlink(name, text, sizeof text);
        lua_pushlstring(L, text, size < 0 ? 0 : (size_t)size);
        lua_setfield(L, -2, "target");
    }
    return 1;
}

/* The names in a folder. */
static int names(lua_State *L) {
    const char *name = luaL_checkstring(L, 1);
    DIR *stream = opendir(name);
    int count = 0;
    if (stream == NULL) return done(L, -1, name);
    lua_newtable(L);
    for (struct dirent *entry; (entry = readdir(stream)) != NULL;) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        lua_pushstring(L, entry->d_name);
        lua_rawseti(L, -2, ++count);
    }
    closedir(stream);
    return 1;
}

static int set_umask(lua_State *L) {
    umask(check_mode(L, 1));
    return 0;
}

/* Call the function in a child process, which ends by _exit; return the exit status: 0 if it returned true. */
static int in_child(lua_State *L) {
    int status;
    pid_t child = fork();
    if (child < 0) return done(L, -1, "fork");
    if (child == 0) {
        lua_pushvalue(L, 1);
        if (lua_pcall(L, 0, 1, 0) != 0) fprintf(stderr, "%s\n", lua_tostring(L, -1));
        _exit(lua_toboolean(L, -1) && lua_type(L, -1) == LUA_TBOOLEAN ? 0 : 1);
    }
    if (waitpid(child, &status, 0) != child) return done(L, -1, "waitpid");
    lua_pushinteger(L, WIFEXITED(status) ? WEXITSTATUS(status) : -1);
    return 1;
}

/* Resident memory of this process in bytes. */
static int resident_bytes(lua_State *L) {
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL || fscanf(file, "%*d %ld", &pages) != 1) return luaL_error(L, "/proc/self/statm cannot be read");
    fclose(file);
    lua_pushnumber(L, (lua_Number)pages * (lua_Number)sysconf(_SC_PAGESIZE));
    return 1;
}

/* Seconds by a clock that only goes forward. */
static int seconds(lua_State *L) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    lua_pushnumber(L, (lua_Number)now.tv_sec + (lua_Number)now.tv_nsec / 1e9);
    return 1;
}

/* Write bytes and sync them; the file stays open from call to call: the bare loop that appends are compared with. */
static int write_and_sync(lua_State *L) {
    int file = (int)luaL_checkinteger(L, 1);
    size_t size;
    const char *data = luaL_checklstring(L, 2, &size);
    return done(L, write(file, data, size) == (ssize_t)size ? fdatasync(file) : -1, "write and fdatasync");
}

static int open_to_write(lua_State *L) {
    int file = open(luaL_checkstring(L, 1), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
    lua_pushinteger(L, file);
    return file < 0 ? done(L, -1, luaL_checkstring(L, 1)) : 1;
}

static int close_file(lua_State *L) {
    return done(L, close((int)luaL_checkinteger(L, 1)), "close");
}

static const luaL_Reg functions[] = {
    {"folder", folder},
    {"mkdir", make_folder},
    {"link", hard_link},
    {"symlink", symbolic_link},
    {"mkfifo", make_fifo},
    {"chmod", change_mode},
    {"cut", cut},
    {"remove_tree", remove_tree},
    {"look", look},
    {"names", names},
    {"umask", set_umask},
    {"in_child", in_child},
    {"seconds", seconds},
    {"resident_bytes", resident_bytes},
    {"write_and_sync", write_and_sync},
    {"open_to_write", open_to_write},
    {"close_file", close_file},
    {NULL, NULL},
};

int luaopen_testos(lua_State *L);

int luaopen_testos(lua_State *L) {
    lua_newtable(L);
    for (const luaL_Reg *f = functions; f->name != NULL; f++) {
        lua_pushcfunction(L, f->func);
        lua_setfield(L, -2, f->name);
    }
    return 1;
}
