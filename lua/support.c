/*
 * What the journal and the cursor have in common: metatables, exact numbers, failures as tables, options.
 */
#include "binding.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- metatables ---- */

void mlua_push_metatable(lua_State *L, int which) {
    lua_pushvalue(L, lua_upvalueindex(which));
}

void *mlua_new_userdata(lua_State *L, size_t size, int which) {
    void *data = memset(lua_newuserdata(L, size), 0, size);
    mlua_push_metatable(L, which);
    lua_setmetatable(L, -2);
    return data;
}

void *mlua_check_userdata(lua_State *L, int index, int which, const char *expected) {
    void *data = lua_touserdata(L, index);
    bool same = false;
    if (data != NULL && lua_getmetatable(L, index)) {
        same = lua_rawequal(L, -1, lua_upvalueindex(which)) != 0;
        lua_pop(L, 1);
    }
    if (!same) luaL_argerror(L, index, lua_pushfstring(L, "%s expected, got %s", expected, luaL_typename(L, index)));
    return data;
}

void mlua_push_function(lua_State *L, lua_CFunction function) {
    for (int i = 1; i <= MLUA_METATABLES; i++) mlua_push_metatable(L, i);
    lua_pushcclosure(L, function, MLUA_METATABLES);
}

void mlua_set_functions(lua_State *L, const luaL_Reg *functions) {
    for (; functions->name != NULL; functions++) {
        mlua_push_function(L, functions->func);
        lua_setfield(L, -2, functions->name);
    }
}

/* ---- numbers ---- */

static void push_digits(lua_State *L, uint64_t number) {
    char digits[24];
    (void)snprintf(digits, sizeof digits, "%llu", (unsigned long long)number);
    lua_pushstring(L, digits);
}

void mlua_push_u64(lua_State *L, uint64_t number) {
    if (number > (uint64_t)(MLUA_HAS_INTEGERS ? INT64_MAX : MLUA_EXACT_INTEGERS))
        push_digits(L, number);
    else if (MLUA_HAS_INTEGERS)
        lua_pushinteger(L, (lua_Integer)number);
    else
        lua_pushnumber(L, (lua_Number)number);
}

void mlua_set_u64(lua_State *L, const char *name, uint64_t number) {
    mlua_push_u64(L, number);
    lua_setfield(L, -2, name);
}

static bool digits_to_u64(const char *text, size_t size, uint64_t *number) {
    if (size == 0 || strspn(text, "0123456789") != size) return false;
    errno = 0;
    *number = strtoull(text, NULL, 10);
    return errno == 0;
}

bool mlua_to_u64(lua_State *L, int index, uint64_t *number) {
    if (lua_type(L, index) == LUA_TSTRING) {
        size_t size;
        const char *text = lua_tolstring(L, index, &size);
        return digits_to_u64(text, size, number);
    }
    if (lua_type(L, index) != LUA_TNUMBER) return false;
#if MLUA_HAS_INTEGERS
    if (lua_isinteger(L, index)) {
        *number = (uint64_t)lua_tointeger(L, index);
        return lua_tointeger(L, index) >= 0;
    }
#endif
    lua_Number value = lua_tonumber(L, index);
    if (!(value >= 0 && value <= (lua_Number)MLUA_EXACT_INTEGERS)) return false;
    *number = (uint64_t)value;
    return (lua_Number)*number == value;
}

/* ---- failures ---- */

ministore_status mlua_fail(ministore_error *err, ministore_status status, const char *format, ...) {
    memset(err, 0, sizeof *err);
    err->status = status;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(err->message, sizeof err->message, format, arguments);
    va_end(arguments);
    return status;
}

static void set_text(lua_State *L, const char *name, const char *text) {
    if (text[0] == '\0') return;
    lua_pushstring(L, text);
    lua_setfield(L, -2, name);
}

void mlua_push_error(lua_State *L, const ministore_error *err) {
    lua_createtable(L, 0, 8);
    set_text(L, "code", err->status == MLUA_DECODE ? "DECODE" : ministore_status_name(err->status));
    set_text(L, "message", err->message);
    set_text(L, "path", err->path);
    set_text(L, "segment", err->segment);
    if (err->line != 0 || err->offset != 0) mlua_set_u64(L, "offset", err->offset);
    if (err->line != 0) mlua_set_u64(L, "line", err->line);
    if (err->sequence != 0) mlua_set_u64(L, "sequence", err->sequence);
    if (err->os_error != 0) mlua_set_u64(L, "errno", (uint64_t)err->os_error);
    mlua_push_metatable(L, MLUA_ERROR);
    lua_setmetatable(L, -2);
}

int mlua_push_failure(lua_State *L, const ministore_error *err) {
    lua_pushnil(L);
    mlua_push_error(L, err);
    return 2;
}

const char *mlua_check_path(lua_State *L, int index) {
    size_t size;
    luaL_checktype(L, index, LUA_TSTRING);
    const char *path = lua_tolstring(L, index, &size);
    luaL_argcheck(L, strlen(path) == size, index, "a path holds no NUL");
    return path;
}

/* ---- options: the value is on the top of the stack, its name below ---- */

static void bad_option(lua_State *L, int index, const mlua_option *option, const char *expected) {
    bool plain = lua_type(L, -1) == LUA_TSTRING || lua_type(L, -1) == LUA_TNUMBER;
    const char *got = plain ? lua_tostring(L, -1) : luaL_typename(L, -1);
    luaL_argerror(L, index, lua_pushfstring(L, "option '%s': %s expected, got %s", option->name, expected, got));
}

static uint64_t option_number(lua_State *L, int index, const mlua_option *option, uint64_t most) {
    uint64_t number = 0;
    if (!mlua_to_u64(L, -1, &number) || number > most)
        bad_option(L, index, option, most == UINT32_MAX ? "a 32-bit whole number" : "a whole number");
    return number;
}

static bool option_flag(lua_State *L, int index, const mlua_option *option) {
    if (!lua_isboolean(L, -1)) bad_option(L, index, option, "a boolean");
    return lua_toboolean(L, -1) != 0;
}

static uint32_t option_choice(lua_State *L, int index, const mlua_option *option) {
    const char *word = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
    for (uint32_t i = 0; i < 2; i++)
        if (strcmp(word, option->choices[i]) == 0) return i;
    const char *expected = lua_pushfstring(L, "'%s' or '%s'", option->choices[0], option->choices[1]);
    lua_insert(L, -2);
    bad_option(L, index, option, expected);
    return 0;
}

static uint32_t option_mode(lua_State *L, int index, const mlua_option *option) {
    const char *digits = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
    size_t size = strlen(digits);
    if (size == 0 || size > 4 || strspn(digits, "01234567") != size)
        bad_option(L, index, option, "a string of octal digits such as '0640'");
    return (uint32_t)strtoul(digits, NULL, 8);
}

static void set_format(lua_State *L, int index, mlua_format *place, mlua_format format) {
    luaL_argcheck(L, *place == MLUA_TABLES, index, "the options 'raw' and 'codec' exclude each other");
    *place = format;
}

static void read_format(lua_State *L, int index, const mlua_option *option, mlua_format *place) {
    if (option->kind == MLUA_OPTION_RAW) {
        if (option_flag(L, index, option)) set_format(L, index, place, MLUA_RAW);
        return;
    }
    if (!lua_istable(L, -1)) bad_option(L, index, option, "a table with the functions encode and decode");
    set_format(L, index, place, MLUA_CODEC);
}

static void read_option(lua_State *L, int index, const mlua_option *option, void *place) {
    switch (option->kind) {
    case MLUA_OPTION_U32: *(uint32_t *)place = (uint32_t)option_number(L, index, option, UINT32_MAX); break;
    case MLUA_OPTION_U64: *(uint64_t *)place = option_number(L, index, option, UINT64_MAX); break;
    case MLUA_OPTION_FLAG: *(uint32_t *)place = option_flag(L, index, option) ? 1 : 0; break;
    case MLUA_OPTION_CHOICE: *(uint32_t *)place = option_choice(L, index, option); break;
    case MLUA_OPTION_MODE: *(uint32_t *)place = option_mode(L, index, option); break;
    case MLUA_OPTION_RAW:
    case MLUA_OPTION_CODEC: read_format(L, index, option, place); break;
    }
}

static const mlua_option *find_option(lua_State *L, int index, const mlua_option *options) {
    luaL_argcheck(L, lua_type(L, -2) == LUA_TSTRING, index, "options have names");
    const char *name = lua_tostring(L, -2);
    for (; options->name != NULL; options++)
        if (strcmp(options->name, name) == 0) return options;
    luaL_argerror(L, index, lua_pushfstring(L, "unknown option '%s'", name));
    return NULL;
}

void mlua_read_options(lua_State *L, int index, const mlua_option *options, void *settings) {
    if (lua_isnoneornil(L, index)) return;
    luaL_checktype(L, index, LUA_TTABLE);
    lua_pushnil(L);
    while (lua_next(L, index) != 0) {
        const mlua_option *option = find_option(L, index, options);
        read_option(L, index, option, (char *)settings + option->place);
        lua_pop(L, 1);
    }
}

/* ---- the codec is the userdata's user value (its environment in Lua 5.1), so that both are collected together ---- */

void mlua_keep_codec(lua_State *L, int index) {
    lua_getfield(L, index, "codec");
    lua_setuservalue(L, -2);
}

void mlua_push_codec(lua_State *L, int index, const char *name) {
    lua_getuservalue(L, index);
    lua_getfield(L, -1, name);
    lua_remove(L, -2);
}
