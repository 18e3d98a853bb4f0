/* Reading the tuples of a program; py_program.c says what is in them. */
#ifndef FC_PYTHON_PROGRAM_H
#define FC_PYTHON_PROGRAM_H

#include "python/py_schema.h"

static inline PyObject *misshapen(void) {
    PyErr_SetString(PyExc_SystemError, "a schema's program has not the expected shape");
    return NULL;
}

static inline PyObject *item(PyObject *tuple, Py_ssize_t i) {
    if (!PyTuple_Check(tuple) || i >= PyTuple_GET_SIZE(tuple)) return misshapen();
    return PyTuple_GET_ITEM(tuple, i);
}

static inline PyObject *tuple_item(PyObject *tuple, Py_ssize_t i) {
    PyObject *found = item(tuple, i);
    return found && !PyTuple_Check(found) ? misshapen() : found;
}

static inline PyTypeObject *type_item(PyObject *tuple, Py_ssize_t i) {
    PyObject *found = item(tuple, i);
    return (PyTypeObject *)(found && !PyType_Check(found) ? misshapen() : found);
}

static inline int number(PyObject *tuple, Py_ssize_t i, long long *out) {
    PyObject *object = item(tuple, i);
    if (!object) return -1;
    *out = PyLong_AsLongLong(object);
    return *out == -1 && PyErr_Occurred() ? -1 : 0;
}

/* The number of one of `count` things. */
static inline int index_item(PyObject *tuple, Py_ssize_t i, uint32_t count, uint32_t *out) {
    long long value;
    if (number(tuple, i, &value) < 0) return -1;
    if (value < 0 || value >= count) return misshapen(), -1;
    *out = (uint32_t)value;
    return 0;
}

static inline int no_memory(void) {
    PyErr_NoMemory();
    return -1;
}

/* A table of the texts of a tuple; 0, or -1 with an exception. */
int fc_py_load_keys(fc_arena *arena, PyObject *texts, fc_keys *out);
/* The ways to the fields of a model, if it has others than a key for each; 0, or -1. */
int fc_py_lookup_load(fc_arena *arena, PyObject *tuple, fc_py_model *model);

#endif
