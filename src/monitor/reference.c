/* A frozen reference: what is counted, and where each count stands in a block. */
#include "monitor/reference.h"

#include <math.h>
#include <stdlib.h>

uint32_t fc_feature_cell(const fc_feature *feature, const char *text, size_t len) {
    const fc_texts *texts = &feature->texts;
    uint64_t slot = fc_hash64(text, len, feature->seed);
    for (;; slot++) {
        uint32_t found = feature->slots[slot & feature->slot_mask];
        if (!found) return (uint32_t)texts->count;
        const int64_t *at = &texts->offsets[found - 1];
        if ((size_t)(at[1] - at[0]) == len && (!len || !memcmp(texts->bytes + at[0], text, len)))
            return found - 1;
    }
}

static fc_status take_texts(fc_feature *feature, fc_arena *arena, const fc_feature_spec *spec) {
    size_t total = 0, slots = 4;
    if (spec->text_count > FC_MAX_CATEGORIES) return FC_ELIMIT;
    for (size_t i = 0; i < spec->text_count; i++)
        if (!fc_size_add(total, spec->text_lens[i], &total)) return FC_ENOMEM;
    while (slots < 2 * spec->text_count + 2) slots *= 2; /* at least one free slot in two */
    int64_t *offsets = fc_arena_zeros(arena, spec->text_count + 1, sizeof *offsets);
    char *bytes = fc_arena_zeros(arena, total + 1, 1);
    uint32_t *table = fc_arena_zeros(arena, slots, sizeof *table);
    if (!offsets || !bytes || !table) return FC_ENOMEM;
    feature->texts = (fc_texts){0, offsets, bytes};
    feature->slots = table;
    feature->slot_mask = (uint32_t)slots - 1;
    for (size_t i = 0; i < spec->text_count; i++) {
        const char *text = spec->texts[i];
        size_t len = spec->text_lens[i];
        if (fc_feature_cell(feature, text, len) < i) return FC_EINVALID; /* twice */
        if (len) memcpy(bytes + offsets[i], text, len);
        offsets[i + 1] = offsets[i] + (int64_t)len;
        uint64_t slot = fc_hash64(text, len, feature->seed);
        while (table[slot & feature->slot_mask]) slot++;
        table[slot & feature->slot_mask] = (uint32_t)i + 1;
        feature->texts.count++;
    }
    return FC_OK;
}

/* The first point, those at which a bin begins, and what follows the last point. */
static fc_status take_bins(fc_feature *feature, fc_arena *arena, const fc_feature_spec *spec) {
    double inner[FC_FEW_EDGES];
    uint32_t *cells = fc_arena_zeros(arena, spec->bin_count + 2, sizeof *cells);
    uint32_t *begin = fc_arena_zeros(arena, spec->bin_count + 1, sizeof *begin);
    fc_coarse *coarse = fc_arena_zeros(arena, 1, sizeof *coarse);
    if (!cells || !begin || !coarse) return FC_ENOMEM;
    feature->bin_cells = begin;
    feature->bin_count = spec->bin_count + 1;
    if (!spec->point_count) return spec->bin_count ? FC_EINVALID : FC_OK;
    size_t n = 0;
    cells[n++] = 1;
    for (size_t i = 0; i < spec->bin_count; i++) {
        uint32_t at = spec->bins[i];
        if (at >= spec->point_count || (i && at <= spec->bins[i - 1])) return FC_EINVALID;
        begin[i + 1] = 2 * at + 1;
        if (!at) continue; /* the first point is an edge in any case */
        if (n <= FC_FEW_EDGES) inner[n - 1] = spec->points[at];
        cells[n++] = 2 * at + 1;
    }
    cells[n++] = 2 * (uint32_t)spec->point_count;
    feature->edge_cells = cells;
    feature->edge_count = n;
    if (n - 2 > FC_FEW_EDGES) return FC_OK;
    fc_bins_init_f64(&coarse->inner_f64, inner, n - 2);
    fc_bins_init_f32(&coarse->inner_f32, inner, n - 2);
    coarse->outer_f64[0] = spec->points[0];
    coarse->outer_f64[1] = nextafter(spec->points[spec->point_count - 1], INFINITY);
    fc_edges_f32(coarse->outer_f64, 2, coarse->outer_f32);
    feature->coarse = coarse;
    return FC_OK;
}

/* The feature's part of a block begins at word `at`; *end is behind it. */
static fc_status take_feature(fc_feature *feature, fc_arena *arena, const fc_feature_spec *spec,
                              uint64_t seed, size_t at, size_t *end) {
    fc_feature_place *place = &feature->place;
    feature->name = fc_arena_text(arena, spec->name, spec->name_len);
    if (!feature->name) return FC_ENOMEM;
    feature->name_len = spec->name_len;
    feature->seed = seed;
    place->kind = spec->kind;
    place->at = at;
    switch (spec->kind) {
    case FC_FEATURE_NUMBER:
    case FC_FEATURE_TIME:
        FC_TRY(fc_points_init(&feature->points, arena, spec->points, spec->point_count));
        FC_TRY(take_bins(feature, arena, spec));
        feature->shift = spec->shift;
        place->cells = at + FC_AT_NUMBER_CELLS;
        place->cell_count = 2 * spec->point_count + 1;
        *end = place->cells + place->cell_count;
        return spec->shift - spec->shift == 0 ? FC_OK : FC_EINVALID; /* finite */
    case FC_FEATURE_TEXT:
        FC_TRY(take_texts(feature, arena, spec));
        place->cells = at + FC_AT_TEXT_CELLS;
        place->cell_count = spec->text_count + 1;
        place->heavy = place->cells + place->cell_count;
        *end = place->heavy + FC_HEAVY * FC_HEAVY_WORDS;
        return FC_OK;
    case FC_FEATURE_BOOL:
        place->cells = at + FC_AT_TEXT_CELLS;
        place->cell_count = 2;
        *end = place->cells + place->cell_count;
        return FC_OK;
    }
    return FC_EINVALID;
}

static int by_name(const void *a, const void *b) {
    const fc_feature *x = *(const fc_feature *const *)a, *y = *(const fc_feature *const *)b;
    size_t len = x->name_len < y->name_len ? x->name_len : y->name_len;
    int order = len ? memcmp(x->name, y->name, len) : 0;
    return order ? order : (x->name_len > y->name_len) - (x->name_len < y->name_len);
}

static fc_status check_names(fc_arena *arena, const fc_feature *features, uint32_t count) {
    const fc_feature **sorted = fc_arena_zeros(arena, (size_t)count + 1, sizeof *sorted);
    if (!sorted) return FC_ENOMEM;
    for (uint32_t i = 0; i < count; i++) sorted[i] = &features[i];
    qsort(sorted, count, sizeof *sorted, by_name);
    for (uint32_t i = 1; i < count; i++)
        if (!by_name(&sorted[i - 1], &sorted[i])) return FC_EINVALID;
    return FC_OK;
}

fc_status fc_reference_new(const fc_alloc *alloc, const fc_feature_spec *specs, uint32_t count,
                           uint64_t seed, fc_reference **out) {
    if (count > FC_MAX_FEATURES) return FC_ELIMIT;
    fc_reference *self = alloc->get(alloc->ctx, sizeof *self);
    if (!self) return FC_ENOMEM;
    *self = (fc_reference){.alloc = alloc, .refs = 1, .count = count};
    fc_arena_init(&self->arena, alloc);
    fc_status status = FC_ENOMEM;
    fc_feature *features = fc_arena_zeros(&self->arena, (size_t)count + 1, sizeof *features);
    if (!features) goto fail;
    self->features = features;
    size_t words = 1; /* the rows */
    for (uint32_t i = 0; i < count; i++) {
        status = take_feature(&features[i], &self->arena, &specs[i], seed, words, &words);
        if (status != FC_OK) goto fail;
    }
    status = check_names(&self->arena, features, count);
    if (status != FC_OK) goto fail;
    self->words = words;
    *out = self;
    return FC_OK;
fail:
    fc_reference_free(self);
    return status;
}

fc_reference *fc_reference_ref(fc_reference *reference) {
    __atomic_fetch_add(&reference->refs, 1, __ATOMIC_RELAXED);
    return reference;
}

void fc_reference_free(fc_reference *reference) {
    if (!reference || __atomic_sub_fetch(&reference->refs, 1, __ATOMIC_ACQ_REL)) return;
    fc_arena_free(&reference->arena);
    reference->alloc->release(reference->alloc->ctx, reference);
}

fc_feature_place fc_reference_place(const fc_reference *reference, uint32_t i) {
    return reference->features[i].place;
}

/* ---- Mapping ------------------------------------------------------------------------------ */

static bool fits(fc_feature_kind kind, const fc_column_info *info) {
    if (info->flags & FC_COLUMN_LISTED) return false;
    if (fc_column_unsure(kind, info)) return true;
    switch (info->kind) {
    case FC_COLUMN_BOOL: return kind == FC_FEATURE_BOOL || kind == FC_FEATURE_NUMBER;
    case FC_COLUMN_FLOAT64:
    case FC_COLUMN_FLOAT32:
    case FC_COLUMN_INT64:
    case FC_COLUMN_INT32: return kind == FC_FEATURE_NUMBER;
    case FC_COLUMN_TIME: return kind == FC_FEATURE_TIME;
    case FC_COLUMN_CODE:
    case FC_COLUMN_STRING: return kind == FC_FEATURE_TEXT;
    case FC_COLUMN_OBJECT: return false;
    }
    return false;
}

static fc_status map_feature(fc_mapping *self, uint32_t i, bool *missing) {
    const fc_feature *feature = &self->reference->features[i];
    int64_t column = fc_layout_find(self->layout, feature->name, feature->name_len);
    *missing = column < 0;
    if (column < 0) return FC_EREFUSED;
    const fc_column_info *info = &self->layout->columns[column];
    if (!fits(feature->place.kind, info)) return FC_EREFUSED;
    self->columns[i] = (uint32_t)column;
    self->unsure |= fc_column_unsure(feature->place.kind, info);
    if (info->kind != FC_COLUMN_CODE) return FC_OK;
    const fc_texts *texts = &info->texts;
    uint32_t *cells = fc_arena_zeros(&self->arena, (size_t)texts->count + 1, sizeof *cells);
    if (!cells) return FC_ENOMEM;
    for (int64_t code = 0; code < texts->count; code++)
        cells[code] = fc_feature_cell(feature, texts->bytes + texts->offsets[code],
                                      (size_t)(texts->offsets[code + 1] - texts->offsets[code]));
    self->codes[i] = cells;
    return FC_OK;
}

fc_status fc_mapping_new(fc_reference *reference, fc_layout *layout, fc_mapping **out,
                         uint32_t *bad, bool *missing) {
    fc_mapping *self = reference->alloc->get(reference->alloc->ctx, sizeof *self);
    if (!self) return FC_ENOMEM;
    *self = (fc_mapping){
        .refs = 1, .reference = fc_reference_ref(reference), .layout = fc_layout_ref(layout)};
    fc_arena_init(&self->arena, reference->alloc);
    fc_status status = FC_ENOMEM;
    self->columns = fc_arena_zeros(&self->arena, (size_t)reference->count + 1, sizeof(uint32_t));
    self->codes = fc_arena_zeros(&self->arena, (size_t)reference->count + 1, sizeof(uint32_t *));
    if (!self->columns || !self->codes) goto fail;
    for (uint32_t i = 0; i < reference->count; i++) {
        status = map_feature(self, i, missing);
        if (status == FC_OK) continue;
        *bad = i;
        goto fail;
    }
    *out = self;
    return FC_OK;
fail:
    fc_mapping_free(self);
    return status;
}

bool fc_mapping_holds(const fc_mapping *self, const fc_columns *set, uint32_t *bad) {
    for (uint32_t i = 0; self->unsure && i < self->reference->count; i++) {
        const fc_column *column = &set->columns[self->columns[i]];
        if (!fc_column_unsure(self->reference->features[i].place.kind, column->info)) continue;
        *bad = i;
        for (int64_t row = 0; row < set->rows; row++) {
            if (column->kind == FC_COLUMN_OBJECT
                    ? fc_column_is_valid(column, row) && ((void *const *)column->values)[row]
                    : ((const double *)column->values)[row] ==
                          ((const double *)column->values)[row])
                return false;
        }
    }
    return true;
}

fc_mapping *fc_mapping_ref(fc_mapping *mapping) {
    __atomic_fetch_add(&mapping->refs, 1, __ATOMIC_RELAXED);
    return mapping;
}

const fc_layout *fc_mapping_layout(const fc_mapping *mapping) { return mapping->layout; }

void fc_mapping_free(fc_mapping *mapping) {
    if (!mapping || __atomic_sub_fetch(&mapping->refs, 1, __ATOMIC_ACQ_REL)) return;
    const fc_alloc *alloc = mapping->reference->alloc;
    fc_arena_free(&mapping->arena);
    fc_layout_free(mapping->layout);
    fc_reference_free(mapping->reference);
    alloc->release(alloc->ctx, mapping);
}
