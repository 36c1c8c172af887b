/*
 * A host program of the Lua tests, as `host FOLDER`: many threads, each with a Lua state of its own, work on one
 * journal and on their own ones; then a script runs again and again while each single allocation of it fails in turn.
 */
#define _GNU_SOURCE
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 8 };

static const char *folder;

static const char worker[] =
    "local folder, number = ...\n"
    "local ministore = require 'ministore'\n"
    "local own, shared = folder .. '/own' .. number, folder .. '/shared'\n"
    "local journal = assert(ministore.open(own, { max_bytes_per_segment = 2000, sync = 'manual' }))\n"
    "for i = 1, 500 do assert(journal:append({ i = i, text = ('x'):rep(i % 50), list = { i, {} } })) end\n"
    "journal:close()\n"
    "local count = 0\n"
    "for record, sequence in ministore.replay(own) do\n"
    "  count = count + 1\n"
    "  assert(record.i == sequence and record.list[1] == count)\n"
    "end\n"
    "assert(count == 500)\n"
    "for i = 1, 20 do\n"
    "  local journal, err\n"
    "  repeat journal, err = ministore.open(shared) until journal or err.code ~= 'LOCKED'\n"
    "  assert(journal, err)\n"
    "  assert(journal:append({ number = number, i = i }))\n"
    "  assert(journal:close())\n"
    "end\n";

static const char count_shared[] = "local folder, threads = ...\n"
                                   "local counts = {}\n"
                                   "for record in require 'ministore'.replay(folder .. '/shared') do\n"
                                   "  local last = counts[record.number] or 0\n"
                                   "  assert(record.i == last + 1)\n"
                                   "  counts[record.number] = record.i\n"
                                   "end\n"
                                   "for number = 1, threads do assert(counts[number] == 20) end\n";

static const char everything[] =
    "local folder, number = ...\n"
    "local ministore = require 'ministore'\n"
    "local path = folder .. '/everything' .. number\n"
    "local codec = { encode = function(t) return '[' .. t .. ']' end, decode = function(t) return { t } end }\n"
    "local journal = assert(ministore.open(path, { codec = codec }))\n"
    "journal:append(1)\n"
    "journal:close()\n"
    "journal = assert(ministore.open(path))\n"
    "assert(journal:append({ a = { 1.5, 'text', {} }, long = ('x'):rep(3000) }))\n"
    "assert(journal:append_many({ {}, ministore.array(), '\\\\\\n' }))\n"
    "assert(not journal:append({ print }))\n"
    "assert(not ministore.open(path))\n"
    "assert(journal:rotate() and journal:stat() and journal:prune(1) == 0)\n"
    "for _, options in ipairs { {}, { raw = true }, { codec = codec } } do\n"
    "  local count = 0\n"
    "  for record in ministore.replay(path, options) do count = count + 1 end\n"
    "  assert(count >= 5)\n"
    "end\n"
    "for record in ministore.follow(path, { timeout = 0 }) do end\n"
    "journal:close()\n"
    "assert(ministore.verify(path) and ministore.repair(path) and ministore.validate('[]'))\n";

/* Push a script and its arguments, for lua_pcall(L, 2, 0, 0). */
static void load(lua_State *L, const char *script, int number) {
    if (luaL_loadstring(L, script) != 0) abort();
    lua_pushstring(L, folder);
    lua_pushinteger(L, number);
}

static int run(lua_State *L, const char *script, int number) {
    load(L, script, number);
    return lua_pcall(L, 2, 0, 0);
}

static void fail(lua_State *L, const char *what) {
    const char *message = lua_tostring(L, -1);
    fprintf(stderr, "%s: %s\n", what, message == NULL ? "an error that is no string" : message);
    exit(1);
}

static void *work(void *argument) {
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    if (run(L, worker, *(int *)argument) != 0) fail(L, "thread");
    lua_close(L);
    return NULL;
}

static void test_threads(void) {
    pthread_t threads[THREADS];
    int numbers[THREADS];
    for (int i = 0; i < THREADS; i++) {
        numbers[i] = i + 1;
        if (pthread_create(&threads[i], NULL, work, &numbers[i]) != 0) abort();
    }
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    if (run(L, count_shared, THREADS) != 0) fail(L, "after the threads");
    lua_close(L);
    printf("host: %d threads with a state each passed\n", THREADS);
}

/* ---- an allocator that fails once ---- */

typedef struct {
    long left; /* allocations until the one that fails; negative: none does */
    long bytes;
} budget;

static void *allocate(void *data, void *old, size_t old_size, size_t size) {
    budget *b = data;
    if (size == 0) {
        b->bytes -= old == NULL ? 0 : (long)old_size;
        free(old);
        return NULL;
    }
    if ((old == NULL || size > old_size) && b->left >= 0 && b->left-- == 0) return NULL;
    void *result = realloc(old, size);
    if (result != NULL) b->bytes += (long)size - (old == NULL ? 0 : (long)old_size);
    return result;
}

/* True if the script ran to its end with all allocations granted. */
static bool survives(long failing) {
    budget b = {.left = -1};
    lua_State *L = lua_newstate(allocate, &b);
    if (L == NULL) {
        fprintf(stderr, "this Lua takes no allocator of its host (LuaJIT without GC64?)\n");
        exit(1);
    }
    luaL_openlibs(L);
    lua_getglobal(L, "require");
    lua_pushstring(L, "ministore");
    if (lua_pcall(L, 1, 0, 0) != 0) fail(L, "require");
    load(L, everything, (int)failing * 2);
    b.left = failing;
    int status = lua_pcall(L, 2, 0, 0);
    bool all_granted = b.left >= 0;
    b.left = -1;
    if (all_granted && status != 0) fail(L, "script without a failed allocation");
    if (!all_granted && run(L, everything, (int)failing * 2 + 1) != 0) fail(L, "script after a failed allocation");
    lua_getglobal(L, "jit");
    bool exact = lua_isnil(L, -1); /* LuaJIT itself loses a few bytes when an allocation fails */
    lua_close(L);
    if (exact && b.bytes != 0) {
        fprintf(stderr, "%ld bytes of Lua memory are lost after allocation %ld failed\n", b.bytes, failing);
        exit(1);
    }
    return all_granted;
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: host FOLDER\n");
        return 2;
    }
    folder = argv[1];
    test_threads();
    long count = 0;
    while (!survives(count)) count++;
    printf("host: a failure of each of %ld allocations passed\n", count);
    return 0;
}
