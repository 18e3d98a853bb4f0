/* Which gap of a sorted set of points a value lies in. */
#include "drift/gaps.h"

#include <math.h>
#include <string.h>

#include "base/simd.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum {
    BLOCK = 256,           /* values that go through each step before the next one begins */
    LOOK = 8,              /* points that are compared in any case */
    BUCKETS_PER_POINT = 2, /* seldom as many points in a bucket as are looked at */
    MAX_BUCKETS = 1 << 22, /* 16 MB of guesses */
    FAR = 1 << 15          /* buckets that no longer lie in a near cache */
};

fc_status fc_points_init(fc_points *p, fc_arena *arena, const double *values, size_t count) {
    if (count > FC_POINTS_MAX) return FC_ELIMIT;
    for (size_t i = 0; i < count; i++)
        if (!isfinite(values[i]) || (i && !(values[i - 1] < values[i]))) return FC_EINVALID;
    double *copy = fc_arena_zeros(arena, count + LOOK, sizeof *copy);
    if (!copy) return FC_ENOMEM;
    if (count) memcpy(copy, values, count * sizeof *copy);
    for (size_t i = 0; i < LOOK; i++) copy[count + i] = NAN; /* no value reaches it */
    p->points = copy;
    p->count = (uint32_t)count;
    size_t buckets = count * BUCKETS_PER_POINT;
    p->buckets = (uint32_t)(buckets > MAX_BUCKETS ? MAX_BUCKETS : buckets ? buckets : 1);
    p->low = count ? copy[0] : 0;
    double width = count ? copy[count - 1] - copy[0] : 0;
    p->scale = p->buckets / width;
    /* One bucket for all where the width or its inverse is no number to compute with. */
    if (!isfinite(width) || !isfinite(p->scale)) p->buckets = 1, p->scale = 0;
    uint32_t *start = fc_arena_zeros(arena, (size_t)p->buckets + 1, sizeof *start);
    if (!start) return FC_ENOMEM;
    uint32_t point = 0;
    for (uint32_t b = 0; b <= p->buckets; b++) {
        while (point < p->count && (uint32_t)fc_points_bucket(p, copy[point]) < b) point++;
        start[b] = point;
    }
    p->start = start;
    return FC_OK;
}

/* The cell of x, which is not below the points before `low`, nor above those from `high` on. The
 * length is halved without a branch. */
static uint32_t search(const fc_points *p, double x, uint32_t low, uint32_t high) {
    const double *base = p->points + low;
    uint32_t length = high - low;
    while (length) {
        uint32_t half = (length + 1) >> 1;
        base += base[half - 1] <= x ? half : 0;
        length -= half;
    }
    uint32_t below = (uint32_t)(base - p->points);
    return 2 * below - (below && base[-1] == x);
}

/* How many of the next points are at most x, and how many are less, added: twice the points below
 * x, and one more if x is a point itself. */
enum { FEW = 4 }; /* of LOOK, without vectors of some width */
FC_BODY uint32_t look_generic(const double *points, double x) {
    uint32_t sum = 0;
    for (int k = 0; k < FEW; k++) sum += (uint32_t)(points[k] <= x) + (points[k] < x);
    return sum;
}

#if defined(__x86_64__)
__attribute__((target("avx2,popcnt"),
               always_inline)) static inline uint32_t look_avx2(const double *points, double x) {
    __m256d a = _mm256_loadu_pd(points), b = _mm256_loadu_pd(points + 4), v = _mm256_set1_pd(x);
    int most = _mm256_movemask_pd(_mm256_cmp_pd(a, v, _CMP_LE_OQ)) |
               _mm256_movemask_pd(_mm256_cmp_pd(b, v, _CMP_LE_OQ)) << 4;
    int less = _mm256_movemask_pd(_mm256_cmp_pd(a, v, _CMP_LT_OQ)) |
               _mm256_movemask_pd(_mm256_cmp_pd(b, v, _CMP_LT_OQ)) << 4;
    return (uint32_t)__builtin_popcount((unsigned)(most | less << 8));
}

__attribute__((target("avx512f,avx512bw,popcnt"), always_inline)) static inline uint32_t
look_avx512(const double *points, double x) {
    __m512d a = _mm512_loadu_pd(points), v = _mm512_set1_pd(x);
    __mmask16 both =
        _mm512_kunpackb(_mm512_cmp_pd_mask(a, v, _CMP_LE_OQ), _mm512_cmp_pd_mask(a, v, _CMP_LT_OQ));
    uint32_t bits = both;
    __asm__("" : "+r"(bits)); /* the bits of 16 would be counted, which takes longer than of 32 */
    return (uint32_t)__builtin_popcount(bits);
}
#endif

/* Points of later buckets are above x, so that it does no harm to look at some of them; only where
 * all of those are at most x the bucket may have more. Step by step over a block: many fetches from
 * a large table are then under way at once. */
#define FORM(name, target, look, looked)                                                           \
    target static inline uint32_t name##_cell(const fc_points *p, double x, int32_t bucket) {      \
        uint32_t low = p->start[bucket], found = look(p->points + low, x);                         \
        if (FC_LIKELY(found < 2 * looked - 1)) return 2 * low + found;                             \
        return search(p, x, low, p->start[bucket + 1]);                                            \
    }                                                                                              \
    target static void name##_count(const fc_points *p, const double *values, size_t n,            \
                                    uint64_t *cells) {                                             \
        int32_t buckets[BLOCK];                                                                    \
        uint32_t cell[BLOCK];                                                                      \
        bool far = p->buckets > FAR;                                                               \
        for (size_t at = 0; at < n; at += BLOCK) {                                                 \
            size_t block = n - at < BLOCK ? n - at : BLOCK;                                        \
            const double *x = values + at;                                                         \
            uint64_t nan = 0;                                                                      \
            for (size_t i = 0; i < block; i++) buckets[i] = fc_points_bucket(p, x[i]);             \
            for (size_t i = 0; i < block; i++) nan |= x[i] != x[i];                                \
            if (far) {                                                                             \
                for (size_t i = 0; i < block; i++) __builtin_prefetch(p->start + buckets[i]);      \
                for (size_t i = 0; i < block; i++) {                                               \
                    uint32_t low = p->start[buckets[i]];                                           \
                    __builtin_prefetch(p->points + low);                                           \
                    __builtin_prefetch(cells + 2 * (size_t)low, 1);                                \
                }                                                                                  \
            }                                                                                      \
            for (size_t i = 0; i < block; i++) cell[i] = name##_cell(p, x[i], buckets[i]);         \
            if (!nan)                                                                              \
                for (size_t i = 0; i < block; i++) cells[cell[i]]++;                               \
            else                                                                                   \
                for (size_t i = 0; i < block; i++) cells[cell[i]] += x[i] == x[i];                 \
        }                                                                                          \
    }

FORM(generic, , look_generic, FEW)
#if defined(__x86_64__)
FORM(avx2, __attribute__((target("avx2,popcnt"))), look_avx2, LOOK)
FORM(avx512, __attribute__((target("avx512f,avx512bw,avx512vl,popcnt"))), look_avx512, LOOK)
#endif

uint32_t fc_points_cell(const fc_points *p, double x) {
    return generic_cell(p, x, fc_points_bucket(p, x));
}

void fc_points_count(const fc_points *p, const double *values, size_t n, uint64_t *cells) {
    switch (fc_cpu_current()) {
#if defined(__x86_64__)
    case FC_CPU_AVX512: avx512_count(p, values, n, cells); return;
    case FC_CPU_AVX2: avx2_count(p, values, n, cells); return;
#endif
    default: generic_count(p, values, n, cells);
    }
}

double fc_ends_distance(const fc_infinite *x, uint64_t n, uint64_t m) {
    double below = fabs((double)x->a_below / (double)n - (double)x->b_below / (double)m);
    double above =
        fabs((double)(n - x->a_above) / (double)n - (double)(m - x->b_above) / (double)m);
    return below > above ? below : above;
}

double fc_cells_distance(const uint64_t *a, const uint64_t *b, size_t cells, uint64_t n,
                         uint64_t m) {
    double most = 0;
    uint64_t i = 0, j = 0;
    for (size_t c = 0; c < cells; c++) {
        i += a[c], j += b[c];
        double apart = fabs((double)i / (double)n - (double)j / (double)m);
        most = apart > most ? apart : most;
    }
    return most;
}
