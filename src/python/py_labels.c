/* Sets of labels to the numbers of their columns, as MultiLabelBinarizer has them: every object is
 * asked for its items, its hash and its equality as often as there, and in the same order. */
#include <limits.h>
#include <string.h>

#include "python/py_array.h"
#include "python/state.h"

/* Rows between two looks at signals: some milliseconds. */
enum { SIGNAL_ROWS = 4096 };

typedef struct fc_numbers {
    int32_t *items;
    size_t count, room;
} fc_numbers;

static int push(fc_numbers *self, size_t value) {
    if (value > INT32_MAX) { /* in the words of Python's arrays, which scikit-learn fills */
        PyErr_SetString(PyExc_OverflowError, "signed integer is greater than maximum");
        return -1;
    }
    if (self->count == self->room) {
        size_t room = self->room ? 2 * self->room : 256, bytes;
        int32_t *more =
            fc_size_mul(room, sizeof *more, &bytes) ? PyMem_Realloc(self->items, bytes) : NULL;
        if (!more) {
            PyErr_NoMemory();
            return -1;
        }
        self->items = more;
        self->room = room;
    }
    self->items[self->count++] = (int32_t)value;
    return 0;
}

typedef struct fc_label_sets {
    PyObject *table;   /* a dict from label to column that nobody else has */
    PyObject *unknown; /* a set */
    PyObject *seen;    /* a set of columns: their order is CSR's; NULL for dense output */
    fc_numbers columns, ends;
} fc_label_sets;

/* The label's column, a new reference; NULL without an exception if it is unknown. */
static PyObject *column_of(fc_label_sets *self, PyObject *label) {
    if (PyUnicode_CheckExact(label) || PyLong_CheckExact(label)) {
        PyObject *found = PyDict_GetItemWithError(self->table, label);
        if (found) return Py_NewRef(found);
        if (PyErr_Occurred()) return NULL;
    } else {
        PyObject *found = PyObject_GetItem(self->table, label);
        if (found || !PyErr_ExceptionMatches(PyExc_KeyError)) return found;
        PyErr_Clear();
    }
    PySet_Add(self->unknown, label);
    return NULL;
}

static int read_label(fc_label_sets *self, PyObject *label) {
    PyObject *column = column_of(self, label);
    if (!column) return PyErr_Occurred() ? -1 : 0;
    int failed =
        self->seen ? PySet_Add(self->seen, column) : push(&self->columns, PyLong_AsSize_t(column));
    Py_DECREF(column);
    return failed;
}

/* The columns of a row in the order in which Python's set of them has them. */
static int put_seen(fc_label_sets *self) {
    PyObject *columns = PyObject_GetIter(self->seen), *column;
    if (!columns) return -1;
    int failed = 0;
    while (!failed && (column = PyIter_Next(columns))) {
        failed = push(&self->columns, PyLong_AsSize_t(column));
        Py_DECREF(column);
    }
    Py_DECREF(columns);
    return failed || PyErr_Occurred() ? -1 : PySet_Clear(self->seen);
}

static int read_row(fc_label_sets *self, PyObject *row) {
    PyObject *labels = PyObject_GetIter(row), *label;
    if (!labels) return -1;
    int failed = 0;
    while (!failed && (label = PyIter_Next(labels))) {
        failed = read_label(self, label);
        Py_DECREF(label);
    }
    Py_DECREF(labels);
    if (failed || PyErr_Occurred() || (self->seen && put_seen(self) < 0)) return -1;
    return push(&self->ends, self->columns.count);
}

static int read_rows(fc_label_sets *self, PyObject *y) {
    PyObject *rows = PyObject_GetIter(y), *row;
    if (!rows) return -1;
    int failed = push(&self->ends, 0);
    while (!failed && (row = PyIter_Next(rows))) {
        failed = read_row(self, row);
        Py_DECREF(row);
        if (!failed && self->ends.count % SIGNAL_ROWS == 0) failed = PyErr_CheckSignals();
    }
    Py_DECREF(rows);
    return failed || PyErr_Occurred() ? -1 : 0;
}

static PyObject *vector(const fc_numbers *numbers) {
    Py_ssize_t count = (Py_ssize_t)numbers->count;
    void *data;
    PyObject *array = fc_array_new(FC_DTYPE_INT32, 1, &count, false, &data);
    if (array && count) memcpy(data, numbers->items, numbers->count * sizeof *numbers->items);
    return array;
}

static PyObject *matrix(const fc_label_sets *self) {
    Py_ssize_t shape[2] = {(Py_ssize_t)self->ends.count - 1, PyDict_GET_SIZE(self->table)};
    void *data;
    PyObject *array = fc_array_new(FC_DTYPE_INT64, 2, shape, false, &data);
    if (!array) return NULL;
    int64_t *cells = data;
    memset(cells, 0, (size_t)shape[0] * (size_t)shape[1] * sizeof *cells);
    for (Py_ssize_t r = 0; r < shape[0]; r++)
        for (int32_t i = self->ends.items[r]; i < self->ends.items[r + 1]; i++)
            cells[r * shape[1] + self->columns.items[i]] = 1;
    return array;
}

PyDoc_STRVAR(label_sets_doc,
             "label_sets($module, table, y, sparse, /)\n--\n\n"
             "Sets of labels as (matrix, None, unknown) or as CSR's (indices, indptr, unknown).");

static PyObject *label_sets(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    if (count != 3 || !PyDict_CheckExact(args[0]) || !PyBool_Check(args[2])) {
        PyErr_SetString(PyExc_TypeError, "label_sets() takes a dict, an iterable and a bool");
        return NULL;
    }
    bool sparse = args[2] == Py_True;
    fc_label_sets self = {.table = args[0], .unknown = PySet_New(NULL)};
    PyObject *first = NULL, *second = NULL, *result = NULL;
    if (sparse) self.seen = PySet_New(NULL);
    if (!self.unknown || (sparse && !self.seen) || read_rows(&self, args[1]) < 0) goto done;
    first = sparse ? vector(&self.columns) : matrix(&self);
    second = sparse ? vector(&self.ends) : Py_NewRef(Py_None);
    if (first && second) result = PyTuple_Pack(3, first, second, self.unknown);
done:
    Py_XDECREF(first);
    Py_XDECREF(second);
    Py_XDECREF(self.unknown);
    Py_XDECREF(self.seen);
    PyMem_Free(self.columns.items);
    PyMem_Free(self.ends.items);
    return result;
}

static PyMethodDef functions[] = {
    {"label_sets", (PyCFunction)(void (*)(void))label_sets, METH_FASTCALL, label_sets_doc},
    {NULL, NULL, 0, NULL},
};

int fc_py_labels_exec(PyObject *module, fc_state *state) {
    (void)state;
    return PyModule_AddFunctions(module, functions);
}
