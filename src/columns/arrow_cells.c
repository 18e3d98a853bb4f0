/* Cells of an Arrow array: checked, read one by one, and written into a column. */
#include <math.h>
#include <stdio.h>

#include "columns/arrow_in.h"

fc_status fc_arrow_fail(char *error, const char *name, const char *what) {
    snprintf(error, FC_ARROW_ERROR, "column '%.200s': %s", name, what);
    return FC_EINVALID;
}

fc_status fc_arrow_check_nulls(const struct ArrowArray *array, const char *name, char *error) {
    if (array->null_count < -1) return fc_arrow_fail(error, name, "a negative number of nulls");
    if (array->null_count > 0 && !array->buffers[0])
        return fc_arrow_fail(error, name, "nulls, but no validity bitmap");
    return FC_OK;
}

bool fc_arrow_same(const struct ArrowArray *a, const struct ArrowArray *b) {
    return a->length == b->length && a->offset == b->offset && a->null_count == b->null_count &&
           a->n_buffers == b->n_buffers &&
           !memcmp(a->buffers, b->buffers, (size_t)a->n_buffers * sizeof *a->buffers);
}

fc_status fc_arrow_check(const struct ArrowArray *array, fc_arrow_type type, const char *name,
                         char *error) {
    static const int64_t buffers[] = {
        [FC_ARROW_NULL] = 0, [FC_ARROW_TEXT32] = 3, [FC_ARROW_TEXT64] = 3};
    if (!array) return fc_arrow_fail(error, name, "an array is missing");
    if (!array->release) return fc_arrow_fail(error, name, "its array was released");
    if (array->length < 0 || array->offset < 0 || array->length > INT64_MAX / 32 ||
        array->offset > INT64_MAX / 32)
        return fc_arrow_fail(error, name, "a negative or absurd length or offset");
    if (array->n_children) return fc_arrow_fail(error, name, "children, of a type without any");
    if (type == FC_ARROW_NULL) return FC_OK;
    int64_t want = fc_arrow_is_text(type) && type != FC_ARROW_VIEW ? buffers[type]
                   : type == FC_ARROW_VIEW                         ? 3
                                                                   : 2;
    if (type == FC_ARROW_VIEW ? array->n_buffers < want : array->n_buffers != want)
        return fc_arrow_fail(error, name, "another number of buffers than its type has");
    if (!array->buffers) return fc_arrow_fail(error, name, "no buffers");
    int64_t end = array->offset + array->length;
    if (end && !array->buffers[1]) return fc_arrow_fail(error, name, "a buffer is missing");
    if (type == FC_ARROW_VIEW && array->n_buffers > 3 && !array->buffers[array->n_buffers - 1])
        return fc_arrow_fail(error, name, "the sizes of its buffers are missing");
    return fc_arrow_check_nulls(array, name, error);
}

/* ---- Texts --------------------------------------------------------------------------------- */

enum { INLINE_TEXT = 12, VIEW_BYTES = 16 };

static fc_status view_text(const struct ArrowArray *array, int64_t at, const char *name,
                           char *error, const char **text, size_t *len) {
    const char *view = (const char *)array->buffers[1] + at * VIEW_BYTES;
    int32_t length, buffer, offset;
    memcpy(&length, view, 4);
    if (length < 0) return fc_arrow_fail(error, name, "a text of negative length");
    *len = (size_t)length;
    *text = view + 4;
    if (length <= INLINE_TEXT) return FC_OK;
    memcpy(&buffer, view + 8, 4);
    memcpy(&offset, view + 12, 4);
    int64_t count = array->n_buffers - 3, size;
    if (buffer < 0 || buffer >= count || offset < 0)
        return fc_arrow_fail(error, name, "a text outside of its buffers");
    memcpy(&size, (const char *)array->buffers[array->n_buffers - 1] + buffer * 8, 8);
    const char *data = array->buffers[2 + buffer];
    if (!data || (int64_t)offset + length > size)
        return fc_arrow_fail(error, name, "a text outside of its buffers");
    *text = data + offset;
    return FC_OK;
}

fc_status fc_arrow_text(const struct ArrowArray *array, fc_arrow_type type, int64_t at,
                        const char *name, char *error, const char **text, size_t *len) {
    int64_t begin, end;
    if (type == FC_ARROW_VIEW) {
        FC_TRY(view_text(array, at, name, error, text, len));
    } else {
        if (type == FC_ARROW_TEXT32) {
            int32_t pair[2];
            memcpy(pair, (const char *)array->buffers[1] + at * 4, sizeof pair);
            begin = pair[0], end = pair[1];
        } else {
            int64_t pair[2];
            memcpy(pair, (const char *)array->buffers[1] + at * 8, sizeof pair);
            begin = pair[0], end = pair[1];
        }
        if (begin < 0 || end < begin) return fc_arrow_fail(error, name, "offsets that fall");
        *len = (size_t)(end - begin);
        *text = "";
        if (*len && !array->buffers[2])
            return fc_arrow_fail(error, name, "the buffer of its texts is missing");
        if (*len) *text = (const char *)array->buffers[2] + begin;
    }
    if (!fc_utf8_valid(*text, *len)) return fc_arrow_fail(error, name, "a text that is no UTF-8");
    return FC_OK;
}

/* ---- Numbers ------------------------------------------------------------------------------- */

/* Buffers need not be aligned. */

#define LOAD(c_type, to)                                                                           \
    c_type to;                                                                                     \
    memcpy(&to, (const char *)array->buffers[1] + at * (int64_t)sizeof(c_type), sizeof(c_type))

bool fc_arrow_integer(const struct ArrowArray *array, fc_arrow_type type, int64_t at,
                      int64_t *out) {
#define CASE(name, c_type)                                                                         \
    case name: {                                                                                   \
        LOAD(c_type, x);                                                                           \
        *out = (int64_t)x;                                                                         \
        return true;                                                                               \
    }
    switch (type) {
    case FC_ARROW_BOOL:
        *out = fc_arrow_bit(array->buffers[1], at);
        return true;
        CASE(FC_ARROW_I8, int8_t)
        CASE(FC_ARROW_U8, uint8_t)
        CASE(FC_ARROW_I16, int16_t)
        CASE(FC_ARROW_U16, uint16_t)
        CASE(FC_ARROW_I32, int32_t)
        CASE(FC_ARROW_U32, uint32_t)
        CASE(FC_ARROW_I64, int64_t)
    case FC_ARROW_U64: {
        LOAD(uint64_t, x);
        *out = (int64_t)x;
        return x <= INT64_MAX;
    }
    default: *out = 0; return true;
    }
#undef CASE
}

/* IEEE 754 binary16. */
static double half(uint16_t bits) {
    int exponent = bits >> 10 & 31, fraction = bits & 1023;
    double value = exponent == 31  ? (fraction ? NAN : INFINITY)
                   : exponent == 0 ? ldexp(fraction, -24)
                                   : ldexp(1024 + fraction, exponent - 25);
    return bits >> 15 ? -value : value;
}

double fc_arrow_double(const struct ArrowArray *array, fc_arrow_type type, int64_t at) {
    if (type == FC_ARROW_F16) {
        LOAD(uint16_t, x);
        return half(x);
    }
    if (type == FC_ARROW_F32) {
        LOAD(float, x);
        return (double)x;
    }
    if (type == FC_ARROW_F64) {
        LOAD(double, x);
        return x;
    }
    return NAN;
}

/* ---- Into a column ------------------------------------------------------------------------- */

/* Floor division, as NumPy casts nanoseconds. */
static bool to_microseconds(const fc_arrow_field *field, int64_t x, int64_t *out) {
    if (field->divide > 1) {
        *out = x / field->divide - (x % field->divide < 0);
        return true;
    }
    return !__builtin_mul_overflow(x, field->multiply, out) && *out != INT64_MIN;
}

static fc_status put_number(const fc_arrow_field *field, const struct ArrowArray *array,
                            fc_arrow_type type, int64_t at, fc_column *column, int64_t cell,
                            char *error) {
    int64_t x = 0;
    if (field->kind == FC_COLUMN_FLOAT64 || field->kind == FC_COLUMN_FLOAT32) {
        double value = fc_arrow_double(array, type, at);
        if (field->kind == FC_COLUMN_FLOAT64)
            ((double *)column->values)[cell] = value;
        else
            ((float *)column->values)[cell] = (float)value;
        return FC_OK;
    }
    if (!fc_arrow_integer(array, type, at, &x))
        return fc_arrow_fail(error, field->name, "expected integers within the range of int64");
    switch (field->kind) {
    case FC_COLUMN_INT64: ((int64_t *)column->values)[cell] = x; return FC_OK;
    case FC_COLUMN_INT32: ((int32_t *)column->values)[cell] = (int32_t)x; return FC_OK;
    case FC_COLUMN_BOOL: ((uint8_t *)column->values)[cell] = x != 0; return FC_OK;
    default:
        if (x == INT64_MIN && type == FC_ARROW_I64) {
            ((int64_t *)column->values)[cell] = x;
            return FC_OK;
        }
        if (to_microseconds(field, x, (int64_t *)column->values + cell)) return FC_OK;
        return fc_arrow_fail(error, field->name, "a time beyond the range of microseconds");
    }
}

/* A row of a fixed-size list: numbers of the child array; nulls only among floats. */
static fc_status put_list(const fc_arrow_field *field, const fc_arrow_view *view, int64_t row,
                          fc_column *column, int64_t to, char *error) {
    const struct ArrowArray *items = view->array->children[0];
    const uint8_t *bits = items->null_count && items->n_buffers ? items->buffers[0] : NULL;
    for (uint32_t k = 0; k < field->items; k++) {
        int64_t at = items->offset + (view->base + row) * field->items + k;
        int64_t cell = to * field->items + k;
        FC_TRY(put_number(field, items, field->type, at, column, cell, error));
        if (!bits || fc_arrow_bit(bits, at)) continue;
        if (field->kind == FC_COLUMN_FLOAT64)
            ((double *)column->values)[cell] = NAN;
        else if (field->kind == FC_COLUMN_FLOAT32)
            ((float *)column->values)[cell] = NAN;
        else
            return fc_arrow_fail(error, field->name, "a null inside of a list of integers");
    }
    return FC_OK;
}

fc_status fc_arrow_index(const fc_arrow_field *field, const fc_arrow_view *view, int64_t row,
                         int64_t *index, char *error) {
    if (fc_arrow_integer(view->array, field->type, view->base + row, index) && *index >= 0 &&
        *index < view->array->dictionary->length)
        return FC_OK;
    return fc_arrow_fail(error, field->name, "an index outside of its dictionary");
}

bool fc_arrow_has_nat(const fc_arrow_field *field, const fc_arrow_view *view) {
    int64_t x = 0;
    for (int64_t row = 0; field->type == FC_ARROW_I64 && row < view->rows; row++)
        if (fc_arrow_integer(view->array, FC_ARROW_I64, view->base + row, &x) && x == INT64_MIN)
            return true;
    return false;
}

static fc_status put_index(const fc_arrow_field *field, const fc_arrow_view *view, int64_t row,
                           fc_column *column, int64_t to, bool *valid, char *error) {
    const struct ArrowArray *values = view->array->dictionary;
    int64_t index;
    FC_TRY(fc_arrow_index(field, view, row, &index, error));
    int64_t at = values->offset + index;
    const uint8_t *bits = values->null_count && values->n_buffers ? values->buffers[0] : NULL;
    *valid = !bits || fc_arrow_bit(bits, at);
    if (!*valid) return FC_OK;
    return put_number(field, values, field->value, at, column, to, error);
}

static fc_status put_cell(const fc_arrow_field *field, const fc_arrow_view *view,
                          const int32_t *codes, int64_t row, fc_columns *set, fc_column *column,
                          int64_t to, char *error) {
    bool valid = fc_arrow_valid(view, row) && field->type != FC_ARROW_NULL;
    const char *text;
    size_t len;
    if (codes) {
        valid = codes[row] >= 0;
        ((int32_t *)column->values)[to] = codes[row];
    } else if (valid && field->listed) {
        FC_TRY(put_list(field, view, row, column, to, error));
    } else if (valid && field->dictionary) {
        FC_TRY(put_index(field, view, row, column, to, &valid, error));
    } else if (valid && fc_arrow_is_text(field->type)) {
        FC_TRY(fc_arrow_text(view->array, field->type, view->base + row, field->name, error, &text,
                             &len));
        FC_TRY(fc_column_put_text(set, column, to, text, len));
    } else if (valid) {
        FC_TRY(put_number(field, view->array, field->type, view->base + row, column, to, error));
        if (field->kind == FC_COLUMN_TIME) valid = ((int64_t *)column->values)[to] != INT64_MIN;
    }
    if (valid)
        fc_column_put_valid(column, to);
    else
        fc_column_put_null(column, to);
    return FC_OK;
}

fc_status fc_arrow_fill(const fc_arrow_field *field, const fc_arrow_view *view,
                        const int32_t *codes, fc_columns *set, fc_column *column, int64_t to,
                        char *error) {
    static const fc_arrow_type plain[] = {[FC_COLUMN_FLOAT64] = FC_ARROW_F64,
                                          [FC_COLUMN_FLOAT32] = FC_ARROW_F32,
                                          [FC_COLUMN_INT64] = FC_ARROW_I64,
                                          [FC_COLUMN_INT32] = FC_ARROW_I32};
    bool same = column->kind <= FC_COLUMN_INT32 && plain[column->kind] == field->type &&
                !field->dictionary && !field->listed && !view->valid_count && view->rows;
    if (same) {
        size_t width = fc_column_width(column->kind);
        memcpy((char *)column->values + (size_t)to * width,
               (const char *)view->array->buffers[1] + (size_t)view->base * width,
               (size_t)view->rows * width);
        for (int64_t row = 0; column->valid && row < view->rows; row++)
            fc_column_put_valid(column, to + row);
        return FC_OK;
    }
    for (int64_t row = 0; row < view->rows; row++)
        FC_TRY(put_cell(field, view, codes, row, set, column, to + row, error));
    return FC_OK;
}

/* ---- Dictionaries -------------------------------------------------------------------------- */

void fc_arrow_texts_free(fc_arrow_texts *texts) {
    const fc_alloc *alloc = texts->alloc;
    if (texts->bytes) alloc->release(alloc->ctx, texts->bytes);
    if (texts->offsets) alloc->release(alloc->ctx, texts->offsets);
    if (texts->slots) alloc->release(alloc->ctx, texts->slots);
    *texts = (fc_arrow_texts){.alloc = alloc, .seed = texts->seed};
}

/* Room for one more text; the table is at most half full. */
static fc_status make_room(fc_arrow_texts *texts, size_t len) {
    const fc_alloc *alloc = texts->alloc;
    if (texts->room - texts->used < len || !texts->bytes) {
        size_t room = texts->room * 2 + len + 64;
        char *bytes = alloc->resize(alloc->ctx, texts->bytes, room);
        if (!bytes) return FC_ENOMEM;
        texts->bytes = bytes, texts->room = room;
    }
    if (texts->count + 2 > texts->offset_room) {
        size_t room = texts->offset_room * 2 + 16;
        int64_t *offsets = alloc->resize(alloc->ctx, texts->offsets, room * sizeof *offsets);
        if (!offsets) return FC_ENOMEM;
        texts->offsets = offsets, texts->offset_room = room;
        if (!texts->count) offsets[0] = 0;
    }
    if (2 * (texts->count + 1) <= texts->slot_count) return FC_OK;
    size_t size = texts->slot_count ? texts->slot_count * 2 : 32;
    uint32_t *slots = alloc->get(alloc->ctx, size * sizeof *slots);
    if (!slots) return FC_ENOMEM;
    memset(slots, 0, size * sizeof *slots);
    for (size_t i = 0; i < texts->count; i++) {
        size_t begin = (size_t)texts->offsets[i];
        uint64_t at =
            fc_hash64(texts->bytes + begin, (size_t)texts->offsets[i + 1] - begin, texts->seed);
        while (slots[at & (size - 1)]) at++;
        slots[at & (size - 1)] = (uint32_t)i + 1;
    }
    if (texts->slots) alloc->release(alloc->ctx, texts->slots);
    texts->slots = slots, texts->slot_count = size;
    return FC_OK;
}

fc_status fc_arrow_texts_add(fc_arrow_texts *texts, const char *text, size_t len, int32_t *code) {
    if (texts->count >= INT32_MAX - 1) return FC_ELIMIT;
    FC_TRY(make_room(texts, len));
    uint64_t at = fc_hash64(text, len, texts->seed);
    for (;; at++) {
        uint32_t slot = texts->slots[at & (texts->slot_count - 1)];
        if (!slot) break;
        size_t begin = (size_t)texts->offsets[slot - 1];
        if ((size_t)texts->offsets[slot] - begin == len &&
            (!len || !memcmp(texts->bytes + begin, text, len))) {
            *code = (int32_t)slot - 1;
            return FC_OK;
        }
    }
    if (len) memcpy(texts->bytes + texts->used, text, len);
    texts->used += len;
    texts->offsets[++texts->count] = (int64_t)texts->used;
    texts->slots[at & (texts->slot_count - 1)] = (uint32_t)texts->count;
    *code = (int32_t)texts->count - 1;
    return FC_OK;
}
