/* From input columns to row-major panels: conversion, nulls, and the case without any copy. */
#include <math.h>
#include <string.h>

#include "plan/lookup.h"
#include "plan/plan_inner.h"
#include "plan/weave.h"

/* Of one value; 0 for those that never are a panel as they lie. */
static const uint8_t source_sizes[] = {8, 4, 8, 4, 2, 1, 8, 4, 2, 1, sizeof(fc_text),
                                       0, 0, 0, 0, 0};

size_t fc_source_kind_size(fc_source_kind kind) { return source_sizes[kind]; }

bool fc_source_matches(fc_source_kind kind, fc_plan_type type) {
    return (kind == FC_SOURCE_F64 && type == FC_PLAN_F64) ||
           (kind == FC_SOURCE_F32 && type == FC_PLAN_F32) ||
           (kind == FC_SOURCE_I32 && type == FC_PLAN_I32) ||
           (kind == FC_SOURCE_VIEWS && type == FC_PLAN_TEXT);
}

/* True if the sources are neighbours of the panel's own type in a row-major matrix. */
static bool adjacent(const fc_panel *panel, const fc_source *sources) {
    const fc_source *first = &sources[panel->sources[0]];
    size_t size = source_sizes[first->kind];
    if (!fc_source_matches(first->kind, panel->type)) return false;
    /* The last one first: it tells most that are not. */
    const fc_source *last = &sources[panel->sources[panel->width - 1]];
    if ((const char *)last->data != (const char *)first->data + (panel->width - 1) * size)
        return false;
    for (uint32_t j = 0; j < panel->width; j++) {
        const fc_source *s = &sources[panel->sources[j]];
        if (s->valid || s->kind != first->kind || s->stride != first->stride ||
            (const char *)s->data != (const char *)first->data + j * size)
            return false;
    }
    return true;
}

const void *fc_plan_in_place(const fc_panel *panel, const fc_source *sources, size_t first) {
    /* Codes are settled in a copy. */
    if (!panel->width || panel->type == FC_PLAN_I32 || !adjacent(panel, sources)) return NULL;
    const fc_source *s = &sources[panel->sources[0]];
    if (s->stride != (ptrdiff_t)(panel->width * (size_t)source_sizes[s->kind])) return NULL;
    return (const char *)s->data + (ptrdiff_t)first * s->stride;
}

/* One loop for each pair of types; `step` is the panel's width. */
#define FC_CONVERT(from_type, to_type)                                                             \
    do {                                                                                           \
        to_type *to = out;                                                                         \
        for (size_t r = 0; r < rows; r++, at += stride, to += step)                                \
            *to = (to_type) * (const from_type *)(const void *)at;                                 \
    } while (0)

#define FC_CONVERT_ALL(to_type)                                                                    \
    switch (source->kind) {                                                                        \
    case FC_SOURCE_F64: FC_CONVERT(double, to_type); break;                                        \
    case FC_SOURCE_F32: FC_CONVERT(float, to_type); break;                                         \
    case FC_SOURCE_I64: FC_CONVERT(int64_t, to_type); break;                                       \
    case FC_SOURCE_I32: FC_CONVERT(int32_t, to_type); break;                                       \
    case FC_SOURCE_I16: FC_CONVERT(int16_t, to_type); break;                                       \
    case FC_SOURCE_I8: FC_CONVERT(int8_t, to_type); break;                                         \
    case FC_SOURCE_U64: FC_CONVERT(uint64_t, to_type); break;                                      \
    case FC_SOURCE_U32: FC_CONVERT(uint32_t, to_type); break;                                      \
    case FC_SOURCE_U16: FC_CONVERT(uint16_t, to_type); break;                                      \
    case FC_SOURCE_U8: FC_CONVERT(uint8_t, to_type); break;                                        \
    default: break; /* texts: the builder of sources sees to it */                                 \
    }

static void convert_f64(const fc_source *source, const char *at, size_t rows, void *out,
                        size_t step) {
    ptrdiff_t stride = source->stride;
    FC_CONVERT_ALL(double)
}

static void convert_f32(const fc_source *source, const char *at, size_t rows, void *out,
                        size_t step) {
    ptrdiff_t stride = source->stride;
    FC_CONVERT_ALL(float)
}

static bool is_null(const fc_source *source, size_t row) {
    int64_t bit = source->valid_offset + (int64_t)row;
    return source->valid && !(source->valid[bit >> 3] >> (bit & 7) & 1);
}

/* Codes, but of texts: as they are. */
static void convert_i32(const fc_source *source, const char *at, size_t rows, void *out,
                        size_t step) {
    ptrdiff_t stride = source->stride;
    FC_CONVERT(int32_t, int32_t);
}

/* Row `row` of Arrow's texts; offsets that do not hold together make an empty text, so that what
 * they were damaged to is never read. */
static fc_text text_at(const fc_source *source, int64_t begin, int64_t end) {
    if (begin < 0 || end < begin || end > source->heap_size) return (fc_text){"", 0};
    return (fc_text){(const char *)source->heap + begin, end - begin};
}

static fc_text read_text(const fc_source *source, size_t row) {
    const char *at = (const char *)source->data + (ptrdiff_t)row * source->stride;
    if (source->kind == FC_SOURCE_TEXT32) {
        int32_t offsets[2];
        memcpy(offsets, at, sizeof offsets);
        return text_at(source, offsets[0], offsets[1]);
    }
    if (source->kind == FC_SOURCE_TEXT64) {
        int64_t offsets[2];
        memcpy(offsets, at, sizeof offsets);
        return text_at(source, offsets[0], offsets[1]);
    }
    if (source->kind == FC_SOURCE_VIEWS) return *(const fc_text *)(const void *)at;
    int32_t code;
    memcpy(&code, at, sizeof code);
    if (code < 0 || code >= source->heap_size) return (fc_text){NULL, source->null};
    return ((const fc_text *)source->heap)[code];
}

/* Views of a column of texts, or of what is none: all missing. */
static void view_texts(const fc_source *source, size_t first, size_t rows, void *out,
                       size_t width) {
    bool texts = source->kind >= FC_SOURCE_VIEWS && source->kind <= FC_SOURCE_WORDS;
    fc_text *to = out;
    for (size_t r = first; r < first + rows; r++, to += width) {
        if (!texts || is_null(source, r))
            *to = (fc_text){NULL, texts ? source->null : FC_TEXT_NONE};
        else
            *to = read_text(source, r);
    }
}

/* Codes of texts, each of which is looked up where it lies. */
static void look_up(const fc_source *source, size_t first, size_t rows, int32_t *to, size_t step) {
    if (source->kind == FC_SOURCE_TEXT64 && source->stride == sizeof(int64_t)) {
        fc_lookup_codes(source->lookup, source->heap, source->heap_size,
                        (const int64_t *)source->data + first, rows, to, step);
        for (size_t r = 0; source->valid && r < rows; r++)
            if (is_null(source, first + r)) to[r * step] = (int32_t)source->null;
        return;
    }
    for (size_t r = first; r < first + rows; r++, to += step) {
        fc_text text = is_null(source, r) ? (fc_text){NULL, -1} : read_text(source, r);
        *to = text.size < 0 ? (int32_t)source->null
                            : fc_lookup_find(source->lookup, text.data, (size_t)text.size);
    }
}

/* Codes of words, which were looked up before. */
static void map_codes(const fc_source *source, size_t first, size_t rows, int32_t *to,
                      size_t step) {
    const int32_t *codes = source->heap;
    for (size_t r = first; r < first + rows; r++, to += step) {
        int32_t at;
        memcpy(&at, (const char *)source->data + (ptrdiff_t)r * source->stride, sizeof at);
        bool known = at >= 0 && at < source->heap_size && !is_null(source, r);
        *to = known ? codes[at] : (int32_t)source->null;
    }
}

/* Into a column of an I32 panel; false if there is nothing to look up. */
static bool load_codes(const fc_source *source, size_t first, size_t rows, int32_t *to,
                       size_t step) {
    if (source->kind == FC_SOURCE_CODES)
        map_codes(source, first, rows, to, step);
    else if (source->lookup)
        look_up(source, first, rows, to, step);
    else
        return false;
    return true;
}

static void put_nulls(const fc_source *source, fc_plan_type type, size_t first, size_t rows,
                      void *out, size_t step) {
    for (size_t r = 0; r < rows; r++) {
        if (!is_null(source, first + r)) continue;
        if (type == FC_PLAN_F64)
            ((double *)out)[r * step] = (double)NAN;
        else if (type == FC_PLAN_F32)
            ((float *)out)[r * step] = NAN;
        else
            ((int32_t *)out)[r * step] = -1;
    }
}

/* Columns from `j` on that are vectors of the panel's own type, all at once; how many those are. */
static size_t weave(const fc_panel *panel, const fc_source *sources, size_t j, size_t first,
                    size_t rows, void *out) {
    enum { MOST = 16 };
    const void *columns[MOST];
    size_t width = panel->width, size = fc_plan_type_size(panel->type), n = 0;
    for (; n < MOST && j + n < width; n++) {
        const fc_source *s = &sources[panel->sources[j + n]];
        if (!fc_source_matches(s->kind, panel->type) || s->stride != (ptrdiff_t)size) break;
        columns[n] = (const char *)s->data + first * size;
    }
    if (n < 2) return 0;
    fc_weave(columns, n, size, rows, (char *)out + j * size, width * size);
    for (size_t k = j; k < j + n; k++) {
        const fc_source *s = &sources[panel->sources[k]];
        if (s->valid) put_nulls(s, panel->type, first, rows, (char *)out + k * size, width);
    }
    return n;
}

void fc_plan_load(const fc_panel *panel, const fc_source *sources, size_t first, size_t rows,
                  void *out) {
    size_t width = panel->width, size = fc_plan_type_size(panel->type);
    if (!width) return;
    if (adjacent(panel, sources)) {
        const fc_source *s = &sources[panel->sources[0]];
        const char *at = (const char *)s->data + (ptrdiff_t)first * s->stride;
        for (size_t r = 0; r < rows; r++, at += s->stride)
            memcpy((char *)out + r * width * size, at, width * size);
        return;
    }
    for (size_t j = 0; j < width; j++) {
        size_t woven = weave(panel, sources, j, first, rows, out);
        if (woven) {
            j += woven - 1;
            continue;
        }
        const fc_source *s = &sources[panel->sources[j]];
        const char *at = (const char *)s->data + (ptrdiff_t)first * s->stride;
        void *to = (char *)out + j * size;
        if (panel->type == FC_PLAN_TEXT) {
            view_texts(s, first, rows, to, width);
            continue;
        }
        if (panel->type == FC_PLAN_I32 && load_codes(s, first, rows, to, width)) continue;
        if (panel->type == FC_PLAN_F64)
            convert_f64(s, at, rows, to, width);
        else if (panel->type == FC_PLAN_F32)
            convert_f32(s, at, rows, to, width);
        else
            convert_i32(s, at, rows, to, width);
        if (s->valid) put_nulls(s, panel->type, first, rows, to, width);
    }
}
