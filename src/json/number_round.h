/* The double of nearly all other numbers, from the high half of the power of ten alone; see
 * number_double.c. */
#ifndef FASTCORE_JSON_NUMBER_ROUND_H
#define FASTCORE_JSON_NUMBER_ROUND_H

#include "json/number_quick.h"

__extension__ typedef unsigned __int128 fc_number_u128;

/* The 128 highest bits of powers of five, high word first (powers.h). */
enum { FC_POWER_MIN = -342, FC_POWER_MAX = 308 };
extern const uint64_t fc_power_of_five[FC_POWER_MAX - FC_POWER_MIN + 1][2]
#if defined(__GNUC__)
    __attribute__((visibility("hidden")))
#endif
    ;

/* The bits of the rounded double of mantissa * 10**power, for a mantissa > 0 and a power within the
 * table; or 0 if that does not decide, or the double is subnormal or infinite. `normal`: it is
 * known to be neither. */
static inline uint64_t fc_number_round(uint64_t mantissa, int power, bool normal) {
    int zeros = __builtin_clzll(mantissa);
    uint64_t five = fc_power_of_five[power - FC_POWER_MIN][0];
    fc_number_u128 product = (fc_number_u128)(mantissa << zeros) * five;
    uint64_t high = (uint64_t)(product >> 64);
    int top = (int)(high >> 63), drop = 10 + top;
    uint64_t mask = ((uint64_t)1 << drop) - 1, half = (mask >> 1) + 1, rest = high & mask;
    int biased = ((217706 * power) >> 16) + 1 - zeros + drop + 1075;
    /* The low half could carry into `rest`: all ones, just below the middle; or say that it is
     * not quite on the middle. */
    if (FC_UNLIKELY((rest + 1 - half <= 1) | (rest == mask))) return 0;
    if (!normal && FC_UNLIKELY(biased <= 0 || biased >= 2046)) return 0;
    return ((uint64_t)(biased - 1) << 52) + (high >> drop) + (rest > half);
}

#endif
