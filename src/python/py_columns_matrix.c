/* Columns.matrix(): numbers, bools and codes as a 2-D array. One call for one row is on the hot
 * path of a request: arguments are taken by hand, and with `out=` nothing is allocated. */
#include <string.h>

#include "python/py_array.h"
#include "python/py_columns_type.h"

/* Below this many cells the kernel is done before another thread could have taken the GIL. */
enum { KEEP_GIL_CELLS = 1 << 15, FEW_NAMES = 64 };

const char fc_py_columns_matrix_doc[] =
    "matrix($self, /, names=None, dtype=None, order='C', out=None, missing=nan)\n--\n\n"
    "Columns as a matrix of shape (num_rows, number of values in a row).\n\n"
    "names: which columns, in which order; None for all. A column of lists of n takes n columns.\n"
    "dtype: numpy.float32 or numpy.float64; None is out's, or float32.\n"
    "order: 'C' (rows are contiguous) or 'F'; not used with out.\n"
    "out: a writable float32 or float64 array of exactly that shape, which is filled and "
    "returned.\n"
    "missing: what stands for null.\n\n"
    "Raises KeyError for a column that does not exist, TypeError for one that holds no numbers, "
    "ValueError for an out of another shape.";

enum { ARG_NAMES, ARG_DTYPE, ARG_ORDER, ARG_OUT, ARG_MISSING, ARGS };
static const struct {
    const char *text;
    Py_ssize_t len;
} arg_names[ARGS] = {{"names", 5}, {"dtype", 5}, {"order", 5}, {"out", 3}, {"missing", 7}};

static inline bool is_named(PyObject *name, int arg) {
    if (!PyUnicode_IS_COMPACT_ASCII(name)) /* of a subclass of str, it may still be the name */
        return PyUnicode_CompareWithASCIIString(name, arg_names[arg].text) == 0;
    return PyUnicode_GET_LENGTH(name) == arg_names[arg].len &&
           memcmp(PyUnicode_1BYTE_DATA(name), arg_names[arg].text, (size_t)arg_names[arg].len) == 0;
}

/* Positional and keyword arguments into `values`, NULL where none was given. */
static int take_args(PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames,
                     PyObject *values[ARGS]) {
    if (nargs > ARGS) {
        PyErr_Format(PyExc_TypeError, "matrix() takes at most %d arguments (%zd given)", (int)ARGS,
                     nargs);
        return -1;
    }
    for (Py_ssize_t i = 0; i < nargs; i++) values[i] = args[i];
    Py_ssize_t named = kwnames ? PyTuple_GET_SIZE(kwnames) : 0;
    for (Py_ssize_t k = 0; k < named; k++) {
        PyObject *name = PyTuple_GET_ITEM(kwnames, k);
        int which = ARGS;
        while (--which >= 0)
            if (is_named(name, which)) break;
        if (which < 0) {
            PyErr_Format(PyExc_TypeError, "matrix() got an unexpected keyword argument '%U'", name);
            return -1;
        }
        if (values[which]) {
            PyErr_Format(PyExc_TypeError, "matrix() got multiple values for argument '%s'",
                         arg_names[which].text);
            return -1;
        }
        values[which] = args[nargs + k];
    }
    for (int i = 0; i < ARGS; i++)
        if (values[i] == Py_None && i != ARG_MISSING && i != ARG_ORDER) values[i] = NULL;
    return 0;
}

/* What the kernel is asked for. */
typedef struct request {
    uint32_t *which; /* NULL: all columns; otherwise `few` or memory of its own */
    uint32_t count;
    uint64_t cols;
    fc_dtype dtype;
    double missing;
    uint32_t few[FEW_NAMES];
} request;

static int check_numeric(const fc_columns *set, uint32_t column) {
    static const char *const kinds[] = {
        [FC_COLUMN_STRING] = "text", [FC_COLUMN_TIME] = "times", [FC_COLUMN_OBJECT] = "objects"};
    const fc_column *c = &set->columns[column];
    if (fc_column_is_numeric(c->kind)) return 0;
    PyErr_Format(PyExc_TypeError,
                 "names: column '%s' holds %s; a matrix takes numbers, bools and codes",
                 c->info->name, kinds[c->kind]);
    return -1;
}

static int take_names(const fc_columns *set, PyObject *names, request *r) {
    if (!names) {
        r->count = set->count;
        r->cols = set->layout->matrix_cols;
        for (uint32_t i = 0; !set->layout->all_numeric && i < set->count; i++)
            if (check_numeric(set, i) < 0) return -1;
        return 0;
    }
    if (PyUnicode_Check(names)) {
        PyErr_SetString(PyExc_TypeError, "names: expected a sequence of column names, got a str");
        return -1;
    }
    PyObject *tuple = PySequence_Tuple(names);
    if (!tuple) {
        if (!PyErr_ExceptionMatches(PyExc_TypeError) || PySequence_Check(names)) return -1;
        PyErr_Format(PyExc_TypeError, "names: expected a sequence of column names, got %.200s",
                     Py_TYPE(names)->tp_name);
        return -1;
    }
    Py_ssize_t size = PyTuple_GET_SIZE(tuple);
    int status = -1;
    r->which = size <= FEW_NAMES ? r->few : PyMem_New(uint32_t, (size_t)size);
    if (!r->which) {
        PyErr_NoMemory();
        goto done;
    }
    if (size > INT32_MAX) {
        PyErr_SetString(PyExc_ValueError, "names: too many");
        goto done;
    }
    for (Py_ssize_t i = 0; i < size; i++) {
        int64_t at = fc_py_columns_find(set, PyTuple_GET_ITEM(tuple, i), "names");
        if (at < 0 || check_numeric(set, (uint32_t)at) < 0) goto done;
        r->which[i] = (uint32_t)at;
        r->cols += set->columns[at].items;
    }
    r->count = (uint32_t)size;
    status = 0;
done:
    Py_DECREF(tuple);
    return status;
}

static int take_dtype(PyObject *dtype, fc_dtype *out) {
    if (fc_array_dtype(dtype, "dtype", out) < 0) return -1;
    if (*out == FC_DTYPE_FLOAT32 || *out == FC_DTYPE_FLOAT64) return 0;
    PyErr_Format(PyExc_TypeError, "dtype: expected float32 or float64, got %R", dtype);
    return -1;
}

static int take_order(PyObject *order, bool *fortran) {
    *fortran = false;
    if (!order) return 0;
    if (PyUnicode_Check(order) && PyUnicode_CompareWithASCIIString(order, "C") == 0) return 0;
    *fortran = true;
    if (PyUnicode_Check(order) && PyUnicode_CompareWithASCIIString(order, "F") == 0) return 0;
    PyErr_Format(PyExc_ValueError, "order: expected 'C' or 'F', got %R", order);
    return -1;
}

static int check_out(const fc_columns *set, const request *r, const fc_array_info *out) {
    if (out->dtype != FC_DTYPE_FLOAT32 && out->dtype != FC_DTYPE_FLOAT64) {
        PyErr_SetString(PyExc_TypeError, "out: expected an array of float32 or float64");
        return -1;
    }
    if (r->dtype != FC_DTYPE_OTHER && r->dtype != out->dtype) {
        PyErr_SetString(PyExc_TypeError, "out: its dtype is not the one that dtype asks for");
        return -1;
    }
    if (out->ndim != 2 || out->shape[0] != (Py_ssize_t)set->rows ||
        (uint64_t)out->shape[1] != r->cols) {
        PyErr_Format(PyExc_ValueError,
                     "out: expected shape (%lld, %llu), got %d dimensions (%zd%s%zd)",
                     (long long)set->rows, (unsigned long long)r->cols, out->ndim,
                     out->ndim > 0 ? out->shape[0] : 0, out->ndim > 1 ? ", " : ", -",
                     out->ndim > 1 ? out->shape[1] : 0);
        return -1;
    }
    if (!out->writable || !out->behaved) {
        PyErr_SetString(PyExc_ValueError,
                        out->writable ? "out: expected an aligned array in native byte order"
                                      : "out: the array is read-only");
        return -1;
    }
    return 0;
}

/* Strides in bytes. */
static void gather(const fc_columns *set, const request *r, fc_dtype dtype, void *out,
                   Py_ssize_t row_stride, Py_ssize_t col_stride) {
    Py_ssize_t size = dtype == FC_DTYPE_FLOAT32 ? 4 : 8;
    row_stride /= size;
    col_stride /= size;
    if (dtype == FC_DTYPE_FLOAT32)
        fc_columns_matrix_f32(set, r->which, r->count, (float)r->missing, out, row_stride,
                              col_stride);
    else
        fc_columns_matrix_f64(set, r->which, r->count, r->missing, out, row_stride, col_stride);
}

static void gather_unlocked(const fc_columns *set, const request *r, fc_dtype dtype, void *out,
                            Py_ssize_t row_stride, Py_ssize_t col_stride) {
    /* The caller holds references to both arrays, and a set never changes. */
    if ((uint64_t)set->rows * r->cols < KEEP_GIL_CELLS) {
        gather(set, r, dtype, out, row_stride, col_stride);
        return;
    }
    Py_BEGIN_ALLOW_THREADS;
    gather(set, r, dtype, out, row_stride, col_stride);
    Py_END_ALLOW_THREADS;
}

static PyObject *fill_new(const fc_columns *set, const request *r, bool fortran) {
    fc_dtype dtype = r->dtype == FC_DTYPE_OTHER ? FC_DTYPE_FLOAT32 : r->dtype;
    Py_ssize_t size = dtype == FC_DTYPE_FLOAT32 ? 4 : 8;
    Py_ssize_t shape[2] = {(Py_ssize_t)set->rows, (Py_ssize_t)r->cols};
    void *data;
    PyObject *array = fc_array_new(dtype, 2, shape, fortran, &data);
    if (!array) return NULL;
    /* NumPy has checked that shape[0] * shape[1] * size fits. */
    gather_unlocked(set, r, dtype, data, fortran ? size : shape[1] * size,
                    fortran ? shape[0] * size : size);
    return array;
}

PyObject *fc_py_columns_matrix(PyObject *self, PyObject *const *args, Py_ssize_t nargs,
                               PyObject *kwnames) {
    const fc_columns *set = set_of(self);
    PyObject *values[ARGS] = {NULL};
    request r;
    r.which = NULL;
    r.count = 0;
    r.cols = 0;
    r.dtype = FC_DTYPE_OTHER;
    r.missing = Py_NAN;
    bool fortran;
    PyObject *result = NULL;
    if (take_args(args, nargs, kwnames, values) < 0) return NULL;
    if (values[ARG_DTYPE] && take_dtype(values[ARG_DTYPE], &r.dtype) < 0) return NULL;
    if (take_order(values[ARG_ORDER], &fortran) < 0) return NULL;
    if (values[ARG_MISSING]) {
        r.missing = PyFloat_AsDouble(values[ARG_MISSING]);
        if (r.missing == -1.0 && PyErr_Occurred()) {
            if (!PyErr_ExceptionMatches(PyExc_TypeError)) return NULL;
            PyErr_Format(PyExc_TypeError, "missing: expected a number, got %.200s",
                         Py_TYPE(values[ARG_MISSING])->tp_name);
            return NULL;
        }
    }
    if (take_names(set, values[ARG_NAMES], &r) < 0) goto done;
    if (values[ARG_OUT]) {
        fc_array_info out;
        if (fc_array_describe(values[ARG_OUT], "out", &out) < 0) goto done;
        if (check_out(set, &r, &out) < 0) goto done;
        gather_unlocked(set, &r, out.dtype, out.data, out.strides[0], out.strides[1]);
        result = Py_NewRef(values[ARG_OUT]);
    } else {
        result = fill_new(set, &r, fortran);
    }
done:
    if (r.which && r.which != r.few) PyMem_Free(r.which);
    return result;
}
