/* What one pass tells of a column of numbers besides its bins: sums, extremes, what is missing. */
#include <math.h>
#include <string.h>

#include "base/simd.h"
#include "drift/sums.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { BLOCK = 1024 }; /* values that are added without looking, and again if one was not finite */

/* The generic form: vectors of 16 bytes, which every 64-bit machine that matters has. */
#define FC_Q(name) generic_##name
#define FC_TARGET
#define FC_BYTES 16
#if defined(__x86_64__)
#define FC_MIN(x, y) _mm_min_pd(x, y)
#define FC_MAX(x, y) _mm_max_pd(x, y)
#else
#define CHOOSE(is, x, y) ((generic_lanes)(((generic_bits)(x) & (is)) | ((generic_bits)(y) & ~(is))))
#define FC_MIN(x, y) CHOOSE((x) < (y), x, y)
#define FC_MAX(x, y) CHOOSE((x) > (y), x, y)
#endif
#include "drift/quality_lanes.h"

#if defined(__x86_64__)
#define FC_Q(name) avx2_##name
#define FC_TARGET __attribute__((target("avx2")))
#define FC_BYTES 32
#define FC_MIN(x, y) _mm256_min_pd(x, y)
#define FC_MAX(x, y) _mm256_max_pd(x, y)
#include "drift/quality_lanes.h"

#define FC_Q(name) avx512_##name
#define FC_TARGET __attribute__((target("avx2,avx512f,avx512bw,avx512vl")))
#define FC_BYTES 64
#define FC_MIN(x, y) _mm512_min_pd(x, y)
#define FC_MAX(x, y) _mm512_max_pd(x, y)
#include "drift/quality_lanes.h"
#endif

typedef bool add_all64(const double *values, size_t n, double shift, fc_sums *to);
typedef void add_some64(const double *values, size_t n, double shift, fc_sums *to);
typedef bool add_all32(const float *values, size_t n, double shift, fc_sums *to);
typedef void add_some32(const float *values, size_t n, double shift, fc_sums *to);

static double add_up(const double *v) {
    return ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7]));
}

static const fc_sums NOTHING = {
    .min = {INFINITY, INFINITY, INFINITY, INFINITY, INFINITY, INFINITY, INFINITY, INFINITY},
    .max = {-INFINITY, -INFINITY, -INFINITY, -INFINITY, -INFINITY, -INFINITY, -INFINITY,
            -INFINITY}};

void fc_sums_open(fc_sums *s) { *s = NOTHING; }

/* The number of infinities, which the caller has to tell apart: they are rare. */
static uint64_t finish(const fc_sums *s, size_t n, fc_quality *out) {
    *out = (fc_quality){.missing = n - s->present,
                        .sum = add_up(s->sum),
                        .squares = add_up(s->squares),
                        .min = INFINITY,
                        .max = -INFINITY};
    for (int k = 0; k < 8; k++) {
        if (s->min[k] < out->min) out->min = s->min[k];
        if (s->max[k] > out->max) out->max = s->max[k];
    }
    return s->present - s->finite;
}

#define QUALITY(bits, type)                                                                        \
    static void add_##bits(const type *values, size_t n, double shift, bool *finite,               \
                           add_all##bits *all, add_some##bits *some, fc_sums *s) {                 \
        size_t whole = n & ~(size_t)7;                                                             \
        for (size_t at = 0, block; at < whole; at += block) {                                      \
            block = whole - at < BLOCK ? whole - at : BLOCK;                                       \
            *finite = *finite && all(values + at, block, shift, s);                                \
            if (!*finite) some(values + at, block, shift, s);                                      \
        }                                                                                          \
        if (whole < n) some(values + whole, n - whole, shift, s);                                  \
    }                                                                                              \
    void fc_sums_add_f##bits(const type *values, size_t n, double shift, bool *finite,             \
                             fc_sums *s) {                                                         \
        switch (fc_cpu_current()) {                                                                \
            WIDE(bits)                                                                             \
        default: add_##bits(values, n, shift, finite, generic_all##bits, generic_some##bits, s);   \
        }                                                                                          \
    }                                                                                              \
    void fc_sums_close_f##bits(const fc_sums *s, const type *values, size_t n, fc_quality *out) {  \
        if (!finish(s, n, out)) return;                                                            \
        for (size_t i = 0; i < n; i++) {                                                           \
            out->pos_inf += values[i] == INFINITY;                                                 \
            out->neg_inf += values[i] == -INFINITY;                                                \
        }                                                                                          \
    }                                                                                              \
    void fc_quality_f##bits(const type *values, size_t n, double shift, bool *finite,              \
                            fc_quality *out) {                                                     \
        fc_sums s = NOTHING;                                                                       \
        fc_sums_add_f##bits(values, n, shift, finite, &s);                                         \
        fc_sums_close_f##bits(&s, values, n, out);                                                 \
    }

#if defined(__x86_64__)
#define WIDE(bits)                                                                                 \
    case FC_CPU_AVX512:                                                                            \
        add_##bits(values, n, shift, finite, avx512_all##bits, avx512_some##bits, s);              \
        return;                                                                                    \
    case FC_CPU_AVX2:                                                                              \
        add_##bits(values, n, shift, finite, avx2_all##bits, avx2_some##bits, s);                  \
        return;
#else
#define WIDE(bits)
#endif
QUALITY(64, double)
QUALITY(32, float)
