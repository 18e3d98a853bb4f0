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

/* fc_json_number_double, if that is all that it takes. */
static inline bool fc_number_quick(const fc_json_number *number, double *out) {
    uint64_t mantissa = number->mantissa, bits;
    int64_t power = number->exponent;
    if (mantissa > (uint64_t)1 << 53 || power < -FC_EXACT_POWER_MAX || power > FC_EXACT_POWER_MAX ||
        number->truncated || number->kind == FC_JSON_NONFINITE)
        return false;
    /* Signed, as that conversion is one instruction; 2**53 fits. */
    double value = (double)(int64_t)mantissa;
    value = power <= 0 ? value / fc_exact_power[-power] : value * fc_exact_power[power];
    /* The sign as a bit: a branch on it would often be guessed wrongly. The integer -0 is 0. */
    bool negative = number->negative & !((mantissa == 0) & (number->kind == FC_JSON_INT));
    memcpy(&bits, &value, sizeof bits);
    bits |= (uint64_t)negative << 63;
    memcpy(out, &bits, sizeof bits);
    return true;
}

#endif
