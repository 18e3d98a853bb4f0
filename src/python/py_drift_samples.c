/* Two samples compared in one call: the plain case of the functions of `fastcore.drift`. */
#include <math.h>

#include "fastcore/drift.h"
#include "python/py_array.h"
#include "python/state.h"

enum { LONG = 50000, CHUNK = 512 }; /* values from which the GIL is released, that are converted */

/* A contiguous vector of float64, float32 or int64: whatever else there is, Python converts. */
static bool is_plain(PyObject *object, fc_array_info *info) {
    if (!fc_array_check(object)) return false;
    if (fc_array_describe(object, "values", info) < 0) {
        PyErr_Clear();
        return false;
    }
    if (info->dtype != FC_DTYPE_FLOAT64 && info->dtype != FC_DTYPE_FLOAT32 &&
        info->dtype != FC_DTYPE_INT64)
        return false;
    Py_ssize_t width = info->dtype == FC_DTYPE_FLOAT32 ? 4 : 8;
    return info->ndim == 1 && info->behaved && (info->shape[0] < 2 || info->strides[0] == width);
}

typedef struct edges {
    const double *values;
    size_t count;
    fc_bins_f64 wide;
    fc_bins_f32 narrow;
    bool has_wide, has_narrow;
} edges;

static bool read_edges(PyObject *object, edges *e) {
    fc_array_info info;
    if (!is_plain(object, &info) || info.dtype != FC_DTYPE_FLOAT64 || info.shape[0] > FC_FEW_EDGES)
        return false;
    e->values = info.data, e->count = (size_t)info.shape[0];
    for (size_t i = 0; i < e->count; i++)
        if (!isfinite(e->values[i]) || (i && !(e->values[i - 1] < e->values[i]))) return false;
    return true;
}

/* A number in place of None; false for anything but a float. */
static bool read_number(PyObject *object, double none, double *out) {
    *out = object == Py_None ? none : PyFloat_CheckExact(object) ? PyFloat_AS_DOUBLE(object) : 0;
    return object == Py_None || PyFloat_CheckExact(object);
}

static void prepare(edges *e, const fc_array_info *x) {
    if (x->dtype == FC_DTYPE_FLOAT32) {
        if (!e->has_narrow) fc_bins_init_f32(&e->narrow, e->values, e->count);
        e->has_narrow = true;
    } else {
        if (!e->has_wide) fc_bins_init_f64(&e->wide, e->values, e->count);
        e->has_wide = true;
    }
}

/* The counts of the bins, as doubles. */
static void count(const fc_array_info *x, const edges *e, double *row) {
    size_t n = (size_t)x->shape[0], present = 0;
    uint64_t at_least[FC_FEW_EDGES + 1] = {0};
    if (x->dtype == FC_DTYPE_FLOAT32) {
        present = fc_present_f32(x->data, n);
        fc_bins_count_f32(&e->narrow, x->data, n, at_least);
    } else if (x->dtype == FC_DTYPE_FLOAT64) {
        present = fc_present_f64(x->data, n);
        fc_bins_count_f64(&e->wide, x->data, n, at_least);
    } else {
        present = n;
        for (size_t at = 0; at < n; at += CHUNK) {
            double chunk[CHUNK];
            size_t part = n - at < CHUNK ? n - at : CHUNK;
            for (size_t i = 0; i < part; i++) chunk[i] = (double)((const int64_t *)x->data)[at + i];
            fc_bins_count_f64(&e->wide, chunk, part, at_least);
        }
    }
    for (size_t i = 0; i <= e->count; i++) {
        row[i] = (double)(present - at_least[i]);
        present = at_least[i];
    }
}

PyDoc_STRVAR(compare_samples_doc,
             "compare_samples($module, type, name, reference, current, edges, counts, nan, base, "
             "eps, correction, /)\n--\n\n"
             "`type`, a named tuple of two, of a statistic and its p-value. None unless all of it "
             "is plain: contiguous vectors of numbers, a few rising edges, no counts, NaN "
             "omitted.");

static PyObject *compare_samples(PyObject *module, PyObject *const *args, Py_ssize_t nargs) {
    (void)module;
    if (nargs != 10)
        return PyErr_SetString(PyExc_TypeError, "compare_samples() takes 10 arguments"), NULL;
    PyTypeObject *type = (PyTypeObject *)args[0];
    if (!PyType_Check(args[0]) || !PyType_IsSubtype(type, &PyTuple_Type))
        return PyErr_SetString(PyExc_TypeError, "type: expected a type of tuples"), NULL;
    const char *name = PyUnicode_AsUTF8(args[1]);
    if (!name) return NULL;
    fc_stat_options options = {.correction = args[9] == Py_True};
    fc_array_info samples[2];
    edges e;
    e.has_wide = e.has_narrow = false;
    if (args[5] != Py_False || !PyUnicode_CheckExact(args[6]) ||
        PyUnicode_CompareWithASCIIString(args[6], "omit") != 0 || !is_plain(args[2], &samples[0]) ||
        !is_plain(args[3], &samples[1]) || !read_edges(args[4], &e) ||
        !read_number(args[7], 0, &options.base) || !read_number(args[8], NAN, &options.eps) ||
        !PyBool_Check(args[9]))
        Py_RETURN_NONE;
    if ((args[7] != Py_None && !(options.base > 0 && options.base != 1)) ||
        (args[8] != Py_None && !(options.eps > 0 && options.eps < 1)))
        Py_RETURN_NONE;
    double rows[2][FC_FEW_EDGES + 1], value, p;
    bool release = samples[0].shape[0] > LONG || samples[1].shape[0] > LONG;
    PyThreadState *saved = release ? PyEval_SaveThread() : NULL;
    for (int i = 0; i < 2; i++) {
        prepare(&e, &samples[i]);
        count(&samples[i], &e, rows[i]);
    }
    fc_status status = fc_stat(name, rows[0], rows[1], e.count + 1, &options, &value, &p);
    if (saved) PyEval_RestoreThread(saved);
    if (status != FC_OK) return PyErr_Format(PyExc_ValueError, "name: no statistic %R", args[1]);
    PyObject *result = type->tp_alloc(type, 2);
    if (!result) return NULL;
    PyTuple_SET_ITEM(result, 0, PyFloat_FromDouble(value));
    PyTuple_SET_ITEM(result, 1,
                     fc_stat_has_pvalue(name) ? PyFloat_FromDouble(p) : Py_NewRef(Py_None));
    if (!PyTuple_GET_ITEM(result, 0) || !PyTuple_GET_ITEM(result, 1)) Py_CLEAR(result);
    return result;
}

static PyMethodDef functions[] = {
    {"compare_samples", (PyCFunction)(void (*)(void))compare_samples, METH_FASTCALL,
     compare_samples_doc},
    {NULL, NULL, 0, NULL},
};

int fc_py_drift_samples_exec(PyObject *module, fc_state *state) {
    (void)state;
    return PyModule_AddFunctions(module, functions);
}
