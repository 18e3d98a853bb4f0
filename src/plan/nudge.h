/* Moving a number by a few units in the last place: how far an output may lie away on another CPU
 * is found by moving what those functions give whose last digit is not the same everywhere. */
#ifndef FC_PLAN_NUDGE_H
#define FC_PLAN_NUDGE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "plan/family.h"

/* More is asked for by nobody, and would make bits overflow. */
enum { FC_MOST_ULPS = 1 << 20 };

/* The `ulps`-th number above x (below, if negative). Zeros stay, as every function's zeros are
 * exact; so do infinities, NaN, and what is nearly an infinity. */
#define FC_NUDGE_OF(name, float_type, int_type, lowest, largest)                                   \
    static inline float_type name(float_type x, int64_t ulps) {                                    \
        bool inside = x != 0 && x >= -(largest) / 2 && x <= (largest) / 2;                         \
        int_type bits;                                                                             \
        memcpy(&bits, &x, sizeof bits);                                                            \
        int_type order = bits < 0 ? lowest - bits : bits; /* in the order of the numbers */        \
        order += inside ? (int_type)ulps : 0;                                                      \
        bits = order < 0 ? lowest - order : order;                                                 \
        float_type moved;                                                                          \
        memcpy(&moved, &bits, sizeof bits);                                                        \
        return inside ? moved : x;                                                                 \
    }
FC_NUDGE_OF(fc_nudge64, double, int64_t, INT64_MIN, __DBL_MAX__)
FC_NUDGE_OF(fc_nudge32, float, int32_t, INT32_MIN, __FLT_MAX__)

/* The optional parameter `name`: ulps (q, width), within the bound; *out is NULL without it. */
fc_status fc_nudge_read(fc_arena *arena, const fc_blob *blob, const char *name, uint32_t width,
                        const int64_t **out);

#endif
