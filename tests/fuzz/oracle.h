/*
 * A second opinion on JSON, by another parser (RapidJSON).
 */
#ifndef MINISTORE_TESTS_ORACLE_H
#define MINISTORE_TESTS_ORACLE_H

#include <stddef.h>

typedef enum { ORACLE_NO, ORACLE_YES, ORACLE_NO_OPINION } oracle_answer;

#ifdef __cplusplus
extern "C"
#endif
    /** Whether the bytes are one JSON text of RFC 8259 in valid UTF-8, in whatever depth; *depth is how deep it is.
     * Escapes of surrogates must not be in it: they are the caller's to judge. No opinion: on numbers out of a double's
     * range. */
    oracle_answer
    oracle_is_json(const char *data, size_t size, size_t *depth);

#endif
