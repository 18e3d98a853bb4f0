/* A document as a flat list of nodes, read once.
 *
 * Objects are built in the schema's order, not the document's, and only after the syntax of the
 * whole is known; so the reader leaves a trail that can be walked in any order. Where the schema
 * leads through fields of models to columns, the walk is handed to the filling sink instead, and
 * those values are never kept as nodes. */
#include <string.h>

#include "schema/fill.h"
#include "schema/fill_array.h"
#include "schema/lane.h"

typedef struct reader {
    fc_tape *tape;
    /* Open containers are linked through `next` of their nodes until they are closed. */
    uint32_t parent; /* the innermost open container + 1, or 0 */
    /* Of each open container, the schema node + 1 that its values are held against, or 0: unknown,
     * or it does not matter. */
    uint32_t open[FC_JSON_MAX_DEPTH + 2];
    uint32_t depth;
    uint32_t expected;   /* the same of the value of the key that was read last */
    fc_lane_order order; /* of the objects of schema node `ordered` */
    uint32_t ordered;
    uint32_t lane_hits, lane_misses;
    bool split_failed;
    fc_filling filling;
    fc_array_filling array;
    fc_fill *fill;         /* what is being filled, by one of the two */
    uint32_t filling_node; /* tape node that stands for the value being filled */
} reader;

void fc_tape_init(fc_tape *tape, const fc_schema *schema, const fc_alloc *alloc) {
    tape->alloc = alloc;
    tape->schema = schema;
    tape->data = NULL;
    tape->nodes = tape->local;
    tape->count = 0;
    tape->size = FC_TAPE_LOCAL;
    tape->fills = NULL;
    tape->fill_count = tape->fill_size = 0;
    tape->threads = 1;
}

void fc_tape_free(fc_tape *tape) {
    for (uint32_t i = 0; i < tape->fill_count; i++) {
        fc_fill_free(tape->fills[i]);
        tape->alloc->release(tape->alloc->ctx, tape->fills[i]);
    }
    if (tape->fills) tape->alloc->release(tape->alloc->ctx, tape->fills);
    if (tape->nodes != tape->local) tape->alloc->release(tape->alloc->ctx, tape->nodes);
    fc_tape_init(tape, tape->schema, tape->alloc);
}

static fc_status grow(fc_tape *tape) {
    size_t bytes;
    if (tape->size > UINT32_MAX / 2) return FC_ELIMIT;
    uint32_t size = tape->size * 2;
    if (!fc_size_mul(size, sizeof *tape->nodes, &bytes)) return FC_ENOMEM;
    bool local = tape->nodes == tape->local;
    void *grown = tape->alloc->resize(tape->alloc->ctx, local ? NULL : tape->nodes, bytes);
    if (!grown) return FC_ENOMEM;
    if (local) memcpy(grown, tape->local, sizeof tape->local);
    tape->nodes = grown;
    tape->size = size;
    return FC_OK;
}

/* The next free node; the caller fills everything but `next`, which is right for a leaf. */
static inline fc_status add(fc_tape *tape, fc_tape_node **out) {
    if (FC_UNLIKELY(tape->count == tape->size)) FC_TRY(grow(tape));
    fc_tape_node *node = &tape->nodes[tape->count++];
    node->next = tape->count;
    *out = node;
    return FC_OK;
}

static inline void place(const fc_json_walker *w, fc_tape_node *node, const char *start,
                         const char *end, int kind, int flags) {
    node->start = (uint32_t)(start - w->data);
    node->end = (uint32_t)(end - w->data);
    node->kind = (uint8_t)kind;
    node->flags = (uint8_t)flags;
}

/* The schema node that the next value is held against, if that matters. */
static inline const fc_node *expected_node(const reader *r, uint32_t *number) {
    uint32_t expected = r->expected;
    const fc_node *nodes = r->tape->schema->nodes;
    if (!expected && r->depth && r->open[r->depth - 1]) {
        const fc_node *around = &nodes[r->open[r->depth - 1] - 1];
        if (around->kind == FC_NODE_LIST) expected = around->child + 1;
    }
    while (expected &&
           (nodes[expected - 1].kind == FC_NODE_AFTER || nodes[expected - 1].kind == FC_NODE_ROOT))
        expected = nodes[expected - 1].child + 1;
    if (!expected) return NULL;
    *number = expected - 1;
    return &nodes[expected - 1];
}

/* Whether columns, or models that are read in their lane, can be below the schema node. */
static inline bool leads(const fc_node *node, fc_json_kind kind) {
    return node->leads && ((node->kind == FC_NODE_MODEL && kind == FC_JSON_OBJECT) ||
                           (node->kind == FC_NODE_LIST && kind == FC_JSON_ARRAY));
}

static fc_status filled(void *self) {
    reader *r = self;
    fc_tape_node *node = &r->tape->nodes[r->filling_node];
    node->end = (uint32_t)r->fill->end;
    return FC_OK;
}

static fc_status add_fill(fc_tape *tape, fc_fill **out) {
    if (tape->fill_count == tape->fill_size) {
        uint32_t size = tape->fill_size ? tape->fill_size * 2 : 4;
        void *grown =
            tape->alloc->resize(tape->alloc->ctx, tape->fills, size * sizeof *tape->fills);
        if (!grown) return FC_ENOMEM;
        tape->fills = grown;
        tape->fill_size = size;
    }
    fc_fill *fill = tape->alloc->get(tape->alloc->ctx, sizeof *fill);
    if (!fill) return FC_ENOMEM;
    *fill = (fc_fill){.alloc = tape->alloc};
    tape->fills[tape->fill_count++] = fill;
    *out = fill;
    return FC_OK;
}

static fc_status start_filling(reader *r, fc_json_walker *w, uint32_t number, fc_json_kind kind,
                               const char *at) {
    fc_tape *tape = r->tape;
    fc_tape_node *node;
    fc_fill *fill;
    FC_TRY(add(tape, &node));
    place(w, node, at, at, FC_TAPE_FILL, 0);
    node->as.fill = tape->fill_count;
    r->filling_node = tape->count - 1;
    FC_TRY(add_fill(tape, &fill));
    r->fill = fill;
    const fc_node *schema_node = &tape->schema->nodes[number];
    if (schema_node->kind == FC_NODE_ARRAY) {
        fc_array_filling_start(&r->array, &tape->schema->shapes[schema_node->child], tape->alloc,
                               fill);
        r->array.back_sink = w->sink;
        r->array.back_self = r;
        r->array.finished = filled;
        w->sink = r->array.own;
        w->self = &r->array;
        return w->sink->begin(w, kind, at);
    }
    FC_TRY(fc_filling_start(&r->filling, tape->schema, number, tape->alloc, fill));
    r->filling.back_sink = w->sink;
    r->filling.back_self = r;
    r->filling.finished = filled;
    w->sink = r->filling.own;
    w->self = &r->filling;
    return w->sink->begin(w, kind, at);
}

static fc_status tape_begin(fc_json_walker *w, fc_json_kind kind, const char *at) {
    reader *r = w->self;
    uint32_t number = 0;
    const fc_node *schema_node = expected_node(r, &number);
    r->expected = 0;
    if (schema_node) {
        bool rows = (schema_node->kind == FC_NODE_ROWS || schema_node->kind == FC_NODE_ARRAY) &&
                    kind == FC_JSON_ARRAY;
        bool row = (schema_node->kind == FC_NODE_ROW || schema_node->kind == FC_NODE_TABLE) &&
                   kind == FC_JSON_OBJECT;
        if (rows || row) return start_filling(r, w, number, kind, at);
    }
    r->open[r->depth++] = schema_node && leads(schema_node, kind) ? number + 1 : 0;
    fc_tape_node *node;
    FC_TRY(add(r->tape, &node));
    place(w, node, at, at, kind, 0);
    node->next = r->parent;
    r->parent = r->tape->count;
    return FC_OK;
}

static fc_status tape_end(fc_json_walker *w, fc_json_kind kind, const char *end, size_t count) {
    (void)kind;
    reader *r = w->self;
    fc_tape_node *node = &r->tape->nodes[r->parent - 1];
    r->parent = node->next;
    node->next = r->tape->count;
    node->end = (uint32_t)(end - w->data);
    node->as.count = count;
    r->depth--;
    return FC_OK;
}

static fc_status tape_string(fc_json_walker *w, const fc_json_string *string) {
    reader *r = w->self;
    fc_tape_node *node;
    r->expected = 0;
    FC_TRY(add(r->tape, &node));
    place(w, node, string->data - 1, string->data + string->len + 1, FC_JSON_STRING,
          (string->escaped ? FC_TAPE_ESCAPED : 0) | (string->ascii ? FC_TAPE_ASCII : 0));
    return FC_OK;
}

static fc_status tape_key(fc_json_walker *w, const fc_json_string *key) {
    reader *r = w->self;
    FC_TRY(tape_string(w, key));
    if (!r->open[r->depth - 1]) return FC_OK;
    const fc_schema *schema = r->tape->schema;
    const fc_node *model = &schema->nodes[r->open[r->depth - 1] - 1];
    int32_t field = fc_keys_find(&model->keys, key, 0);
    if (field < 0) return FC_OK;
    const fc_node *node = &schema->nodes[model->fields[field]];
    if (node->leads) r->expected = model->fields[field] + 1;
    return FC_OK;
}

/* A large array that several threads may read. Once that was given up it is not tried again: a
 * document of many arrays would pay for each. */
static fc_status tape_array(reader *r, fc_json_walker *w, const fc_node *schema_node,
                            const char *at, const char **next) {
    fc_tape *tape = r->tape;
    fc_fill *fill, found;
    fc_tape_node *node;
    if (tape->threads < 2 || r->split_failed || schema_node->kind != FC_NODE_ARRAY) return FC_OK;
    FC_TRY(fc_array_split(&tape->schema->shapes[schema_node->child], at, w->limit, tape->threads,
                          tape->alloc, &found, next));
    r->split_failed = !*next;
    if (!*next) return FC_OK;
    found.start = (size_t)(at - w->data);
    found.end = (size_t)(*next - w->data);
    fc_status status = add(tape, &node);
    if (status == FC_OK) {
        place(w, node, at, *next, FC_TAPE_FILL, 0);
        node->as.fill = tape->fill_count;
        status = add_fill(tape, &fill);
    }
    if (status != FC_OK) {
        fc_fill_free(&found);
        return status;
    }
    *fill = found;
    r->expected = 0;
    return FC_OK;
}

/* An object that a model of scalars is held against; as long as most are given up no more often
 * than not. */
static fc_status tape_record(fc_json_walker *w, const char *at, const char **next) {
    reader *r = w->self;
    fc_tape *tape = r->tape;
    uint32_t number;
    const fc_node *model = expected_node(r, &number);
    *next = NULL;
    if (*at == '[') return model ? tape_array(r, w, model, at, next) : FC_OK;
    if (!model || !model->lane || r->lane_misses > r->lane_hits + 8) return FC_OK;
    const uint32_t count = model->keys.count, first = tape->count;
    while (FC_UNLIKELY(tape->size - first < count + 1)) FC_TRY(grow(tape));
    if (r->ordered != number) {
        r->ordered = number;
        r->order.learned = false;
        r->order.surprises = 0;
    }
    fc_tape_node *node = &tape->nodes[first];
    FC_TRY(fc_lane_object(&r->order, model, w->data, at, w->limit, node + 1, next));
    if (!*next) {
        r->lane_misses++;
        return FC_OK;
    }
    r->lane_hits++;
    r->expected = 0;
    tape->count += count + 1;
    place(w, node, at, *next, FC_JSON_OBJECT, FC_TAPE_RECORD);
    node->next = tape->count;
    node->as.count = count;
    return FC_OK;
}

static fc_status tape_number(fc_json_walker *w, const fc_json_number *number) {
    reader *r = w->self;
    fc_tape_node *node;
    r->expected = 0;
    FC_TRY(add(r->tape, &node));
    int flags = fc_json_number_int64(number, &node->as.integer) ? FC_TAPE_FITS : 0;
    if (!flags) node->as.real = fc_json_number_double(number);
    place(w, node, number->text, number->text + number->len, number->kind, flags);
    return FC_OK;
}

static fc_status tape_literal(fc_json_walker *w, fc_json_kind kind, const char *at) {
    reader *r = w->self;
    fc_tape_node *node;
    r->expected = 0;
    FC_TRY(add(r->tape, &node));
    place(w, node, at, at + (kind == FC_JSON_FALSE ? 5 : 4), kind, 0);
    return FC_OK;
}

static const fc_json_sink tape_sink = {tape_begin,   tape_end, tape_key, tape_number, tape_string,
                                       tape_literal, NULL,     NULL,     tape_record};

fc_status fc_tape_read(fc_tape *tape, const char *data, size_t len, fc_json_error *error) {
    return fc_tape_read_node(tape, tape->schema->root, data, len, error);
}

fc_status fc_tape_read_node(fc_tape *tape, uint32_t node, const char *data, size_t len,
                            fc_json_error *error) {
    if (len > UINT32_MAX - 16) return FC_ELIMIT;
    reader r;
    r.tape = tape;
    r.parent = r.depth = 0;
    r.lane_hits = r.lane_misses = 0;
    r.split_failed = false;
    r.ordered = UINT32_MAX;
    r.expected = tape->schema->nodes[node].leads ? node + 1 : 0;
    tape->data = data;
    return fc_json_walk(data, len, &tape->schema->limits, &tape_sink, &r, error);
}
