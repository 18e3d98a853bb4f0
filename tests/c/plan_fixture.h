/* A plan's specification, and cells to run it on, out of bytes: for the fuzz target of plans and
 * for the tests that replay its corpus. tests/fuzz/plan_corpus.py writes the same form.
 *
 * Numbers are little-endian. In order: u8 sources; u8 panels, each u8 type, u8 width and as many u8
 * sources; u8 steps, each a name and a zero, u8 inputs and as many u8 panels, u8 type, u24 width,
 * u8 parameters, each a name and a zero, u8 kind, u24 count and its values; u8 pieces, each
 * u8 panel, u8 one-hot, u24 width; u8 rows; one u8 a source that chooses what its memory holds; and
 * all that is left are cells. What is missing at the end reads as zeros. */
#ifndef FASTCORE_TESTS_PLAN_FIXTURE_H
#define FASTCORE_TESTS_PLAN_FIXTURE_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fastcore/plan.h"
#include "plan/lookup.h"

enum { PLAN_MOST = 24, PLAN_WIDEST = 64, PLAN_ROWS = 40, PLAN_NAME = 24, PLAN_ITEMS = 24 };

typedef struct plan_item {
    char name[PLAN_NAME];
    void *data;
} plan_item;

typedef struct plan_fixture {
    const uint8_t *at, *end;
    fc_plan_spec spec;
    fc_panel_spec panels[PLAN_MOST];
    uint32_t panel_sources[PLAN_MOST][PLAN_WIDEST];
    fc_step_spec steps[PLAN_MOST];
    char families[PLAN_MOST][PLAN_NAME];
    uint32_t inputs[PLAN_MOST][PLAN_MOST];
    fc_blob_item blobs[PLAN_MOST][PLAN_ITEMS];
    plan_item items[PLAN_MOST][PLAN_ITEMS];
    fc_piece_spec pieces[PLAN_MOST];
    fc_loops loops;
    fc_source sources[PLAN_WIDEST];
    void *memory[PLAN_WIDEST][3]; /* values, heap, validity */
    fc_lookup *lookup;
    size_t rows;
} plan_fixture;

/* ---- Bytes ---------------------------------------------------------------------------------- */

static void *plan_block(size_t size) { /* exactly so large, that a sanitizer sees its ends */
    void *block = calloc(1, size ? size : 1);
    if (!block) abort();
    return block;
}

static void plan_take(plan_fixture *f, void *out, size_t size) {
    size_t left = (size_t)(f->end - f->at), n = size < left ? size : left;
    if (n) memcpy(out, f->at, n);
    if (n < size) memset((char *)out + n, 0, size - n);
    f->at += n;
}

static uint32_t plan_u8(plan_fixture *f) {
    uint8_t value;
    plan_take(f, &value, 1);
    return value;
}

static uint32_t plan_u24(plan_fixture *f) {
    uint32_t low = plan_u8(f), middle = plan_u8(f);
    return low | middle << 8 | plan_u8(f) << 16;
}

static uint32_t plan_less(plan_fixture *f, uint32_t limit) {
    uint32_t value = plan_u8(f);
    return value < limit ? value : limit - 1;
}

static void plan_name(plan_fixture *f, char *out) {
    size_t n = 0;
    for (char c; (c = (char)plan_u8(f));)
        if (n + 1 < PLAN_NAME) out[n++] = c;
    out[n] = 0;
}

/* ---- The specification ---------------------------------------------------------------------- */

static void plan_read_item(plan_fixture *f, uint32_t step, uint32_t number) {
    plan_item *item = &f->items[step][number];
    plan_name(f, item->name);
    char kind = (char)plan_u8(f);
    if (kind != 'd' && kind != 'q') kind = 'b';
    size_t size = kind == 'b' ? 1 : 8, left = (size_t)(f->end - f->at), count = plan_u24(f);
    if (count > left / size) count = left / size;
    item->data = plan_block(count * size);
    plan_take(f, item->data, count * size);
    f->blobs[step][number] = (fc_blob_item){item->name, kind, item->data, count};
}

static void plan_read_step(plan_fixture *f, uint32_t number) {
    fc_step_spec *step = &f->steps[number];
    plan_name(f, f->families[number]);
    step->family = f->families[number];
    step->inputs = f->inputs[number];
    step->input_count = plan_less(f, PLAN_MOST);
    for (uint32_t i = 0; i < step->input_count; i++) f->inputs[number][i] = plan_u8(f);
    step->type = (fc_plan_type)plan_less(f, FC_PLAN_CSR + 1);
    step->width = plan_u24(f);
    step->blob = (fc_blob){f->blobs[number], plan_less(f, PLAN_ITEMS)};
    for (uint32_t i = 0; i < step->blob.count; i++) plan_read_item(f, number, i);
}

static void plan_read_spec(plan_fixture *f) {
    f->spec = (fc_plan_spec){.source_count = plan_less(f, PLAN_WIDEST),
                             .panels = f->panels,
                             .steps = f->steps,
                             .pieces = f->pieces,
                             .loops = &f->loops};
    f->spec.panel_count = plan_less(f, PLAN_MOST);
    for (uint32_t i = 0; i < f->spec.panel_count; i++) {
        f->panels[i].type = (fc_plan_type)plan_less(f, FC_PLAN_CSR); /* no matrix as input */
        f->panels[i].width = plan_less(f, PLAN_WIDEST);
        f->panels[i].sources = f->panel_sources[i];
        for (uint32_t j = 0; j < f->panels[i].width; j++) f->panel_sources[i][j] = plan_u8(f);
    }
    f->spec.step_count = plan_less(f, PLAN_MOST);
    for (uint32_t i = 0; i < f->spec.step_count; i++) plan_read_step(f, i);
    f->spec.piece_count = plan_less(f, PLAN_MOST);
    for (uint32_t i = 0; i < f->spec.piece_count; i++) {
        f->pieces[i].panel = plan_u8(f);
        f->pieces[i].onehot = plan_u8(f) & 1;
        f->pieces[i].width = plan_u24(f);
    }
}

/* ---- Cells ---------------------------------------------------------------------------------- */

/* A few numbers at which kernels decide something, or whatever the bytes are. */
static double plan_number(plan_fixture *f) {
    static const double some[] = {0, 1, -1, 0.5, 2, 3, 1e-300, 1e300, -0.0, 7, 1e9, -2.25};
    uint32_t choice = plan_u8(f);
    if (choice < 12) return some[choice];
    if (choice == 12) return (double)NAN;
    if (choice == 13) return (double)INFINITY;
    if (choice > 64) return ((double)choice - 160) / 16;
    double value;
    plan_take(f, &value, sizeof value);
    return value;
}

/* Memory of numbers, from its last row to the first where the stride is negative. */
static void plan_numbers(plan_fixture *f, fc_source *s, void **memory) {
    size_t size = fc_source_kind_size(s->kind), rows = f->rows;
    char *at = memory[0] = plan_block(size * rows);
    for (size_t r = 0; r < rows; r++, at += size) {
        double value = plan_number(f);
        int64_t whole = value > -1e9 && value < 1e9 ? (int64_t)value : 0;
        float single = (float)value;
        if (s->kind == FC_SOURCE_F64)
            memcpy(at, &value, size);
        else if (s->kind == FC_SOURCE_F32)
            memcpy(at, &single, size);
        else
            memcpy(at, &whole, size); /* its low bytes */
    }
    s->data = s->stride < 0 ? at - size : memory[0];
    s->stride = s->stride < 0 ? -(ptrdiff_t)size : (ptrdiff_t)size;
}

/* Texts lie one behind the other in a heap; some are missing, or do not hold together. */
static void plan_texts(plan_fixture *f, fc_source *s, void **memory) {
    size_t rows = f->rows, size = (size_t)plan_u8(f);
    char *heap = memory[1] = plan_block(size);
    plan_take(f, heap, size);
    s->heap = heap;
    s->heap_size = (int64_t)size;
    int64_t *offsets = plan_block((rows + 1) * sizeof *offsets);
    for (size_t r = 1; r <= rows; r++) offsets[r] = (int64_t)plan_u8(f);
    for (size_t r = 1; r <= rows && (s->kind == FC_SOURCE_VIEWS || s->kind == FC_SOURCE_WORDS); r++)
        if (offsets[r] > (int64_t)size) offsets[r] = (int64_t)size;
    if (s->kind == FC_SOURCE_TEXT64) {
        s->data = memory[0] = offsets;
        s->stride = sizeof *offsets;
        return;
    }
    if (s->kind == FC_SOURCE_TEXT32) {
        int32_t *narrow = memory[0] = plan_block((rows + 1) * sizeof *narrow);
        for (size_t r = 0; r <= rows; r++) narrow[r] = (int32_t)offsets[r];
        s->data = narrow;
        s->stride = sizeof *narrow;
        free(offsets);
        return;
    }
    fc_text *views = plan_block(rows * sizeof *views);
    for (size_t r = 0; r < rows; r++) {
        int64_t begin = offsets[r], end = offsets[r + 1];
        views[r] = (fc_text){heap + begin, end - begin};
        if (end < begin) views[r] = (fc_text){NULL, end % 2 ? FC_TEXT_NONE : FC_TEXT_NAN};
    }
    memory[0] = views;
    s->data = views;
    s->stride = sizeof *views;
    if (s->kind == FC_SOURCE_WORDS) {
        int32_t *codes = plan_block(rows * sizeof *codes);
        for (size_t r = 0; r < rows; r++) codes[r] = (int32_t)offsets[r + 1] % 16 - 1;
        s->heap = views;
        s->heap_size = (int64_t)rows;
        s->data = memory[2] = codes;
        s->stride = sizeof *codes;
    }
    free(offsets);
}

/* The type of the panels that read a source: codes before texts before numbers. */
static fc_plan_type plan_read_as(const plan_fixture *f, uint32_t source) {
    fc_plan_type found = FC_PLAN_TEXT;
    for (uint32_t i = 0; i < f->spec.panel_count; i++)
        for (uint32_t j = 0; j < f->panels[i].width; j++) {
            if (f->panel_sources[i][j] != source) continue;
            if (f->panels[i].type == FC_PLAN_I32) return FC_PLAN_I32;
            if (f->panels[i].type != FC_PLAN_TEXT) found = FC_PLAN_F64;
        }
    return found;
}

/* Whether nothing else than codes is made of a source: such may be looked up. */
static bool plan_only_codes(const plan_fixture *f, uint32_t source) {
    for (uint32_t i = 0; i < f->spec.panel_count; i++)
        for (uint32_t j = 0; j < f->panels[i].width; j++)
            if (f->panel_sources[i][j] == source && f->panels[i].type != FC_PLAN_I32) return false;
    return true;
}

/* Codes as they are, by a dictionary's, or of texts. */
static void plan_codes(plan_fixture *f, fc_source *s, uint32_t i, uint32_t choice) {
    static const int32_t dictionary[] = {2, 0, -1, -2, 1, 7};
    static const fc_lookup_text texts[] = {{"", 0, 0}, {"a", 1, 1}, {"b", 1, 2}, {"ab", 2, -3}};
    if ((choice & 15) == 5 && plan_only_codes(f, i)) {
        if (!f->lookup && fc_lookup_new(&fc_alloc_libc, texts, 4, &f->lookup) != FC_OK) abort();
        s->kind = choice & 32 ? FC_SOURCE_TEXT32 : FC_SOURCE_TEXT64;
        s->lookup = f->lookup;
        plan_texts(f, s, f->memory[i]);
        return;
    }
    s->kind = FC_SOURCE_I32;
    plan_numbers(f, s, f->memory[i]);
    if ((choice & 15) != 6 || !plan_only_codes(f, i)) return;
    s->kind = FC_SOURCE_CODES;
    s->heap = dictionary;
    s->heap_size = 6;
}

static void plan_read_source(plan_fixture *f, uint32_t i, uint32_t choice) {
    fc_source *s = &f->sources[i];
    fc_plan_type type = plan_read_as(f, i);
    s->null = choice & 16 ? FC_TEXT_NAN : FC_TEXT_NONE;
    s->stride = choice & 32 ? -1 : 1;
    if (type == FC_PLAN_TEXT) {
        s->kind = (fc_source_kind)(FC_SOURCE_VIEWS + (choice & 3));
        plan_texts(f, s, f->memory[i]);
    } else if (type == FC_PLAN_I32) {
        plan_codes(f, s, i, choice);
    } else {
        s->kind = (fc_source_kind)((choice & 15) % (FC_SOURCE_U8 + 1));
        plan_numbers(f, s, f->memory[i]);
    }
    /* Words keep their codes where others have their bits. */
    if (!(choice & 64) || s->kind == FC_SOURCE_WORDS) return;
    s->valid_offset = (int64_t)(choice >> 7) * 3;
    size_t size = (f->rows + (size_t)s->valid_offset) / 8 + 1;
    s->valid = f->memory[i][2] = plan_block(size);
    plan_take(f, f->memory[i][2], size);
}

static void plan_read_sources(plan_fixture *f) {
    uint8_t choices[PLAN_WIDEST];
    f->rows = plan_less(f, PLAN_ROWS);
    plan_take(f, choices, f->spec.source_count);
    for (uint32_t i = 0; i < f->spec.source_count; i++) plan_read_source(f, i, choices[i]);
}

/* ---- Loops of the C library's functions ------------------------------------------------------ */

#define PLAN_LOOP(name)                                                                            \
    static void plan_d_##name(char **args, const intptr_t *count, const intptr_t *steps,           \
                              void *u) {                                                           \
        (void)u;                                                                                   \
        for (intptr_t i = 0; i < *count; i++)                                                      \
            *(double *)(void *)(args[1] + i * steps[1]) =                                          \
                name(*(double *)(void *)(args[0] + i * steps[0]));                                 \
    }                                                                                              \
    static void plan_f_##name(char **args, const intptr_t *count, const intptr_t *steps,           \
                              void *u) {                                                           \
        (void)u;                                                                                   \
        for (intptr_t i = 0; i < *count; i++)                                                      \
            *(float *)(void *)(args[1] + i * steps[1]) =                                           \
                name##f(*(float *)(void *)(args[0] + i * steps[0]));                               \
    }
PLAN_LOOP(exp)
PLAN_LOOP(expm1)
PLAN_LOOP(log)
PLAN_LOOP(log1p)
PLAN_LOOP(sqrt)

static void plan_loops(fc_loops *loops) {
#define PLAN_LOOP_ROW(name)                                                                        \
    loops->d[FC_LOOP_##name].fn = plan_d_##name, loops->f[FC_LOOP_##name].fn = plan_f_##name
    PLAN_LOOP_ROW(exp);
    PLAN_LOOP_ROW(expm1);
    PLAN_LOOP_ROW(log);
    PLAN_LOOP_ROW(log1p);
    PLAN_LOOP_ROW(sqrt);
}

/* ---- All of it ------------------------------------------------------------------------------ */

static plan_fixture *plan_fixture_make(const uint8_t *data, size_t size) {
    plan_fixture *f = plan_block(sizeof *f);
    f->at = data;
    f->end = data + size;
    plan_loops(&f->loops);
    plan_read_spec(f);
    plan_read_sources(f);
    return f;
}

static void plan_fixture_free(plan_fixture *f) {
    for (size_t i = 0; i < PLAN_WIDEST; i++)
        for (size_t j = 0; j < 3; j++) free(f->memory[i][j]);
    for (size_t i = 0; i < PLAN_MOST; i++)
        for (size_t j = 0; j < PLAN_ITEMS; j++) free(f->items[i][j].data);
    fc_lookup_free(f->lookup);
    free(f);
}

/* One row of the sources; the caller gives room for them. */
static inline void plan_row_sources(const plan_fixture *f, size_t row, fc_source *out) {
    for (uint32_t i = 0; i < f->spec.source_count; i++) {
        out[i] = f->sources[i];
        out[i].data = (const char *)out[i].data + (ptrdiff_t)row * out[i].stride;
        out[i].valid_offset += (int64_t)row;
    }
}

#endif
