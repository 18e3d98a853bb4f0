/* NumPy arrays as the rest of the glue sees them; only py_array.c includes NumPy. */
#ifndef FC_PYTHON_ARRAY_H
#define FC_PYTHON_ARRAY_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdbool.h>

#include "fastcore/loops.h"

enum { FC_ARRAY_MAX_DIMS = 8 };

typedef enum fc_dtype {
    FC_DTYPE_BOOL = 0,
    FC_DTYPE_INT8,
    FC_DTYPE_UINT8,
    FC_DTYPE_INT16,
    FC_DTYPE_UINT16,
    FC_DTYPE_INT32,
    FC_DTYPE_UINT32,
    FC_DTYPE_INT64,
    FC_DTYPE_UINT64,
    FC_DTYPE_FLOAT32,
    FC_DTYPE_FLOAT64,
    FC_DTYPE_FLOAT16,
    FC_DTYPE_DATETIME_US, /* datetime64[us] */
    FC_DTYPE_OBJECT,
    FC_DTYPE_OTHER /* only from fc_array_describe */
} fc_dtype;

/* 0, or -1 with an exception: call once when the module is made. */
int fc_array_import(void);
unsigned fc_array_abi(void);

bool fc_array_check(PyObject *object);
/* Whether it is a scalar of NumPy's bools, integers or floats. */
bool fc_array_real_scalar(PyObject *object);
/* A new array in C (or Fortran) order; numeric memory is not set, object memory is None. */
PyObject *fc_array_new(fc_dtype dtype, int ndim, const Py_ssize_t *shape, bool fortran,
                       void **data);
/* An array over `data`, which `owner` (a new reference is taken) keeps alive. `strides` in bytes,
 * or NULL for C order. Read-only unless `writable`. */
PyObject *fc_array_view(fc_dtype dtype, int ndim, const Py_ssize_t *shape,
                        const Py_ssize_t *strides, void *data, PyObject *owner, bool writable);

typedef struct fc_array_info {
    fc_dtype dtype;
    int ndim;
    Py_ssize_t shape[FC_ARRAY_MAX_DIMS];
    Py_ssize_t strides[FC_ARRAY_MAX_DIMS]; /* bytes */
    void *data;
    bool writable;
    bool behaved; /* aligned and in native byte order */
} fc_array_info;

/* The dtype that `object` (a dtype, a type, a name) stands for, FC_DTYPE_OTHER for one that is not
 * in the list; -1 with NumPy's exception if it stands for none. */
int fc_array_dtype(PyObject *object, const char *argument, fc_dtype *out);

/* The loop that the ufunc `ufunc` runs on vectors of one dtype (`type` is its letter: 'd', 'f'), by
 * NumPy's own table; false if there is none. NumPy keeps it for ever. */
bool fc_array_loop(PyObject *ufunc, char type, fc_loop *out);

/* Describes an ndarray; TypeError naming `argument` if it is none. 0 or -1. */
int fc_array_describe(PyObject *object, const char *argument, fc_array_info *info);

#endif
