/*
 * JSON text to Lua values. The core has checked the text, so this only builds; what can fail is that a value does
 * not fit: a number that Lua would round, or nesting that is too deep for a Lua stack.
 */
#include "binding.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_LEVELS = 1000 }; /* LuaJIT and Lua 5.1 give a C function 8,000 stack slots */

typedef struct {
    lua_State *L;
    const char *p;
    mlua_shape *shape;
    unsigned containers; /* begun so far */
    const char *problem;
} decoder;

static bool push_value(decoder *d, int levels);

static void skip_space(decoder *d) {
    while (*d->p == ' ' || *d->p == '\t' || *d->p == '\r' || *d->p == '\n') d->p++;
}

/* ---- strings ---- */

static unsigned hex4(const char *p) {
    unsigned code = 0;
    for (int i = 0; i < 4; i++) {
        unsigned char c = (unsigned char)p[i];
        code = code << 4 | (unsigned)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return code;
}

/* The code point behind \u, two escapes if they are a pair. p stands behind the u, and moves on. */
static unsigned code_point(const char **p) {
    unsigned code = hex4(*p);
    *p += 4;
    if (code < 0xD800 || code > 0xDBFF || (*p)[0] != '\\' || (*p)[1] != 'u') return code;
    unsigned low = hex4(*p + 2);
    if (low < 0xDC00 || low > 0xDFFF) return code;
    *p += 6;
    return 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
}

/* UTF-8; a lone surrogate, which only other writers leave, becomes three bytes as utf8.char makes them. */
static size_t utf8(char *out, unsigned code) {
    static const unsigned char lead[] = {0, 0x00, 0xC0, 0xE0, 0xF0};
    size_t size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = size - 1; i > 0; i--, code >>= 6) out[i] = (char)(0x80 | (code & 0x3F));
    out[0] = (char)(lead[size] | code);
    return size;
}

static void add_escape(luaL_Buffer *buffer, const char **p) {
    static const char letters[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
    char text[4];
    char letter = *(*p)++;
    if (letter == 'u')
        luaL_addlstring(buffer, text, utf8(text, code_point(p)));
    else
        luaL_addchar(buffer, bytes[strchr(letters, letter) - letters]);
}

static void push_escaped(decoder *d, const char *p) {
    luaL_Buffer buffer;
    luaL_buffinit(d->L, &buffer);
    for (;;) {
        const char *run = p;
        while (*p != '"' && *p != '\\') p++;
        luaL_addlstring(&buffer, run, (size_t)(p - run));
        if (*p++ == '"') break;
        add_escape(&buffer, &p);
    }
    d->p = p;
    luaL_pushresult(&buffer);
}

static void push_string(decoder *d) {
    const char *start = d->p + 1;
    const char *p = start;
    while (*p != '"' && *p != '\\') p++;
    if (*p == '\\') {
        push_escaped(d, start);
        return;
    }
    lua_pushlstring(d->L, start, (size_t)(p - start));
    d->p = p + 1;
}

/* ---- numbers ---- */

typedef struct {
    const char *text;
    size_t size;
    bool negative;
    bool whole;        /* neither point nor exponent */
    int digits;        /* significant ones */
    uint64_t mantissa; /* of up to 19 digits */
    int exponent;      /* of ten; beyond +-9999 cut to that */
} number;

static const char *scan_digits(number *n, const char *p, int step) {
    for (; *p >= '0' && *p <= '9'; p++) {
        if (n->digits > 0 || *p != '0') n->digits++;
        if (n->digits <= 19) n->mantissa = n->mantissa * 10 + (uint64_t)(*p - '0');
        n->exponent += step;
    }
    return p;
}

static const char *scan_exponent(number *n, const char *p) {
    bool negative = *p == '-';
    int exponent = 0;
    if (*p == '-' || *p == '+') p++;
    for (; *p >= '0' && *p <= '9'; p++)
        if (exponent < 9999) exponent = exponent * 10 + (*p - '0');
    n->exponent += negative ? -exponent : exponent;
    return p;
}

static void scan_number(number *n, const char *p) {
    *n = (number){.text = p, .negative = *p == '-', .whole = true};
    p = scan_digits(n, p + n->negative, 0);
    if (*p == '.') {
        n->whole = false;
        p = scan_digits(n, p + 1, -1);
    }
    if (*p == 'e' || *p == 'E') {
        n->whole = false;
        p = scan_exponent(n, p + 1);
    }
    n->size = (size_t)(p - n->text);
}

/* The C library's strtod on a copy, which ends where the number ends and has the locale's decimal point. */
static double convert(lua_State *L, const number *n) {
    char room[128];
    const char *point = localeconv()->decimal_point;
    size_t size = n->size + strlen(point) + 1;
    char *text = size <= sizeof room ? room : lua_newuserdata(L, size);
    const char *dot = memchr(n->text, '.', n->size);
    size_t before = dot == NULL ? n->size : (size_t)(dot - n->text);
    memcpy(text, n->text, before);
    char *p = text + before;
    if (dot != NULL) {
        memcpy(p, point, strlen(point));
        p += strlen(point);
        memcpy(p, dot + 1, n->size - before - 1);
        p += n->size - before - 1;
    }
    *p = '\0';
    double value = strtod(text, NULL);
    if (text != room) lua_pop(L, 1);
    return value;
}

/* A mantissa and a power of ten that are both exact doubles need one rounding only, that of the result. */
static double decimal(lua_State *L, const number *n) {
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (FLT_EVAL_METHOD != 0 || n->digits > 19 || n->mantissa > (uint64_t)MLUA_EXACT_INTEGERS || n->exponent < -22 ||
        n->exponent > 22)
        return convert(L, n);
    double value = (double)n->mantissa;
    value = n->exponent < 0 ? value / powers[-n->exponent] : value * powers[n->exponent];
    return n->negative ? -value : value;
}

static bool push_integer(decoder *d, const number *n) {
    uint64_t most = MLUA_HAS_INTEGERS ? (uint64_t)INT64_MAX + (n->negative ? 1 : 0) : (uint64_t)MLUA_EXACT_INTEGERS;
    if (n->digits > 19 || n->mantissa > most) {
        d->problem = MLUA_HAS_INTEGERS ? "an integer does not fit 64 bits" : "an integer is beyond 2^53";
        return false;
    }
#if MLUA_HAS_INTEGERS
    lua_pushinteger(d->L, (lua_Integer)(n->negative ? 0 - n->mantissa : n->mantissa));
#else
    lua_pushnumber(d->L, n->negative ? -(lua_Number)n->mantissa : (lua_Number)n->mantissa);
#endif
    return true;
}

static bool push_number(decoder *d) {
    number n;
    scan_number(&n, d->p);
    d->p += n.size;
    if (n.whole && !(n.negative && n.mantissa == 0)) return push_integer(d, &n);
    double value = decimal(d->L, &n);
    if (isinf(value)) {
        d->problem = "a number is beyond the range of a double";
        return false;
    }
    lua_pushnumber(d->L, value);
    return true;
}

/* ---- containers ---- */

/* Note in the shape how many members a container turned out to have. */
static void learn(decoder *d, unsigned container, int members) {
    if (container < sizeof d->shape->members)
        d->shape->members[container] = (uint8_t)(members < UINT8_MAX ? members : UINT8_MAX);
}

static int expected_members(decoder *d, unsigned container) {
    return container < sizeof d->shape->members ? d->shape->members[container] : 0;
}

static bool enter(decoder *d, int levels) {
    if (levels < MOST_LEVELS && lua_checkstack(d->L, LUA_MINSTACK)) return true;
    d->problem = "arrays and objects are nested deeper than 1000 levels";
    return false;
}

static bool push_array(decoder *d, int levels) {
    unsigned container = d->containers++;
    int count = 0;
    if (!enter(d, levels)) return false;
    lua_createtable(d->L, expected_members(d, container), 0);
    mlua_push_metatable(d->L, MLUA_ARRAY);
    lua_setmetatable(d->L, -2);
    for (d->p++, skip_space(d); *d->p != ']'; skip_space(d)) {
        if (*d->p == ',') d->p++;
        if (!push_value(d, levels + 1)) return false;
        lua_rawseti(d->L, -2, ++count);
    }
    d->p++;
    learn(d, container, count);
    return true;
}

static bool push_object(decoder *d, int levels) {
    unsigned container = d->containers++;
    int count = 0;
    if (!enter(d, levels)) return false;
    lua_createtable(d->L, 0, expected_members(d, container));
    for (d->p++, skip_space(d); *d->p != '}'; skip_space(d)) {
        if (*d->p == ',') {
            d->p++;
            skip_space(d);
        }
        push_string(d);
        skip_space(d);
        d->p++;
        if (!push_value(d, levels + 1)) return false;
        lua_rawset(d->L, -3);
        count++;
    }
    d->p++;
    learn(d, container, count);
    return true;
}

static bool push_value(decoder *d, int levels) {
    skip_space(d);
    switch (*d->p) {
    case '{': return push_object(d, levels);
    case '[': return push_array(d, levels);
    case '"': push_string(d); return true;
    case 't':
        lua_pushboolean(d->L, 1);
        d->p += 4;
        return true;
    case 'f':
        lua_pushboolean(d->L, 0);
        d->p += 5;
        return true;
    case 'n':
        lua_pushlightuserdata(d->L, NULL);
        d->p += 4;
        return true;
    default: return push_number(d);
    }
}

const char *mlua_decode(lua_State *L, const char *data, mlua_shape *shape) {
    decoder d = {.L = L, .p = data, .shape = shape};
    int top = lua_gettop(L);
    if (!push_value(&d, 0)) lua_settop(L, top);
    return d.problem;
}
