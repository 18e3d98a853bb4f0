/* Two windows' counts compared, feature by feature. */
#include <math.h>

#include "fastcore/drift.h"
#include "fastcore/drift_pvalues.h"
#include "monitor/reference.h"

/* The counts of the bins as doubles: exact, as FC_MAX_ROWS is. */
static void sum_bins(const fc_feature *feature, const uint64_t *cells, double *row) {
    for (size_t i = 0; i < feature->bin_count; i++) {
        size_t end =
            i + 1 < feature->bin_count ? feature->bin_cells[i + 1] : feature->place.cell_count;
        uint64_t sum = 0;
        for (size_t c = feature->bin_cells[i]; c < end; c++) sum += cells[c];
        row[i] = (double)sum;
    }
}

static fc_infinite infinite_of(const fc_feature_place *place, const uint64_t *old,
                               const uint64_t *current) {
    const uint64_t *a = old + place->at, *b = current + place->at;
    return (fc_infinite){a[FC_AT_NEG_INF], b[FC_AT_NEG_INF], a[FC_AT_POS_INF], b[FC_AT_POS_INF]};
}

/* In a gap both functions are taken at its end, where they are equal to those in SciPy. */
static fc_status compare_cells(const fc_reference *reference, const fc_feature_place *place,
                               const uint64_t *old, const uint64_t *current, double apart,
                               double *pair) {
    uint64_t n = old[0] - old[place->at], m = current[0] - current[place->at];
    pair[0] = pair[1] = NAN;
    if (!n || !m) return FC_OK;
    if (isnan(apart))
        apart =
            fc_cells_distance(old + place->cells, current + place->cells, place->cell_count, n, m);
    fc_infinite infinite = infinite_of(place, old, current);
    apart = fmax(apart, fc_ends_distance(&infinite, n, m));
    return fc_ks_pvalue(reference->alloc, apart, (int64_t)n, (int64_t)m, FC_KS_AUTO, &pair[0],
                        &pair[1]);
}

/* Of numbers only, in terms of the cells. */
static fc_status compare_ranks(const fc_reference *reference, const fc_feature_place *place,
                               const uint64_t *old, const uint64_t *current, bool mean_ranks,
                               double *pair) {
    fc_cell_ranks ranks;
    fc_infinite infinite = infinite_of(place, old, current);
    fc_cells_ranks(old + place->cells, current + place->cells, place->cell_count, &infinite,
                   &ranks);
    pair[0] = pair[1] = NAN;
    if (!ranks.n || !ranks.m || (!mean_ranks && (ranks.n < 2 || ranks.m < 2))) return FC_OK;
    pair[0] = mean_ranks ? ranks.u : ranks.cvm;
    return mean_ranks ? fc_cells_mannwhitney(reference->alloc, &ranks, &pair[1])
                      : fc_cells_cramer(reference->alloc, &ranks, &pair[1]);
}

bool fc_block_of_numbers(const char *name) {
    return !strcmp(name, "ks_2samp") || !strcmp(name, "mannwhitneyu") ||
           !strcmp(name, "cramervonmises_2samp");
}

fc_status fc_block_compare(const fc_reference *reference, uint32_t i, const uint64_t *old,
                           const uint64_t *current, double apart, const char *const *names,
                           size_t count, double *pairs) {
    const fc_feature *feature = &reference->features[i];
    const fc_feature_place *place = &feature->place;
    bool numbers = place->kind == FC_FEATURE_NUMBER || place->kind == FC_FEATURE_TIME;
    size_t bins = numbers ? feature->bin_count : place->cell_count, size;
    double few[2 * (FC_FEW_EDGES + 1)], *rows = few;
    const fc_stat_options options = {.eps = NAN, .correction = true};
    const fc_alloc *alloc = reference->alloc;
    fc_status status = FC_OK;
    if (bins > FC_FEW_EDGES + 1) {
        if (!fc_size_mul(bins, 2 * sizeof *rows, &size)) return FC_ENOMEM;
        rows = alloc->get(alloc->ctx, size);
        if (!rows) return FC_ENOMEM;
    }
    if (numbers) {
        sum_bins(feature, old + place->cells, rows);
        sum_bins(feature, current + place->cells, rows + bins);
    }
    for (size_t c = 0; !numbers && c < bins; c++) {
        rows[c] = (double)old[place->cells + c];
        rows[bins + c] = (double)current[place->cells + c];
    }
    for (size_t k = 0; k < count && status == FC_OK; k++) {
        double *pair = pairs + 2 * k;
        if (!fc_block_of_numbers(names[k]))
            status = fc_stat(names[k], rows, rows + bins, bins, &options, &pair[0], &pair[1]);
        else if (!numbers)
            pair[0] = pair[1] = NAN;
        else if (names[k][0] == 'k')
            status = compare_cells(reference, place, old, current, apart, pair);
        else
            status = compare_ranks(reference, place, old, current, names[k][0] == 'm', pair);
    }
    if (rows != few) alloc->release(alloc->ctx, rows);
    uint64_t gone = old[place->at], lost = current[place->at];
    const double before[2] = {(double)(old[0] - gone), (double)gone};
    const double after[2] = {(double)(current[0] - lost), (double)lost};
    FC_TRY(status);
    return fc_stat("psi", before, after, 2, &options, &pairs[2 * count], &pairs[2 * count + 1]);
}
