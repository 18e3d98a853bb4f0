/* The double of most numbers: one operation on two doubles that have no error, rounded once
 * (Clinger, "How to read floating point numbers accurately", 1990). */
#ifndef FASTCORE_JSON_NUMBER_QUICK_H
#define FASTCORE_JSON_NUMBER_QUICK_H

#include <string.h>

#include "fastcore/json.h"

enum { FC_EXACT_POWER_MAX = 22 };
extern const double fc_exact_power[FC_EXACT_POWER_MAX + 1]
#if defined(__GNUC__)
    __attribute__((visibility("hidden")))
#endif
    ;

/* What the digits in front of the last 16 characters count, by whether the dot is among those. */
static const uint64_t fc_run_factor[] = {UINT64_C(10000000000000000), UINT64_C(1000000000000000)};

/* (-1)^negative * mantissa * 10^power; the mantissa at most 2^53, the power within -22 and 22. */
static inline double fc_number_quick(uint64_t mantissa, int power, bool negative) {
    /* Signed, as that conversion is one instruction; 2^53 fits. */
    double value = (double)(int64_t)mantissa;
    /* An analyser cannot know that no power is 23. */
    /* cppcheck-suppress arrayIndexOutOfBoundsCond */
    value = power <= 0 ? value / fc_exact_power[-power] : value * fc_exact_power[power];
    uint64_t bits; /* the sign as a bit: a branch on it would often be guessed wrongly */
    memcpy(&bits, &value, sizeof bits);
    bits |= (uint64_t)negative << 63;
    memcpy(&value, &bits, sizeof bits);
    return value;
}

#endif
