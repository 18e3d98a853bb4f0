/* The Arrow PyCapsule interface of `_core.Columns`. */
#include "fastcore/arrow.h"
#include "python/py_columns_type.h"

/* A capsule owns the structure's memory; a consumer moves the content out and leaves `release`
 * NULL. The destructor may run while an exception is set and raises none. */
#define CAPSULE(type, capsule_name, verb)                                                          \
    static void verb##_destroy(PyObject *capsule) {                                                \
        type *content = PyCapsule_GetPointer(capsule, capsule_name);                               \
        if (!content) return;                                                                      \
        if (content->release) content->release(content);                                           \
        PyMem_RawFree(content);                                                                    \
    }                                                                                              \
    /* An empty capsule, made before it is filled: then no failure can leak the content. */        \
    static PyObject *verb##_capsule(type **content) {                                              \
        *content = PyMem_RawCalloc(1, sizeof(type));                                               \
        if (!*content) return PyErr_NoMemory();                                                    \
        PyObject *capsule = PyCapsule_New(*content, capsule_name, verb##_destroy);                 \
        if (!capsule) PyMem_RawFree(*content);                                                     \
        return capsule;                                                                            \
    }

CAPSULE(struct ArrowSchema, "arrow_schema", schema)
CAPSULE(struct ArrowArray, "arrow_array", array)
CAPSULE(struct ArrowArrayStream, "arrow_array_stream", stream)

/* The exception for a status, and the capsule given up. */
static PyObject *failed(PyObject *capsule, const fc_columns *set, fc_status status) {
    Py_DECREF(capsule);
    int64_t at = fc_arrow_obstacle(set->layout);
    if (status != FC_EINVALID || at < 0) return fc_py_raise(status, "Arrow export");
    PyErr_Format(PyExc_TypeError, "column '%s' holds Python objects, which Arrow cannot express",
                 set->layout->columns[at].name);
    return NULL;
}

const char fc_py_columns_arrow_schema_doc[] =
    "__arrow_c_schema__($self, /)\n--\n\n"
    "The columns' types as a capsule with an Arrow struct type.";

PyObject *fc_py_columns_arrow_schema(PyObject *self, PyObject *unused) {
    (void)unused;
    fc_columns *set = set_of(self);
    struct ArrowSchema *content;
    PyObject *capsule = schema_capsule(&content);
    if (!capsule) return NULL;
    fc_status status = fc_arrow_schema(&fc_alloc_libc, set->layout, content);
    return status == FC_OK ? capsule : failed(capsule, set, status);
}

/* The one optional argument, which is a wish: our types are what they are, and consumers cast. */
static int take_requested(const char *method, Py_ssize_t nargs, PyObject *kwnames) {
    Py_ssize_t named = kwnames ? PyTuple_GET_SIZE(kwnames) : 0;
    if (nargs + named > 1) {
        PyErr_Format(PyExc_TypeError, "%s() takes at most 1 argument (%zd given)", method,
                     nargs + named);
        return -1;
    }
    if (named == 0) return 0;
    PyObject *name = PyTuple_GET_ITEM(kwnames, 0);
    if (PyUnicode_CompareWithASCIIString(name, "requested_schema") == 0) return 0;
    PyErr_Format(PyExc_TypeError, "%s() got an unexpected keyword argument '%U'", method, name);
    return -1;
}

const char fc_py_columns_arrow_array_doc[] =
    "__arrow_c_array__($self, /, requested_schema=None)\n--\n\n"
    "Two capsules: the type, and the rows as an Arrow struct array, which keep the memory alive.";

PyObject *fc_py_columns_arrow_array(PyObject *self, PyObject *const *args, Py_ssize_t nargs,
                                    PyObject *kwnames) {
    (void)args;
    if (take_requested("__arrow_c_array__", nargs, kwnames) < 0) return NULL;
    fc_columns *set = set_of(self);
    PyObject *schema = fc_py_columns_arrow_schema(self, NULL);
    if (!schema) return NULL;
    struct ArrowArray *content;
    PyObject *capsule = array_capsule(&content);
    if (capsule) {
        fc_status status = fc_arrow_array(&fc_alloc_libc, set, content);
        if (status != FC_OK) capsule = failed(capsule, set, status);
    }
    PyObject *pair = capsule ? PyTuple_Pack(2, schema, capsule) : NULL;
    Py_XDECREF(capsule);
    Py_DECREF(schema);
    return pair;
}

const char fc_py_columns_arrow_stream_doc[] =
    "__arrow_c_stream__($self, /, requested_schema=None)\n--\n\n"
    "A capsule with an Arrow stream of one batch.";

PyObject *fc_py_columns_arrow_stream(PyObject *self, PyObject *const *args, Py_ssize_t nargs,
                                     PyObject *kwnames) {
    (void)args;
    if (take_requested("__arrow_c_stream__", nargs, kwnames) < 0) return NULL;
    fc_columns *set = set_of(self);
    struct ArrowArrayStream *content;
    PyObject *capsule = stream_capsule(&content);
    if (!capsule) return NULL;
    fc_status status = fc_arrow_stream(&fc_alloc_libc, set, content);
    return status == FC_OK ? capsule : failed(capsule, set, status);
}
