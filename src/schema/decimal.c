/* Decimal numbers written plainly: digits, and a fraction or none; no exponent, blanks or names. */
#include "fastcore/schema.h"

static size_t digits(const char *text, size_t len) {
    size_t count = 0;
    while (count < len && text[count] >= '0' && text[count] <= '9') count++;
    return count;
}

bool fc_read_decimal(const char *text, size_t len, size_t *whole, size_t *fraction) {
    if (len && *text == '-') text++, len--;
    size_t before = digits(text, len), after = 0;
    if (!before) return false;
    if (before < len) {
        if (text[before] != '.') return false;
        after = digits(text + before + 1, len - before - 1);
        if (!after || before + 1 + after != len) return false;
    }
    for (*whole = before; *whole && *text == '0'; text++) --*whole;
    if (!*whole && !after) *whole = 1; /* zero has a digit */
    *fraction = after;
    return true;
}
