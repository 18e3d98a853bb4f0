/* Sums of a Gaussian kernel, tile by tile: exp(-gamma |a - b|^2) is 2^(a'b' - |a'|^2/2 - |b'|^2/2)
 * with a' = sqrt(2 gamma log2(e)) a. No matrix of n^2 values is kept: while a tile is at hand, it
 * is added to the sums of all labellings. */
#include <math.h>
#include <string.h>

#include "base/simd.h"
#include "fastcore/drift_vectors.h"
#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

enum { ROWS = 8, PANEL = 16, TILE = FC_RBF_TILE };

typedef struct forms {
    void (*tile)(const float *a, const float *half_a, const float *b, const float *half_b, size_t d,
                 float *restrict out);
    void (*add)(const float *restrict k, double *restrict columns);
    void (*label)(const float *restrict k, const double *restrict all, uint64_t rows,
                  uint64_t chosen, double out[2]);
} forms;

FC_BODY double lanes_sum(const double *x) {
    return ((x[0] + x[1]) + (x[2] + x[3])) + ((x[4] + x[5]) + (x[6] + x[7]));
}

FC_BODY double masked(double x, uint64_t mask) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    bits &= mask;
    memcpy(&x, &bits, sizeof x);
    return x;
}

typedef float four __attribute__((vector_size(16)));
static inline four fma_each(four a, four b, four at) {
    four c = at;
    for (int i = 0; i < 4; i++) c[i] = fmaf(a[i], b[i], c[i]);
    return c;
}
#define FC_R(name) generic_##name
#define FC_TARGET
#define FC_WIDTH 4
#define FC_FMA(a, b, c) fma_each(a, b, c)
#define FC_ALL(x) ((four){x, x, x, x})
#include "drift/rbf_tile.h"

#if defined(__x86_64__)
#define FC_R(name) avx2_##name
#define FC_TARGET __attribute__((target("avx2,fma")))
#define FC_WIDTH 8
#define FC_FMA(a, b, c) _mm256_fmadd_ps(a, b, c)
#define FC_ALL(x) _mm256_set1_ps(x)
#include "drift/rbf_tile.h"

#define FC_R(name) avx512_##name
#define FC_TARGET __attribute__((target("avx2,fma,avx512f,avx512bw,avx512vl")))
#define FC_WIDTH 16
#define FC_FMA(a, b, c) _mm512_fmadd_ps(a, b, c)
#define FC_ALL(x) _mm512_set1_ps(x)
#include "drift/rbf_tile.h"
#elif defined(__aarch64__)
#define FC_R(name) neon_##name
#define FC_TARGET
#define FC_WIDTH 4
#define FC_FMA(a, b, c) vfmaq_f32(c, a, b)
#define FC_ALL(x) vdupq_n_f32(x)
#include "drift/rbf_tile.h"
#endif

static const forms *choose(void) {
    switch (fc_cpu_current()) {
#if defined(__x86_64__)
    case FC_CPU_AVX512: return &avx512_forms;
    case FC_CPU_AVX2: return __builtin_cpu_supports("fma") ? &avx2_forms : &generic_forms;
#elif defined(__aarch64__)
    case FC_CPU_NEON: return &neon_forms;
#endif
    default: return &generic_forms;
    }
}

/* What the tasks of a region share. Task i has row i of the tiles, from the diagonal on. */
typedef struct region {
    const fc_rbf *task;
    const forms *with;
    const float *rows, *half;
    size_t tiles, first_tiles;
    double *sums;   /* [tiles][3] */
    double *labels; /* [tiles][labellings][2] */
} region;

static void run_row(void *ctx, size_t i) {
    const region *r = ctx;
    size_t d = r->task->d, count = r->task->labellings;
    float k[TILE * TILE];
    double *labels = r->labels ? r->labels + i * count * 2 : NULL;
    double columns[3][TILE] = {{0}};
    for (size_t j = i; j < r->tiles; j++) {
        r->with->tile(r->rows + i * TILE * d, r->half + i * TILE, r->rows + j * TILE * d,
                      r->half + j * TILE, d, k);
        double all[TILE] = {0};
        if (i == j) /* no row with itself; and each pair stands twice in a tile on the diagonal */
            for (size_t s = 0; s < TILE; s++) {
                k[s * TILE + s] = 0;
                for (size_t t = 0; t < TILE; t++) k[s * TILE + t] *= 0.5f;
            }
        r->with->add(k, all);
        double *to = columns[i >= r->first_tiles ? 1 : j < r->first_tiles ? 0 : 2];
        for (size_t s = 0; s < TILE; s++) to[s] += all[s];
        for (size_t p = 0; labels && p < count; p++) {
            const uint64_t *words = r->task->labels + p * r->tiles;
            double found[2];
            r->with->label(k, all, words[i], words[j], found);
            labels[2 * p] += found[0], labels[2 * p + 1] += found[1];
        }
    }
    for (int s = 0; s < 3; s++) {
        double lanes[8] = {0};
        for (size_t t = 0; t < TILE; t++) lanes[t % 8] += columns[s][t];
        r->sums[i * 3 + (size_t)s] = lanes_sum(lanes);
    }
}

/* Rows in float32, scaled, in panels; half the squares of their lengths, in float64 until they are
 * whole. Infinite half squares make what fills up the last tile far from everything. */
static void pack(const double *from, size_t n, size_t d, double scale, float *rows, float *half) {
    size_t whole = (n + TILE - 1) / TILE * TILE;
    for (size_t i = 0; i < whole; i++) {
        float *to = rows + i / PANEL * PANEL * d + i % PANEL;
        double sum = 0;
        for (size_t k = 0; k < d; k++) {
            float x = i < n ? (float)(from[i * d + k] * scale) : 0;
            to[k * PANEL] = x;
            sum += (double)x * x;
        }
        half[i] = i < n ? (float)(sum / 2) : INFINITY;
    }
}

size_t fc_rbf_tiles(size_t n, size_t m) {
    return n / TILE + (n % TILE > 0) + m / TILE + (m % TILE > 0);
}

static fc_status get(region *r, fc_arena *arena, float **rows, float **half) {
    size_t width, values, pairs;
    if (!fc_size_mul(r->task->d, TILE, &width) || !fc_size_mul(width, r->tiles, &values) ||
        !fc_size_mul(r->task->labellings, 2 * r->tiles, &pairs))
        return FC_EINVALID;
    *rows = fc_arena_zeros(arena, values, sizeof **rows);
    *half = fc_arena_zeros(arena, r->tiles, TILE * sizeof **half);
    r->sums = fc_arena_zeros(arena, r->tiles, 3 * sizeof *r->sums);
    r->labels = pairs ? fc_arena_zeros(arena, pairs, sizeof *r->labels) : NULL;
    return *rows && *half && r->sums && (r->labels || !pairs) ? FC_OK : FC_ENOMEM;
}

fc_status fc_rbf_sums(const fc_alloc *alloc, const fc_rbf *task, double sums[3], double *by_label) {
    const double log2e = 1.4426950408889634;
    size_t tiles = fc_rbf_tiles(task->n, task->m), first = fc_rbf_tiles(task->n, 0);
    size_t pairs = task->labellings * 2;
    region r = {.task = task, .with = choose(), .tiles = tiles, .first_tiles = first};
    float *rows, *half;
    fc_arena arena;
    fc_arena_init(&arena, alloc);
    fc_status status = get(&r, &arena, &rows, &half);
    if (status == FC_OK) {
        double scale = sqrt(2 * task->gamma * log2e);
        pack(task->first, task->n, task->d, scale, rows, half);
        pack(task->second, task->m, task->d, scale, rows + first * TILE * task->d,
             half + first * TILE);
        r.rows = rows, r.half = half;
        fc_parallel(tiles, task->threads, run_row, &r);
        memset(sums, 0, 3 * sizeof *sums);
        for (size_t i = 0; i < tiles; i++)
            for (size_t s = 0; s < 3; s++) sums[s] += r.sums[i * 3 + s];
        for (size_t p = 0; p < pairs; p++) by_label[p] = 0;
        for (size_t i = 0; i < tiles; i++)
            for (size_t p = 0; p < pairs; p++) by_label[p] += r.labels[i * pairs + p];
    }
    fc_arena_free(&arena);
    return status;
}
