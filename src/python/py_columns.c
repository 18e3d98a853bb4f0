/* The type `_core.Columns`: what it owns, its columns as arrays, and its life. */
#include "python/py_columns.h"

#include "python/py_array.h"
#include "python/py_columns_type.h"

/* ---- Life ----------------------------------------------------------------------------------- */

static void release_objects(fc_columns *set) {
    for (uint32_t i = 0; i < set->count; i++) {
        if (set->columns[i].kind != FC_COLUMN_OBJECT) continue;
        PyObject **cells = set->columns[i].values;
        for (int64_t r = 0; r < set->capacity; r++) Py_CLEAR(cells[r]);
    }
}

void fc_py_columns_discard(fc_columns *set) {
    if (!set) return;
    if (set->layout->has_objects) release_objects(set);
    fc_columns_free(set);
}

PyObject *fc_py_columns_wrap(PyTypeObject *cls, fc_columns *set) {
    columns_object *self;
    /* Only cells that are Python objects can be part of a cycle; without them an object that the
     * collector never looks at is cheaper. A subclass that adds slots or a dict needs both zeroed
     * memory and the collector. */
    bool plain = cls->tp_basicsize == (Py_ssize_t)sizeof(columns_object) && !cls->tp_dictoffset;
    if (plain && !set->layout->has_objects) {
        self = PyObject_GC_New(columns_object, cls);
        if (self) self->set = set;
    } else {
        self = (columns_object *)cls->tp_alloc(cls, 0);
        if (self) self->set = set;
    }
    if (!self) fc_py_columns_discard(set);
    return (PyObject *)self;
}

fc_columns *fc_py_columns_of(fc_state *state, PyObject *object, const char *argument) {
    if (PyObject_TypeCheck(object, state->columns_type)) return ((columns_object *)object)->set;
    PyErr_Format(PyExc_TypeError, "%s: expected fastcore.Columns, got %.200s", argument,
                 Py_TYPE(object)->tp_name);
    return NULL;
}

static int columns_traverse(PyObject *self, visitproc visit, void *arg) {
    Py_VISIT(Py_TYPE(self));
    fc_columns *set = set_of(self);
    if (!set || !set->layout->has_objects) return 0;
    for (uint32_t i = 0; i < set->count; i++) {
        if (set->columns[i].kind != FC_COLUMN_OBJECT) continue;
        PyObject **cells = set->columns[i].values;
        for (int64_t r = 0; r < set->rows; r++) Py_VISIT(cells[r]);
    }
    return 0;
}

static int columns_clear(PyObject *self) {
    fc_columns *set = set_of(self);
    if (set && set->layout->has_objects) release_objects(set);
    return 0;
}

static void columns_dealloc(PyObject *self) {
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    fc_py_columns_discard(set_of(self));
    type->tp_free(self);
    Py_DECREF(type);
}

static PyObject *columns_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
    (void)args;
    (void)kwargs;
    PyErr_Format(PyExc_TypeError,
                 "%.200s cannot be made directly: use from_rows, from_numpy, from_pandas, or the "
                 "result of a Schema",
                 type->tp_name);
    return NULL;
}

/* ---- Columns by name ------------------------------------------------------------------------ */

PyObject *fc_py_columns_names(const fc_columns *set) {
    PyObject *names = PyTuple_New(set->count);
    if (!names) return NULL;
    for (uint32_t i = 0; i < set->count; i++) {
        const fc_column_info *info = set->columns[i].info;
        PyObject *name = PyUnicode_DecodeUTF8(info->name, (Py_ssize_t)info->name_len, NULL);
        if (!name) {
            Py_DECREF(names);
            return NULL;
        }
        PyTuple_SET_ITEM(names, i, name);
    }
    return names;
}

void fc_py_columns_raise_missing(const fc_columns *set, PyObject *name, PyObject *role) {
    PyObject *names = fc_py_columns_names(set);
    PyObject *some = names ? PyTuple_GetSlice(names, 0, 40) : NULL;
    PyObject *wanted = role ? PyUnicode_FromFormat("%R, which the reference has as %U", name, role)
                            : PyObject_Repr(name);
    PyObject *message = NULL;
    if (some && wanted && set->count > 40)
        message = PyUnicode_FromFormat("no column %U; the first of %u columns are %R", wanted,
                                       set->count, some);
    else if (some && wanted)
        message = PyUnicode_FromFormat("no column %U; the columns are %R", wanted, some);
    if (message) PyErr_SetObject(PyExc_KeyError, message);
    Py_XDECREF(message);
    Py_XDECREF(wanted);
    Py_XDECREF(some);
    Py_XDECREF(names);
}

int64_t fc_py_columns_find(const fc_columns *set, PyObject *name, const char *argument) {
    if (!PyUnicode_Check(name)) {
        PyErr_Format(PyExc_TypeError, "%s: expected the name of a column (str), got %.200s",
                     argument, Py_TYPE(name)->tp_name);
        return -1;
    }
    Py_ssize_t len;
    const char *text = PyUnicode_AsUTF8AndSize(name, &len);
    if (!text) {
        /* A lone surrogate: no column can have that name. */
        if (!PyErr_ExceptionMatches(PyExc_UnicodeEncodeError)) return -1;
        PyErr_Clear();
    } else {
        int64_t at = fc_layout_find(set->layout, text, (size_t)len);
        if (at >= 0) return at;
    }
    fc_py_columns_raise_missing(set, name, NULL);
    return -1;
}

static PyObject *string_array(const fc_columns *set, const fc_column *column) {
    Py_ssize_t rows = (Py_ssize_t)set->rows;
    PyObject **cells;
    PyObject *array = fc_array_new(FC_DTYPE_OBJECT, 1, &rows, false, (void **)&cells);
    if (!array) return NULL;
    const int64_t *offsets = column->values;
    for (Py_ssize_t r = 0; r < rows; r++) {
        if (!fc_column_is_valid(column, r)) continue;
        Py_ssize_t len = (Py_ssize_t)(offsets[r + 1] - offsets[r]);
        PyObject *text =
            len ? PyUnicode_DecodeUTF8(column->bytes + offsets[r], len, NULL) : PyUnicode_New(0, 0);
        if (!text) {
            Py_DECREF(array);
            return NULL;
        }
        Py_XSETREF(cells[r], text);
    }
    return array;
}

static PyObject *object_array(const fc_columns *set, const fc_column *column) {
    Py_ssize_t rows = (Py_ssize_t)set->rows;
    PyObject **cells;
    PyObject *array = fc_array_new(FC_DTYPE_OBJECT, 1, &rows, false, (void **)&cells);
    if (!array) return NULL;
    PyObject **from = column->values;
    for (Py_ssize_t r = 0; r < rows; r++)
        if (from[r]) Py_XSETREF(cells[r], Py_NewRef(from[r]));
    return array;
}

/* By fc_column_kind; STRING and OBJECT have no memory that NumPy could look at. */
static const fc_dtype dtypes[] = {
    [FC_COLUMN_FLOAT64] = FC_DTYPE_FLOAT64,  [FC_COLUMN_FLOAT32] = FC_DTYPE_FLOAT32,
    [FC_COLUMN_INT64] = FC_DTYPE_INT64,      [FC_COLUMN_INT32] = FC_DTYPE_INT32,
    [FC_COLUMN_BOOL] = FC_DTYPE_BOOL,        [FC_COLUMN_CODE] = FC_DTYPE_INT32,
    [FC_COLUMN_TIME] = FC_DTYPE_DATETIME_US,
};

static PyObject *columns_subscript(PyObject *self, PyObject *name) {
    fc_columns *set = set_of(self);
    int64_t at = fc_py_columns_find(set, name, "key");
    if (at < 0) return NULL;
    fc_column *column = &set->columns[at];
    if (column->kind == FC_COLUMN_STRING) return string_array(set, column);
    if (column->kind == FC_COLUMN_OBJECT) return object_array(set, column);
    Py_ssize_t shape[2] = {(Py_ssize_t)set->rows, (Py_ssize_t)column->items};
    int ndim = column->info->flags & FC_COLUMN_LISTED ? 2 : 1;
    return fc_array_view(dtypes[column->kind], ndim, shape, NULL, column->values, self, false);
}

static Py_ssize_t columns_length(PyObject *self) { return (Py_ssize_t)set_of(self)->rows; }

static int columns_contains(PyObject *self, PyObject *name) {
    if (!PyUnicode_Check(name)) return 0;
    Py_ssize_t len;
    const char *text = PyUnicode_AsUTF8AndSize(name, &len);
    if (text) return fc_layout_find(set_of(self)->layout, text, (size_t)len) >= 0;
    if (!PyErr_ExceptionMatches(PyExc_UnicodeEncodeError)) return -1;
    PyErr_Clear();
    return 0;
}

PyDoc_STRVAR(valid_doc, "valid($self, name, /)\n--\n\n"
                        "Which cells of a column hold a value.\n\n"
                        "Returns a bool array of shape (num_rows,), or None for a column that "
                        "cannot hold nulls.\n"
                        "Raises KeyError if there is no such column.");

static PyObject *columns_valid(PyObject *self, PyObject *name) {
    fc_columns *set = set_of(self);
    int64_t at = fc_py_columns_find(set, name, "name");
    if (at < 0) return NULL;
    const fc_column *column = &set->columns[at];
    if (!column->valid) Py_RETURN_NONE;
    Py_ssize_t rows = (Py_ssize_t)set->rows;
    bool *cells;
    PyObject *array = fc_array_new(FC_DTYPE_BOOL, 1, &rows, false, (void **)&cells);
    if (!array) return NULL;
    for (Py_ssize_t r = 0; r < rows; r++) cells[r] = fc_column_is_valid(column, r);
    return array;
}

PyDoc_STRVAR(categories_doc,
             "categories($self, name, /)\n--\n\n"
             "The texts that the codes of a column stand for, in order of the codes.\n\n"
             "Returns a list of str, or None for a column that does not hold codes.\n"
             "Raises KeyError if there is no such column.");

static PyObject *columns_categories(PyObject *self, PyObject *name) {
    fc_columns *set = set_of(self);
    int64_t at = fc_py_columns_find(set, name, "name");
    if (at < 0) return NULL;
    if (set->columns[at].kind != FC_COLUMN_CODE) Py_RETURN_NONE;
    const fc_texts *texts = &set->columns[at].info->texts;
    PyObject *list = PyList_New((Py_ssize_t)texts->count);
    if (!list) return NULL;
    for (int64_t i = 0; i < texts->count; i++) {
        Py_ssize_t len = (Py_ssize_t)(texts->offsets[i + 1] - texts->offsets[i]);
        PyObject *text = PyUnicode_DecodeUTF8(texts->bytes + texts->offsets[i], len, NULL);
        if (!text) {
            Py_DECREF(list);
            return NULL;
        }
        PyList_SET_ITEM(list, (Py_ssize_t)i, text);
    }
    return list;
}

/* ---- The type ------------------------------------------------------------------------------- */

static PyObject *get_num_rows(PyObject *self, void *unused) {
    (void)unused;
    return PyLong_FromLongLong(set_of(self)->rows);
}

static PyObject *get_names(PyObject *self, void *unused) {
    (void)unused;
    return fc_py_columns_names(set_of(self));
}

static PyGetSetDef getters[] = {
    {"num_rows", get_num_rows, NULL, "Number of rows; the same as len().", NULL},
    {"names", get_names, NULL, "The columns' names in order, a tuple of str.", NULL},
    {"_specs", fc_py_columns_get_specs, NULL, "What each column is, as _build takes it.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMethodDef methods[] = {
    {"valid", columns_valid, METH_O, valid_doc},
    {"categories", columns_categories, METH_O, categories_doc},
    {"matrix", (PyCFunction)(void (*)(void))fc_py_columns_matrix, METH_FASTCALL | METH_KEYWORDS,
     fc_py_columns_matrix_doc},
    {"__arrow_c_schema__", fc_py_columns_arrow_schema, METH_NOARGS, fc_py_columns_arrow_schema_doc},
    {"__arrow_c_array__", (PyCFunction)(void (*)(void))fc_py_columns_arrow_array,
     METH_FASTCALL | METH_KEYWORDS, fc_py_columns_arrow_array_doc},
    {"__arrow_c_stream__", (PyCFunction)(void (*)(void))fc_py_columns_arrow_stream,
     METH_FASTCALL | METH_KEYWORDS, fc_py_columns_arrow_stream_doc},
    {"_from_arrow", (PyCFunction)(void (*)(void))fc_py_columns_from_arrow,
     METH_FASTCALL | METH_CLASS, fc_py_columns_from_arrow_doc},
    {"_build", (PyCFunction)(void (*)(void))fc_py_columns_build, METH_FASTCALL | METH_CLASS,
     fc_py_columns_build_doc},
    {NULL, NULL, 0, NULL},
};

PyDoc_STRVAR(columns_doc, "Checked rows, stored column by column.");

static PyType_Slot slots[] = {
    {Py_tp_doc, (void *)columns_doc},
    {Py_tp_new, columns_new},
    {Py_tp_dealloc, columns_dealloc},
    {Py_tp_traverse, columns_traverse},
    {Py_tp_clear, columns_clear},
    {Py_tp_methods, methods},
    {Py_tp_getset, getters},
    {Py_mp_length, columns_length},
    {Py_mp_subscript, columns_subscript},
    {Py_sq_contains, columns_contains},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "fastcore._core.Columns",
    .basicsize = sizeof(columns_object),
    .flags =
        Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = slots,
};

int fc_py_columns_exec(PyObject *module, fc_state *state) {
    if (fc_py_columns_put_exec() < 0) return -1;
    state->columns_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &spec, NULL);
    if (!state->columns_type) return -1;
    return PyModule_AddType(module, state->columns_type);
}
