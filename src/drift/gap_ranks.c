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

void fc_cells_ranks(const uint64_t *a, const uint64_t *b, size_t cells, fc_cell_ranks *out) {
    uint64_t i = 0, j = 0;
    double ties = 0, wins = 0;
    i128 x = 0, y = 0;
    *out = (fc_cell_ranks){.apart = true};
    for (size_t c = 0; c < cells; c++) out->n += a[c], out->m += b[c];
    bool fits = out->n <= FC_RANKS_MAX && out->m <= FC_RANKS_MAX - out->n;
    for (size_t c = 0; c < cells; c++) {
        uint64_t t = a[c] + b[c];
        bool tied = c % 2 == 1 || (a[c] && b[c]);
        if (c % 2 == 0 && t > 1) out->apart = false;
        if (!t) continue;
        wins += (double)a[c] * ((double)j + (tied ? (double)b[c] / 2 : 0));
        if (tied) ties += ((double)t * (double)t - 1) * (double)t;
        if (fits && tied) {
            x += squares(a[c], 2 * (i128)j + t + 1);
            y += squares(b[c], 2 * (i128)i + t + 1);
        } else if (fits) {
            x += 4 * (i128)a[c] * j * j;
            y += 4 * (i128)b[c] * i * i;
        }
        i += a[c], j += b[c];
    }
    out->u = wins, out->ties = ties;
    i128 n = out->n, m = out->m, k = n * m;
    double scale = 12 * (double)k * (double)(out->n + out->m);
    out->cvm = fits ? (double)(3 * (n * x + m * y) - 2 * k * (4 * k - 1)) / scale : NAN;
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
