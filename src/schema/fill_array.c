/* Nested arrays of numbers into one block of memory, in one pass.
 *
 * The first array of each level says how many items all others there must have, unless the shape
 * does. What is not accepted as it stands makes the whole array the original's. */
#include <math.h>
#include <string.h>

#include "schema/fill_array.h"

enum { FIRST_BYTES = 1024 };

static const fc_json_sink skip_sink;

/* ---- Structure ---------------------------------------------------------------------------- */

static fc_status refuse(fc_array_filling *f, fc_json_walker *w) {
    f->out->refused = true;
    w->sink = &skip_sink; /* read on, for the syntax */
    return FC_OK;
}

/* The whole value has ended: gives the walk back. */
static fc_status finish(fc_array_filling *f, fc_json_walker *w, const char *end) {
    f->out->end = (size_t)(end - w->data);
    w->sink = f->back_sink;
    w->self = f->back_self;
    return f->finished ? f->finished(f->back_self) : FC_OK;
}

static fc_status array_begin(fc_json_walker *w, fc_json_kind kind, const char *at) {
    fc_array_filling *f = w->self;
    f->open++;
    if (f->open == 1) f->out->start = (size_t)(at - w->data);
    uint32_t most = f->ndim ? f->ndim : FC_SHAPE_MAX_DIMS;
    return kind == FC_JSON_ARRAY && f->open <= most ? FC_OK : refuse(f, w);
}

/* Whether an item may stand here; the first one tells how many dimensions there are. */
static inline bool is_item(fc_array_filling *f) {
    if (FC_UNLIKELY(!f->ndim)) {
        bool deeper = f->open < FC_SHAPE_MAX_DIMS && f->out->array.sizes[f->open] >= 0;
        if (!f->open || deeper) return false; /* beside an empty array */
        f->ndim = f->open;
    }
    return f->open == f->ndim;
}

/* Sizes of levels that no array was on, and whether those of one name agree. Without any item and
 * with arrays in the array it is not clear how many dimensions are meant. */
bool fc_array_sizes_agree(const fc_shape *shape, uint32_t ndim, int64_t *sizes) {
    if (!shape->ndim) return ndim || sizes[1] < 0;
    for (uint32_t d = 0; d < ndim; d++) {
        if (sizes[d] < 0) sizes[d] = 0;
        if (shape->same[d] >= 0 && sizes[shape->same[d]] != sizes[d]) return false;
    }
    return true;
}

static fc_status array_end(fc_json_walker *w, fc_json_kind kind, const char *end, size_t count) {
    (void)kind;
    fc_array_filling *f = w->self;
    int64_t *size = &f->out->array.sizes[--f->open];
    if (*size < 0) *size = (int64_t)count;
    bool right = (uint64_t)*size == count;
    if (f->open && !f->guess) {
        double read = (double)(end - w->data) - (double)f->out->start;
        double all = (double)(w->limit - w->data) - (double)f->out->start;
        f->guess = (size_t)((double)f->out->array.count * (all / read) * 1.02) + 64;
    }
    if (f->open) return right ? FC_OK : refuse(f, w);
    if (!right || !fc_array_sizes_agree(f->shape, f->ndim, f->out->array.sizes))
        f->out->refused = true;
    f->out->array.ndim = f->ndim ? f->ndim : 1;
    return finish(f, w, end);
}

static fc_status array_key(fc_json_walker *w, const fc_json_string *key) {
    (void)key;
    return refuse(w->self, w);
}

static fc_status array_string(fc_json_walker *w, const fc_json_string *string) {
    (void)string;
    return refuse(w->self, w);
}

/* ---- Items -------------------------------------------------------------------------------- */

void *fc_array_next(fc_array *array, const fc_alloc *alloc, uint32_t width, size_t guess,
                    size_t count) {
    size_t needed = array->count + count; /* not more than bytes read */
    if (FC_UNLIKELY(needed > array->room)) {
        /* By half: what is too much stays with the array, because giving it back (to the system,
         * page by page) would cost the next request more than it is worth. */
        size_t room = array->room ? array->room + array->room / 2 : FIRST_BYTES / width, bytes;
        size_t most = array->room * 4; /* the rest of the document may be something else */
        if (guess > room) room = guess < most ? guess : most;
        if (room < needed) room = needed;
        if (!fc_size_mul(room, width, &bytes)) return NULL;
        void *grown = alloc->resize(alloc->ctx, array->data, bytes);
        if (!grown) return NULL;
        array->data = grown;
        array->room = room;
    }
    char *at = (char *)array->data + array->count * width;
    array->count = needed;
    return at;
}

static inline void *next_items(fc_array_filling *f, size_t count) {
    return fc_array_next(&f->out->array, f->out->alloc, f->shape->width, f->guess, count);
}

uint16_t fc_half(double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint16_t sign = (uint16_t)(bits >> 48 & 0x8000);
    int exponent = (int)(bits >> 52 & 0x7FF) - 1023;
    uint64_t fraction = bits & (((uint64_t)1 << 52) - 1);
    if (exponent == 1024) return (uint16_t)(sign | (fraction ? 0x7E00 : 0x7C00));
    if (exponent > 15) return sign | 0x7C00;
    if (exponent < -25) return sign;
    /* A half has 10 bits of fraction; a subnormal one has as many fewer as it is below 2**-14. */
    int drop = exponent < -14 ? 42 + (-14 - exponent) : 42;
    uint64_t whole = exponent < -14 ? fraction | (uint64_t)1 << 52
                                    : fraction + ((uint64_t)(exponent + 15) << 52);
    uint64_t rest = whole & (((uint64_t)1 << drop) - 1), half = (uint64_t)1 << (drop - 1);
    whole >>= drop;
    /* A carry out of the fraction is the next binade, or infinity. */
    whole += rest > half || (rest == half && (whole & 1));
    return (uint16_t)(sign | whole);
}

bool fc_array_store(void *to, uint32_t width, const double *values, size_t count) {
    bool finite = true;
    if (width == 8) {
        memcpy(to, values, count * 8);
        for (size_t i = 0; i < count; i++) finite &= values[i] - values[i] == 0;
    } else if (width == 4) {
        float *out = to;
        for (size_t i = 0; i < count; i++) {
            float value = (float)values[i];
            out[i] = value;
            finite &= value - value == 0;
        }
    } else {
        uint16_t *out = to;
        for (size_t i = 0; i < count; i++) {
            out[i] = fc_half(values[i]);
            finite &= (out[i] & 0x7C00) != 0x7C00;
        }
    }
    return finite;
}

static fc_status array_doubles(fc_json_walker *w, const double *values, size_t count) {
    fc_array_filling *f = w->self;
    if (!is_item(f)) return refuse(f, w);
    void *to = next_items(f, count);
    if (!to) return FC_ENOMEM;
    return fc_array_store(to, f->shape->width, values, count) ? FC_OK : refuse(f, w);
}

/* A number of 20 digits, from 10**19 to 2**64 - 1. */
static bool long_unsigned(const fc_json_number *number, uint64_t *out) {
    if (number->kind != FC_JSON_INT || number->len != 20 || number->negative) return false;
    uint64_t value = 0;
    for (size_t i = 0; i < 20; i++) {
        uint64_t digit = (uint64_t)(number->text[i] - '0');
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, digit, &value))
            return false;
    }
    *out = value;
    return true;
}

/* The integer's bits, of which the item takes the lowest; false if the type cannot hold it. A
 * fraction that is integral counts as the integer that its double is. */
static bool integer_bits(const fc_json_number *number, const fc_shape *shape, uint64_t *out) {
    int64_t value;
    unsigned bits = 8 * shape->width;
    bool is_signed = shape->item == FC_ITEM_INT;
    if (number->kind == FC_JSON_FLOAT) {
        double real = fc_json_number_double(number);
        if (!(fabs(real) < 0x1p63) || floor(real) != real) return false;
        value = (int64_t)real;
    } else if (!fc_json_number_int64(number, &value)) {
        if (is_signed || bits < 64) return false;
        if (long_unsigned(number, out)) return true;
        *out = number->mantissa; /* from 2**63 on, and of 19 digits */
        return number->kind == FC_JSON_INT && !number->negative && !number->truncated &&
               !number->exponent;
    }
    *out = (uint64_t)value;
    if (!is_signed) return value >= 0 && (bits == 64 || (uint64_t)value >> bits == 0);
    int64_t top = value >> (bits - 1); /* the sign and what is above it: all alike */
    return top == 0 || top == -1;
}

static fc_status array_number(fc_json_walker *w, const fc_json_number *number) {
    fc_array_filling *f = w->self;
    const fc_shape *shape = f->shape;
    if (!is_item(f) || shape->item == FC_ITEM_BOOL) return refuse(f, w);
    if (shape->item == FC_ITEM_FLOAT) {
        if (number->kind == FC_JSON_NONFINITE) return refuse(f, w);
        double value = fc_json_number_double(number);
        return array_doubles(w, &value, 1);
    }
    uint64_t bits;
    if (!integer_bits(number, shape, &bits)) return refuse(f, w);
    void *to = next_items(f, 1);
    if (!to) return FC_ENOMEM;
    switch (shape->width) {
    case 1: *(uint8_t *)to = (uint8_t)bits; break;
    case 2: *(uint16_t *)to = (uint16_t)bits; break;
    case 4: *(uint32_t *)to = (uint32_t)bits; break;
    default: *(uint64_t *)to = bits;
    }
    return FC_OK;
}

static fc_status array_literal(fc_json_walker *w, fc_json_kind kind, const char *at) {
    (void)at;
    fc_array_filling *f = w->self;
    bool right = is_item(f) && f->shape->item == FC_ITEM_BOOL;
    if (!right || kind == FC_JSON_NULL) return refuse(f, w);
    uint8_t *to = next_items(f, 1);
    if (!to) return FC_ENOMEM;
    *to = kind == FC_JSON_TRUE;
    return FC_OK;
}

static const fc_json_sink item_sink = {
    array_begin, array_end, array_key, array_number, array_string, array_literal, NULL, NULL, NULL};
static const fc_json_sink double_sink = {array_begin,  array_end,     array_key,
                                         array_number, array_string,  array_literal,
                                         NULL,         array_doubles, NULL};

/* ---- Skipping ----------------------------------------------------------------------------- */

static fc_status skip_begin(fc_json_walker *w, fc_json_kind kind, const char *at) {
    (void)kind;
    (void)at;
    ((fc_array_filling *)w->self)->open++;
    return FC_OK;
}

static fc_status skip_end(fc_json_walker *w, fc_json_kind kind, const char *end, size_t count) {
    (void)kind;
    (void)count;
    fc_array_filling *f = w->self;
    return --f->open ? FC_OK : finish(f, w, end);
}

static const fc_json_sink skip_sink = {skip_begin,
                                       skip_end,
                                       fc_json_pass_string,
                                       fc_json_pass_number,
                                       fc_json_pass_string,
                                       fc_json_pass_literal,
                                       NULL,
                                       NULL,
                                       NULL};

/* ---- Starting ----------------------------------------------------------------------------- */

void fc_array_filling_start(fc_array_filling *filling, const fc_shape *shape, const fc_alloc *alloc,
                            fc_fill *out) {
    *filling = (fc_array_filling){.shape = shape, .out = out, .ndim = shape->ndim};
    filling->own = shape->item == FC_ITEM_FLOAT ? &double_sink : &item_sink;
    *out = (fc_fill){.alloc = alloc};
    for (uint32_t d = 0; d < FC_SHAPE_MAX_DIMS; d++)
        out->array.sizes[d] = d < shape->ndim ? shape->sizes[d] : -1;
}

fc_status fc_fill_array(const fc_schema *schema, uint32_t node, const char *data, size_t len,
                        const fc_alloc *alloc, fc_fill *fill, fc_json_error *error) {
    fc_array_filling filling;
    fc_array_filling_start(&filling, &schema->shapes[schema->nodes[node].child], alloc, fill);
    fc_status status = fc_json_walk(data, len, &schema->limits, filling.own, &filling, error);
    if (status != FC_OK) {
        fc_fill_free(fill);
        return status;
    }
    if (fill->end == 0) fill->refused = true; /* a scalar: never begun */
    return FC_OK;
}
