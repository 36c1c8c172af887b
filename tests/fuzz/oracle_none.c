/*
 * No second opinion on JSON, for cross compilers that come without C++.
 */
#include "oracle.h"

oracle_answer oracle_is_json(const char *data, size_t size, size_t *depth) {
    (void)data, (void)size;
    *depth = 0;
    return ORACLE_NO_OPINION;
}
