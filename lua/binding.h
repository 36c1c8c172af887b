/*
 * What the files of the Lua module share: the metatables, failures, options, and the JSON encoder and decoder.
 */
#ifndef MINISTORE_LUA_BINDING_H
#define MINISTORE_LUA_BINDING_H

#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ministore.h"

#pragma GCC visibility push(hidden)

/* Lua 5.1 and LuaJIT have one kind of number, the double, which is exact for integers up to 2^53. */
#define MLUA_HAS_INTEGERS (LUA_VERSION_NUM >= 503)
#define MLUA_EXACT_INTEGERS (INT64_C(1) << 53)

_Static_assert(sizeof(lua_Number) == sizeof(double), "a Lua with double numbers is needed");
#if MLUA_HAS_INTEGERS
_Static_assert(sizeof(lua_Integer) == sizeof(int64_t), "a Lua with 64-bit integers is needed");
#endif

#if LUA_VERSION_NUM == 501
#define lua_rawlen(L, index) lua_objlen((L), (index))
#define lua_getuservalue(L, index) lua_getfenv((L), (index))
#define lua_setuservalue(L, index) lua_setfenv((L), (index))
#endif

/** Every function of the module is a closure over these metatables, so that two copies of the module do not mix. */
enum { MLUA_ARRAY = 1, MLUA_OBJECT, MLUA_ERROR, MLUA_JOURNAL, MLUA_CURSOR, MLUA_METATABLES = MLUA_CURSOR };

/** Push one of the metatables. */
void mlua_push_metatable(lua_State *L, int which);

/** Push a new userdata of zeros with one of the metatables, so that it is collected rightly from the start. */
void *mlua_new_userdata(lua_State *L, size_t size, int which);

/** The userdata at the index if it has that metatable; otherwise raises a wrong argument. */
void *mlua_check_userdata(lua_State *L, int index, int which, const char *expected);

/** Push a function as closure over the metatables. */
void mlua_push_function(lua_State *L, lua_CFunction function);

/** Set functions, as closures over the metatables, in the table on the top of the stack. */
void mlua_set_functions(lua_State *L, const luaL_Reg *functions);

/* ---- support.c: numbers, failures and options ---- */

/** Push a number: exactly, so as a string of digits where this Lua would round it. */
void mlua_push_u64(lua_State *L, uint64_t number);

/** Set a field of the table on the top of the stack to a number. */
void mlua_set_u64(lua_State *L, const char *name, uint64_t number);

/** Read a whole number from 0 on, also from a string of digits; false if the value is none. */
bool mlua_to_u64(lua_State *L, int index, uint64_t *number);

/** Fill err with a status and a printf-style message. */
__attribute__((format(printf, 3, 4))) ministore_status mlua_fail(ministore_error *err, ministore_status status,
                                                                 const char *format, ...);

/** The binding's own status: a record is JSON, but does not fit Lua's values. Not one of the library's numbers. */
enum { MLUA_DECODE = INT32_MIN };

/** Push the error table. */
void mlua_push_error(lua_State *L, const ministore_error *err);

/** Push nil and the error table; return 2. */
int mlua_push_failure(lua_State *L, const ministore_error *err);

/** Raise a wrong argument unless it is a string without NULs; return it. */
const char *mlua_check_path(lua_State *L, int index);

/** What records are on the Lua side. */
typedef enum { MLUA_TABLES, MLUA_RAW, MLUA_CODEC } mlua_format;

/** How the value of an option is checked and kept. */
typedef enum {
    MLUA_OPTION_U32,
    MLUA_OPTION_U64,
    MLUA_OPTION_FLAG,   /* a boolean, kept as uint32_t */
    MLUA_OPTION_CHOICE, /* one of two words, kept as uint32_t 0 or 1 */
    MLUA_OPTION_MODE,   /* permission bits, octal digits in a string */
    MLUA_OPTION_RAW,    /* a boolean, kept as mlua_format */
    MLUA_OPTION_CODEC   /* a table with the functions encode and decode, kept as mlua_format */
} mlua_option_kind;

typedef struct {
    const char *name;
    mlua_option_kind kind;
    size_t place;           /* offset in the struct of settings */
    const char *choices[2]; /* of MLUA_OPTION_CHOICE */
} mlua_option;

/** Read the options table at an index (or none) into a struct of settings. Raises on an unknown name or a bad value. */
void mlua_read_options(lua_State *L, int index, const mlua_option *options, void *settings);

/** Keep the codec of the options table at an index with the userdata on the top of the stack. */
void mlua_keep_codec(lua_State *L, int index);

/** Push the function `name` of the codec kept with a userdata. */
void mlua_push_codec(lua_State *L, int index, const char *name);

/* ---- encode.c ---- */

/** JSON text that grows. It lies in `room`, then in a userdata at the stack slot `anchor`: an error leaks nothing. */
typedef struct {
    lua_State *L;
    int anchor;
    char *data;
    size_t size;
    size_t capacity;
    char place[128];   /* after a failure: where in the value, such as `.items[3]` */
    char problem[128]; /* and what is wrong there */
    char room[1024];
} mlua_encoder;

/** Begin. Pushes one value, which must stay on the stack as long as the encoder is used. */
void mlua_encoder_init(mlua_encoder *encoder, lua_State *L);

/** Add bytes. */
void mlua_encoder_add(mlua_encoder *encoder, const void *data, size_t size);

/** Add the value on the top of the stack as JSON, or fail. `number` is the record's in its batch, for the message. */
bool mlua_encode(mlua_encoder *encoder, uint64_t number, ministore_error *err);

/** Fill err: record `number` cannot be encoded, at a place in it (may be ""), for that reason. */
void mlua_fail_encode(ministore_error *err, uint64_t number, const char *place, const char *problem);

/* ---- decode.c ---- */

/** How many members the containers of the last record had, in order: what room the next record probably needs. */
typedef struct {
    uint8_t members[16];
} mlua_shape;

/**
 * Push the value of a JSON text, which must be valid and have one readable byte behind it, as lines and Lua strings
 * do. Returns NULL, or why the value does not fit (then nothing is pushed).
 */
const char *mlua_decode(lua_State *L, const char *data, mlua_shape *shape);

/* ---- journal.c and cursor.c ---- */

int mlua_open(lua_State *L);
extern const luaL_Reg mlua_journal_methods[];
extern const luaL_Reg mlua_journal_events[];
int mlua_cursor(lua_State *L);
extern const luaL_Reg mlua_cursor_methods[];
extern const luaL_Reg mlua_cursor_events[];

#pragma GCC visibility pop

#endif
