/* Counting values into few bins, and what else one pass tells of a column. */
#include <math.h>
#include <string.h>

#include "base/simd.h"
#include "fastcore/drift.h"

enum { BLOCK = 2048 }; /* values that stay in the first cache while each group of edges passes */

/* Four edges at a time: their counts stay in registers, and each value is loaded once for them. */
#define GROUP(name, type, integer)                                                                 \
    FC_BODY void name(const type *restrict x, size_t n, const type *restrict edges,                \
                      uint64_t *restrict counts) {                                                 \
        type a = edges[0], b = edges[1], c = edges[2], d = edges[3];                               \
        integer at_a = 0, at_b = 0, at_c = 0, at_d = 0;                                            \
        for (size_t i = 0; i < n; i++) {                                                           \
            type v = x[i];                                                                         \
            at_a += v >= a;                                                                        \
            at_b += v >= b;                                                                        \
            at_c += v >= c;                                                                        \
            at_d += v >= d;                                                                        \
        }                                                                                          \
        counts[0] += (uint64_t)at_a;                                                               \
        counts[1] += (uint64_t)at_b;                                                               \
        counts[2] += (uint64_t)at_c;                                                               \
        counts[3] += (uint64_t)at_d;                                                               \
    }
GROUP(group64_body, double, int64_t)
GROUP(group32_body, float, int32_t) /* a block has too few values for an overflow */

/* The groups of a block; the last one is filled up with NaN, which nothing reaches. */
#define AT_LEAST(type, group)                                                                      \
    for (size_t at = 0; at < n; at += BLOCK) {                                                     \
        size_t block = n - at < BLOCK ? n - at : BLOCK;                                            \
        for (size_t e = 0; e < edge_count; e += 4) {                                               \
            type few[4];                                                                           \
            uint64_t found[4] = {0};                                                               \
            size_t used = edge_count - e < 4 ? edge_count - e : 4;                                 \
            for (size_t k = 0; k < 4; k++) few[k] = k < used ? edges[e + k] : (type)NAN;           \
            group(values + at, block, few, found);                                                 \
            for (size_t k = 0; k < used; k++) counts[e + k] += found[k];                           \
        }                                                                                          \
    }

FC_BODY void at_least64_body(const double *values, size_t n, const double *edges, size_t edge_count,
                             uint64_t *counts){
    AT_LEAST(double, group64_body)} FC_SIMD_FORMS(void, at_least64,
                                                  (const double *values, size_t n,
                                                   const double *edges, size_t edge_count,
                                                   uint64_t *counts),
                                                  (values, n, edges, edge_count, counts))

    FC_BODY void at_least32_body(const float *values, size_t n, const float *edges,
                                 size_t edge_count, uint64_t *counts){
        AT_LEAST(float, group32_body)} FC_SIMD_FORMS(void, at_least32,
                                                     (const float *values, size_t n,
                                                      const float *edges, size_t edge_count,
                                                      uint64_t *counts),
                                                     (values, n, edges, edge_count, counts))

        void fc_at_least_f64(const double *values, size_t n, const double *edges, size_t edge_count,
                             uint64_t *counts) {
    at_least64(values, n, edges, edge_count, counts);
}

void fc_at_least_f32(const float *values, size_t n, const float *edges, size_t edge_count,
                     uint64_t *counts) {
    at_least32(values, n, edges, edge_count, counts);
}

/* ---- Quality ------------------------------------------------------------------------------ */

/* Eight lanes as two vectors of four: one register each where there are 32 bytes, and the same sums
 * where there are not. */
typedef double lanes __attribute__((vector_size(32)));
typedef int64_t bits __attribute__((vector_size(32)));

typedef struct sums {
    lanes sum, squares, min, max;
    bits finite, present; /* counts, negative: a true comparison is -1 */
} sums;

FC_BODY void add_lanes(sums *s, lanes x, lanes shift) {
    bits finite = (x - x) == (lanes){0}; /* an infinity or NaN minus itself is NaN */
    lanes from = x - shift;
    s->sum += (lanes)((bits)from & finite);
    s->squares += (lanes)((bits)(from * from) & finite);
    bits below = (x < s->min) & finite, above = (x > s->max) & finite;
    s->min = (lanes)(((bits)x & below) | ((bits)s->min & ~below));
    s->max = (lanes)(((bits)x & above) | ((bits)s->max & ~above));
    s->finite += finite;
    s->present += x == x;
}

#define ADD_ALL(load)                                                                              \
    lanes around = (lanes){0} + shift;                                                             \
    sums low = {.min = (lanes){0} + (double)INFINITY, .max = (lanes){0} - (double)INFINITY},       \
         high = low;                                                                               \
    size_t at = 0;                                                                                 \
    lanes x, y;                                                                                    \
    for (; at + 8 <= n; at += 8) {                                                                 \
        load(x, at, 4);                                                                            \
        load(y, at + 4, 4);                                                                        \
        add_lanes(&low, x, around);                                                                \
        add_lanes(&high, y, around);                                                               \
    }                                                                                              \
    if (at < n) { /* the rest, filled up with NaN, which adds nothing */                           \
        size_t left = n - at, first = left < 4 ? left : 4;                                         \
        x = y = (lanes){0} + (double)NAN;                                                          \
        load(x, at, first);                                                                        \
        load(y, at + first, left - first);                                                         \
        add_lanes(&low, x, around);                                                                \
        add_lanes(&high, y, around);                                                               \
    }                                                                                              \
    out[0] = low;                                                                                  \
    out[1] = high;

#define LOAD64(to, from, count) memcpy(&(to), values + (from), (count) * sizeof(double))
#define LOAD32(to, from, count)                                                                    \
    for (size_t k = 0; k < (count); k++) (to)[k] = (double)values[(from) + k]

FC_BODY void quality64_body(const double *values, size_t n, double shift, sums *out){
    ADD_ALL(LOAD64)} FC_SIMD_FORMS(void, quality64,
                                   (const double *values, size_t n, double shift, sums *out),
                                   (values, n, shift, out))

    FC_BODY void quality32_body(const float *values, size_t n, double shift, sums *out){
        ADD_ALL(LOAD32)} FC_SIMD_FORMS(void, quality32,
                                       (const float *values, size_t n, double shift, sums *out),
                                       (values, n, shift, out))

        static double add_up(lanes v, lanes w) {
    return ((v[0] + w[0]) + (v[2] + w[2])) + ((v[1] + w[1]) + (v[3] + w[3]));
}

static uint64_t finish(const sums s[2], size_t n, fc_quality *out) {
    uint64_t finite = 0, present = 0;
    *out = (fc_quality){.min = INFINITY, .max = -INFINITY};
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < 4; k++) {
            finite -= (uint64_t)s[i].finite[k];
            present -= (uint64_t)s[i].present[k];
            if (s[i].min[k] < out->min) out->min = s[i].min[k];
            if (s[i].max[k] > out->max) out->max = s[i].max[k];
        }
    out->missing = n - present;
    out->sum = add_up(s[0].sum, s[1].sum);
    out->squares = add_up(s[0].squares, s[1].squares);
    return present - finite;
}

void fc_quality_f64(const double *values, size_t n, double shift, fc_quality *out) {
    sums s[2];
    quality64(values, n, shift, s);
    if (!finish(s, n, out)) return;
    for (size_t i = 0; i < n; i++) { /* infinities are rare */
        out->pos_inf += values[i] == INFINITY;
        out->neg_inf += values[i] == -INFINITY;
    }
}

void fc_quality_f32(const float *values, size_t n, double shift, fc_quality *out) {
    sums s[2];
    quality32(values, n, shift, s);
    if (!finish(s, n, out)) return;
    for (size_t i = 0; i < n; i++) {
        out->pos_inf += values[i] == INFINITY;
        out->neg_inf += values[i] == -INFINITY;
    }
}
