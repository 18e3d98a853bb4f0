/* Counting into a few bins without a comparison for each edge.
 *
 * A value x is in *bucket* fma(x, scale, offset), rounded to an integer and clamped. It never falls
 * as x rises, and the edges are put into their buckets by the same function: so the edges of lower
 * buckets are at most x, those of higher ones are above it, and only those of its own bucket, one
 * or two, have to be compared. However it rounds, the counts are exact.
 *
 * There are as many buckets as a permutation of two vectors can name. What a value adds is 1 in a
 * field of a word that has one for each bin: `step` of its bucket, moved by a field for each edge
 * of the bucket that it reaches. Fields are added into wider ones before they can overflow.
 *
 * Edges that lie too unevenly for that, or are too many for the fields, are compared one by one, as
 * they are without AVX-512. */
#include <math.h>
#include <string.h>

#include "base/simd.h"
#include "drift/sums.h"

#if defined(__x86_64__)
#include <immintrin.h>

enum {
    BLOCK = 3968, /* values whose counts the widest fields hold */
    FIELD64 = 5,
    FIELDS64 = 12, /* bits of a bin's field, and how many there are in a word */
    FIELD32 = 3,
    FIELDS32 = 10,
    FULL64 = (1 << FIELD64) - 1, /* vectors after which a field may be full */
    FULL32 = (1 << FIELD32) - 1,
    AGAIN32 = 9 /* as many full ones fit into a field of twice the bits */
};
#define AVX512 __attribute__((target("avx2,avx512f,avx512bw,avx512vl,fma")))

/* The integers from `whole` on are the floats whose last bits count up. */
#define PLACE(bits, type, word, multiply_add, whole, most)                                         \
    AVX512 static void place##bits(fc_bins_f##bits *b) {                                           \
        enum { LAST = FC_BUCKETS_F##bits - 1 };                                                    \
        size_t n = b->count, next = 0;                                                             \
        uint32_t in[FC_BUCKETS_F##bits] = {0}, crowd = 1;                                          \
        if (n < 2 || n >= FIELDS##bits) return;                                                    \
        b->scale = (type)LAST / (b->edges[n - 1] - b->edges[0]);                                   \
        double first = (double)(b->edges[0] * b->scale);                                           \
        if (!(b->scale > 0 && isfinite(b->scale) && fabs(first) < (double)whole / 4)) return;      \
        b->offset = whole - (type)rint(first);                                                     \
        for (size_t k = 0; k <= LAST; k++)                                                         \
            for (size_t j = 0; j < (most); j++) b->in_bucket[j][k] = (type)NAN;                    \
        for (size_t e = 0; e < n; e++) {                                                           \
            type at = multiply_add(b->edges[e], b->scale, b->offset) - whole;                      \
            size_t bucket = at > 0 ? at < LAST ? (size_t)at : LAST : 0;                            \
            if (in[bucket] == (most)) return;                                                      \
            while (next <= bucket) b->step[next++] = (word)1 << e * FIELD##bits;                   \
            b->in_bucket[in[bucket]++][bucket] = b->edges[e];                                      \
            if (in[bucket] > crowd) crowd = in[bucket];                                            \
        }                                                                                          \
        while (next <= LAST) b->step[next++] = (word)1 << n * FIELD##bits;                         \
        b->crowd = crowd;                                                                          \
    }
PLACE(64, double, uint64_t, fma, 0x1p52, 2)
PLACE(32, float, uint32_t, fmaf, 0x1p23f, 1)

/* Counts by bin as counts of what reaches each edge. */
static void add_bins(const uint32_t *in, size_t edge_count, uint64_t *counts) {
    uint64_t above = 0;
    for (size_t e = edge_count; e-- > 0;) counts[e] += above += in[e + 1];
}

/* The sums of one block, which has at least one vector. */
typedef struct lanes {
    __m512d shift, sum, squares, min, max;
} lanes;

FC_BODY AVX512 void open_lanes(lanes *l, const fc_sums *s, double shift) {
    *l = (lanes){_mm512_set1_pd(shift), _mm512_loadu_pd(s->sum), _mm512_loadu_pd(s->squares),
                 _mm512_loadu_pd(s->min), _mm512_loadu_pd(s->max)};
}

FC_BODY AVX512 bool close_lanes(const lanes *l, size_t n, fc_sums *s) {
    __m512d none = _mm512_sub_pd(l->squares, l->squares); /* 0 of what is finite */
    if (_mm512_cmp_pd_mask(none, none, _CMP_UNORD_Q)) return false;
    _mm512_storeu_pd(s->sum, l->sum);
    _mm512_storeu_pd(s->squares, l->squares);
    _mm512_storeu_pd(s->min, l->min);
    _mm512_storeu_pd(s->max, l->max);
    s->finite += n, s->present += n;
    return true;
}

FC_BODY AVX512 void add_lanes(lanes *l, __m512d from) {
    l->sum = _mm512_add_pd(l->sum, from);
    l->squares = _mm512_add_pd(l->squares, _mm512_mul_pd(from, from));
}

/* The order of floats from 0 on is that of their bits, and negative ones are below as integers too:
 * quicker, but wrong for NaN, of which the maximum of floats makes `low`, so that it reaches no
 * edge. */
FC_BODY AVX512 __m512i clamp64(__m512i t, __m512d low, __m512d high) {
    t = _mm512_max_epi64(t, _mm512_castpd_si512(low));
    return _mm512_min_epi64(t, _mm512_castpd_si512(high));
}
FC_BODY AVX512 __m512i clamp32(__m512i t, __m512 low, __m512 high) {
    t = _mm512_max_epi32(t, _mm512_castps_si512(low));
    return _mm512_min_epi32(t, _mm512_castps_si512(high));
}

/* Up to a block of whole vectors; false, with nothing added, if there are sums to be added (`s` is
 * not NULL) and some value was not finite (or its square). `crowd` is a constant where this is
 * inlined.
 */
FC_BODY AVX512 bool block64(const fc_bins_f64 *b, const double *values, size_t n, double shift,
                            fc_sums *s, uint64_t *counts, const uint32_t crowd) {
    const __m512d scale = _mm512_set1_pd(b->scale), offset = _mm512_set1_pd(b->offset),
                  low = _mm512_set1_pd(0x1p52), high = _mm512_set1_pd(0x1p52 + 15),
                  e0 = _mm512_loadu_pd(b->in_bucket[0]), e1 = _mm512_loadu_pd(b->in_bucket[0] + 8),
                  f0 = _mm512_loadu_pd(b->in_bucket[1]), f1 = _mm512_loadu_pd(b->in_bucket[1] + 8);
    const __m512i s0 = _mm512_loadu_si512(b->step), s1 = _mm512_loadu_si512(b->step + 8),
                  wide = _mm512_set1_epi64(0x7C1F07C1F07C1F),
                  wider = _mm512_set1_epi64(0x3FF003FF003FF);
    __m512i even = _mm512_setzero_si512(), odd = even;
    lanes l;
    if (s) open_lanes(&l, s, shift);
    for (size_t at = 0; at < n;) {
        __m512i fields = _mm512_setzero_si512();
        size_t end = n - at < 8 * FULL64 ? n : at + 8 * FULL64;
        for (; at < end; at += 8) {
            FC_AHEAD(values + at);
            __m512d x = _mm512_loadu_pd(values + at), t = _mm512_fmadd_pd(x, scale, offset);
            __m512i k = s ? clamp64(_mm512_castpd_si512(t), low, high)
                          : _mm512_castpd_si512(_mm512_min_pd(_mm512_max_pd(t, low), high));
            __m512i step = _mm512_permutex2var_epi64(s0, k, s1);
            __mmask8 reaches = _mm512_cmp_pd_mask(x, _mm512_permutex2var_pd(e0, k, e1), _CMP_GE_OQ);
            step = _mm512_mask_slli_epi64(step, reaches, step, FIELD64);
            if (crowd > 1) {
                reaches = _mm512_cmp_pd_mask(x, _mm512_permutex2var_pd(f0, k, f1), _CMP_GE_OQ);
                step = _mm512_mask_slli_epi64(step, reaches, step, FIELD64);
            }
            fields = _mm512_add_epi64(fields, step);
            if (s) {
                add_lanes(&l, _mm512_sub_pd(x, l.shift));
                l.min = _mm512_min_pd(x, l.min);
                l.max = _mm512_max_pd(x, l.max);
            }
        }
        even = _mm512_add_epi64(even, _mm512_and_si512(fields, wide));
        fields = _mm512_srli_epi64(fields, FIELD64);
        odd = _mm512_add_epi64(odd, _mm512_and_si512(fields, wide));
    }
    if (s && !close_lanes(&l, n, s)) return false;
    uint32_t in[FIELDS64];
    for (int j = 0; j < 4; j++) {
        __m512i part = j & 1 ? odd : even;
        if (j & 2) part = _mm512_srli_epi64(part, 2 * FIELD64);
        uint64_t sum = (uint64_t)_mm512_reduce_add_epi64(_mm512_and_si512(part, wider));
        for (int k = 0; k < 3; k++) in[j + 4 * k] = sum >> 4 * FIELD64 * k & 0xFFFFF;
    }
    add_bins(in, b->count, counts);
    return true;
}

/* The extremes are found among the floats, which are the same. */
FC_BODY AVX512 void join_extremes(lanes *l, __m512 min, __m512 max) {
    __m256 a = _mm512_castps512_ps256(min), b = _mm512_castps512_ps256(max);
    __m256 c = _mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(min), 1));
    __m256 d = _mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(max), 1));
    l->min = _mm512_min_pd(_mm512_cvtps_pd(_mm256_min_ps(a, c)), l->min);
    l->max = _mm512_max_pd(_mm512_cvtps_pd(_mm256_max_ps(b, d)), l->max);
}

FC_BODY AVX512 bool block32(const fc_bins_f32 *b, const float *values, size_t n, double shift,
                            fc_sums *s, uint64_t *counts) {
    const __m512 scale = _mm512_set1_ps(b->scale), offset = _mm512_set1_ps(b->offset),
                 low = _mm512_set1_ps(0x1p23f), high = _mm512_set1_ps(0x1p23f + 31),
                 e0 = _mm512_loadu_ps(b->in_bucket[0]), e1 = _mm512_loadu_ps(b->in_bucket[0] + 16);
    const __m512i s0 = _mm512_loadu_si512(b->step), s1 = _mm512_loadu_si512(b->step + 16),
                  wide = _mm512_set1_epi32(0x71C71C7), wider = _mm512_set1_epi32(0x3F03F03F);
    __m512i quarters[4] = {_mm512_setzero_si512()};
    for (int j = 1; j < 4; j++) quarters[j] = quarters[0];
    __m512 min = _mm512_set1_ps(INFINITY), max = _mm512_set1_ps(-INFINITY);
    /* x * 1 - shift is x - shift, without the adders, which have enough to do. */
    __m512d one = _mm512_set1_pd(1);
    __asm__("" : "+v"(one));
    lanes l;
    if (s) open_lanes(&l, s, shift);
    for (size_t at = 0; at < n;) {
        __m512i even = _mm512_setzero_si512(), odd = even;
        for (int again = 0; at < n && again < AGAIN32; again++) {
            __m512i fields = _mm512_setzero_si512();
            size_t end = n - at < 16 * FULL32 ? n : at + 16 * FULL32;
            for (; at < end; at += 16) {
                FC_AHEAD(values + at);
                __m512 x = _mm512_loadu_ps(values + at), t = _mm512_fmadd_ps(x, scale, offset);
                __m512i k = s ? clamp32(_mm512_castps_si512(t), low, high)
                              : _mm512_castps_si512(_mm512_min_ps(_mm512_max_ps(t, low), high));
                __m512i step = _mm512_permutex2var_epi32(s0, k, s1);
                __mmask16 reaches =
                    _mm512_cmp_ps_mask(x, _mm512_permutex2var_ps(e0, k, e1), _CMP_GE_OQ);
                step = _mm512_mask_slli_epi32(step, reaches, step, FIELD32);
                fields = _mm512_add_epi32(fields, step);
                if (s) {
                    __m512d first = _mm512_cvtps_pd(_mm256_loadu_ps(values + at)),
                            second = _mm512_cvtps_pd(_mm256_loadu_ps(values + at + 8));
                    add_lanes(&l, _mm512_fmsub_pd(first, one, l.shift));
                    add_lanes(&l, _mm512_fmsub_pd(second, one, l.shift));
                    min = _mm512_min_ps(x, min);
                    max = _mm512_max_ps(x, max);
                }
            }
            even = _mm512_add_epi32(even, _mm512_and_si512(fields, wide));
            fields = _mm512_srli_epi32(fields, FIELD32);
            odd = _mm512_add_epi32(odd, _mm512_and_si512(fields, wide));
        }
        for (int j = 0; j < 4; j++) {
            __m512i part = j & 1 ? odd : even;
            if (j & 2) part = _mm512_srli_epi32(part, 2 * FIELD32);
            quarters[j] = _mm512_add_epi32(quarters[j], _mm512_and_si512(part, wider));
        }
    }
    if (s) join_extremes(&l, min, max);
    if (s && !close_lanes(&l, n, s)) return false;
    /* The last of three fields has room for a lane's count, not for their sum. */
    uint32_t in[FIELDS32 + 2];
    for (int j = 0; j < 4; j++) {
        __m512i two = _mm512_and_si512(quarters[j], _mm512_set1_epi32(0xFFFFFF));
        uint32_t sum = (uint32_t)_mm512_reduce_add_epi32(two);
        in[j] = sum & 0xFFF;
        in[j + 4] = sum >> 12;
        in[j + 8] = (uint32_t)_mm512_reduce_add_epi32(_mm512_srli_epi32(quarters[j], 24));
    }
    add_bins(in, b->count, counts);
    return true;
}

AVX512 static bool buckets64(const fc_bins_f64 *b, const double *values, size_t n, double shift,
                             fc_sums *s, uint64_t *counts) {
    if (b->crowd > 1)
        return s ? block64(b, values, n, shift, s, counts, 2)
                 : block64(b, values, n, shift, NULL, counts, 2);
    return s ? block64(b, values, n, shift, s, counts, 1)
             : block64(b, values, n, shift, NULL, counts, 1);
}

AVX512 static bool buckets32(const fc_bins_f32 *b, const float *values, size_t n, double shift,
                             fc_sums *s, uint64_t *counts) {
    return s ? block32(b, values, n, shift, s, counts) : block32(b, values, n, shift, NULL, counts);
}

#define USABLE(bins) ((bins)->crowd && fc_cpu_current() == FC_CPU_AVX512)
#define PREPARE(bits)                                                                              \
    if (fc_cpu_current() == FC_CPU_AVX512) place##bits(bins)
#else
enum { BLOCK = 3968 };
#define USABLE(bins) false
#define PREPARE(bits) (void)bins
#define buckets64(bins, values, n, shift, s, counts) true
#define buckets32(bins, values, n, shift, s, counts) true
#endif

void fc_bins_init_f64(fc_bins_f64 *bins, const double *edges, size_t edge_count) {
    bins->count = (uint32_t)edge_count;
    bins->crowd = 0;
    memcpy(bins->edges, edges, edge_count * sizeof *edges);
    PREPARE(64);
}

void fc_bins_init_f32(fc_bins_f32 *bins, const double *edges, size_t edge_count) {
    bins->count = (uint32_t)edge_count;
    bins->crowd = 0;
    fc_edges_f32(edges, edge_count, bins->edges);
    PREPARE(32);
}

/* Whole vectors, and the rest by comparing. */
#define FORMS(bits, type, lanes)                                                                   \
    void fc_bins_count_f##bits(const fc_bins_f##bits *bins, const type *values, size_t n,          \
                               uint64_t *counts) {                                                 \
        size_t whole = USABLE(bins) ? n - n % lanes : 0;                                           \
        for (size_t at = 0, block; at < whole; at += block) {                                      \
            block = whole - at < BLOCK ? whole - at : BLOCK;                                       \
            buckets##bits(bins, values + at, block, 0, NULL, counts);                              \
        }                                                                                          \
        if (whole < n)                                                                             \
            fc_at_least_f##bits(values + whole, n - whole, bins->edges, bins->count, counts);      \
    }                                                                                              \
    void fc_profile_f##bits(const fc_bins_f##bits *bins, const type *values, size_t n,             \
                            double shift, bool *finite, fc_quality *out, uint64_t *counts) {       \
        fc_sums s;                                                                                 \
        fc_sums_open(&s);                                                                          \
        size_t whole = USABLE(bins) ? n - n % lanes : 0, at = 0, block = 0;                        \
        for (; at < whole && *finite; at += block) {                                               \
            block = whole - at < BLOCK ? whole - at : BLOCK;                                       \
            *finite = buckets##bits(bins, values + at, block, shift, &s, counts);                  \
        }                                                                                          \
        if (!*finite && at) at -= block;                                                           \
        if (at < n) {                                                                              \
            fc_bins_count_f##bits(bins, values + at, n - at, counts);                              \
            fc_sums_add_f##bits(values + at, n - at, shift, finite, &s);                           \
        }                                                                                          \
        fc_sums_close_f##bits(&s, values, n, out);                                                 \
    }
FORMS(64, double, 8)
FORMS(32, float, 16)
