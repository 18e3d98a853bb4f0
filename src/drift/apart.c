/* The Kolmogorov-Smirnov distance without counting every value into its cell.
 *
 * Values are counted into a few thousand buckets, runs of those of the points' table of guesses.
 * Between the ends of a bucket both distribution functions lie between their values there, which
 * bounds their distance in it from both sides. Only buckets whose upper bound reaches the largest
 * lower bound can hold the maximum: as a rule they are few, and only their values are looked at
 * again and counted into cells. The distance is then taken as fc_cells_distance takes it, at the
 * same places: the same bits. */
#include <math.h>
#include <string.h>

#include "base/simd.h"
#include "drift/gaps.h"
#include "fastcore/drift.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum {
    BLOCK = 256,
    FEWEST_POINTS = 256, /* with fewer, too many values lie in one bucket */
    MOST_BUCKETS = 8192,
    LOG_NEAR = 4,       /* so that a vector has a bit for each 16 of them */
    MOST_IDS = 1 << 18, /* values whose buckets are remembered: they stay in a cache */
    WORTH = 4 /* if more than a quarter had to be looked at again, counting all is as quick */
};

typedef struct buckets {
    const fc_points *p;
    int shift; /* from buckets of the table to these */
    uint32_t count;
    uint32_t first, last;             /* of those that are needed */
    uint64_t below[MOST_BUCKETS + 1]; /* of the reference, in cells before the first point */
    /* Shares of the reference below the bucket, of which those in the gap that the bucket begins in
     * are on either side of its beginning, and of the values. */
    double least[MOST_BUCKETS + 1], most[MOST_BUCKETS + 1], share[MOST_BUCKETS + 1];
    uint32_t at[MOST_BUCKETS + 1];                   /* values in each bucket; then, before each */
    uint8_t needed[MOST_BUCKETS];                    /* 1: may hold the maximum */
    uint32_t groups[MOST_BUCKETS >> (LOG_NEAR + 5)]; /* of which some are needed: a bit for each */
    uint32_t fine[MOST_BUCKETS];                     /* where the cells of such a bucket begin */
    uint16_t ids[];
} buckets;

/* The first point of a bucket, or of a later one. */
static inline uint32_t point_of(const buckets *b, uint32_t bucket) {
    uint64_t at = (uint64_t)bucket << b->shift;
    return b->p->start[at < b->p->buckets ? at : b->p->buckets];
}

FC_BODY bool name_all_body(const buckets *b, const double *x, size_t n, uint16_t *ids) {
    for (size_t i = 0; i < n; i++) ids[i] = (uint16_t)(fc_points_bucket(b->p, x[i]) >> b->shift);
    return true;
}
FC_SIMD_FORMS(bool, name_all, (const buckets *b, const double *x, size_t n, uint16_t *ids),
              (b, x, n, ids))

#if defined(__x86_64__)
#define AVX512 __attribute__((target("avx2,avx512f,avx512bw,avx512vl,popcnt")))

/* fc_points_bucket of whole vectors of words. Added to a number whose last bit is worth 1 << shift,
 * and rounded down, it has the bucket in its last bits: neither a conversion nor a shift, which
 * would take the port that packing needs. Returns how many were named. */
AVX512 static size_t name_wide(const buckets *b, const double *x, size_t n, uint16_t *ids) {
    const __m512d low = _mm512_set1_pd(b->p->low), scale = _mm512_set1_pd(b->p->scale),
                  last = _mm512_set1_pd(b->p->buckets - 1),
                  whole = _mm512_set1_pd(ldexp(0x1p52, b->shift));
    /* Packed, a word of 32 bits has two ids: of vector j, from its lane l, at 4 * l + j. */
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    size_t i = 0;
    for (; i + 32 <= n; i += 32) {
        __m512 t[4];
        for (int j = 0; j < 4; j++) {
            const double *from = x + i + 8 * j;
            FC_AHEAD(from);
            __m512d at = _mm512_mul_pd(_mm512_sub_pd(_mm512_loadu_pd(from), low), scale);
            at = _mm512_max_pd(_mm512_min_pd(at, last), _mm512_setzero_pd());
            t[j] = _mm512_castpd_ps(
                _mm512_add_round_pd(at, whole, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC));
        }
        __m512i first = _mm512_castps_si512(_mm512_shuffle_ps(t[0], t[1], 0x88)),
                second = _mm512_castps_si512(_mm512_shuffle_ps(t[2], t[3], 0x88));
        _mm512_storeu_si512(ids + i,
                            _mm512_permutexvar_epi32(order, _mm512_packus_epi32(first, second)));
    }
    return i;
}

/* The values, in order, in a group of buckets of which some are needed: there is one bit for
 * each group in a vector, `groups`. */
AVX512 static size_t pick_wide(const buckets *b, const uint16_t *ids, size_t n, uint8_t *picked) {
    const __m512i groups = _mm512_loadu_si512(b->groups), one = _mm512_set1_epi32(1);
    __m512i at = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    size_t count = 0;
    for (size_t i = 0; i < n; i += 16) {
        __mmask16 valid = n - i < 16 ? (__mmask16)((1u << (n - i)) - 1) : (__mmask16)-1;
        __m512i id = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(valid, ids + i)),
                group = _mm512_srli_epi32(id, LOG_NEAR),
                bits = _mm512_permutexvar_epi32(_mm512_srli_epi32(group, 5), groups),
                bit = _mm512_sllv_epi32(one, _mm512_and_si512(group, _mm512_set1_epi32(31)));
        __mmask16 in = _mm512_mask_test_epi32_mask(valid, bits, bit);
        _mm_storeu_si128((__m128i *)(picked + count),
                         _mm512_cvtepi32_epi8(_mm512_maskz_compress_epi32(in, at)));
        count += (size_t)__builtin_popcount(in);
        at = _mm512_add_epi32(at, _mm512_set1_epi32(16));
    }
    return count;
}
#endif

static void name(const buckets *b, const double *x, size_t n, uint16_t *ids) {
    size_t done = 0;
#if defined(__x86_64__)
    if (fc_cpu_current() == FC_CPU_AVX512) done = name_wide(b, x, n, ids);
#endif
    if (done < n) name_all(b, x + done, n - done, ids + done);
}

/* Whether any value may lie in a bucket that is needed. */
FC_BODY bool needs_body(const buckets *b, const uint16_t *ids, size_t n) {
    uint16_t first = (uint16_t)b->first, span = (uint16_t)(b->last - b->first), some = 0;
    for (size_t i = 0; i < n; i++) some |= (uint16_t)(ids[i] - first) <= span;
    return some;
}
FC_SIMD_FORMS(bool, needs, (const buckets *b, const uint16_t *ids, size_t n), (b, ids, n))

/* NaN were counted into the last bucket. */
static void add_values(buckets *b, uint64_t missing, double m) {
    uint32_t sum = 0;
    b->at[b->count - 1] -= (uint32_t)missing;
    for (uint32_t k = 0; k < b->count; k++) {
        uint32_t here = b->at[k];
        b->at[k] = sum;
        sum += here;
    }
    b->at[b->count] = sum;
    for (uint32_t k = 0; k <= b->count; k++) b->share[k] = b->at[k] * (1 / m);
}

/* Sums are added up run by run, and looked up where buckets begin: where a bucket has a point or
 * two, a loop over each one's own would end where it is not foreseen. */
static void add_reference(buckets *b, const uint64_t *cells, double n) {
    enum { RUN = 16 };
    uint64_t sum = 0, sums[RUN + 1];
    uint32_t points = b->p->count, k = 0, end = point_of(b, 0);
    for (uint32_t at = 0; at < points; at += RUN) {
        uint32_t run = points - at < RUN ? points - at : RUN;
        const uint64_t *cell = cells + 2 * (size_t)at;
        if (end > at + run) {
            for (uint32_t i = 0; i < 2 * run; i++) sum += cell[i];
            continue;
        }
        sums[0] = sum;
        for (uint32_t i = 0; i < run; i++)
            sums[i + 1] = sum += cell[2 * (size_t)i] + cell[2 * (size_t)i + 1];
        while (end <= at + run) {
            uint64_t below = sums[end - at];
            b->below[k] = below;
            b->least[k] = (double)below * (1 / n);
            b->most[k] = (double)(below + cells[2 * (size_t)end]) * (1 / n);
            if (++k > b->count) return;
            end = point_of(b, k);
        }
    }
}

/* The distance where a bucket begins is not above the largest one: in a gap it lies between those
 * at the gap's ends. */
FC_BODY double bound_body(const buckets *b) {
    double bound = 0;
    for (uint32_t k = 0; k <= b->count; k++) {
        double over = b->least[k] - b->share[k], under = b->share[k] - b->most[k];
        double apart = over > under ? over : under;
        bound = apart > bound ? apart : bound;
    }
    return bound - 1e-9; /* more than it can have been rounded */
}
FC_SIMD_FORMS(double, bound, (const buckets *b), (b))

/* Which buckets may hold it. */
FC_BODY bool may_body(buckets *b, double bound) {
    for (uint32_t k = 0; k < b->count; k++) {
        double over = b->least[k + 1] - b->share[k], under = b->share[k + 1] - b->least[k];
        b->needed[k] = over >= bound || under >= bound;
    }
    return true;
}
FC_SIMD_FORMS(bool, may, (buckets * b, double bound), (b, bound))

/* How many cells those have, and *again values. */
static size_t choose(buckets *b, uint64_t *again) {
    size_t cells = 0;
    *again = 0;
    may(b, bound(b));
    memset(b->groups, 0, sizeof b->groups);
    b->first = b->count, b->last = 0;
    for (uint32_t k = 0; k < b->count; k++) {
        if (!b->needed[k]) continue;
        uint32_t points = point_of(b, k + 1) - point_of(b, k);
        b->needed[k] = points > 0; /* distances are taken at points only */
        b->fine[k] = (uint32_t)cells;
        if (!points) continue;
        cells += 2 * (size_t)points + 1;
        *again += b->at[k + 1] - b->at[k];
        b->groups[k >> (LOG_NEAR + 5)] |= 1u << (k >> LOG_NEAR & 31);
        if (k < b->first) b->first = k;
        b->last = k;
    }
    return cells;
}

/* The values of a block that lie in buckets that are needed. Which ones is not to be foreseen, so
 * that they are picked without a branch. */
static size_t pick(const buckets *b, const uint16_t *ids, size_t n, uint8_t *picked) {
    size_t count = 0;
#if defined(__x86_64__)
    if (fc_cpu_current() == FC_CPU_AVX512) {
        size_t some = pick_wide(b, ids, n, picked);
        for (size_t k = 0; k < some; k++) {
            uint8_t i = picked[k];
            picked[count] = i;
            count += b->needed[ids[i]];
        }
        return count;
    }
#endif
    for (size_t i = 0; i < n; i++) {
        picked[count] = (uint8_t)i;
        count += b->needed[ids[i]];
    }
    return count;
}

static void look_again(const buckets *b, const double *x, const uint16_t *ids, size_t n,
                       uint32_t *cells) {
    uint8_t picked[BLOCK + 16]; /* which are written 16 at a time */
    size_t count = pick(b, ids, n, picked);
    for (size_t k = 0; k < count; k++) {
        size_t i = picked[k];
        if (x[i] != x[i]) continue;
        uint32_t from = 2 * point_of(b, ids[i]), to = 2 * point_of(b, ids[i] + 1u);
        uint32_t cell = fc_points_cell(b->p, x[i]);
        /* Always, unless another thread has written to the values since they were named. */
        if (cell >= from && cell <= to) cells[b->fine[ids[i]] + (cell - from)]++;
    }
}

/* As fc_cells_distance does it. */
static double take(const buckets *b, const uint64_t *reference, const uint32_t *cells, double n,
                   double m) {
    double most = 0;
    for (uint32_t k = b->first; k <= b->last && k < b->count; k++) {
        if (!b->needed[k]) continue;
        uint64_t i = b->below[k], j = b->at[k];
        size_t from = 2 * (size_t)point_of(b, k), to = 2 * (size_t)point_of(b, k + 1);
        for (size_t c = from; c < to; c++) {
            i += reference[c], j += cells[b->fine[k] + (c - from)];
            double apart = fabs((double)i / n - (double)j / m);
            most = apart > most ? apart : most;
        }
    }
    return most;
}

/* Every value into its bucket. */
static void count_all(buckets *b, fc_points_source *source, void *ctx, size_t count) {
    memset(b->at, 0, b->count * sizeof *b->at);
    for (size_t at = 0; at < count; at += BLOCK) {
        double room[BLOCK];
        uint16_t local[BLOCK], *ids = count <= MOST_IDS ? b->ids + at : local;
        size_t n = count - at < BLOCK ? count - at : BLOCK;
        name(b, source(ctx, at, n, room), n, ids);
        for (size_t i = 0; i < n; i++) b->at[ids[i]]++;
    }
}

static void look_at_all(buckets *b, fc_points_source *source, void *ctx, size_t count,
                        uint32_t *cells) {
    /* Otherwise nearly every block has some. */
    bool near = (b->last - b->first) * (BLOCK / 2) < b->count;
    for (size_t at = 0; at < count; at += BLOCK) {
        double room[BLOCK];
        uint16_t local[BLOCK], *ids = count <= MOST_IDS ? b->ids + at : local;
        size_t n = count - at < BLOCK ? count - at : BLOCK;
        if (count <= MOST_IDS && near && !needs(b, ids, n)) continue;
        const double *x = source(ctx, at, n, room);
        if (count > MOST_IDS) name(b, x, n, ids);
        look_again(b, x, ids, n, cells);
    }
}

fc_status fc_points_distance(const fc_points *p, const fc_alloc *alloc, const uint64_t *reference,
                             uint64_t reference_count, fc_points_source *source, void *ctx,
                             size_t count, uint64_t missing, double *distance) {
    if (count > UINT32_MAX || p->count < FEWEST_POINTS || !reference_count || missing >= count)
        return FC_EREFUSED;
    size_t ids = count <= MOST_IDS ? count : 0;
    buckets *b = alloc->get(alloc->ctx, sizeof *b + ids * sizeof *b->ids);
    if (!b) return FC_ENOMEM;
    b->p = p;
    b->shift = 0;
    while (((p->buckets - 1) >> b->shift) >= MOST_BUCKETS) b->shift++;
    b->count = ((p->buckets - 1) >> b->shift) + 1;
    double n = (double)reference_count, m = (double)(count - missing);
    count_all(b, source, ctx, count);
    add_values(b, missing, m);
    add_reference(b, reference, n);
    uint64_t again;
    uint32_t *cells = NULL;
    fc_status status = FC_EREFUSED;
    size_t cell_count = choose(b, &again);
    if (!cell_count || again > count / WORTH) goto done;
    status = FC_ENOMEM;
    cells = alloc->get(alloc->ctx, cell_count * sizeof *cells);
    if (!cells) goto done;
    memset(cells, 0, cell_count * sizeof *cells);
    look_at_all(b, source, ctx, count, cells);
    *distance = take(b, reference, cells, n, m);
    status = FC_OK;
done:
    if (cells) alloc->release(alloc->ctx, cells);
    alloc->release(alloc->ctx, b);
    return status;
}
