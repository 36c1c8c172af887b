/*
 * The journal handle: a userdata that owns one ministore_t, and its methods.
 */
#include "binding.h"

#include <string.h>

typedef struct {
    ministore_t *handle; /* NULL when closed */
    mlua_format format;
    char path[];
} journal;

typedef struct {
    ministore_options core;
    mlua_format format;
} settings;

static const mlua_option options[] = {
    {"max_bytes_per_segment", MLUA_OPTION_U64, offsetof(settings, core.max_bytes_per_segment), {0}},
    {"max_segments", MLUA_OPTION_U32, offsetof(settings, core.max_segments), {0}},
    {"max_record_bytes", MLUA_OPTION_U64, offsetof(settings, core.max_record_bytes), {0}},
    {"preallocate_bytes", MLUA_OPTION_U64, offsetof(settings, core.preallocate_bytes), {0}},
    {"mode", MLUA_OPTION_MODE, offsetof(settings, core.mode), {0}},
    {"sync", MLUA_OPTION_CHOICE, offsetof(settings, core.sync), {"always", "manual"}},
    {"torn_tail", MLUA_OPTION_CHOICE, offsetof(settings, core.torn_tail), {"cut", "refuse"}},
    {"raw", MLUA_OPTION_RAW, offsetof(settings, format), {0}},
    {"codec", MLUA_OPTION_CODEC, offsetof(settings, format), {0}},
    {NULL, 0, 0, {0}},
};

static journal *check_journal(lua_State *L) {
    return mlua_check_userdata(L, 1, MLUA_JOURNAL, "a journal");
}

static journal *check_open(lua_State *L) {
    journal *j = check_journal(L);
    luaL_argcheck(L, j->handle != NULL, 1, "the journal is closed");
    return j;
}

/***
Open a journal for writing; make it if it is not there.
@function open
@string path
@tparam[opt] table options
@treturn[1] journal
@treturn[2] nil
@treturn[2] table error
*/
int mlua_open(lua_State *L) {
    const char *path = mlua_check_path(L, 1);
    settings s = {.format = MLUA_TABLES};
    ministore_options_init(&s.core, sizeof s.core);
    mlua_read_options(L, 2, options, &s);
    journal *j = mlua_new_userdata(L, sizeof *j + strlen(path) + 1, MLUA_JOURNAL);
    j->format = s.format;
    memcpy(j->path, path, strlen(path) + 1);
    if (s.format == MLUA_CODEC) mlua_keep_codec(L, 2);
    ministore_error err;
    if (ministore_open(&j->handle, path, &s.core, &err) < 0) return mlua_push_failure(L, &err);
    return 1;
}

/* ---- append ---- */

/* The record, on the top of the stack, can never be one: the caller's mistake. */
static void check_record(lua_State *L, const journal *j) {
    int type = lua_type(L, -1);
    const char *expected = NULL;
    if (j->format == MLUA_RAW && type != LUA_TSTRING)
        expected = "JSON text (the journal is raw)";
    else if (type == LUA_TNIL || (j->format == MLUA_TABLES && (type == LUA_TFUNCTION || type == LUA_TTHREAD)))
        expected = "a record";
    if (expected != NULL)
        luaL_argerror(L, 2, lua_pushfstring(L, "%s expected, got %s", expected, luaL_typename(L, -1)));
}

/* Replace the record on the top of the stack by what the codec makes of it; false: by the codec's message. */
static bool apply_codec(lua_State *L) {
    mlua_push_codec(L, 1, "encode");
    lua_insert(L, -2);
    if (lua_pcall(L, 1, 1, 0) != 0) return false;
    if (lua_type(L, -1) == LUA_TSTRING) return true;
    lua_pushfstring(L, "codec.encode returned a %s, not a string", luaL_typename(L, -1));
    return false;
}

static bool add_text(lua_State *L, mlua_encoder *e, uint64_t number, ministore_error *err) {
    size_t size;
    const char *text = lua_tolstring(L, -1, &size);
    const char *feed = memchr(text, '\n', size);
    if (feed == NULL) {
        mlua_encoder_add(e, text, size);
        return true;
    }
    mlua_fail(err, MINISTORE_INVALID_JSON, "record %llu holds a line feed at byte %zu; a record is one line",
              (unsigned long long)number, (size_t)(feed - text));
    err->line = number;
    err->offset = (uint64_t)(feed - text);
    return false;
}

/* Add the text of the record on the top of the stack, and pop it. `number` counts in its batch from 1. */
static bool add_record(lua_State *L, const journal *j, mlua_encoder *e, uint64_t number, ministore_error *err) {
    bool ok;
    check_record(L, j);
    if (j->format == MLUA_TABLES) {
        ok = mlua_encode(e, number, err);
    } else if (j->format == MLUA_CODEC && !apply_codec(L)) {
        mlua_fail_encode(err, number, "", lua_tostring(L, -1));
        ok = false;
    } else {
        ok = add_text(L, e, number, err);
    }
    lua_pop(L, 1);
    return ok;
}

/* Encoding allocates, so a finalizer may have closed the journal meanwhile: it is looked at again. */
static int send(lua_State *L, const mlua_encoder *e,
                ministore_status (*call)(ministore_t *, const void *, size_t, uint64_t *, ministore_error *)) {
    journal *j = check_open(L);
    uint64_t sequence;
    ministore_error err;
    if (call(j->handle, e->data, e->size, &sequence, &err) < 0) return mlua_push_failure(L, &err);
    mlua_push_u64(L, sequence);
    return 1;
}

/***
Append one record and make it durable.
@function journal:append
@param record a value; JSON text if the journal is raw
@treturn[1] integer its sequence number
@treturn[2] nil
@treturn[2] table error
*/
static int append(lua_State *L) {
    journal *j = check_open(L);
    luaL_checkany(L, 2);
    lua_settop(L, 2);
    mlua_encoder e;
    ministore_error err;
    mlua_encoder_init(&e, L);
    lua_pushvalue(L, 2);
    if (!add_record(L, j, &e, 1, &err)) return mlua_push_failure(L, &err);
    return send(L, &e, ministore_append);
}

/***
Append a list of records as one commit: after a crash all of them are there or none.
@function journal:append_many
@tparam table records
@treturn[1] integer the last record's sequence number; 0 if the list is empty
@treturn[2] nil
@treturn[2] table error; `line` is the refused record's place in the list
*/
static int append_many(lua_State *L) {
    journal *j = check_open(L);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    mlua_encoder e;
    ministore_error err;
    mlua_encoder_init(&e, L);
    size_t count = lua_rawlen(L, 2);
    for (size_t i = 1; i <= count; i++) {
        lua_rawgeti(L, 2, (int)i);
        if (!add_record(L, j, &e, i, &err)) return mlua_push_failure(L, &err);
        mlua_encoder_add(&e, "\n", 1);
    }
    return send(L, &e, ministore_append_batch);
}

/* ---- the other methods ---- */

static int answer(lua_State *L, ministore_status status, const ministore_error *err) {
    if (status < 0) return mlua_push_failure(L, err);
    lua_pushboolean(L, 1);
    return 1;
}

/***
Make all that was appended durable (needed with sync = "manual" only).
@function journal:sync
@treturn[1] boolean true
@treturn[2] nil
@treturn[2] table error
*/
static int sync_journal(lua_State *L) {
    ministore_error err;
    return answer(L, ministore_sync(check_open(L)->handle, &err), &err);
}

/***
Archive the active segment and begin a new one.
@function journal:rotate
@treturn[1] boolean true
@treturn[2] nil
@treturn[2] table error
*/
static int rotate(lua_State *L) {
    ministore_error err;
    return answer(L, ministore_rotate(check_open(L)->handle, &err), &err);
}

/***
Remove archived segments all of whose records are older than a sequence number.
@function journal:prune
@tparam integer before the oldest record to keep
@treturn[1] integer how many segments were removed
@treturn[2] nil
@treturn[2] table error
*/
static int prune(lua_State *L) {
    journal *j = check_open(L);
    uint64_t before;
    uint32_t removed;
    ministore_error err;
    luaL_argcheck(L, mlua_to_u64(L, 2, &before), 2, "a sequence number expected");
    if (ministore_prune(j->handle, before, &removed, &err) < 0) return mlua_push_failure(L, &err);
    lua_pushinteger(L, (lua_Integer)removed);
    return 1;
}

/***
Tell what the journal holds.
@function journal:stat
@treturn[1] table segments, first_sequence, next_sequence, durable_sequence, bytes, torn_bytes, torn_offset
@treturn[2] nil
@treturn[2] table error
*/
static int stat_journal(lua_State *L) {
    journal *j = check_open(L);
    ministore_info info = {.struct_size = sizeof info};
    ministore_error err;
    if (ministore_stat(j->handle, &info, &err) < 0) return mlua_push_failure(L, &err);
    lua_createtable(L, 0, 7);
    mlua_set_u64(L, "segments", info.segments);
    mlua_set_u64(L, "first_sequence", info.first_sequence);
    mlua_set_u64(L, "next_sequence", info.next_sequence);
    mlua_set_u64(L, "durable_sequence", info.durable_sequence);
    mlua_set_u64(L, "bytes", info.bytes);
    mlua_set_u64(L, "torn_bytes", info.torn_bytes);
    mlua_set_u64(L, "torn_offset", info.torn_offset);
    return 1;
}

static ministore_status close_handle(journal *j, ministore_error *err) {
    ministore_t *handle = j->handle;
    j->handle = NULL;
    return ministore_close(handle, err);
}

/***
Close the journal. Closing it again does nothing.
@function journal:close
@treturn[1] boolean true
@treturn[2] nil
@treturn[2] table error
*/
static int close_journal(lua_State *L) {
    ministore_error err;
    return answer(L, close_handle(check_journal(L), &err), &err);
}

static int collect(lua_State *L) {
    close_handle(check_journal(L), NULL);
    return 0;
}

/* The end of a `<close>` variable: a failed last sync is raised, unless another error is on its way. */
static int leave_scope(lua_State *L) {
    ministore_error err;
    if (close_handle(check_journal(L), &err) >= 0 || !lua_isnoneornil(L, 2)) return 0;
    mlua_push_error(L, &err);
    return lua_error(L);
}

static int to_string(lua_State *L) {
    journal *j = check_journal(L);
    lua_pushfstring(L, "ministore journal (%s%s)", j->handle == NULL ? "closed: " : "", j->path);
    return 1;
}

const luaL_Reg mlua_journal_methods[] = {
    {"append", append}, {"append_many", append_many}, {"sync", sync_journal},   {"rotate", rotate},
    {"prune", prune},   {"stat", stat_journal},       {"close", close_journal}, {NULL, NULL},
};

const luaL_Reg mlua_journal_events[] = {
    {"__gc", collect},
    {"__close", leave_scope},
    {"__tostring", to_string},
    {NULL, NULL},
};
