/*
 * The cursor handle: a userdata that owns one ministore_cursor_t, its methods, and the functions behind `for`.
 * The core is called once for a batch of records; each record is decoded when it is asked for.
 */
#include "binding.h"

#include <string.h>

typedef struct {
    ministore_cursor_t *handle;
    ministore_batch batch; /* borrowed from the handle; its records before `next` are handed out */
    size_t next;
    mlua_format format;
    mlua_shape shape;
    bool skip; /* go on behind a record that cannot be decoded */
    bool closed;
    bool busy; /* the batch is being read: a finalizer or a codec must not take it away */
    char path[];
} cursor;

typedef struct {
    ministore_cursor_options core;
    mlua_format format;
} settings;

static const mlua_option options[] = {
    {"scope", MLUA_OPTION_CHOICE, offsetof(settings, core.scope), {"replay", "stream"}},
    {"from", MLUA_OPTION_U64, offsetof(settings, core.from), {0}},
    {"at_end", MLUA_OPTION_FLAG, offsetof(settings, core.at_end), {0}},
    {"on_bad_line", MLUA_OPTION_CHOICE, offsetof(settings, core.on_bad_line), {"stop", "skip"}},
    {"durable", MLUA_OPTION_FLAG, offsetof(settings, core.durable), {0}},
    {"max_record_bytes", MLUA_OPTION_U64, offsetof(settings, core.max_record_bytes), {0}},
    {"raw", MLUA_OPTION_RAW, offsetof(settings, format), {0}},
    {"codec", MLUA_OPTION_CODEC, offsetof(settings, format), {0}},
    {NULL, 0, 0, {0}},
};

static cursor *check_cursor(lua_State *L) {
    return mlua_check_userdata(L, 1, MLUA_CURSOR, "a cursor");
}

static cursor *check_open(lua_State *L) {
    cursor *c = check_cursor(L);
    luaL_argcheck(L, !c->closed, 1, "the cursor is closed");
    luaL_argcheck(L, !c->busy, 1, "the cursor is in use");
    return c;
}

static void close_handle(cursor *c) {
    c->closed = true;
    if (c->busy) return;
    ministore_cursor_close(c->handle);
    c->handle = NULL;
}

/***
Open a reader.
@function cursor
@string path
@tparam[opt] table options
@treturn[1] cursor
@treturn[2] nil
@treturn[2] table error
*/
int mlua_cursor(lua_State *L) {
    const char *path = mlua_check_path(L, 1);
    settings s = {.format = MLUA_TABLES};
    ministore_cursor_options_init(&s.core, sizeof s.core);
    mlua_read_options(L, 2, options, &s);
    cursor *c = mlua_new_userdata(L, sizeof *c + strlen(path) + 1, MLUA_CURSOR);
    c->format = s.format;
    c->skip = s.core.on_bad_line == MINISTORE_BAD_LINE_SKIP;
    memcpy(c->path, path, strlen(path) + 1);
    if (s.format == MLUA_CODEC) mlua_keep_codec(L, 2);
    ministore_error err;
    if (ministore_cursor_open(&c->handle, path, &s.core, &err) < 0) return mlua_push_failure(L, &err);
    return 1;
}

/* ---- reading ---- */

static ministore_status fail_decode(const cursor *c, const char *problem, ministore_error *err) {
    uint64_t line = c->batch.line + c->next, sequence = c->batch.sequence + c->next;
    mlua_fail(err, MLUA_DECODE, "%s:%llu: record %llu cannot be decoded: %s", c->batch.segment,
              (unsigned long long)line, (unsigned long long)sequence, problem);
    err->line = line;
    err->sequence = sequence;
    err->offset = c->batch.offset + c->batch.spans[c->next].offset;
    strncpy(err->segment, c->batch.segment, sizeof err->segment - 1);
    strncpy(err->path, c->path, sizeof err->path - 1);
    return MLUA_DECODE;
}

/* Replace the text on the top of the stack by what the codec makes of it; false: by the codec's message. */
static bool apply_codec(lua_State *L) {
    mlua_push_codec(L, 1, "decode");
    lua_insert(L, -2);
    if (lua_pcall(L, 1, 2, 0) != 0) return false;
    if (!lua_isnil(L, -2)) {
        lua_pop(L, 1);
        return true;
    }
    if (lua_type(L, -1) != LUA_TSTRING) lua_pushliteral(L, "codec.decode returned nil");
    return false;
}

/* Push the value of record `next` of the batch. */
static ministore_status push_record(lua_State *L, cursor *c, ministore_error *err) {
    const char *data = c->batch.data + c->batch.spans[c->next].offset;
    if (c->format == MLUA_TABLES) {
        const char *problem = mlua_decode(L, data, &c->shape);
        return problem == NULL ? MINISTORE_OK : fail_decode(c, problem, err);
    }
    lua_pushlstring(L, data, c->batch.spans[c->next].size);
    if (c->format == MLUA_CODEC && !apply_codec(L)) {
        const char *problem = lua_tostring(L, -1);
        return fail_decode(c, problem != NULL ? problem : "codec.decode raised an error that is no string", err);
    }
    return MINISTORE_OK;
}

static ministore_status fill(cursor *c, ministore_error *err) {
    if (c->next < c->batch.count) return MINISTORE_OK;
    c->next = 0;
    c->batch.count = 0;
    return ministore_cursor_next_batch(c->handle, &c->batch, err);
}

/* Push the next record and its sequence number. An error raised while busy leaves the cursor fit for closing only. */
static ministore_status read_record(lua_State *L, cursor *c, ministore_error *err) {
    ministore_status status = fill(c, err);
    if (status != MINISTORE_OK) return status;
    c->busy = true;
    status = push_record(L, c, err);
    c->busy = false;
    if (status == MINISTORE_OK) mlua_push_u64(L, c->batch.sequence + c->next);
    if (status == MINISTORE_OK || c->skip) c->next++;
    if (c->closed) close_handle(c);
    return status;
}

/***
Read the next record.
@function cursor:next
@return[1] the record
@treturn[1] integer its sequence number
@treturn[2] nil at the end; called again later it goes on with what was appended since
@treturn[3] nil
@treturn[3] table error
*/
static int next_record(lua_State *L) {
    ministore_error err;
    ministore_status status = read_record(L, check_open(L), &err);
    if (status < 0) return mlua_push_failure(L, &err);
    if (status == MINISTORE_OK) return 2;
    lua_pushnil(L);
    return 1;
}

/* What `for` calls: as next_record, but failures are raised. */
static int step(lua_State *L) {
    ministore_error err;
    ministore_status status = read_record(L, check_open(L), &err);
    if (status == MINISTORE_OK) return 2;
    if (status < 0) {
        mlua_push_error(L, &err);
        return lua_error(L);
    }
    lua_pushnil(L);
    return 1;
}

/* As step, for a cursor that only the loop has: it is closed at the end. */
static int last_step(lua_State *L) {
    int results = step(L);
    if (results == 1) close_handle(check_cursor(L));
    return results;
}

/***
Iterate over the records from here to the end as it is now: `for record, sequence in cursor:records() do`.
@function cursor:records
@tparam[opt] boolean close close the cursor at the end
@treturn function iterator, which raises error tables
@treturn cursor
*/
static int records(lua_State *L) {
    check_open(L);
    mlua_push_function(L, lua_toboolean(L, 2) ? last_step : step);
    lua_pushvalue(L, 1);
    return 2;
}

/* ---- the other methods ---- */

static int64_t check_timeout(lua_State *L, int index) {
    if (lua_isnoneornil(L, index)) return -1;
    lua_Number seconds = luaL_checknumber(L, index);
    luaL_argcheck(L, seconds >= 0, index, "a time in seconds from 0 on expected");
    return seconds < 1e12 ? (int64_t)(seconds * 1000 + 0.999) : -1;
}

/***
Wait until there is something to read.
@function cursor:wait
@tparam[opt] number seconds 0 looks once; without it for ever
@treturn[1] boolean true
@treturn[2] boolean false
@treturn[2] string "timeout" or "interrupted"
@treturn[3] nil
@treturn[3] table error
*/
static int wait_record(lua_State *L) {
    cursor *c = check_open(L);
    int64_t timeout_ms = check_timeout(L, 2);
    ministore_error err;
    ministore_status status = MINISTORE_OK;
    if (c->next == c->batch.count) status = ministore_cursor_wait(c->handle, timeout_ms, &err);
    if (status < 0) return mlua_push_failure(L, &err);
    lua_pushboolean(L, status == MINISTORE_OK);
    if (status == MINISTORE_OK) return 1;
    lua_pushstring(L, status == MINISTORE_TIMEOUT ? "timeout" : "interrupted");
    return 2;
}

/***
End the next wait at once.
@function cursor:interrupt
*/
static int interrupt(lua_State *L) {
    ministore_cursor_interrupt(check_open(L)->handle);
    return 0;
}

/***
Tell where the cursor is and what the journal holds.
@function cursor:stat
@treturn[1] table segments, first_sequence, next_sequence, bytes, torn_bytes, torn_offset
@treturn[2] nil
@treturn[2] table error
*/
static int stat_cursor(lua_State *L) {
    cursor *c = check_open(L);
    ministore_cursor_info info = {.struct_size = sizeof info};
    ministore_error err;
    if (ministore_cursor_stat(c->handle, &info, &err) < 0) return mlua_push_failure(L, &err);
    lua_createtable(L, 0, 6);
    mlua_set_u64(L, "segments", info.segments);
    mlua_set_u64(L, "first_sequence", info.first_sequence);
    mlua_set_u64(L, "next_sequence", c->next < c->batch.count ? c->batch.sequence + c->next : info.next_sequence);
    mlua_set_u64(L, "bytes", info.bytes);
    mlua_set_u64(L, "torn_bytes", info.torn_bytes);
    mlua_set_u64(L, "torn_offset", info.torn_offset);
    return 1;
}

/***
Close the cursor. Closing it again does nothing.
@function cursor:close
@treturn boolean true
*/
static int close_cursor(lua_State *L) {
    close_handle(check_cursor(L));
    lua_pushboolean(L, 1);
    return 1;
}

static int collect(lua_State *L) {
    cursor *c = check_cursor(L);
    c->busy = false;
    close_handle(c);
    return 0;
}

static int to_string(lua_State *L) {
    cursor *c = check_cursor(L);
    lua_pushfstring(L, "ministore cursor (%s%s)", c->closed ? "closed: " : "", c->path);
    return 1;
}

const luaL_Reg mlua_cursor_methods[] = {
    {"next", next_record},    {"records", records},    {"wait", wait_record}, {"stat", stat_cursor},
    {"interrupt", interrupt}, {"close", close_cursor}, {NULL, NULL},
};

const luaL_Reg mlua_cursor_events[] = {
    {"__gc", collect},
    {"__close", close_cursor},
    {"__tostring", to_string},
    {NULL, NULL},
};
