/* Counting how many values reach each of a few edges. */
#include <math.h>
#include <string.h>

#include "base/simd.h"
#include "fastcore/drift.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum {
    BLOCK = 2048, /* values that stay in the first cache while each group of edges passes */
    MOST = 9,     /* edges that pass together: those of deciles */
    FEW = 3
};

/* A group of edges over one block: edges and counts stay in registers, and each value is loaded
 * once. `of` is a constant where this is inlined. A comparison that holds is -1 in its lane, which
 * `reach` adds; the counts of float32 have 32 bits, more than a block can fill. */
#define GROUP(name, target, type, integer, bytes, reach)                                           \
    typedef type name##_values __attribute__((vector_size(bytes)));                                \
    typedef integer name##_counts __attribute__((vector_size(bytes)));                             \
    FC_BODY target void name##_group(const type *restrict x, size_t n, const type *restrict edges, \
                                     uint64_t *restrict counts, const size_t of) {                 \
        enum { LANES = bytes / sizeof(type) };                                                     \
        name##_values edge[MOST], v;                                                               \
        name##_counts at[MOST];                                                                    \
        for (size_t k = 0; k < of; k++) {                                                          \
            edge[k] = (name##_values){0} + edges[k];                                               \
            at[k] = (name##_counts){0};                                                            \
        }                                                                                          \
        size_t i = 0;                                                                              \
        for (; i + LANES <= n; i += LANES) {                                                       \
            FC_AHEAD(x + i);                                                                       \
            memcpy(&v, x + i, sizeof v);                                                           \
            _Pragma("GCC unroll 9") for (size_t k = 0; k < of; k++) at[k] =                        \
                (name##_counts)reach(at[k], v, edge[k]);                                           \
        }                                                                                          \
        for (size_t k = 0; k < of; k++) {                                                          \
            for (size_t j = i; j < n; j++) counts[k] += x[j] >= edges[k];                          \
            for (size_t lane = 0; lane < LANES; lane++)                                            \
                counts[k] -= (uint64_t)(int64_t)at[k][lane];                                       \
        }                                                                                          \
    }

#define GENERIC
#define AVX2 __attribute__((target("avx2")))
#define AVX512 __attribute__((target("avx2,avx512f,avx512bw,avx512vl")))

#define REACH(at, v, edge) ((at) + ((v) >= (edge)))
GROUP(generic64, GENERIC, double, int64_t, 16, REACH)
GROUP(generic32, GENERIC, float, int32_t, 16, REACH)
#if defined(__x86_64__)
GROUP(avx2_64, AVX2, double, int64_t, 32, REACH)
GROUP(avx2_32, AVX2, float, int32_t, 32, REACH)

/* A mask subtracts at once: putting masks together to count their bits takes the one port that
 * comparisons have on Intel's. */
#define REACH_MASK64(at, v, edge)                                                                  \
    _mm512_mask_sub_epi64((__m512i)(at),                                                           \
                          _mm512_cmp_pd_mask((__m512d)(v), (__m512d)(edge), _CMP_GE_OQ),           \
                          (__m512i)(at), _mm512_set1_epi64(1))
#define REACH_MASK32(at, v, edge)                                                                  \
    _mm512_mask_sub_epi32((__m512i)(at),                                                           \
                          _mm512_cmp_ps_mask((__m512)(v), (__m512)(edge), _CMP_GE_OQ),             \
                          (__m512i)(at), _mm512_set1_epi32(1))
GROUP(avx512_64, AVX512, double, int64_t, 64, REACH_MASK64)
GROUP(avx512_32, AVX512, float, int32_t, 64, REACH_MASK32)
#endif

/* All edges in groups, block by block; the last group is filled up with NaN, which nothing
 * reaches. */
#define FORM(target, name, type)                                                                   \
    target static void name(const type *values, size_t n, const type *edges, size_t edge_count,    \
                            uint64_t *counts) {                                                    \
        for (size_t at = 0; at < n; at += BLOCK) {                                                 \
            size_t block = n - at < BLOCK ? n - at : BLOCK, size;                                  \
            for (size_t e = 0; e < edge_count; e += size) {                                        \
                type group[MOST] = {0};                                                            \
                uint64_t found[MOST] = {0};                                                        \
                size_t left = edge_count - e;                                                      \
                size = left > 2 * FEW ? MOST : FEW;                                                \
                for (size_t k = 0; k < size; k++) group[k] = k < left ? edges[e + k] : (type)NAN;  \
                if (size == MOST)                                                                  \
                    name##_group(values + at, block, group, found, MOST);                          \
                else                                                                               \
                    name##_group(values + at, block, group, found, FEW);                           \
                for (size_t k = 0; k < size && k < left; k++) counts[e + k] += found[k];           \
            }                                                                                      \
        }                                                                                          \
    }

FORM(GENERIC, generic64, double)
FORM(GENERIC, generic32, float)
#if defined(__x86_64__)
FORM(AVX2, avx2_64, double)
FORM(AVX2, avx2_32, float)
FORM(AVX512, avx512_64, double)
FORM(AVX512, avx512_32, float)
#endif

void fc_at_least_f64(const double *values, size_t n, const double *edges, size_t edge_count,
                     uint64_t *counts) {
    switch (fc_cpu_current()) {
#if defined(__x86_64__)
    case FC_CPU_AVX512: avx512_64(values, n, edges, edge_count, counts); return;
    case FC_CPU_AVX2: avx2_64(values, n, edges, edge_count, counts); return;
#endif
    default: generic64(values, n, edges, edge_count, counts);
    }
}

void fc_at_least_f32(const float *values, size_t n, const float *edges, size_t edge_count,
                     uint64_t *counts) {
    switch (fc_cpu_current()) {
#if defined(__x86_64__)
    case FC_CPU_AVX512: avx512_32(values, n, edges, edge_count, counts); return;
    case FC_CPU_AVX2: avx2_32(values, n, edges, edge_count, counts); return;
#endif
    default: generic32(values, n, edges, edge_count, counts);
    }
}

void fc_edges_f32(const double *edges, size_t edge_count, float *out) {
    for (size_t i = 0; i < edge_count; i++) {
        float near = (float)edges[i];
        out[i] = (double)near < edges[i] ? nextafterf(near, INFINITY) : near;
    }
}

#if defined(__x86_64__)
/* Whether some of n values, a multiple of 64, is NaN: one comparison tells of two vectors. */
#define ANY_NAN(bits, type, vector, width, load, compare)                                          \
    AVX512 static bool any_nan##bits(const type *x, size_t n) {                                    \
        unsigned found = 0;                                                                        \
        for (size_t i = 0; i < n && !found; i += 4 * (width))                                      \
            found = (unsigned)compare(load(x + i), load(x + i + (width)), _CMP_UNORD_Q) |          \
                    (unsigned)compare(load(x + i + 2 * (width)), load(x + i + 3 * (width)),        \
                                      _CMP_UNORD_Q);                                               \
        return found;                                                                              \
    }
ANY_NAN(64, double, __m512d, 8, _mm512_loadu_pd, _mm512_cmp_pd_mask)
ANY_NAN(32, float, __m512, 16, _mm512_loadu_ps, _mm512_cmp_ps_mask)
#define NO_NAN(bits, values, n) (fc_cpu_current() == FC_CPU_AVX512 && !any_nan##bits(values, n))
#else
#define NO_NAN(bits, values, n) false
#endif

#define PRESENT(bits, type)                                                                        \
    uint64_t fc_present_f##bits(const type *values, size_t n) {                                    \
        size_t whole = n & ~(size_t)63;                                                            \
        bool none = NO_NAN(bits, values, whole);                                                   \
        uint64_t count = none ? whole : 0;                                                         \
        for (size_t i = none ? whole : 0; i < n; i++) count += values[i] == values[i];             \
        return count;                                                                              \
    }
PRESENT(64, double)
PRESENT(32, float)
