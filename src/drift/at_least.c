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
 * once. `of` is a constant where this is inlined. A comparison that holds is -1 in its lane; the
 * counts of float32 have 32 bits, more than a block can fill. */
#define GROUP(name, type, integer, bytes)                                                          \
    typedef type name##_values __attribute__((vector_size(bytes)));                                \
    typedef integer name##_counts __attribute__((vector_size(bytes)));                             \
    FC_BODY void name##_group(const type *restrict x, size_t n, const type *restrict edges,        \
                              uint64_t *restrict counts, const size_t of) {                        \
        enum { LANES = bytes / sizeof(type) };                                                     \
        name##_values edge[MOST], v;                                                               \
        name##_counts at[MOST];                                                                    \
        for (size_t k = 0; k < of; k++) {                                                          \
            edge[k] = (name##_values){0} + edges[k];                                               \
            at[k] = (name##_counts){0};                                                            \
        }                                                                                          \
        size_t i = 0;                                                                              \
        for (; i + LANES <= n; i += LANES) {                                                       \
            memcpy(&v, x + i, sizeof v);                                                           \
            _Pragma("GCC unroll 9") for (size_t k = 0; k < of; k++) at[k] += v >= edge[k];         \
        }                                                                                          \
        for (size_t k = 0; k < of; k++) {                                                          \
            for (size_t j = i; j < n; j++) counts[k] += x[j] >= edges[k];                          \
            for (size_t lane = 0; lane < LANES; lane++)                                            \
                counts[k] -= (uint64_t)(int64_t)at[k][lane];                                       \
        }                                                                                          \
    }

#define GENERIC
#define AVX2 __attribute__((target("avx2")))
#define AVX512 __attribute__((target("avx2,avx512f,avx512bw,avx512vl,popcnt")))

GROUP(generic64, double, int64_t, 16)
GROUP(generic32, float, int32_t, 16)
#if defined(__x86_64__)
GROUP(avx2_64, double, int64_t, 32)
GROUP(avx2_32, float, int32_t, 32)

/* With masks: one of 64 bits holds a comparison's outcome for 64 values, and is counted at once. */
#define GROUP_OF_MASKS(name, type, vector, mask, width, load, set, compare, join)                  \
    FC_BODY AVX512 void name##_group(const type *restrict x, size_t n, const type *restrict edges, \
                                     uint64_t *restrict counts, const size_t of) {                 \
        enum { VECTORS = 64 / width };                                                             \
        vector edge[MOST], v[VECTORS];                                                             \
        uint64_t at[MOST] = {0};                                                                   \
        for (size_t k = 0; k < of; k++) edge[k] = set(edges[k]);                                   \
        size_t i = 0;                                                                              \
        for (; i + 64 <= n; i += 64) {                                                             \
            for (int j = 0; j < VECTORS; j++) {                                                    \
                v[j] = load(x + i + j * width);                                                    \
                __asm__("" : "+v"(v[j])); /* once: it would be loaded again for each edge */       \
            }                                                                                      \
            _Pragma("GCC unroll 9") for (size_t k = 0; k < of; k++) {                              \
                mask m[VECTORS];                                                                   \
                _Pragma("GCC unroll 8") for (int j = 0; j < VECTORS; j++) m[j] =                   \
                    compare(v[j], edge[k], _CMP_GE_OQ);                                            \
                at[k] += (uint64_t)__builtin_popcountll(join(m));                                  \
            }                                                                                      \
        }                                                                                          \
        for (size_t k = 0; k < of; k++) {                                                          \
            for (size_t j = i; j < n; j++) counts[k] += x[j] >= edges[k];                          \
            counts[k] += at[k];                                                                    \
        }                                                                                          \
    }

FC_BODY AVX512 uint64_t join8(const __mmask8 *m) {
    __mmask16 a = _mm512_kunpackb(m[1], m[0]), b = _mm512_kunpackb(m[3], m[2]),
              c = _mm512_kunpackb(m[5], m[4]), d = _mm512_kunpackb(m[7], m[6]);
    return _mm512_kunpackd(_mm512_kunpackw(d, c), _mm512_kunpackw(b, a));
}

FC_BODY AVX512 uint64_t join4(const __mmask16 *m) {
    return _mm512_kunpackd(_mm512_kunpackw(m[3], m[2]), _mm512_kunpackw(m[1], m[0]));
}

GROUP_OF_MASKS(avx512_64, double, __m512d, __mmask8, 8, _mm512_loadu_pd, _mm512_set1_pd,
               _mm512_cmp_pd_mask, join8)
GROUP_OF_MASKS(avx512_32, float, __m512, __mmask16, 16, _mm512_loadu_ps, _mm512_set1_ps,
               _mm512_cmp_ps_mask, join4)
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
