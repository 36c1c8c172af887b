/*
 * Characters: where one ends, and which could drive a terminal.
 */
#include "internal.h"

/* Whether `count` bytes of the form 10xxxxxx follow the byte at `text`. */
static bool continued(const char *text, const char *end, size_t count) {
    if ((size_t)(end - text) <= count) return false;
    for (size_t i = 1; i <= count; i++)
        if (((unsigned char)text[i] & 0xC0) != 0x80) return false;
    return true;
}

size_t cli_utf8_size(const char *text, const char *end) {
    if (text == end) return 0;
    unsigned char first = (unsigned char)text[0];
    unsigned char second = end - text > 1 ? (unsigned char)text[1] : 0;
    if (first < 0x80) return 1;
    if (first < 0xC2) return 0;
    if (first < 0xE0) return continued(text, end, 1) ? 2 : 0;
    if (first == 0xE0 && second < 0xA0) return 0; /* overlong */
    if (first == 0xED && second > 0x9F) return 0; /* a surrogate */
    if (first < 0xF0) return continued(text, end, 2) ? 3 : 0;
    if (first == 0xF0 && second < 0x90) return 0; /* overlong */
    if (first == 0xF4 && second > 0x8F) return 0; /* beyond U+10FFFF */
    return first < 0xF5 && continued(text, end, 3) ? 4 : 0;
}

size_t cli_control_size(const char *text, const char *end) {
    if (text == end) return 0;
    unsigned char first = (unsigned char)text[0];
    if (first < 0x20 || first == 0x7F) return 1;
    return first == 0xC2 && end - text > 1 && (unsigned char)text[1] < 0xA0 ? 2 : 0;
}
