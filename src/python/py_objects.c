/* The objects of a fill's cells, made from the spans that were noted for them. */
#include <stdlib.h>
#include <string.h>

#include "python/py_columns.h"
#include "python/py_schema.h"

/* The object of one span; NULL without an exception: C alone is not certain of it. */
static PyObject *make(fc_build *build, const fc_span *span, size_t base) {
    fc_tape tape;
    fc_build trial = {.state = build->state,
                      .self = build->self,
                      .data = build->data + base + span->start,
                      .tape = &tape,
                      .pure = true};
    fc_tape_init(&tape, fc_py_kernel(build), &fc_alloc_libc);
    PyObject *value = NULL;
    fc_status status =
        fc_tape_read_node(&tape, span->node, trial.data, span->end - span->start, NULL);
    if (status == FC_OK) value = fc_py_build(&trial, span->node, 0, NULL);
    fc_tape_free(&tape);
    Py_XDECREF(trial.errors);
    if (status == FC_ENOMEM) PyErr_NoMemory();
    return value;
}

static int refuse(fc_fill *fill, const fc_refusal *record) {
    size_t bytes;
    if (fill->refusal_count == fill->refusal_size) {
        size_t size = fill->refusal_size ? fill->refusal_size * 2 : 8;
        void *grown = fc_size_mul(size, sizeof *fill->refusals, &bytes)
                          ? fill->alloc->resize(fill->alloc->ctx, fill->refusals, bytes)
                          : NULL;
        if (!grown) {
            PyErr_NoMemory();
            return -1;
        }
        fill->refusals = grown;
        fill->refusal_size = size;
    }
    fill->refusals[fill->refusal_count++] = *record;
    return 0;
}

static int by_row(const void *a, const void *b) {
    int64_t left = ((const fc_refusal *)a)->row, right = ((const fc_refusal *)b)->row;
    return (left > right) - (left < right);
}

int fc_py_fill_objects(fc_build *build, uint32_t node, fc_fill *fill, size_t base) {
    bool table = fc_py_kernel(build)->nodes[node].kind == FC_NODE_TABLE;
    size_t known = fill->refusal_count;
    for (size_t i = 0; i < fill->span_count; i++) {
        const fc_span *span = &fill->spans[i];
        PyObject *value = make(build, span, base);
        if (value) {
            int failed = fc_py_column_put(fill->set, span->column, span->record.row, value);
            Py_DECREF(value);
            if (failed < 0) return -1;
            continue;
        }
        if (table && !PyErr_Occurred()) {
            fill->refused = true; /* it has no records that could be judged alone */
            return 0;
        }
        if (PyErr_Occurred() || refuse(fill, &span->record) < 0) return -1;
        while (i + 1 < fill->span_count && fill->spans[i + 1].record.row == span->record.row) i++;
    }
    if (fill->refusal_count > known)
        qsort(fill->refusals, fill->refusal_count, sizeof *fill->refusals, by_row);
    return 0;
}
