/* Columns out of a fill; the records that C did not accept are the original's to judge. */
#include <string.h>

#include "python/py_columns.h"
#include "python/py_schema.h"

static int copy_row(fc_columns *to, const fc_columns *from, int64_t row) {
    for (uint32_t c = 0; c < to->count; c++) {
        if (to->columns[c].kind == FC_COLUMN_OBJECT) {
            PyObject *value = ((PyObject **)from->columns[c].values)[row];
            if (fc_py_column_put(to, c, to->rows, value ? value : Py_None) < 0) return -1;
            continue;
        }
        if (fc_column_copy_cell(to, c, to->rows, from, row) != FC_OK) {
            PyErr_NoMemory();
            return -1;
        }
    }
    return 0;
}

/* The values that the original gave for one record into the next row. */
static int put_row(fc_columns *to, PyObject *values) {
    if (!PyList_Check(values) || (uint64_t)PyList_GET_SIZE(values) != to->count) {
        PyErr_SetString(PyExc_SystemError, "a record's values do not fit its columns");
        return -1;
    }
    for (uint32_t c = 0; c < to->count; c++)
        if (fc_py_column_put(to, c, to->rows, PyList_GET_ITEM(values, c)) < 0) return -1;
    return 0;
}

/* All rows in order, those of refused records replaced by what `answers` (a list) has for them;
 * None: by nothing. */
static fc_columns *patched(const fc_fill *fill, PyObject *answers, fc_layout *layout) {
    fc_columns *set;
    if (fc_columns_new(fill->alloc, layout, fill->set->rows, &set) != FC_OK) {
        PyErr_NoMemory();
        return NULL;
    }
    size_t next = 0;
    for (int64_t row = 0; row < fill->set->rows; row++) {
        bool refused = next < fill->refusal_count && fill->refusals[next].row == row;
        PyObject *values = refused ? PyList_GET_ITEM(answers, (Py_ssize_t)next++) : NULL;
        if (values == Py_None) continue;
        int failed = values ? put_row(set, values) : copy_row(set, fill->set, row);
        if (failed) {
            fc_py_columns_discard(set);
            return NULL;
        }
        set->rows++;
    }
    return set;
}

/* Asks the original about each refused record, in order. A list of the values of each, or NULL as
 * fc_py_build says; all records are asked, so that all errors are found. One that user code wants
 * omitted has None. */
static PyObject *ask_all(fc_build *build, uint32_t node, const fc_fill *fill, size_t base,
                         const fc_path *path) {
    bool many = fc_py_kernel(build)->nodes[node].kind == FC_NODE_ROWS, valid = true;
    PyObject *answers = PyList_New(0);
    for (size_t i = 0; answers && i < fill->refusal_count; i++) {
        const fc_refusal *refusal = &fill->refusals[i];
        fc_path here = {path, NULL, (Py_ssize_t)refusal->place};
        PyObject *record = fc_py_hand_over_record(build, node, base + refusal->start,
                                                  base + refusal->end, many ? &here : path);
        PyObject *values = NULL;
        if (record)
            values = PyObject_CallMethod((PyObject *)build->self, "_values", "IO", node, record);
        if (!record && many && !PyErr_Occurred() && fc_py_omitted(build))
            values = Py_NewRef(Py_None);
        if (!values && (PyErr_Occurred() || build->signal))
            Py_CLEAR(answers);
        else if (!values)
            valid = false;
        else if (PyList_Append(answers, values) < 0)
            Py_CLEAR(answers);
        Py_XDECREF(values);
        Py_XDECREF(record);
    }
    if (!valid) Py_CLEAR(answers);
    return answers;
}

/* The frame's layout where the times of the zones in `aware` are so. A new reference. */
static fc_layout *zoned_layout(fc_build *build, uint32_t node, uint64_t aware) {
    uint32_t frame = fc_py_kernel(build)->nodes[node].child;
    fc_py_zoned *last = &build->self->zoned[frame];
    if (!aware) return fc_layout_ref(build->self->layouts[frame]);
    if (!last->layout || last->aware != aware) {
        PyObject *specs = PyObject_CallMethod(build->self->nodes[node].values, "zoned", "K",
                                              (unsigned long long)aware);
        fc_layout *made = specs ? fc_py_layout_new(specs) : NULL;
        Py_XDECREF(specs);
        if (!made) return NULL;
        fc_layout_free(last->layout);
        last->layout = made;
        last->aware = aware;
    }
    return fc_layout_ref(last->layout);
}

/* The zones that are aware, those of the originals' answers included; -1 with an exception where
 * there are both kinds of times. */
static int zones_of(fc_build *build, uint32_t node, const fc_fill *fill, PyObject *answers,
                    uint64_t *aware) {
    PyObject *zones =
        PyObject_CallMethod(build->self->nodes[node].values, "zones", "OKK", answers,
                            (unsigned long long)fill->aware, (unsigned long long)fill->naive);
    if (!zones) return -1;
    *aware = PyLong_AsUnsignedLongLong(zones);
    Py_DECREF(zones);
    return PyErr_Occurred() ? -1 : 0;
}

static PyObject *build_columns(fc_build *build, uint32_t node, fc_fill *fill, size_t base,
                               const fc_path *path) {
    if (fc_py_kernel(build)->nodes[node].kind == FC_NODE_ARRAY)
        return fc_py_build_array(build, node, fill, base, path);
    PyTypeObject *cls = build->self->nodes[node].columns;
    if (fill->refused || (fill->aware & fill->naive))
        return fc_py_hand_over(build, node, base + fill->start, base + fill->end, path);
    if (fill->span_count && fc_py_fill_objects(build, node, fill, base) < 0) return NULL;
    if (fill->refused)
        return fc_py_hand_over(build, node, base + fill->start, base + fill->end, path);
    uint64_t aware = fill->aware;
    if (!fill->refusal_count) {
        fc_columns *whole = fill->set;
        if (aware) {
            fc_layout *layout = zoned_layout(build, node, aware);
            if (!layout) return NULL;
            fc_columns_relabel(whole, layout);
            fc_layout_free(layout);
        }
        fill->set = NULL;
        return fc_py_columns_wrap(cls, whole);
    }
    if (build->pure) {
        build->refused = true;
        return NULL;
    }
    PyObject *answers = ask_all(build, node, fill, base, path);
    if (!answers) return NULL;
    fc_layout *layout = NULL;
    if (zones_of(build, node, fill, answers, &aware) == 0)
        layout = zoned_layout(build, node, aware);
    fc_columns *set = layout ? patched(fill, answers, layout) : NULL;
    fc_layout_free(layout);
    Py_DECREF(answers);
    return set ? fc_py_columns_wrap(cls, set) : NULL;
}

PyObject *fc_py_build_columns(fc_build *build, uint32_t node, fc_fill *fill, size_t base,
                              const fc_path *path) {
    PyObject *columns = build_columns(build, node, fill, base, path);
    if (fill->span_count) { /* the kernel knows nothing of references */
        fc_py_columns_discard(fill->set);
        fill->set = NULL;
    }
    return columns;
}
