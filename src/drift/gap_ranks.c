/* Statistics of ranks from counts in the gaps of a sorted sample: at a point values are equal, in a
 * gap they are taken to differ, for what they are is not known. */
#include <math.h>

#include "drift/gaps.h"
#include "fastcore/drift_ranks.h"

__extension__ typedef __int128 i128;

/* 4 sum over k = 1 ... a of (c / 2 - k)^2. */
static i128 squares(i128 a, i128 c) {
    return a * c * c - 2 * c * a * (a + 1) + 2 * a * (a + 1) * (2 * a + 1) / 3;
}

/* What has been added so far, of values that rise. */
typedef struct sums {
    uint64_t i, j;
    double ties, wins;
    i128 x, y;
    bool fits;
} sums;

/* So many values more of each sample, `tied` with each other or one above the other. */
static void add(sums *s, uint64_t a, uint64_t b, bool tied) {
    uint64_t t = a + b;
    if (!t) return;
    s->wins += (double)a * ((double)s->j + (tied ? (double)b / 2 : 0));
    if (tied) s->ties += ((double)t * (double)t - 1) * (double)t;
    if (s->fits && tied) {
        s->x += squares(a, 2 * (i128)s->j + t + 1);
        s->y += squares(b, 2 * (i128)s->i + t + 1);
    } else if (s->fits) {
        s->x += 4 * (i128)a * s->j * s->j;
        s->y += 4 * (i128)b * s->i * s->i;
    }
    s->i += a, s->j += b;
}

void fc_cells_ranks(const uint64_t *a, const uint64_t *b, size_t cells, const fc_infinite *infinite,
                    fc_cell_ranks *out) {
    sums s = {0};
    *out = (fc_cell_ranks){.apart = true};
    for (size_t c = 0; c < cells; c++) out->n += a[c], out->m += b[c];
    s.fits = out->n <= FC_RANKS_MAX && out->m <= FC_RANKS_MAX - out->n;
    add(&s, infinite->a_below, infinite->b_below, true);
    for (size_t c = 0; c < cells; c++) {
        uint64_t old = a[c], new = b[c];
        if (c == 0) old -= infinite->a_below, new -= infinite->b_below;
        if (c + 1 == cells) old -= infinite->a_above, new -= infinite->b_above;
        if (c % 2 == 0 && old + new > 1) out->apart = false;
        add(&s, old, new, c % 2 == 1 || (old && new));
    }
    add(&s, infinite->a_above, infinite->b_above, true);
    out->u = s.wins, out->ties = s.ties;
    i128 n = out->n, m = out->m, k = n * m;
    double scale = 12 * (double)k * (double)(out->n + out->m);
    out->cvm = s.fits ? (double)(3 * (n * s.x + m * s.y) - 2 * k * (4 * k - 1)) / scale : NAN;
}

fc_status fc_cells_mannwhitney(const fc_alloc *alloc, const fc_cell_ranks *r, double *p) {
    uint64_t few = r->n < r->m ? r->n : r->m;
    double other = (double)r->n * (double)r->m - r->u, u = r->u > other ? r->u : other;
    fc_status status = FC_ELIMIT;
    if (few <= 8 && r->ties == 0 && r->apart)
        status = fc_mannwhitney_sf(alloc, (uint64_t)u, r->n, r->m, p);
    if (status == FC_ELIMIT) {
        status = FC_OK;
        *p = fc_mannwhitney_limit_sf(u, r->ties, (double)r->n, (double)r->m, 0.5);
    }
    *p = *p > 0.5 ? 1 : 2 * *p;
    return status;
}

fc_status fc_cells_cramer(const fc_alloc *alloc, const fc_cell_ranks *r, double *p) {
    fc_status status = FC_ELIMIT;
    *p = NAN;
    if (r->n < 2 || r->m < 2) return FC_OK;
    if (r->n <= 20 && r->m <= 20) status = fc_cramer_exact_sf(alloc, r->cvm, r->n, r->m, p);
    if (status != FC_ELIMIT) return status;
    *p = fc_cramer_limit_sf(r->cvm, (double)r->n, (double)r->m);
    return FC_OK;
}
