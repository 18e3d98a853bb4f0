/* Counting values into few bins, and what else one pass tells of a column. */
#include <math.h>
#include <string.h>

#include "base/simd.h"
#include "fastcore/drift.h"

enum { BLOCK = 2048 }; /* values that stay in the first cache while each group of edges passes */

/* Four edges at a time: their counts stay in registers, and each value is loaded once for them. */
FC_BODY void group64_body(const double *restrict x, size_t n, const double *restrict edges,
                          uint64_t *restrict counts) {
    double a = edges[0], b = edges[1], c = edges[2], d = edges[3];
    int64_t at_a = 0, at_b = 0, at_c = 0, at_d = 0;
    for (size_t i = 0; i < n; i++) {
        double v = x[i];
        at_a += v >= a;
        at_b += v >= b;
        at_c += v >= c;
        at_d += v >= d;
    }
    counts[0] += (uint64_t)at_a;
    counts[1] += (uint64_t)at_b;
    counts[2] += (uint64_t)at_c;
    counts[3] += (uint64_t)at_d;
}

FC_BODY void group32_body(const float *restrict x, size_t n, const float *restrict edges,
                          uint64_t *restrict counts) {
    float a = edges[0], b = edges[1], c = edges[2], d = edges[3];
    int32_t at_a = 0, at_b = 0, at_c = 0, at_d = 0; /* a block has fewer values */
    for (size_t i = 0; i < n; i++) {
        float v = x[i];
        at_a += v >= a;
        at_b += v >= b;
        at_c += v >= c;
        at_d += v >= d;
    }
    counts[0] += (uint64_t)at_a;
    counts[1] += (uint64_t)at_b;
    counts[2] += (uint64_t)at_c;
    counts[3] += (uint64_t)at_d;
}

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

/* Eight lanes, which the compiler splits where registers are shorter. */
typedef double lanes __attribute__((vector_size(64)));
typedef int64_t bits __attribute__((vector_size(64)));

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
    sums s = {.min = (lanes){0} + (double)INFINITY, .max = (lanes){0} - (double)INFINITY};         \
    size_t at = 0;                                                                                 \
    for (; at + 8 <= n; at += 8) {                                                                 \
        lanes x;                                                                                   \
        load(8);                                                                                   \
        add_lanes(&s, x, around);                                                                  \
    }                                                                                              \
    if (at < n) { /* the rest, filled up with NaN, which adds nothing */                           \
        lanes x = (lanes){0} + (double)NAN;                                                        \
        load(n - at);                                                                              \
        add_lanes(&s, x, around);                                                                  \
    }                                                                                              \
    *out = s;

#define LOAD64(count) memcpy(&x, values + at, (count) * sizeof(double))
#define LOAD32(count)                                                                              \
    for (size_t k = 0; k < (count); k++) x[k] = (double)values[at + k]

FC_BODY void quality64_body(const double *values, size_t n, double shift, sums *out){
    ADD_ALL(LOAD64)} FC_SIMD_FORMS(void, quality64,
                                   (const double *values, size_t n, double shift, sums *out),
                                   (values, n, shift, out))

    FC_BODY void quality32_body(const float *values, size_t n, double shift, sums *out){
        ADD_ALL(LOAD32)} FC_SIMD_FORMS(void, quality32,
                                       (const float *values, size_t n, double shift, sums *out),
                                       (values, n, shift, out))

        static double add_up(lanes v) {
    return ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7]));
}

static uint64_t finish(const sums *s, size_t n, fc_quality *out) {
    uint64_t finite = 0, present = 0;
    *out = (fc_quality){.min = INFINITY, .max = -INFINITY};
    for (int k = 0; k < 8; k++) {
        finite -= (uint64_t)s->finite[k];
        present -= (uint64_t)s->present[k];
        if (s->min[k] < out->min) out->min = s->min[k];
        if (s->max[k] > out->max) out->max = s->max[k];
    }
    out->missing = n - present;
    out->sum = add_up(s->sum);
    out->squares = add_up(s->squares);
    return present - finite;
}

void fc_quality_f64(const double *values, size_t n, double shift, fc_quality *out) {
    sums s;
    quality64(values, n, shift, &s);
    if (!finish(&s, n, out)) return;
    for (size_t i = 0; i < n; i++) { /* infinities are rare */
        out->pos_inf += values[i] == INFINITY;
        out->neg_inf += values[i] == -INFINITY;
    }
}

void fc_quality_f32(const float *values, size_t n, double shift, fc_quality *out) {
    sums s;
    quality32(values, n, shift, &s);
    if (!finish(&s, n, out)) return;
    for (size_t i = 0; i < n; i++) {
        out->pos_inf += values[i] == INFINITY;
        out->neg_inf += values[i] == -INFINITY;
    }
}
