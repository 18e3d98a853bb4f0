/* Which gap of a sorted set of points a value lies in. */
#include "drift/cells.h"

#include <math.h>
#include <string.h>

enum {
    BLOCK = 64,              /* values whose buckets are found before any is searched */
    BUCKETS_PER_POINT = 4,   /* one step of search for evenly spread points */
    MAX_BUCKETS = 1 << 18    /* 1 MB of guesses: beyond that the table itself misses the cache */
};

/* Rises with x. The comparison is false for NaN, so that nothing outside the table is named. */
static inline uint32_t bucket_of(const fc_points *p, double x) {
    double at = (x - p->low) * p->scale;
    double last = (double)(p->buckets - 1);
    at = at < last ? at : last;
    return at > 0 ? (uint32_t)at : 0;
}

fc_status fc_points_init(fc_points *p, fc_arena *arena, const double *values, size_t count) {
    if (count > FC_POINTS_MAX) return FC_ELIMIT;
    for (size_t i = 0; i < count; i++)
        if (!isfinite(values[i]) || (i && !(values[i - 1] < values[i]))) return FC_EINVALID;
    double *copy = fc_arena_zeros(arena, count + 1, sizeof *copy);
    if (!copy) return FC_ENOMEM;
    if (count) memcpy(copy, values, count * sizeof *copy);
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
        while (point < p->count && bucket_of(p, copy[point]) < b) point++;
        start[b] = point;
    }
    p->start = start;
    return FC_OK;
}

/* The number of points <= x lies in [low, high]; the length is halved without a branch. */
static inline uint32_t cell_in(const fc_points *p, double x, uint32_t low, uint32_t high) {
    const double *base = p->points + low;
    uint32_t length = high - low;
    while (length) {
        uint32_t half = (length + 1) >> 1;
        base += base[half - 1] <= x ? half : 0;
        length -= half;
    }
    uint32_t below = (uint32_t)(base - p->points);
    return 2 * below - (below && p->points[below - 1] == x);
}

uint32_t fc_points_cell(const fc_points *p, double x) {
    uint32_t bucket = bucket_of(p, x);
    return cell_in(p, x, p->start[bucket], p->start[bucket + 1]);
}

void fc_points_count(const fc_points *p, const double *values, size_t n, uint64_t *cells,
                     uint64_t *missing) {
    uint32_t buckets[BLOCK];
    uint64_t absent = 0;
    for (size_t at = 0; at < n; at += BLOCK) {
        size_t block = n - at < BLOCK ? n - at : BLOCK;
        const double *x = values + at;
        for (size_t i = 0; i < block; i++) buckets[i] = bucket_of(p, x[i]);
        for (size_t i = 0; i < block; i++) {
            uint32_t b = buckets[i];
            uint32_t cell = cell_in(p, x[i], p->start[b], p->start[b + 1]);
            bool there = x[i] == x[i];
            cells[cell] += there;
            absent += !there;
        }
    }
    *missing += absent;
}
