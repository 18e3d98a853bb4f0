/* What the files of `_core.Columns` share among themselves; the rest of the glue uses
 * py_columns.h. */
#ifndef FC_PYTHON_COLUMNS_TYPE_H
#define FC_PYTHON_COLUMNS_TYPE_H

#include "python/py_columns.h"

typedef struct columns_object {
    PyObject_HEAD fc_columns *set; /* a reference; never NULL once the object is visible */
} columns_object;

static inline fc_columns *set_of(PyObject *self) { return ((columns_object *)self)->set; }

/* The names as a new tuple of str. */
PyObject *fc_py_columns_names(const fc_columns *set);
/* The index of a column; -1 with TypeError or with a KeyError that names the columns there are. */
int64_t fc_py_columns_find(const fc_columns *set, PyObject *name, const char *argument);

/* py_columns_matrix.c */
extern const char fc_py_columns_matrix_doc[];
PyObject *fc_py_columns_matrix(PyObject *self, PyObject *const *args, Py_ssize_t nargs,
                               PyObject *kwnames);

/* py_columns_build.c */
extern const char fc_py_columns_build_doc[];
PyObject *fc_py_columns_build(PyObject *cls, PyObject *const *args, Py_ssize_t nargs);
PyObject *fc_py_columns_get_specs(PyObject *self, void *unused);

/* py_columns_arrow.c */
extern const char fc_py_columns_arrow_schema_doc[];
PyObject *fc_py_columns_arrow_schema(PyObject *self, PyObject *unused);
extern const char fc_py_columns_arrow_array_doc[];
PyObject *fc_py_columns_arrow_array(PyObject *self, PyObject *const *args, Py_ssize_t nargs,
                                    PyObject *kwnames);
extern const char fc_py_columns_arrow_stream_doc[];
PyObject *fc_py_columns_arrow_stream(PyObject *self, PyObject *const *args, Py_ssize_t nargs,
                                     PyObject *kwnames);

/* py_columns_arrow_in.c */
extern const char fc_py_columns_from_arrow_doc[];
PyObject *fc_py_columns_from_arrow(PyObject *cls, PyObject *const *args, Py_ssize_t nargs);

/* py_columns_put.c: takes hold of the datetime C API. 0 or -1. */
int fc_py_columns_put_exec(void);

#endif
