/* From a scanned number to the nearest double, in three steps of rising cost, each exact:
 * 1. Mantissa and power of ten are doubles without error, so one operation rounds once
 *    (Clinger, "How to read floating point numbers accurately", 1990). Most of all numbers.
 * 2. The mantissa times 128 bits of the power of ten (Lemire, "Number parsing at a gigabyte per
 *    second", 2021). The table is rounded towards zero, so the true product lies less than two
 *    units of the 128 bits above the computed one; nearly always both round alike.
 * 3. What is so close to the middle between two doubles that this does not decide, and what has
 *    digits that the mantissa does not hold, is compared with that middle in big integers.
 * Rounding is to nearest (the mode every process starts with). strtod is no way out: it reads
 * the locale. */
#include <math.h>
#include <string.h>

#include "json/number_exact.h"
#include "json/number_quick.h"
#include "json/powers.h"

typedef fc_number_u128 u128;

const double fc_exact_power[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                 1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* A double before it is rounded: floor = fraction * 2**exponent <= value, and the value is less
 * than (fraction + 1) * 2**exponent and a little. */
typedef struct estimate {
    uint64_t fraction; /* below 2**53 */
    int exponent;
    uint64_t bits;  /* the double `floor`, without a sign */
    bool up, known; /* round up; false: `up` is not decided */
} estimate;

/* `mantissa` > 0, and `power` within the table. */
__attribute__((noinline)) static estimate approximate(uint64_t mantissa, int power) {
    const uint64_t *five = fc_power_of_five[power - FC_POWER_MIN];
    int zeros = __builtin_clzll(mantissa);
    mantissa <<= zeros;
    u128 first = (u128)mantissa * five[0];
    /* The middle bits: below the 53 that are kept are 10 or 11 bits of the high word. The low half
     * of the power adds less than one to the high word, which only matters just below the middle
     * between two doubles, and on it. */
    uint64_t high = (uint64_t)(first >> 64), low = (uint64_t)first;
    int drop = 10 + (int)(high >> 63);
    uint64_t mask = ((uint64_t)1 << drop) - 1, half = (mask >> 1) + 1;
    estimate e = {.known = true};
    if (((high & mask) == half - 1) || ((high & mask) == half && low == 0) ||
        (high & mask) == mask) {
        first += (u128)mantissa * five[1] >> 64;
        high = (uint64_t)(first >> 64), low = (uint64_t)first;
        drop = 10 + (int)(high >> 63);
        mask = ((uint64_t)1 << drop) - 1, half = (mask >> 1) + 1;
        e.known = !((high & mask) == half - 1 && low >= UINT64_MAX - 1) &&
                  !((high & mask) == half && low == 0);
    }
    e.fraction = high >> drop;
    e.up = (high & mask) >= half;
    /* floor(log2(10**power)) for every power of the table, and the rest of the scaling. */
    e.exponent = ((217706 * power) >> 16) + 1 - zeros + drop;
    int biased = e.exponent + 1075;
    if (biased > 0) {
        /* The addition, not an "or": the fraction's top bit is the hidden one. */
        e.bits = ((uint64_t)(biased - 1) << 52) + e.fraction;
    } else {
        /* Subnormal: fewer bits are kept, the middle is elsewhere. Rare enough to be exact. */
        int more = 1 - biased;
        e.fraction = more < 64 ? e.fraction >> more : 0;
        e.exponent += more;
        e.bits = e.fraction;
        e.known = false;
    }
    return e;
}

static uint64_t magnitude(const fc_json_number *number) {
    const uint64_t infinity = (uint64_t)0x7FF << 52;
    if (number->mantissa == 0) return 0;
    /* Below 10**19 * 10**-343 everything is nearer to 0 than to 2**-1074; from 10**309 on all is
     * too large. */
    if (number->exponent < FC_POWER_MIN) return 0;
    if (number->exponent > FC_POWER_MAX) return infinity;
    int power = (int)number->exponent;
    estimate e = approximate(number->mantissa, power);
    if (e.bits >= infinity) return infinity;
    if (number->truncated && e.known) {
        /* If the next mantissa rounds alike, so does what is between. */
        estimate next = approximate(number->mantissa + 1, power);
        if (!next.known || next.bits + next.up != e.bits + e.up) e.known = false;
    }
    if (!e.known) {
        int side = fc_number_compare(number, 2 * e.fraction + 1, e.exponent - 1);
        e.up = side > 0 || (side == 0 && (e.fraction & 1));
    }
    return e.bits + e.up; /* the carry into the exponent is the next binade, or infinity */
}

static double signed_bits(uint64_t bits, bool negative) {
    bits |= (uint64_t)negative << 63;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* What is not decided quickly, and what is no number. Apart, so that the rest saves no registers.
 */
__attribute__((noinline)) static double convert_slow(const fc_json_number *number) {
    if (number->kind == FC_JSON_NONFINITE) {
        if (*number->text == 'N') return (double)NAN;
        return number->negative ? -(double)INFINITY : (double)INFINITY;
    }
    /* The integer -0 is 0. */
    bool negative = number->negative && !(number->kind == FC_JSON_INT && number->mantissa == 0);
    return signed_bits(magnitude(number), negative);
}

double fc_json_number_double(const fc_json_number *number) {
    uint64_t mantissa = number->mantissa;
    int64_t power = number->exponent;
    /* A zero goes the slow way: its sign depends on its kind. So does what is not finite: it has
     * no mantissa. */
    if (FC_UNLIKELY(number->truncated || mantissa == 0)) return convert_slow(number);
    if (FC_LIKELY(mantissa <= (uint64_t)1 << 53 && power >= -FC_EXACT_POWER_MAX &&
                  power <= FC_EXACT_POWER_MAX))
        return fc_number_quick(mantissa, (int)power, number->negative);
    if (power < FC_POWER_MIN || power > FC_POWER_MAX) return convert_slow(number);
    uint64_t bits = fc_number_round(mantissa, (int)power, false);
    return FC_LIKELY(bits != 0) ? signed_bits(bits, number->negative) : convert_slow(number);
}
