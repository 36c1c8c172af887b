/*
 * The Lua module ministore.core: the module's table and metatables, and the functions that need no handle.
 */
#include "binding.h"

/* ---- verify and repair ---- */

typedef struct {
    uint64_t max_record_bytes;
    uint32_t dry_run;
} settings;

enum { USUAL_RECORD_BYTES = 64 << 20 };

static const mlua_option verify_options[] = {
    {"max_record_bytes", MLUA_OPTION_U64, offsetof(settings, max_record_bytes), {0}},
    {NULL, 0, 0, {0}},
};

static const mlua_option repair_options[] = {
    {"max_record_bytes", MLUA_OPTION_U64, offsetof(settings, max_record_bytes), {0}},
    {"dry_run", MLUA_OPTION_FLAG, offsetof(settings, dry_run), {0}},
    {NULL, 0, 0, {0}},
};

static void push_verify_info(lua_State *L, const ministore_verify_info *info) {
    lua_createtable(L, 0, 8);
    mlua_set_u64(L, "segments", info->segments);
    mlua_set_u64(L, "records", info->records);
    mlua_set_u64(L, "bytes", info->bytes);
    mlua_set_u64(L, "problems", info->problems);
    mlua_set_u64(L, "torn_bytes", info->torn_bytes);
    mlua_set_u64(L, "uncovered", info->uncovered);
    mlua_set_u64(L, "first_sequence", info->first_sequence);
    mlua_set_u64(L, "next_sequence", info->next_sequence);
}

/***
Check every header, line, number and digest of a journal. Changes nothing.
@function verify
@string path
@tparam[opt] table options max_record_bytes
@treturn[1] table segments, records, bytes, problems, torn_bytes, uncovered, first_sequence, next_sequence
@treturn[2] nil
@treturn[2] table error, the first problem
@treturn[2] table as above, as far as it came
*/
static int verify(lua_State *L) {
    const char *path = mlua_check_path(L, 1);
    settings s = {.max_record_bytes = USUAL_RECORD_BYTES};
    mlua_read_options(L, 2, verify_options, &s);
    ministore_verify_info info = {.struct_size = sizeof info};
    ministore_error err;
    int results = 0;
    if (ministore_verify(path, s.max_record_bytes, &info, &err) < 0) results = mlua_push_failure(L, &err);
    push_verify_info(L, &info);
    return results + 1;
}

/***
Make a journal writable again: cut the active segment from its first bad commit on, saving the bytes.
@function repair
@string path
@tparam[opt] table options dry_run, max_record_bytes
@treturn[1] table cut_bytes, cut_offset, cut_lines, cut_records, archived_bad_lines, next_sequence
@treturn[2] nil
@treturn[2] table error
*/
static int repair(lua_State *L) {
    const char *path = mlua_check_path(L, 1);
    settings s = {.max_record_bytes = USUAL_RECORD_BYTES};
    mlua_read_options(L, 2, repair_options, &s);
    ministore_repair_info info = {.struct_size = sizeof info};
    ministore_error err;
    if (ministore_repair(path, s.dry_run, s.max_record_bytes, &info, &err) < 0) return mlua_push_failure(L, &err);
    lua_createtable(L, 0, 6);
    mlua_set_u64(L, "cut_bytes", info.cut_bytes);
    mlua_set_u64(L, "cut_offset", info.cut_offset);
    mlua_set_u64(L, "cut_lines", info.cut_lines);
    mlua_set_u64(L, "cut_records", info.cut_records);
    mlua_set_u64(L, "archived_bad_lines", info.archived_bad_lines);
    mlua_set_u64(L, "next_sequence", info.next_sequence);
    return 1;
}

/* ---- JSON ---- */

/***
Check that a string is one JSON text as append takes it.
@function validate
@string text
@treturn[1] boolean true
@treturn[2] nil
@treturn[2] table error with the byte offset
*/
static int validate(lua_State *L) {
    size_t size;
    ministore_error err;
    luaL_checktype(L, 1, LUA_TSTRING);
    const char *text = lua_tolstring(L, 1, &size);
    if (ministore_json_validate(text, size, &err) < 0) return mlua_push_failure(L, &err);
    lua_pushboolean(L, 1);
    return 1;
}

/***
Make JSON text of a value, as append does.
@function encode
@param value
@treturn[1] string
@treturn[2] nil
@treturn[2] table error
*/
static int encode(lua_State *L) {
    mlua_encoder e;
    ministore_error err;
    luaL_checkany(L, 1);
    lua_settop(L, 1);
    mlua_encoder_init(&e, L);
    lua_pushvalue(L, 1);
    if (!mlua_encode(&e, 1, &err) || ministore_json_validate(e.data, e.size, &err) < 0)
        return mlua_push_failure(L, &err);
    lua_pushlstring(L, e.data, e.size);
    return 1;
}

/***
Make a value of JSON text, as replay does.
@function decode
@string text
@return[1] the value
@treturn[2] nil
@treturn[2] table error
*/
static int decode(lua_State *L) {
    ministore_error err;
    mlua_shape shape = {{0}};
    if (validate(L) == 2) return 2;
    const char *problem = mlua_decode(L, lua_tostring(L, 1), &shape);
    if (problem == NULL) return 1;
    mlua_fail(&err, MLUA_DECODE, "the text cannot be decoded: %s", problem);
    return mlua_push_failure(L, &err);
}

/* ---- marks: arrays and objects stay apart also when they are empty ---- */

static int mark(lua_State *L, int which) {
    if (lua_isnoneornil(L, 1)) {
        lua_settop(L, 0);
        lua_newtable(L);
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    mlua_push_metatable(L, which);
    lua_setmetatable(L, 1);
    return 1;
}

/***
Mark a table as a JSON array. Decoded arrays have the mark.
@function array
@tparam[opt] table t a new one if there is none
@treturn table t
*/
static int mark_array(lua_State *L) {
    return mark(L, MLUA_ARRAY);
}

/***
Mark a table as a JSON object.
@function object
@tparam[opt] table t a new one if there is none
@treturn table t
*/
static int mark_object(lua_State *L) {
    return mark(L, MLUA_OBJECT);
}

/* ---- the module ---- */

static int error_to_string(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_getfield(L, 1, "message");
    return 1;
}

static const luaL_Reg error_events[] = {{"__tostring", error_to_string}, {NULL, NULL}};
static const luaL_Reg mark_events[] = {{NULL, NULL}};

static const luaL_Reg functions[] = {
    {"open", mlua_open}, {"cursor", mlua_cursor}, {"verify", verify},
    {"repair", repair},  {"validate", validate},  {"encode", encode},
    {"decode", decode},  {"array", mark_array},   {"object", mark_object},
    {NULL, NULL},
};

static void fill_metatable(lua_State *L, int which, const luaL_Reg *events, const char *name) {
    mlua_push_metatable(L, which);
    mlua_set_functions(L, events);
    lua_pushstring(L, name);
    lua_setfield(L, -2, "__name");
    lua_pop(L, 1);
}

/* A handle's metatable is out of a script's reach: its events may be called by Lua alone. */
static void fill_handle(lua_State *L, int which, const luaL_Reg *events, const luaL_Reg *methods, const char *name) {
    fill_metatable(L, which, events, name);
    mlua_push_metatable(L, which);
    lua_newtable(L);
    mlua_set_functions(L, methods);
    lua_setfield(L, -2, "__index");
    lua_pushstring(L, name);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
}

static int make_module(lua_State *L) {
    fill_metatable(L, MLUA_ARRAY, mark_events, "ministore.array");
    fill_metatable(L, MLUA_OBJECT, mark_events, "ministore.object");
    fill_metatable(L, MLUA_ERROR, error_events, "ministore.error");
    fill_handle(L, MLUA_JOURNAL, mlua_journal_events, mlua_journal_methods, "ministore.journal");
    fill_handle(L, MLUA_CURSOR, mlua_cursor_events, mlua_cursor_methods, "ministore.cursor");
    lua_newtable(L);
    mlua_set_functions(L, functions);
    lua_pushlightuserdata(L, NULL);
    lua_setfield(L, -2, "null");
    lua_pushstring(L, ministore_version());
    lua_setfield(L, -2, "_VERSION");
    return 1;
}

__attribute__((visibility("default"))) int luaopen_ministore_core(lua_State *L);

int luaopen_ministore_core(lua_State *L) {
    for (int i = 1; i <= MLUA_METATABLES; i++) lua_newtable(L);
    lua_pushcclosure(L, make_module, MLUA_METATABLES);
    lua_call(L, 0, 1);
    return 1;
}
