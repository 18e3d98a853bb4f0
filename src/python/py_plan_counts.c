/* The Python type `_core.PlanCounts`: what the programs of one plan count of each input column. */
#include "python/py_plan.h"

typedef struct fc_py_counts {
    PyObject_HEAD fc_counts *counts;
} fc_py_counts;

fc_counts *fc_py_plan_counts(const fc_state *state, PyObject *object) {
    if (Py_TYPE(object) == state->plan_counts_type) return ((fc_py_counts *)object)->counts;
    PyErr_Format(PyExc_TypeError, "watch: expected PlanCounts, got %.200s",
                 Py_TYPE(object)->tp_name);
    return NULL;
}

static PyObject *counts_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
    static const char *const names[] = {"columns", NULL};
    Py_ssize_t columns;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "n:PlanCounts", (char **)names, &columns))
        return NULL;
    if (columns < 0 || columns > INT32_MAX) {
        PyErr_Format(PyExc_ValueError, "columns: expected at least 0, got %zd", columns);
        return NULL;
    }
    fc_py_counts *self = (fc_py_counts *)type->tp_alloc(type, 0);
    if (!self) return NULL;
    fc_status status = fc_counts_new(&fc_alloc_libc, (size_t)columns, &self->counts);
    if (status == FC_OK) return (PyObject *)self;
    Py_DECREF(self);
    return fc_py_raise(status, "PlanCounts");
}

static void counts_dealloc(PyObject *object) {
    PyTypeObject *type = Py_TYPE(object);
    fc_counts_free(((fc_py_counts *)object)->counts);
    type->tp_free(object);
    Py_DECREF(type);
}

static PyObject *counts_read(PyObject *object, PyObject *unused) {
    (void)unused;
    const fc_counts *counts = ((fc_py_counts *)object)->counts;
    Py_ssize_t columns = (Py_ssize_t)fc_counts_columns(counts);
    PyObject *list = PyList_New(columns);
    for (Py_ssize_t i = 0; list && i < columns; i++) {
        unsigned long long of[FC_COUNT_KINDS];
        for (int kind = 0; kind < FC_COUNT_KINDS; kind++)
            of[kind] = fc_counts_get(counts, (size_t)i, (fc_count_kind)kind);
        PyObject *item = Py_BuildValue("(KKK)", of[0], of[1], of[2]);
        if (!item)
            Py_CLEAR(list);
        else
            PyList_SET_ITEM(list, i, item);
    }
    if (!list) return NULL;
    return Py_BuildValue("(KN)", (unsigned long long)fc_counts_rows(counts), list);
}

static PyObject *counts_reset(PyObject *object, PyObject *unused) {
    (void)unused;
    fc_counts_reset(((fc_py_counts *)object)->counts);
    Py_RETURN_NONE;
}

PyDoc_STRVAR(counts_doc, "PlanCounts(columns)\n--\n\n"
                         "What the programs of one plan count; made by fastcore.plan.");
PyDoc_STRVAR(read_doc, "read($self, /)\n--\n\n"
                       "Rows, and (missing, unknown, outside) of each column.");
PyDoc_STRVAR(reset_doc, "reset($self, /)\n--\n\nBegin anew.");

static PyMethodDef counts_methods[] = {
    {"read", counts_read, METH_NOARGS, read_doc},
    {"reset", counts_reset, METH_NOARGS, reset_doc},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot counts_slots[] = {
    {Py_tp_doc, (void *)counts_doc},
    {Py_tp_new, counts_new},
    {Py_tp_dealloc, counts_dealloc},
    {Py_tp_methods, counts_methods},
    {0, NULL},
};

static PyType_Spec counts_spec = {
    .name = "fastcore._core.PlanCounts",
    .basicsize = sizeof(fc_py_counts),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = counts_slots,
};

int fc_py_plan_counts_exec(PyObject *module, fc_state *state) {
    PyObject *type = PyType_FromModuleAndSpec(module, &counts_spec, NULL);
    state->plan_counts_type = (PyTypeObject *)type;
    return type ? PyModule_AddObjectRef(module, "PlanCounts", type) : -1;
}
