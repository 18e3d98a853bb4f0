/* Which gap of a sorted set of points a value lies in. */
#include "drift/gaps.h"

#include <math.h>
#include <string.h>

#include "base/simd.h"

enum {
    BLOCK = 256,           /* values whose buckets are found before any is searched */
    LOOK = 4,              /* points that are compared in any case */
    BUCKETS_PER_POINT = 4, /* less than one point a bucket where they are evenly spread */
    MAX_BUCKETS = 1 << 22  /* 16 MB of guesses */
};

/* Rises with x. The comparisons are false for NaN, so that nothing outside the table is named. */
static inline int32_t bucket_of(const fc_points *p, double x) {
    double at = (x - p->low) * p->scale, last = (double)(p->buckets - 1);
    at = at < last ? at : last;
    return (int32_t)(at > 0 ? at : 0);
}

fc_status fc_points_init(fc_points *p, fc_arena *arena, const double *values, size_t count) {
    if (count > FC_POINTS_MAX) return FC_ELIMIT;
    for (size_t i = 0; i < count; i++)
        if (!isfinite(values[i]) || (i && !(values[i - 1] < values[i]))) return FC_EINVALID;
    double *copy = fc_arena_zeros(arena, count + 1 + LOOK, sizeof *copy);
    if (!copy) return FC_ENOMEM;
    /* NaN around them: nothing is equal to it or reaches it. */
    *copy++ = NAN;
    if (count) memcpy(copy, values, count * sizeof *copy);
    for (size_t i = 0; i < LOOK; i++) copy[count + i] = NAN;
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
        while (point < p->count && (uint32_t)bucket_of(p, copy[point]) < b) point++;
        start[b] = point;
    }
    p->start = start;
    return FC_OK;
}

/* The number of points <= x lies in [low, high]; the length is halved without a branch. */
static uint32_t search(const fc_points *p, double x, uint32_t low, uint32_t high) {
    const double *base = p->points + low;
    uint32_t length = high - low;
    while (length) {
        uint32_t half = (length + 1) >> 1;
        base += base[half - 1] <= x ? half : 0;
        length -= half;
    }
    return (uint32_t)(base - p->points);
}

/* Points of later buckets are above x, so that it does no harm to look at a few of them; only where
 * all of those are at most x the bucket may have more. */
static inline uint32_t cell_at(const fc_points *p, double x, int32_t bucket) {
    const double *points = p->points;
    uint32_t low = p->start[bucket], below = low;
    for (int k = 0; k < LOOK; k++) below += points[low + (uint32_t)k] <= x;
    if (FC_UNLIKELY(below == low + LOOK)) below = search(p, x, below, p->start[bucket + 1]);
    return 2 * below - (points[(ptrdiff_t)below - 1] == x);
}

uint32_t fc_points_cell(const fc_points *p, double x) { return cell_at(p, x, bucket_of(p, x)); }

FC_BODY void count_body(const fc_points *p, const double *values, size_t n, uint64_t *cells) {
    int32_t buckets[BLOCK];
    for (size_t at = 0; at < n; at += BLOCK) {
        size_t block = n - at < BLOCK ? n - at : BLOCK;
        const double *x = values + at;
        for (size_t i = 0; i < block; i++) buckets[i] = bucket_of(p, x[i]);
        for (size_t i = 0; i < block; i++) cells[cell_at(p, x[i], buckets[i])] += x[i] == x[i];
    }
}
FC_SIMD_FORMS(void, count, (const fc_points *p, const double *values, size_t n, uint64_t *cells),
              (p, values, n, cells))

void fc_points_count(const fc_points *points, const double *values, size_t n, uint64_t *cells) {
    count(points, values, n, cells);
}
