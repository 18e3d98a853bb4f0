/* One window's counts: adding rows, adding blocks, and telling a damaged one. */
#include <math.h>

#include "fastcore/drift.h"
#include "monitor/reference.h"

enum {
    CHUNK = 3968, /* values that are counted, and then summed, out of the first cache */
    WORTH_APART =
        4096 /* rows from which the buckets of fc_points_distance are quicker than cells */
};

static bool is_numbers(const fc_feature_place *place) {
    return place->kind == FC_FEATURE_NUMBER || place->kind == FC_FEATURE_TIME;
}

static void no_extremes(uint64_t *words) {
    words[FC_AT_MIN] = fc_double_word(INFINITY);
    words[FC_AT_MAX] = fc_double_word(-INFINITY);
}

void fc_block_init(const fc_reference *reference, uint64_t *block) {
    memset(block, 0, reference->words * sizeof *block);
    for (uint32_t i = 0; i < reference->count; i++)
        if (is_numbers(&reference->features[i].place))
            no_extremes(block + reference->features[i].place.at);
}

/* ---- Numbers ------------------------------------------------------------------------------ */

static void add_quality(const fc_quality *quality, uint64_t *words) {
    words[FC_AT_MISSING] += quality->missing;
    words[FC_AT_POS_INF] += quality->pos_inf;
    words[FC_AT_NEG_INF] += quality->neg_inf;
    words[FC_AT_SUM] = fc_double_word(fc_word_double(words[FC_AT_SUM]) + quality->sum);
    words[FC_AT_SQUARES] = fc_double_word(fc_word_double(words[FC_AT_SQUARES]) + quality->squares);
    if (quality->min < fc_word_double(words[FC_AT_MIN]))
        words[FC_AT_MIN] = fc_double_word(quality->min);
    if (quality->max > fc_word_double(words[FC_AT_MAX]))
        words[FC_AT_MAX] = fc_double_word(quality->max);
}

static void fine_numbers(const fc_feature *feature, const double *values, size_t n, bool *finite,
                         uint64_t *words) {
    fc_quality quality;
    fc_points_count(&feature->points, values, n, words + FC_AT_NUMBER_CELLS);
    fc_quality_f64(values, n, feature->shift, finite, &quality);
    add_quality(&quality, words);
}

void fc_block_numbers(const fc_feature *feature, const double *values, size_t n, uint64_t *block) {
    bool finite = true;
    fine_numbers(feature, values, n, &finite, block + feature->place.at);
}

/* Counts by comparing with each edge: into the cell that stands for all from there to the next. */
static void coarse_cells(const fc_feature *feature, const uint64_t *counts, size_t present,
                         uint64_t *cells) {
    uint64_t *cell = cells;
    for (size_t i = 0; i < feature->edge_count; i++) {
        *cell += present - counts[i];
        present = counts[i];
        cell = cells + feature->edge_cells[i];
    }
    *cell += present;
}

/* The edges between are enough where no value lies outside the range of the reference. */
#define COARSE(name, type, bits)                                                                   \
    static void name(const fc_feature *feature, const type *values, size_t n, bool *finite,        \
                     uint64_t *words) {                                                            \
        const fc_coarse *coarse = feature->coarse;                                                 \
        uint64_t counts[FC_FEW_EDGES + 2] = {0}, outer[2] = {n, 0};                                \
        fc_quality quality;                                                                        \
        fc_profile_f##bits(&coarse->inner_f##bits, values, n, feature->shift, finite, &quality,    \
                           counts + 1);                                                            \
        outer[0] -= quality.missing;                                                               \
        if (quality.pos_inf || quality.neg_inf || quality.min < coarse->outer_f64[0] ||            \
            quality.max >= coarse->outer_f64[1]) {                                                 \
            outer[0] = 0;                                                                          \
            fc_at_least_f##bits(values, n, coarse->outer_f##bits, 2, outer);                       \
        }                                                                                          \
        counts[0] = outer[0];                                                                      \
        counts[feature->edge_count - 1] = outer[1];                                                \
        coarse_cells(feature, counts, n - quality.missing, words + FC_AT_NUMBER_CELLS);            \
        add_quality(&quality, words);                                                              \
    }
COARSE(coarse_doubles, double, 64)
COARSE(coarse_floats, float, 32)

void fc_column_doubles(const fc_column *column, int64_t first, size_t n, double *out) {
    switch (column->kind) {
    case FC_COLUMN_FLOAT64: /* NaN stands under a null */
        memcpy(out, (const double *)column->values + first, n * sizeof *out);
        return;
    case FC_COLUMN_FLOAT32:
        for (size_t i = 0; i < n; i++)
            out[i] = (double)((const float *)column->values)[first + (int64_t)i];
        return;
    case FC_COLUMN_INT64:
        for (size_t i = 0; i < n; i++)
            out[i] = (double)((const int64_t *)column->values)[first + (int64_t)i];
        break;
    case FC_COLUMN_INT32:
        for (size_t i = 0; i < n; i++)
            out[i] = (double)((const int32_t *)column->values)[first + (int64_t)i];
        break;
    case FC_COLUMN_BOOL:
        for (size_t i = 0; i < n; i++)
            out[i] = (double)((const uint8_t *)column->values)[first + (int64_t)i];
        break;
    case FC_COLUMN_TIME:
        for (size_t i = 0; i < n; i++) {
            int64_t time = ((const int64_t *)column->values)[first + (int64_t)i];
            out[i] = time == INT64_MIN ? NAN : (double)time;
        }
        break;
    default: /* the mapping lets no other kind in */
        for (size_t i = 0; i < n; i++) out[i] = NAN;
        return;
    }
    if (!column->valid) return;
    for (size_t i = 0; i < n; i++)
        if (!fc_column_is_valid(column, first + (int64_t)i)) out[i] = NAN;
}

/* `coarse`: only the bins are wanted. */
static void count_numbers(const fc_feature *feature, const fc_column *column, int64_t first,
                          int64_t count, bool coarse, uint64_t *block) {
    double chunk[CHUNK];
    bool finite = true;
    uint64_t *words = block + feature->place.at;
    coarse = coarse && feature->coarse;
    for (int64_t at = first; at < first + count; at += CHUNK) {
        size_t n = first + count - at < CHUNK ? (size_t)(first + count - at) : CHUNK;
        const double *values = chunk;
        if (coarse && column->kind == FC_COLUMN_FLOAT32) {
            coarse_floats(feature, (const float *)column->values + at, n, &finite, words);
            continue;
        }
        if (column->kind == FC_COLUMN_FLOAT64) /* NaN stands under a null */
            values = (const double *)column->values + at;
        else
            fc_column_doubles(column, at, n, chunk);
        if (coarse)
            coarse_doubles(feature, values, n, &finite, words);
        else
            fine_numbers(feature, values, n, &finite, words);
    }
}

/* ---- Texts -------------------------------------------------------------------------------- */

/* As it is kept: cut at a whole code point. */
static size_t kept_len(const char *text, size_t len) {
    if (len <= FC_HEAVY_BYTES) return len;
    len = FC_HEAVY_BYTES;
    while (len && ((unsigned char)text[len] & 0xC0) == 0x80) len--;
    return len;
}

static inline unsigned char *text_of(uint64_t *entry) { return (unsigned char *)(entry + 1); }

static uint64_t *find_heavy(uint64_t *table, const unsigned char *text, size_t len,
                            uint64_t **vacant) {
    *vacant = NULL;
    for (int i = FC_HEAVY - 1; i >= 0; i--) {
        uint64_t *entry = table + i * FC_HEAVY_WORDS;
        if (!entry[0])
            *vacant = entry;
        else if (text_of(entry)[0] == len && !memcmp(text_of(entry) + 1, text, len))
            return entry;
    }
    return NULL;
}

static void put_heavy(uint64_t *entry, const unsigned char *text, size_t len, uint64_t count) {
    memset(entry, 0, FC_HEAVY_WORDS * sizeof *entry);
    entry[0] = count;
    text_of(entry)[0] = (unsigned char)len;
    memcpy(text_of(entry) + 1, text, len);
}

void fc_block_unknown(const fc_feature *feature, const char *text, size_t len, uint64_t *block) {
    uint64_t *table = block + feature->place.heavy, *vacant;
    const unsigned char *bytes = (const unsigned char *)(len ? text : "");
    len = kept_len((const char *)bytes, len);
    uint64_t *entry = find_heavy(table, bytes, len, &vacant);
    if (entry)
        entry[0]++;
    else if (vacant)
        put_heavy(vacant, bytes, len, 1);
    else /* Misra and Gries: one of each is thrown away together with this one */
        for (int i = 0; i < FC_HEAVY; i++) table[i * FC_HEAVY_WORDS]--;
}

/* The unknown texts of two blocks: all counts are lowered by the largest that finds no place. */
static void add_heavy(uint64_t *to, const uint64_t *from) {
    uint64_t both[2 * FC_HEAVY][FC_HEAVY_WORDS] = {{0}}, *vacant;
    int n = 0;
    for (int i = 0; i < FC_HEAVY; i++)
        if (to[i * FC_HEAVY_WORDS]) memcpy(both[n++], to + i * FC_HEAVY_WORDS, sizeof both[0]);
    for (int i = 0; i < FC_HEAVY; i++) {
        uint64_t entry[FC_HEAVY_WORDS];
        memcpy(entry, from + i * FC_HEAVY_WORDS, sizeof entry);
        if (!entry[0]) continue;
        uint64_t *same = find_heavy(to, text_of(entry) + 1, text_of(entry)[0], &vacant);
        int k = 0;
        for (; same && k < n; k++)
            if (!memcmp(both[k] + 1, entry + 1, sizeof entry - sizeof *entry)) break;
        if (same && k < n)
            both[k][0] += entry[0];
        else
            memcpy(both[n++], entry, sizeof entry);
    }
    for (int i = 1; i < n; i++) /* falling, by insertion: at most 32 of them */
        for (int k = i; k && both[k][0] > both[k - 1][0]; k--) {
            uint64_t swap[FC_HEAVY_WORDS];
            memcpy(swap, both[k], sizeof swap);
            memcpy(both[k], both[k - 1], sizeof swap);
            memcpy(both[k - 1], swap, sizeof swap);
        }
    uint64_t lost = n > FC_HEAVY ? both[FC_HEAVY][0] : 0;
    memset(to, 0, FC_HEAVY * FC_HEAVY_WORDS * sizeof *to);
    for (int i = 0; i < n && i < FC_HEAVY; i++) {
        both[i][0] -= lost;
        if (both[i][0]) memcpy(to + i * FC_HEAVY_WORDS, both[i], sizeof both[0]);
    }
}

bool fc_block_heavy(const fc_reference *reference, const uint64_t *block, uint32_t feature, int i,
                    const char **text, size_t *len, uint64_t *count) {
    const fc_feature_place *place = &reference->features[feature].place;
    if (place->kind != FC_FEATURE_TEXT) return false;
    const uint64_t *entry = block + place->heavy + i * FC_HEAVY_WORDS;
    const unsigned char *bytes = (const unsigned char *)(entry + 1);
    *count = entry[0];
    *len = bytes[0];
    *text = (const char *)bytes + 1;
    return *count && *len <= FC_HEAVY_BYTES && fc_utf8_valid(*text, *len);
}

static void count_texts(const fc_mapping *mapping, uint32_t i, const fc_column *column,
                        int64_t first, int64_t count, uint64_t *block) {
    const fc_feature *feature = &mapping->reference->features[i];
    const uint32_t *codes = mapping->codes[i];
    const fc_texts *texts = &column->info->texts;
    uint64_t *words = block + feature->place.at, *cells = words + FC_AT_TEXT_CELLS;
    uint32_t other = (uint32_t)feature->texts.count;
    for (int64_t row = first; row < first + count; row++) {
        const char *text;
        size_t len;
        uint32_t cell;
        if (codes) {
            int32_t code = ((const int32_t *)column->values)[row];
            if (code < 0) {
                words[FC_AT_MISSING]++;
                continue;
            }
            cell = codes[code];
            text = texts->bytes + texts->offsets[code];
            len = (size_t)(texts->offsets[code + 1] - texts->offsets[code]);
        } else {
            const int64_t *at = (const int64_t *)column->values + row;
            if (!fc_column_is_valid(column, row)) {
                words[FC_AT_MISSING]++;
                continue;
            }
            text = column->bytes + at[0];
            len = (size_t)(at[1] - at[0]);
            cell = fc_feature_cell(feature, len ? text : "", len);
        }
        cells[cell]++;
        if (FC_UNLIKELY(cell == other)) fc_block_unknown(feature, text, len, block);
    }
}

static void count_bools(const fc_feature *feature, const fc_column *column, int64_t first,
                        int64_t count, uint64_t *block) {
    uint64_t *words = block + feature->place.at;
    uint64_t ones = 0, missing = 0;
    for (int64_t row = first; row < first + count; row++) {
        bool there = fc_column_is_valid(column, row);
        missing += !there;
        ones += there && ((const uint8_t *)column->values)[row];
    }
    words[FC_AT_MISSING] += missing;
    words[FC_AT_TEXT_CELLS + 1] += ones;
    words[FC_AT_TEXT_CELLS] += (uint64_t)count - ones - missing;
}

/* ---- Blocks ------------------------------------------------------------------------------- */

static void count_feature(const fc_mapping *mapping, uint32_t i, const fc_columns *set,
                          int64_t first, int64_t count, bool coarse, uint64_t *block) {
    const fc_feature *feature = &mapping->reference->features[i];
    const fc_column *column = &set->columns[mapping->columns[i]];
    if (FC_UNLIKELY(fc_column_unsure(feature->place.kind, column->info))) {
        block[feature->place.at + FC_AT_MISSING] += (uint64_t)count; /* fc_mapping_holds */
        return;
    }
    switch (feature->place.kind) {
    case FC_FEATURE_NUMBER:
    case FC_FEATURE_TIME: count_numbers(feature, column, first, count, coarse, block); break;
    case FC_FEATURE_TEXT: count_texts(mapping, i, column, first, count, block); break;
    case FC_FEATURE_BOOL: count_bools(feature, column, first, count, block); break;
    }
}

void fc_block_count(const fc_mapping *mapping, const fc_columns *set, int64_t first, int64_t count,
                    uint64_t *block) {
    for (uint32_t i = 0; i < mapping->reference->count; i++)
        count_feature(mapping, i, set, first, count, false, block);
    block[0] += (uint64_t)count;
}

typedef struct all {
    const fc_mapping *mapping;
    const fc_columns *set;
    uint64_t *block;
    bool coarse;
    const uint64_t *reference;
    double *apart;
} all;

static const double *values_of(void *ctx, size_t at, size_t n, double *room) {
    const fc_column *column = ctx;
    if (column->kind == FC_COLUMN_FLOAT64) return (const double *)column->values + at;
    fc_column_doubles(column, (int64_t)at, n, room);
    return room;
}

/* Counted coarsely; finely, if the distance does not come out in another way. */
static void count_and_compare(const all *self, uint32_t i) {
    const fc_feature *feature = &self->mapping->reference->features[i];
    const fc_feature_place *place = &feature->place;
    const fc_columns *set = self->set;
    fc_column *column = &set->columns[self->mapping->columns[i]];
    uint64_t *words = self->block + place->at;
    const uint64_t *old = self->reference;
    if (feature->coarse && set->rows >= WORTH_APART) {
        count_numbers(feature, column, 0, set->rows, true, self->block);
        fc_status status =
            fc_points_distance(&feature->points, self->mapping->reference->alloc,
                               old + place->cells, old[0] - old[place->at], values_of, column,
                               (size_t)set->rows, words[FC_AT_MISSING], &self->apart[i]);
        if (status == FC_OK) return;
        memset(words, 0, (FC_AT_NUMBER_CELLS + place->cell_count) * sizeof *words);
        no_extremes(words);
    }
    count_numbers(feature, column, 0, set->rows, false, self->block);
}

/* Each feature has words of its own, so that the result does not depend on the threads. */
static void count_one(void *ctx, size_t i) {
    const all *self = ctx;
    if (self->apart) self->apart[i] = NAN;
    if (self->apart && is_numbers(&self->mapping->reference->features[i].place)) {
        count_and_compare(self, (uint32_t)i);
        return;
    }
    count_feature(self->mapping, (uint32_t)i, self->set, 0, self->set->rows, self->coarse,
                  self->block);
}

void fc_block_count_all(const fc_mapping *mapping, const fc_columns *set, bool coarse, int threads,
                        uint64_t *block, const uint64_t *reference, double *apart) {
    all self = {mapping, set, block, coarse, reference, apart};
    size_t features = mapping->reference->count;
    /* Below some 100 microseconds of work a second thread costs more than it brings. */
    bool worth = (double)set->rows * (double)features > 50000;
    fc_parallel(features, worth ? threads : 1, count_one, &self);
    block[0] += (uint64_t)set->rows;
}

static void add_double(uint64_t *to, uint64_t from) {
    *to = fc_double_word(fc_word_double(*to) + fc_word_double(from));
}

void fc_block_add(const fc_reference *reference, uint64_t *to, const uint64_t *from) {
    to[0] += from[0];
    for (uint32_t i = 0; i < reference->count; i++) {
        fc_feature_place place = reference->features[i].place;
        uint64_t *a = to + place.at;
        const uint64_t *b = from + place.at;
        a[FC_AT_MISSING] += b[FC_AT_MISSING];
        if (place.kind == FC_FEATURE_NUMBER || place.kind == FC_FEATURE_TIME) {
            a[FC_AT_POS_INF] += b[FC_AT_POS_INF];
            a[FC_AT_NEG_INF] += b[FC_AT_NEG_INF];
            add_double(&a[FC_AT_SUM], b[FC_AT_SUM]);
            add_double(&a[FC_AT_SQUARES], b[FC_AT_SQUARES]);
            if (fc_word_double(b[FC_AT_MIN]) < fc_word_double(a[FC_AT_MIN]))
                a[FC_AT_MIN] = b[FC_AT_MIN];
            if (fc_word_double(b[FC_AT_MAX]) > fc_word_double(a[FC_AT_MAX]))
                a[FC_AT_MAX] = b[FC_AT_MAX];
        } else if (place.kind == FC_FEATURE_TEXT) {
            add_heavy(to + place.heavy, from + place.heavy);
        }
        for (size_t c = 0; c < place.cell_count; c++) to[place.cells + c] += from[place.cells + c];
    }
}

/* A text that is known by name was counted among the others. */
static bool heavy_sound(const uint64_t *table, uint64_t others) {
    uint64_t sum = 0;
    for (int i = 0; i < FC_HEAVY; i++) {
        const uint64_t *entry = table + i * FC_HEAVY_WORDS;
        if (((const unsigned char *)(entry + 1))[0] > FC_HEAVY_BYTES) return false;
        if (__builtin_add_overflow(sum, entry[0], &sum)) return false;
    }
    return sum <= others;
}

/* The infinite values are in the outer cells, and the finite ones have a least and a largest. */
static bool numbers_sound(const uint64_t *words, size_t cell_count, uint64_t present) {
    const uint64_t *cells = words + FC_AT_NUMBER_CELLS;
    uint64_t above = words[FC_AT_POS_INF], below = words[FC_AT_NEG_INF];
    if (above > cells[cell_count - 1] || below > cells[0] || above > present - below) return false;
    double min = fc_word_double(words[FC_AT_MIN]), max = fc_word_double(words[FC_AT_MAX]);
    if (above + below < present) return min <= max && isfinite(min) && isfinite(max);
    return min == INFINITY && max == -INFINITY;
}

bool fc_block_sound(const fc_reference *reference, const uint64_t *block) {
    if (block[0] > FC_MAX_ROWS) return false;
    for (uint32_t i = 0; i < reference->count; i++) {
        fc_feature_place place = reference->features[i].place;
        uint64_t sum = block[place.at + FC_AT_MISSING];
        for (size_t c = 0; c < place.cell_count; c++)
            if (__builtin_add_overflow(sum, block[place.cells + c], &sum)) return false;
        if (sum != block[0]) return false;
        if ((place.kind == FC_FEATURE_NUMBER || place.kind == FC_FEATURE_TIME) &&
            !numbers_sound(block + place.at, place.cell_count, sum - block[place.at]))
            return false;
        if (place.kind == FC_FEATURE_TEXT &&
            !heavy_sound(block + place.heavy, block[place.cells + place.cell_count - 1]))
            return false;
    }
    return true;
}
