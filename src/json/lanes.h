/* Constants of the vector forms, in memory. Written as set1 the compiler makes each of them anew,
 * in three instructions, behind every call of a sink (no vector register survives a call); as an
 * operand in memory it costs none. */
#ifndef FASTCORE_JSON_LANES_H
#define FASTCORE_JSON_LANES_H

#include <stdint.h>

typedef struct fc_lanes {
    /* For shuffles: a window into the first gives indices that rise from any number between -16
     * and 0; into the second, -1 in any number of lanes in front and 0 in the others. */
    int8_t ramp[32], front[32];
    /* For AVX2, the same byte in all lanes. Bytes + to_low: '0' is the lowest signed one, so that
     * one signed compare with last_digit sees the digits. */
    uint8_t to_low[32], last_digit[32], zero[32], quote[32], slash[32], control[32];
} fc_lanes;

#if defined(__GNUC__)
#define FC_HIDDEN __attribute__((visibility("hidden"))) /* so that an address needs no look-up */
#else
#define FC_HIDDEN
#endif

extern const fc_lanes fc_json_lanes FC_HIDDEN;

/* How many digits may stand in front of a dot, if the first is this character. */
extern const uint8_t fc_digits_most[256] FC_HIDDEN;

#endif
