/*
 * Lua values to JSON text. The core checks the text once more when it is appended, UTF-8 included.
 */
#include "binding.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_LEVELS = 128 }; /* what append takes */

/* ---- growing text ---- */

void mlua_encoder_init(mlua_encoder *e, lua_State *L) {
    e->L = L;
    e->data = e->room;
    e->size = 0;
    e->capacity = sizeof e->room;
    e->place[0] = '\0';
    e->problem[0] = '\0';
    lua_pushnil(L);
    e->anchor = lua_gettop(L);
}

/* Make room for `more` bytes. The old text stays anchored until the new userdata has its copy. */
static void reserve(mlua_encoder *e, size_t more) {
    if (more <= e->capacity - e->size) return;
    if (more > SIZE_MAX / 4 - e->size) luaL_error(e->L, "not enough memory");
    size_t capacity = 2 * (e->size + more);
    char *data = lua_newuserdata(e->L, capacity);
    memcpy(data, e->data, e->size);
    lua_replace(e->L, e->anchor);
    e->data = data;
    e->capacity = capacity;
}

void mlua_encoder_add(mlua_encoder *e, const void *data, size_t size) {
    reserve(e, size);
    memcpy(e->data + e->size, data, size);
    e->size += size;
}

static void add_char(mlua_encoder *e, char c) {
    reserve(e, 1);
    e->data[e->size++] = c;
}

/* ---- failures: the leaf says what, each level above prepends where ---- */

static bool fail(mlua_encoder *e, const char *problem) {
    (void)snprintf(e->problem, sizeof e->problem, "%s", problem);
    return false;
}

static bool fail_type(mlua_encoder *e) {
    (void)snprintf(e->problem, sizeof e->problem, "a %s has no JSON form", luaL_typename(e->L, -1));
    return false;
}

static bool fail_at(mlua_encoder *e, const char *format, const char *key) {
    char below[sizeof e->place];
    memcpy(below, e->place, sizeof below);
    int size = snprintf(e->place, sizeof e->place, format, key);
    if (size < (int)sizeof below) (void)snprintf(e->place + size, sizeof below - (size_t)size, "%s", below);
    return false;
}

/* ---- strings ---- */

/* For each byte: 0 as it is, 1 as \u00XX, else the letter behind the backslash. */
static const char escapes[256] = {
    1, 1, 1, 1, 1, 1, 1, 1, 'b', 't', 'n', 1, 'f', 'r', 1, 1,           1,
    1, 1, 1, 1, 1, 1, 1, 1, 1,   1,   1,   1, 1,   1,   1, ['"'] = '"', ['\\'] = '\\',
};

static void add_escape(mlua_encoder *e, unsigned char byte) {
    char text[8];
    if (escapes[byte] == 1)
        (void)snprintf(text, sizeof text, "\\u%04x", (unsigned)byte);
    else
        (void)snprintf(text, sizeof text, "\\%c", escapes[byte]);
    mlua_encoder_add(e, text, strlen(text));
}

static void add_string(mlua_encoder *e, int index) {
    size_t size;
    const char *text = lua_tolstring(e->L, index, &size);
    const char *end = text + size;
    reserve(e, size + 2);
    add_char(e, '"');
    for (;;) {
        const char *run = text;
        while (text < end && escapes[(unsigned char)*text] == 0) text++;
        mlua_encoder_add(e, run, (size_t)(text - run));
        if (text == end) break;
        add_escape(e, (unsigned char)*text++);
    }
    add_char(e, '"');
}

/* ---- numbers ---- */

static void add_integer(mlua_encoder *e, int64_t number) {
    char digits[24];
    char *p = digits + sizeof digits;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do {
        *--p = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    if (number < 0) *--p = '-';
    mlua_encoder_add(e, p, (size_t)(digits + sizeof digits - p));
}

/* Decimals of up to six places: if digits / 10^places is the number, so is that decimal when it is read back. */
static bool add_short_decimal(mlua_encoder *e, double number) {
    double size = fabs(number);
    uint64_t scale = 1;
    if (!(size < 1e9)) return false;
    for (int places = 0; places <= 6; places++, scale *= 10) {
        uint64_t digits = (uint64_t)(size * (double)scale + 0.5);
        if ((double)digits / (double)scale != size) continue;
        char text[32];
        const char *sign = signbit(number) ? "-" : "";
        unsigned long long whole = digits / scale, rest = digits % scale;
        if (places == 0)
            (void)snprintf(text, sizeof text, "%s%llu%s", sign, whole, MLUA_HAS_INTEGERS ? ".0" : "");
        else
            (void)snprintf(text, sizeof text, "%s%llu.%0*llu", sign, whole, places, rest);
        mlua_encoder_add(e, text, strlen(text));
        return true;
    }
    return false;
}

/* The locale of the host may have another decimal point than JSON. */
static void set_point(char *text, size_t size) {
    const char *point = localeconv()->decimal_point;
    char *found = strcmp(point, ".") == 0 ? NULL : strstr(text, point);
    if (found == NULL) return;
    *found = '.';
    memmove(found + 1, found + strlen(point), size - (size_t)(found - text) - strlen(point) + 1);
}

/* Any double: the fewest digits that read back as it. Without point and exponent a reader would see an integer. */
static void add_long_decimal(mlua_encoder *e, double number) {
    char text[64];
    for (int digits = 15; digits <= 17; digits++) {
        (void)snprintf(text, sizeof text, "%.*g", digits, number);
        if (strtod(text, NULL) == number) break;
    }
    set_point(text, strlen(text));
    if (strpbrk(text, ".e") == NULL) memcpy(text + strlen(text), ".0", sizeof ".0");
    mlua_encoder_add(e, text, strlen(text));
}

static bool add_number(mlua_encoder *e) {
#if MLUA_HAS_INTEGERS
    if (lua_isinteger(e->L, -1)) {
        add_integer(e, lua_tointeger(e->L, -1));
        return true;
    }
#endif
    double number = lua_tonumber(e->L, -1);
    if (!isfinite(number))
        return fail(e, isnan(number) ? "NaN has no JSON form" : "an infinite number has no JSON form");
#if !MLUA_HAS_INTEGERS
    if (number != 0 && fabs(number) <= (double)MLUA_EXACT_INTEGERS && (double)(int64_t)number == number) {
        add_integer(e, (int64_t)number);
        return true;
    }
#endif
    if (!add_short_decimal(e, number)) add_long_decimal(e, number);
    return true;
}

/* ---- tables ---- */

static bool add_value(mlua_encoder *e, int levels);

static bool add_items(mlua_encoder *e, size_t count, int levels) {
    add_char(e, '[');
    for (size_t i = 1; i <= count; i++) {
        if (i > 1) add_char(e, ',');
        lua_rawgeti(e->L, -1, (int)i);
        if (!add_value(e, levels)) {
            char key[24];
            (void)snprintf(key, sizeof key, "%zu", i);
            return fail_at(e, "[%s]", key);
        }
        lua_pop(e->L, 1);
    }
    add_char(e, ']');
    return true;
}

static bool add_members(mlua_encoder *e, int levels) {
    lua_State *L = e->L;
    char before = '{';
    lua_pushnil(L);
    while (lua_next(L, -2) != 0) {
        if (lua_type(L, -2) != LUA_TSTRING) return fail(e, "an object's keys are strings, but there is another key");
        add_char(e, before);
        before = ',';
        add_string(e, -2);
        add_char(e, ':');
        int key = lua_gettop(L) - 1;
        if (!add_value(e, levels)) return fail_at(e, ".%s", lua_tostring(L, key));
        lua_pop(L, 1);
    }
    if (before == '{') add_char(e, '{');
    add_char(e, '}');
    return true;
}

/* Count the keys of an array, which must be 1, 2, 3 ...: whole numbers from 1 on, the largest being their count. */
static bool count_items(mlua_encoder *e, size_t *count) {
    lua_State *L = e->L;
    lua_Number largest = 0;
    *count = 0;
    lua_pushnil(L);
    while (lua_next(L, -2) != 0) {
        lua_pop(L, 1);
        if (lua_type(L, -1) != LUA_TNUMBER) return fail(e, "an array's keys are 1, 2, 3 ..., but there is another key");
        lua_Number key = lua_tonumber(L, -1);
        if (!(key >= 1 && key <= INT32_MAX) || key != (lua_Number)(int32_t)key)
            return fail(e, "an array's keys are 1, 2, 3 ..., but there is another number");
        if (key > largest) largest = key;
        ++*count;
    }
    if (largest != (lua_Number)*count)
        return fail(e, "an array's keys are 1, 2, 3 ..., but some are missing (use ministore.null for holes)");
    return true;
}

typedef enum { PLAIN, ARRAY, OBJECT } kind;

static kind marked_as(lua_State *L) {
    kind marked = PLAIN;
    if (!lua_getmetatable(L, -1)) return PLAIN;
    if (lua_rawequal(L, -1, lua_upvalueindex(MLUA_ARRAY)))
        marked = ARRAY;
    else if (lua_rawequal(L, -1, lua_upvalueindex(MLUA_OBJECT)))
        marked = OBJECT;
    lua_pop(L, 1);
    return marked;
}

/* A table without a mark is what its first key says; an empty one is an object. */
static kind kind_of_table(lua_State *L) {
    kind marked = marked_as(L);
    if (marked != PLAIN) return marked;
    lua_pushnil(L);
    if (lua_next(L, -2) == 0) return OBJECT;
    bool number = lua_type(L, -2) == LUA_TNUMBER;
    lua_pop(L, 2);
    return number ? ARRAY : OBJECT;
}

static bool add_table(mlua_encoder *e, int levels) {
    size_t count;
    if (levels == MOST_LEVELS) return fail(e, "tables are nested deeper than 128 levels (does one hold itself?)");
    luaL_checkstack(e->L, 8, "a table is nested too deeply");
    if (kind_of_table(e->L) == OBJECT) return add_members(e, levels + 1);
    return count_items(e, &count) && add_items(e, count, levels + 1);
}

/* The value is on the top of the stack and stays there; after a failure there may be more above it, to be dropped. */
static bool add_value(mlua_encoder *e, int levels) {
    lua_State *L = e->L;
    switch (lua_type(L, -1)) {
    case LUA_TSTRING: add_string(e, -1); return true;
    case LUA_TNUMBER: return add_number(e);
    case LUA_TBOOLEAN:
        if (lua_toboolean(L, -1))
            mlua_encoder_add(e, "true", 4);
        else
            mlua_encoder_add(e, "false", 5);
        return true;
    case LUA_TTABLE: return add_table(e, levels);
    case LUA_TLIGHTUSERDATA:
        if (lua_touserdata(L, -1) != NULL) return fail_type(e);
        mlua_encoder_add(e, "null", 4);
        return true;
    default: return fail_type(e);
    }
}

void mlua_fail_encode(ministore_error *err, uint64_t number, const char *place, const char *problem) {
    mlua_fail(err, MINISTORE_INVALID_JSON, "record %llu cannot be encoded%s%s: %s", (unsigned long long)number,
              place[0] == '\0' ? "" : " at ", place[0] == '.' ? place + 1 : place, problem);
    err->line = number;
}

bool mlua_encode(mlua_encoder *e, uint64_t number, ministore_error *err) {
    int top = lua_gettop(e->L);
    if (add_value(e, 0)) return true;
    lua_settop(e->L, top);
    mlua_fail_encode(err, number, e->place, e->problem);
    return false;
}
