/* Comparing a decimal literal with a binary number, exactly. Internal to the JSON reader. */
#ifndef FASTCORE_JSON_NUMBER_EXACT_H
#define FASTCORE_JSON_NUMBER_EXACT_H

#include "fastcore/json.h"

/* The sign (-1, 0, 1) of |number| - mantissa * 2**exponent, in integers of any size. For finite
 * numbers that are not zero, whose value lies within a factor of 2**64 of the other side's, and
 * with exponent >= -1075: what fc_json_number_double asks near a point where rounding turns. */
int fc_number_compare(const fc_json_number *number, uint64_t mantissa, int exponent);

#endif
