/* Two sorted samples as one: groups of equal values, a block at a time. */
#include <math.h>

#include "drift/ranks.h"

typedef struct groups {
    double v[FC_RANK_BLOCK];
    uint32_t a[FC_RANK_BLOCK], b[FC_RANK_BLOCK];
} groups;

/* Whether the values of groups rise, as they do if those of both samples never fall: each value is
 * taken after those before it. NaN is less than nothing, and takes the rest of its block. */
static bool rises(const groups *block, size_t count) {
    bool fine = block->v[0] == block->v[0];
    for (size_t g = 1; g < count; g++) fine &= block->v[g - 1] < block->v[g];
    return fine;
}

/* The next groups of x from *i and of y from *j on. While both have values, which of them comes
 * next is computed and not branched on: no branch could be foretold. */
static size_t next_groups(const double *x, size_t n, const double *y, size_t m, size_t *at_x,
                          size_t *at_y, groups *out) {
    size_t i = *at_x, j = *at_y, count = 0;
    while (count < FC_RANK_BLOCK && i < n && j < m) {
        double v = x[i] < y[j] ? x[i] : y[j];
        uint32_t a = x[i] == v, b = y[j] == v;
        i += a, j += b;
        while (i < n && x[i] == v) i++, a++;
        while (j < m && y[j] == v) j++, b++;
        out->v[count] = v;
        out->a[count] = a;
        out->b[count++] = b;
    }
    for (; count < FC_RANK_BLOCK && (i < n || j < m); count++) {
        double v = i < n ? x[i] : y[j];
        uint32_t a = 0, b = 0;
        while (i < n && x[i] == v) i++, a++;
        while (j < m && y[j] == v) j++, b++;
        out->v[count] = v;
        out->a[count] = a;
        out->b[count] = b;
    }
    *at_x = i, *at_y = j;
    return count;
}

fc_status fc_ranks_compare(const fc_alloc *alloc, const double *x, size_t n, const double *y,
                           size_t m, unsigned want, fc_ranks *out) {
    if (!n || !m) return FC_EINVALID;
    if (n > FC_RANKS_MAX || m > FC_RANKS_MAX - n) return FC_ELIMIT;
    fc_rank_sums sums;
    fc_rank_begin(&sums, n, m, want);
    double *weights = NULL;
    if (want & (FC_RANK_BWS | FC_RANK_BWS_SIGNED)) {
        weights = alloc->get(alloc->ctx, (n + m + 1) * sizeof *weights);
        if (!weights) return FC_ENOMEM;
        fc_rank_weights(weights, n, m);
        sums.weight_x = weights, sums.weight_y = weights + n;
    }
    groups block;
    size_t i = 0, j = 0, count;
    fc_status status = FC_OK;
    while (status == FC_OK && (count = next_groups(x, n, y, m, &i, &j, &block))) {
        bool first = sums.i + sums.j == 0;
        if (!rises(&block, count) || !(first || sums.last < block.v[0]))
            status = FC_EINVALID;
        else
            fc_rank_add(&sums, block.v, block.a, block.b, count);
    }
    if (status == FC_OK) {
        fc_rank_end(&sums, out);
        if (want & (FC_RANK_T | FC_RANK_T_WELCH))
            out->t = fc_rank_student(&(fc_rank_part){x, NULL, n}, &(fc_rank_part){y, NULL, m}, n, m,
                                     want & FC_RANK_T_WELCH);
    }
    if (weights) alloc->release(alloc->ctx, weights);
    return status;
}

fc_status fc_ranks_permuted(const fc_alloc *alloc, const fc_pool *pool, size_t n,
                            const int64_t *chosen, size_t count, unsigned want, fc_ranks *out) {
    size_t total = pool->total, bytes;
    if (!n || n >= total || !pool->groups) return FC_EINVALID;
    if (total > FC_RANKS_MAX) return FC_ELIMIT;
    if (!fc_size_mul(pool->groups, 2 * sizeof(uint32_t), &bytes)) return FC_ELIMIT;
    fc_status status = FC_ENOMEM;
    bool ranked = want & (FC_RANK_BWS | FC_RANK_BWS_SIGNED);
    uint32_t *a = alloc->get(alloc->ctx, bytes), *b = a ? a + pool->groups : NULL;
    double *weights = ranked ? alloc->get(alloc->ctx, (total + 1) * sizeof *weights) : NULL;
    if (!a || (ranked && !weights)) goto done;
    if (ranked) fc_rank_weights(weights, n, total - n);
    status = FC_EINVALID;
    for (size_t k = 0; k < count; k++) {
        for (size_t g = 0; g < pool->groups; g++) a[g] = 0;
        for (size_t i = 0; i < n; i++) {
            int64_t at = chosen[k * n + i];
            if (at < 0 || (uint64_t)at >= total) goto done;
            a[pool->group[at]]++;
        }
        for (size_t g = 0; g < pool->groups; g++) {
            if (a[g] > pool->sizes[g]) goto done; /* one of them was chosen twice */
            b[g] = pool->sizes[g] - a[g];
        }
        fc_rank_sums sums;
        fc_rank_begin(&sums, n, total - n, want);
        sums.weight_x = weights, sums.weight_y = ranked ? weights + n : NULL;
        for (size_t g = 0; g < pool->groups; g += FC_RANK_BLOCK) {
            size_t part = pool->groups - g < FC_RANK_BLOCK ? pool->groups - g : FC_RANK_BLOCK;
            fc_rank_add(&sums, pool->values + g, a + g, b + g, part);
        }
        fc_rank_end(&sums, &out[k]);
        if (want & (FC_RANK_T | FC_RANK_T_WELCH))
            out[k].t = fc_rank_student(&(fc_rank_part){pool->values, a, pool->groups},
                                       &(fc_rank_part){pool->values, b, pool->groups}, n, total - n,
                                       want & FC_RANK_T_WELCH);
    }
    status = FC_OK;
done:
    if (weights) alloc->release(alloc->ctx, weights);
    if (a) alloc->release(alloc->ctx, a);
    return status;
}
