/* The module's state: types, interned strings and cached callables; there are no globals. */
#ifndef FC_PYTHON_STATE_H
#define FC_PYTHON_STATE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "fastcore/base.h"
#include "fastcore/loops.h"

/* One row a reference; traverse, clear and the struct are made from this table. */
#define FC_STATE_ROWS(X)                                                                           \
    X(PyTypeObject, columns_type)                                                                  \
    X(PyTypeObject, schema_type)                                                                   \
    X(PyTypeObject, plan_type)                                                                     \
    X(PyTypeObject, plan_counts_type)                                                              \
    X(PyTypeObject, reference_type)                                                                \
    X(PyTypeObject, monitor_type)                                                                  \
    X(PyTypeObject, snapshot_type)                                                                 \
    X(PyObject, validation_error) /* pydantic_core.ValidationError, once a schema was made */      \
    X(PyObject, empty_tuple)                                                                       \
    X(PyObject, name_dict) /* interned: __dict__, root, int, is_safe */                            \
    X(PyObject, name_root)                                                                         \
    X(PyObject, name_int)                                                                          \
    X(PyObject, name_is_safe)

typedef struct fc_state {
#define X(type, name) type *name;
    FC_STATE_ROWS(X)
#undef X
    fc_loops loops; /* filled when the module is made, not changed later */
} fc_state;

extern struct PyModuleDef fc_module_def;

static inline fc_state *fc_state_of(PyObject *module) {
    return (fc_state *)PyModule_GetState(module);
}
static inline fc_state *fc_state_of_type(PyTypeObject *defining_class) {
    return (fc_state *)PyType_GetModuleState(defining_class);
}
/* For slots, where no defining class is at hand. Borrowed; NULL with an exception on failure. */
static inline fc_state *fc_state_of_object(PyObject *self) {
    PyObject *module = PyType_GetModuleByDef(Py_TYPE(self), &fc_module_def);
    return module ? fc_state_of(module) : NULL;
}

/* Each file of the glue adds its types and functions to the module; 0, or -1 with an exception. */
int fc_py_columns_exec(PyObject *module, fc_state *state);
int fc_py_schema_exec(PyObject *module, fc_state *state);
int fc_py_plan_exec(PyObject *module, fc_state *state);
int fc_py_plan_counts_exec(PyObject *module, fc_state *state);
int fc_py_loops_exec(PyObject *module, fc_state *state);
int fc_py_reference_exec(PyObject *module, fc_state *state);
int fc_py_monitor_exec(PyObject *module, fc_state *state);
int fc_py_snapshot_exec(PyObject *module, fc_state *state);
int fc_py_drift_exec(PyObject *module, fc_state *state);
int fc_py_drift_pvalues_exec(PyObject *module, fc_state *state);
int fc_py_drift_samples_exec(PyObject *module, fc_state *state);
int fc_py_drift_vectors_exec(PyObject *module, fc_state *state);
int fc_py_drift_ranks_exec(PyObject *module, fc_state *state);
int fc_py_threads_exec(PyObject *module, fc_state *state);
int fc_py_paths_exec(PyObject *module, fc_state *state);
int fc_py_ndjson_exec(PyObject *module, fc_state *state);
int fc_py_labels_exec(PyObject *module, fc_state *state);

/* How many threads a call may use that has enough work for several: `asked` is its argument, an
 * int that was checked, or None for what fastcore._config says. 0, or -1 with an exception. */
int fc_py_threads(PyObject *asked, int *out);
/* The same for reading one document. */
int fc_py_reading_threads(int *out);

/* The exception that is set, normalised and no longer set: a new reference. */
static inline PyObject *fc_py_take_exception(void) {
#if PY_VERSION_HEX >= 0x030c0000
    return PyErr_GetRaisedException();
#else
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    if (traceback) PyException_SetTraceback(value, traceback);
    Py_XDECREF(type);
    Py_XDECREF(traceback);
    return value;
#endif
}

/* The other way; takes the reference. */
static inline void fc_py_set_exception(PyObject *error) {
#if PY_VERSION_HEX >= 0x030c0000
    PyErr_SetRaisedException(error);
#else
    PyErr_Restore(Py_NewRef(Py_TYPE(error)), error, PyException_GetTraceback(error));
#endif
}

/* PyExc_MemoryError for FC_ENOMEM and so on; always returns NULL. */
PyObject *fc_py_raise(fc_status status, const char *what);

#endif
