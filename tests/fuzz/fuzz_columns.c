/* Columns and arrays out of documents: what is read the straight way, event by event, with and
 * without SIMD, in one piece and in two, as a table and as rows, says the same; and what an array
 * holds is what stands in the document. The first two bytes choose limits, what is read, and an
 * array's type; the rest is the document. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "flat_fixture.h"
#include "require.h"

/* ---- Rows and tables ------------------------------------------------------------------------- */

static fc_status fill_of(const fc_schema *schema, uint32_t node, const char *text, size_t len,
                         fc_fill *fill) {
    fc_json_error error;
    fc_status status = fc_fill_document(schema, node, text, len, &fc_alloc_libc, fill, &error);
    REQUIRE(status == FC_OK || (status == FC_ESYNTAX && error.at <= len));
    return status;
}

/* At the best level, without the straight way, and without SIMD. Returns whether it is JSON; then
 * `fill` is what was read. */
static bool check_ways(const flat *f, uint32_t node, const char *text, size_t len, fc_fill *fill) {
    fc_record plain = f->record;
    plain.lane = NULL;
    fc_frame frame = f->frame;
    frame.records = &plain;
    fc_schema events = f->schema;
    events.frames = &frame;
    fc_status status = fill_of(&f->schema, node, text, len, fill);
    const fc_schema *ways[] = {&events, &f->schema};
    for (int way = 0; way < 2; way++) {
        fc_cpu_level best = fc_cpu_current();
        if (way) fc_cpu_force(FC_CPU_GENERIC);
        fc_fill other;
        REQUIRE(fill_of(ways[way], node, text, len, &other) == status);
        fc_cpu_force(best);
        if (status != FC_OK) continue;
        /* Of what is refused as a whole there is nothing to compare. */
        REQUIRE(fill->refused == other.refused);
        REQUIRE(fill->refused || same_fills(fill, &other));
        fc_fill_free(&other);
    }
    return status == FC_OK;
}

/* The rows that the columns of a table stand for, as text; `tape` is the document as it is. */
static char *rows_of(const fc_tape *tape, int64_t rows, size_t *len) {
    const fc_tape_node *nodes = tape->nodes;
    size_t room = 2 + (size_t)rows * (tape->nodes[0].end + 64), size = 0;
    REQUIRE(room < (size_t)1 << 26);
    char *text = malloc(room);
    REQUIRE(text);
    text[size++] = '[';
    for (int64_t row = 0; row < rows; row++) {
        if (row) text[size++] = ',';
        text[size++] = '{';
        uint32_t key = 1;
        for (uint64_t i = 0; i < nodes[0].as.count; i++) {
            uint32_t column = key + 1, cell = column + 1;
            if (i) text[size++] = ',';
            size_t wide = nodes[key].end - nodes[key].start;
            memcpy(text + size, tape->data + nodes[key].start, wide);
            size += wide;
            text[size++] = ':';
            /* What is no column of ours may be anything. */
            bool is_column =
                nodes[column].kind == FC_JSON_ARRAY && nodes[column].as.count == (uint64_t)rows;
            for (int64_t k = 0; is_column && k < row; k++) cell = nodes[cell].next;
            if (is_column) {
                wide = nodes[cell].end - nodes[cell].start;
                memcpy(text + size, tape->data + nodes[cell].start, wide);
                size += wide;
            } else {
                text[size++] = '0';
            }
            key = nodes[column].next;
        }
        text[size++] = '}';
    }
    text[size++] = ']';
    *len = size;
    return text;
}

static void check_table(const flat *f, const fc_tape *any, const char *text, size_t len) {
    fc_fill table, rows;
    if (!check_ways(f, TABLE, text, len, &table)) return;
    if (!table.refused && table.set->rows && table.set->rows * (int64_t)len < 1 << 16) {
        size_t size;
        char *same = rows_of(any, table.set->rows, &size);
        REQUIRE(check_ways(f, ROWS, same, size, &rows));
        REQUIRE(!rows.refused && rows.refusal_count == 0 && same_sets(table.set, rows.set));
        fc_fill_free(&rows);
        free(same);
    }
    fc_fill_free(&table);
}

/* Lines in one piece and in two say the same. */
static void check_lines(const flat *f, const char *text, size_t len, size_t cut) {
    fc_lines lines = {.data = text, .len = len, .most = 1000, .final = true};
    fc_fill whole, first, second;
    fc_status status = fc_fill_lines(&f->schema, ROWS, &lines, &fc_alloc_libc, &whole);
    REQUIRE(status == FC_OK || status == FC_ESYNTAX);
    fc_lines one = {.data = text, .len = cut, .most = 1000};
    fc_status begun = fc_fill_lines(&f->schema, ROWS, &one, &fc_alloc_libc, &first);
    REQUIRE(begun == FC_OK || (begun == FC_ESYNTAX && status == FC_ESYNTAX));
    REQUIRE(one.used <= cut);
    if (begun == FC_OK) {
        fc_lines two = {.data = text + one.used,
                        .len = len - one.used,
                        .first = one.line,
                        .most = 1000,
                        .final = true};
        fc_status ended = fc_fill_lines(&f->schema, ROWS, &two, &fc_alloc_libc, &second);
        REQUIRE(ended == status);
        if (ended == FC_OK && !whole.refused) {
            REQUIRE(!first.refused && !second.refused);
            REQUIRE(first.set->rows + second.set->rows == whole.set->rows);
            REQUIRE(first.refusal_count + second.refusal_count == whole.refusal_count);
            for (size_t i = 0; i < whole.refusal_count; i++) {
                bool early = i < first.refusal_count;
                const fc_refusal *part =
                    early ? &first.refusals[i] : &second.refusals[i - first.refusal_count];
                REQUIRE(part->place == whole.refusals[i].place);
                REQUIRE(part->start + (early ? 0 : one.used) == whole.refusals[i].start);
            }
        }
        if (ended == FC_OK) fc_fill_free(&second);
        fc_fill_free(&first);
    }
    if (status == FC_OK) fc_fill_free(&whole);
}

/* ---- Arrays ---------------------------------------------------------------------------------- */

static const uint8_t widths[4][4] = {{2, 4, 8, 8}, {1, 2, 4, 8}, {1, 2, 4, 8}, {1, 1, 1, 1}};

static void check_item(const fc_shape *shape, const fc_tape_node *node, const char *item) {
    if (shape->item == FC_ITEM_BOOL) {
        REQUIRE(node->kind == FC_JSON_TRUE || node->kind == FC_JSON_FALSE);
        REQUIRE(*item == (node->kind == FC_JSON_TRUE));
        return;
    }
    if (shape->item == FC_ITEM_FLOAT) {
        REQUIRE(node->kind == FC_JSON_INT || node->kind == FC_JSON_FLOAT);
        bool fits = node->kind == FC_JSON_INT && node->flags & FC_TAPE_FITS;
        double value = fits ? (double)node->as.integer : node->as.real;
        float single = (float)value;
        uint16_t half = fc_half(value);
        REQUIRE(isfinite(value));
        if (shape->width == 8) REQUIRE(memcmp(item, &value, 8) == 0);
        if (shape->width == 4) REQUIRE(isfinite(single) && memcmp(item, &single, 4) == 0);
        if (shape->width == 2) REQUIRE((half & 0x7C00) != 0x7C00 && memcmp(item, &half, 2) == 0);
        return;
    }
    bool large = shape->item == FC_ITEM_UINT && shape->width == 8;
    int64_t value = node->as.integer;
    if (node->kind == FC_JSON_FLOAT) { /* an integral one counts as the integer that it is */
        REQUIRE(fabs(node->as.real) < 0x1p63 && floor(node->as.real) == node->as.real);
        value = (int64_t)node->as.real;
    } else {
        REQUIRE(node->kind == FC_JSON_INT && (large || node->flags & FC_TAPE_FITS));
        if (!(node->flags & FC_TAPE_FITS)) return; /* from 2**63 on: the C tests have those */
    }
    uint64_t bits = 0;
    memcpy(&bits, item, shape->width);
    int unused = 64 - 8 * (int)shape->width;
    if (shape->item == FC_ITEM_INT)
        REQUIRE((int64_t)(bits << unused) >> unused == value);
    else
        REQUIRE(value >= 0 && bits == (uint64_t)value);
}

/* The array at tape node `at`, and all in it; `*items` moves on. */
static uint32_t check_level(const fc_shape *shape, const fc_array *array, const fc_tape *tape,
                            uint32_t at, uint32_t level, const char **items) {
    const fc_tape_node *node = &tape->nodes[at];
    if (level == array->ndim) {
        check_item(shape, node, *items);
        *items += shape->width;
        return at + 1;
    }
    REQUIRE(node->kind == FC_JSON_ARRAY && node->as.count == (uint64_t)array->sizes[level]);
    uint32_t child = at + 1;
    for (uint64_t i = 0; i < node->as.count; i++)
        child = check_level(shape, array, tape, child, level + 1, items);
    return child;
}

static void check_array(fc_json_limits limits, uint8_t how, const fc_tape *any, const char *text,
                        size_t len) {
    fc_node node = {.kind = FC_NODE_ARRAY};
    fc_shape shape = {.item = how & 3, .ndim = how >> 4 & 3};
    shape.width = widths[shape.item][how >> 2 & 3];
    for (int d = 0; d < FC_SHAPE_MAX_DIMS; d++) shape.sizes[d] = -1, shape.same[d] = -1;
    if (how & 64) shape.sizes[shape.ndim ? shape.ndim - 1 : 0] = 2;
    if (how & 128 && shape.ndim > 1) shape.same[1] = 0;
    if (!shape.ndim) shape.sizes[0] = -1;
    fc_schema schema = {
        .nodes = &node, .node_count = 1, .shapes = &shape, .limits = limits, .max_rows = -1};
    fc_fill fill, generic;
    fc_status status = fill_of(&schema, 0, text, len, &fill);
    fc_cpu_level best = fc_cpu_current();
    fc_cpu_force(FC_CPU_GENERIC);
    REQUIRE(fill_of(&schema, 0, text, len, &generic) == status);
    fc_cpu_force(best);
    REQUIRE((status == FC_OK) == (any != NULL));
    if (status != FC_OK) return;
    REQUIRE(fill.refused == generic.refused && fill.start == generic.start);
    if (!fill.refused) {
        const fc_array *a = &fill.array, *b = &generic.array;
        REQUIRE(a->count == b->count && a->ndim == b->ndim && a->ndim <= FC_SHAPE_MAX_DIMS);
        REQUIRE(!a->count || memcmp(a->data, b->data, a->count * shape.width) == 0);
        size_t product = 1;
        for (uint32_t d = 0; d < a->ndim; d++) {
            product *= (size_t)a->sizes[d];
            REQUIRE(a->sizes[d] == b->sizes[d]);
            REQUIRE(shape.sizes[d] < 0 || a->sizes[d] == shape.sizes[d]);
            REQUIRE(shape.same[d] < 0 || a->sizes[d] == a->sizes[shape.same[d]]);
        }
        REQUIRE(product == a->count && (!shape.ndim || a->ndim == shape.ndim));
        const char *items = a->data;
        if (a->count) check_level(&shape, a, any, 0, 0, &items);
        REQUIRE(!a->count || items == (const char *)a->data + a->count * shape.width);
    }
    fc_fill_free(&fill);
    fc_fill_free(&generic);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2) return 0;
    const char *text = (const char *)data + 2;
    size_t len = size - 2;
    flat f;
    REQUIRE(flat_make(&f, data[0] & 4) == FC_OK);
    f.schema.limits.allow_nan = data[0] & 1;
    f.schema.max_rows = data[0] & 2 ? 3 : -1;
    /* The document as it is. */
    fc_node node = {.kind = FC_NODE_ANY};
    fc_schema schema = {.nodes = &node, .node_count = 1, .limits = f.schema.limits, .max_rows = -1};
    fc_tape tape;
    fc_tape_init(&tape, &schema, &fc_alloc_libc);
    const fc_tape *any = fc_tape_read(&tape, text, len, NULL) == FC_OK ? &tape : NULL;
    fc_fill fill;
    switch (data[0] >> 3 & 3) {
    case 0:
        if (check_ways(&f, data[1] & 1 ? ROW : ROWS, text, len, &fill)) fc_fill_free(&fill);
        break;
    case 1: check_table(&f, any, text, len); break;
    case 2: check_lines(&f, text, len, len * data[1] / 255); break;
    default: check_array(f.schema.limits, data[1], any, text, len);
    }
    fc_tape_free(&tape);
    flat_free(&f);
    return 0;
}
