/* The functions of `_core` for drift statistics. */
#include "fastcore/drift.h"

#include <math.h>

#include "drift/gaps.h"
#include "python/py_array.h"
#include "python/state.h"

enum { LONG = 50000 }; /* values from which the GIL is released */

/* A contiguous vector of one dtype (or of float32 as well); 0, or -1 with an exception. */
static int read_vector(PyObject *object, const char *name, bool or_single, fc_array_info *info) {
    if (fc_array_describe(object, name, info) < 0) return -1;
    bool single = or_single && info->dtype == FC_DTYPE_FLOAT32;
    Py_ssize_t width = single ? 4 : 8;
    if ((single || info->dtype == FC_DTYPE_FLOAT64) && info->ndim == 1 && info->behaved &&
        (info->shape[0] < 2 || info->strides[0] == width))
        return 0;
    PyErr_Format(PyExc_ValueError, "%s: expected a contiguous vector of %s", name,
                 or_single ? "float64 or float32" : "float64");
    return -1;
}

/* By search, where there are many edges. */
static fc_status search(const fc_array_info *x, const double *edges, size_t count, size_t n,
                        uint64_t *at_least) {
    fc_arena arena;
    fc_arena_init(&arena, &fc_alloc_libc);
    fc_points points;
    fc_status status = fc_points_init(&points, &arena, edges, count);
    uint64_t *cells = fc_arena_zeros(&arena, 2 * count + 1, sizeof *cells);
    if (!cells && status == FC_OK) status = FC_ENOMEM;
    for (size_t at = 0; status == FC_OK && at < n; at += 512) {
        double chunk[512];
        size_t part = n - at < 512 ? n - at : 512;
        for (size_t i = 0; i < part; i++)
            chunk[i] = x->dtype == FC_DTYPE_FLOAT32 ? (double)((const float *)x->data)[at + i]
                                                    : ((const double *)x->data)[at + i];
        fc_points_count(&points, chunk, part, cells);
    }
    for (size_t i = count; status == FC_OK && i-- > 0;)
        at_least[i] = cells[2 * i + 1] + cells[2 * i + 2] + (i + 1 < count ? at_least[i + 1] : 0);
    fc_arena_free(&arena);
    return status;
}

PyDoc_STRVAR(bin_counts_doc,
             "bin_counts($module, values, edges, shift=None, /)\n--\n\n"
             "Counts of the bins [edges[i - 1], edges[i]) with open tails: uint64, one more than "
             "there are edges. NaN is in none. With a shift: (counts, missing, +inf, -inf, sum, "
             "squares, min, max).");

static PyObject *bin_counts(PyObject *module, PyObject *const *args, Py_ssize_t nargs) {
    (void)module;
    fc_array_info x, e;
    if (nargs < 2 || nargs > 3) {
        PyErr_SetString(PyExc_TypeError, "bin_counts() takes 2 or 3 arguments");
        return NULL;
    }
    if (read_vector(args[0], "values", true, &x) < 0 ||
        read_vector(args[1], "edges", false, &e) < 0)
        return NULL;
    double shift = nargs == 3 && args[2] != Py_None ? PyFloat_AsDouble(args[2]) : NAN;
    if (shift == -1.0 && PyErr_Occurred()) return NULL;
    const double *edges = e.data;
    size_t n = (size_t)x.shape[0], count = (size_t)e.shape[0];
    for (size_t i = 0; i < count; i++)
        if (!isfinite(edges[i]) || (i && !(edges[i - 1] < edges[i]))) {
            PyErr_SetString(PyExc_ValueError, "edges: expected rising finite numbers");
            return NULL;
        }
    Py_ssize_t size = (Py_ssize_t)count + 1;
    void *data;
    PyObject *result = fc_array_new(FC_DTYPE_UINT64, 1, &size, false, &data);
    bool single = x.dtype == FC_DTYPE_FLOAT32, few = count <= FC_FEW_EDGES;
    if (!result) return NULL;
    fc_bins_f64 wide;
    fc_bins_f32 narrow;
    if (single && few) fc_bins_init_f32(&narrow, edges, count);
    if (!single && few) fc_bins_init_f64(&wide, edges, count);
    uint64_t *at_least = (uint64_t *)data + 1, *counts = data;
    memset(counts, 0, (count + 1) * sizeof *counts);
    fc_quality quality = {0};
    bool finite = true;
    fc_status status = FC_OK;
    uint64_t present = 0;
    PyThreadState *saved = n > LONG ? PyEval_SaveThread() : NULL;
    if (!few)
        status = search(&x, edges, count, n, at_least);
    else if (single)
        fc_bins_count_f32(&narrow, x.data, n, at_least);
    else
        fc_bins_count_f64(&wide, x.data, n, at_least);
    if (!isnan(shift)) {
        if (single)
            fc_quality_f32(x.data, n, shift, &finite, &quality);
        else
            fc_quality_f64(x.data, n, shift, &finite, &quality);
        present = n - quality.missing;
    } else {
        present = single ? fc_present_f32(x.data, n) : fc_present_f64(x.data, n);
    }
    if (saved) PyEval_RestoreThread(saved);
    if (status != FC_OK) {
        Py_DECREF(result);
        return fc_py_raise(status, "bin_counts");
    }
    counts[0] = present;
    for (size_t i = 0; i < count; i++) counts[i] -= counts[i + 1];
    if (isnan(shift)) return result;
    return Py_BuildValue("NKKKdddd", result, (unsigned long long)quality.missing,
                         (unsigned long long)quality.pos_inf, (unsigned long long)quality.neg_inf,
                         quality.sum, quality.squares, quality.min, quality.max);
}

PyDoc_STRVAR(statistic_doc,
             "statistic($module, name, reference, current, base, eps, correction, /)\n--\n\n"
             "(statistic, p) of two float64 vectors of counts or shares of the same bins; p is NaN "
             "where there is none.");

static PyObject *statistic(PyObject *module, PyObject *const *args, Py_ssize_t nargs) {
    (void)module;
    fc_array_info r, c;
    if (nargs != 6) return PyErr_SetString(PyExc_TypeError, "statistic() takes 6 arguments"), NULL;
    const char *name = PyUnicode_AsUTF8(args[0]);
    if (!name || read_vector(args[1], "reference", false, &r) < 0 ||
        read_vector(args[2], "current", false, &c) < 0)
        return NULL;
    if (r.shape[0] != c.shape[0]) {
        PyErr_Format(PyExc_ValueError, "current: expected %zd bins, as in reference, got %zd",
                     r.shape[0], c.shape[0]);
        return NULL;
    }
    fc_stat_options options;
    options.base = PyFloat_AsDouble(args[3]);
    options.eps = PyFloat_AsDouble(args[4]);
    if (PyErr_Occurred()) return NULL;
    int correction = PyObject_IsTrue(args[5]);
    if (correction < 0) return NULL;
    options.correction = correction;
    double value, p;
    fc_status status = fc_stat(name, r.data, c.data, (size_t)r.shape[0], &options, &value, &p);
    if (status != FC_OK) return PyErr_Format(PyExc_ValueError, "name: no statistic %R", args[0]);
    return Py_BuildValue("dd", value, p);
}

PyDoc_STRVAR(names_doc, "statistic_names($module, /)\n--\n\nThe names that statistic() knows.");

static PyObject *statistic_names(PyObject *module, PyObject *unused) {
    (void)module;
    (void)unused;
    PyObject *list = PyList_New(0);
    for (size_t i = 0; list && fc_stat_name(i); i++) {
        PyObject *name = PyUnicode_FromString(fc_stat_name(i));
        if (!name || PyList_Append(list, name) < 0) Py_CLEAR(list);
        Py_XDECREF(name);
    }
    return list;
}

#define METHOD(function) ((PyCFunction)(void (*)(void))(function))
static PyMethodDef functions[] = {
    {"bin_counts", METHOD(bin_counts), METH_FASTCALL, bin_counts_doc},
    {"statistic", METHOD(statistic), METH_FASTCALL, statistic_doc},
    {"statistic_names", statistic_names, METH_NOARGS, names_doc},
    {NULL, NULL, 0, NULL},
};

int fc_py_drift_exec(PyObject *module, fc_state *state) {
    (void)state;
    return PyModule_AddFunctions(module, functions);
}
