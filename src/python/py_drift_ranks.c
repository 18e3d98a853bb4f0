/* The functions of `_core` for two sorted samples, and for permutations of their labels. */
#include <math.h>

#include "fastcore/drift_ranks.h"
#include "python/py_array.h"
#include "python/state.h"

enum { FIELDS = 10 };
static const fc_ranks nothing = {NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};

/* A contiguous array; 0, or -1 with an exception. */
static int read_array(PyObject *object, const char *name, fc_dtype dtype, int ndim,
                      Py_ssize_t width, fc_array_info *info) {
    if (fc_array_describe(object, name, info) < 0) return -1;
    bool fine = info->dtype == dtype && info->ndim == ndim && info->behaved;
    Py_ssize_t step = width;
    for (int d = ndim; fine && d-- > 0; step *= info->shape[d])
        fine = info->shape[d] < 2 || info->strides[d] == step;
    if (fine) return 0;
    PyErr_Format(PyExc_ValueError, "%s: expected a contiguous array of %d dimensions and its dtype",
                 name, ndim);
    return -1;
}

static int read_want(PyObject *object, unsigned *want) {
    long flags = PyLong_AsLong(object);
    if (flags == -1 && PyErr_Occurred()) return -1;
    *want = (unsigned)flags;
    return 0;
}

static void write_fields(const fc_ranks *r, double *out) {
    const double fields[FIELDS] = {r->above, r->below, r->u,      r->ties, r->cvm,
                                   r->ad,    r->w1,    r->energy, r->bws,  r->t};
    memcpy(out, fields, sizeof fields);
}

static PyObject *raise_ranks(fc_status status, const char *what) {
    if (status == FC_ELIMIT)
        return PyErr_Format(PyExc_ValueError, "%s: expected at most %zu values together", what,
                            FC_RANKS_MAX);
    return fc_py_raise(status, what);
}

PyDoc_STRVAR(rank_compare_doc,
             "rank_compare($module, x, y, want, /)\n--\n\n"
             "(above, below, u, ties, cvm, ad, w1, energy, bws, t) of two float64 vectors that "
             "rise, as far as the flags `want` ask for them; NaN otherwise.");

static PyObject *rank_compare(PyObject *module, PyObject *const *args, Py_ssize_t nargs) {
    (void)module;
    fc_array_info x, y;
    unsigned want;
    if (nargs != 3)
        return PyErr_SetString(PyExc_TypeError, "rank_compare() takes 3 arguments"), NULL;
    if (read_array(args[0], "x", FC_DTYPE_FLOAT64, 1, 8, &x) < 0 ||
        read_array(args[1], "y", FC_DTYPE_FLOAT64, 1, 8, &y) < 0 || read_want(args[2], &want) < 0)
        return NULL;
    fc_ranks found = nothing;
    fc_status status;
    Py_BEGIN_ALLOW_THREADS status = fc_ranks_compare(&fc_alloc_libc, x.data, (size_t)x.shape[0],
                                                     y.data, (size_t)y.shape[0], want, &found);
    Py_END_ALLOW_THREADS if (status == FC_EINVALID) {
        PyErr_SetString(PyExc_ValueError, "expected values that rise, without NaN");
        return NULL;
    }
    if (status != FC_OK) return raise_ranks(status, "samples");
    double f[FIELDS];
    write_fields(&found, f);
    return Py_BuildValue("dddddddddd", f[0], f[1], f[2], f[3], f[4], f[5], f[6], f[7], f[8], f[9]);
}

PyDoc_STRVAR(rank_permute_doc,
             "rank_permute($module, values, sizes, group, chosen, want, /)\n--\n\n"
             "What rank_compare() says for each row of `chosen` (int64), the numbers of the values "
             "in the first sample: float64 of shape (rows, 10). `values` (float64, rising) and "
             "`sizes` (uint32) are of the groups of equal values, `group` (uint32) of each value.");

static PyObject *rank_permute(PyObject *module, PyObject *const *args, Py_ssize_t nargs) {
    (void)module;
    fc_array_info values, sizes, group, chosen;
    unsigned want;
    if (nargs != 5)
        return PyErr_SetString(PyExc_TypeError, "rank_permute() takes 5 arguments"), NULL;
    if (read_array(args[0], "values", FC_DTYPE_FLOAT64, 1, 8, &values) < 0 ||
        read_array(args[1], "sizes", FC_DTYPE_UINT32, 1, 4, &sizes) < 0 ||
        read_array(args[2], "group", FC_DTYPE_UINT32, 1, 4, &group) < 0 ||
        read_array(args[3], "chosen", FC_DTYPE_INT64, 2, 8, &chosen) < 0 ||
        read_want(args[4], &want) < 0)
        return NULL;
    fc_pool pool = {values.data, sizes.data, (size_t)values.shape[0], group.data,
                    (size_t)group.shape[0]};
    uint64_t members = 0;
    bool known = sizes.shape[0] == values.shape[0];
    for (size_t g = 0; known && g < pool.groups; g++) members += pool.sizes[g];
    for (size_t i = 0; known && i < pool.total; i++) known = pool.group[i] < pool.groups;
    if (!known || members != pool.total) {
        PyErr_SetString(PyExc_ValueError, "group: expected the groups that sizes are of");
        return NULL;
    }
    Py_ssize_t shape[2] = {chosen.shape[0], FIELDS};
    void *data;
    PyObject *result = fc_array_new(FC_DTYPE_FLOAT64, 2, shape, false, &data);
    if (!result) return NULL;
    size_t rows = (size_t)shape[0];
    fc_ranks *found = PyMem_Calloc(rows ? rows : 1, sizeof *found);
    if (!found) {
        Py_DECREF(result);
        return PyErr_NoMemory();
    }
    for (size_t k = 0; k < rows; k++) found[k] = nothing;
    fc_status status;
    Py_BEGIN_ALLOW_THREADS status = fc_ranks_permuted(
        &fc_alloc_libc, &pool, (size_t)chosen.shape[1], chosen.data, rows, want, found);
    Py_END_ALLOW_THREADS for (size_t k = 0; k < rows; k++)
        write_fields(&found[k], (double *)data + k * FIELDS);
    PyMem_Free(found);
    if (status == FC_OK) return result;
    Py_DECREF(result);
    if (status != FC_EINVALID) return raise_ranks(status, "samples");
    PyErr_SetString(PyExc_ValueError, "chosen: expected different numbers of values");
    return NULL;
}

/* ---- Distributions ------------------------------------------------------------------------ */

static int read_sizes(const char *name, PyObject *const *args, Py_ssize_t nargs, Py_ssize_t first,
                      double *number, uint64_t *n, uint64_t *m) {
    if (nargs != first + 2)
        return PyErr_Format(PyExc_TypeError, "%s() takes %zd arguments", name, first + 2), -1;
    if (first) *number = PyFloat_AsDouble(args[0]);
    if (PyErr_Occurred()) return -1;
    long long a = PyLong_AsLongLong(args[first]), b = PyLong_AsLongLong(args[first + 1]);
    if (PyErr_Occurred()) return -1;
    if (a < 1 || b < 1 || a > INT64_C(1) << 40 || b > INT64_C(1) << 40) {
        PyErr_Format(PyExc_ValueError, "%s: expected sizes of at least 1", name);
        return -1;
    }
    *n = (uint64_t)a, *m = (uint64_t)b;
    return 0;
}

/* None where the exact distribution would be too large. */
static PyObject *chance(fc_status status, double p, const char *name) {
    if (status == FC_ELIMIT) Py_RETURN_NONE;
    return status == FC_OK ? PyFloat_FromDouble(p) : fc_py_raise(status, name);
}

static PyObject *mannwhitney_sf(PyObject *module, PyObject *const *args, Py_ssize_t nargs) {
    (void)module;
    double u, p;
    uint64_t n, m;
    if (read_sizes("mannwhitney_sf", args, nargs, 1, &u, &n, &m) < 0) return NULL;
    if (!(u >= 0 && u < 9e15)) {
        PyErr_SetString(PyExc_ValueError, "mannwhitney_sf: expected u of at least 0");
        return NULL;
    }
    fc_status status;
    Py_BEGIN_ALLOW_THREADS status = fc_mannwhitney_sf(&fc_alloc_libc, (uint64_t)u, n, m, &p);
    Py_END_ALLOW_THREADS return chance(status, p, "mannwhitney_sf");
}

static PyObject *cramer_exact_sf(PyObject *module, PyObject *const *args, Py_ssize_t nargs) {
    (void)module;
    double t, p;
    uint64_t n, m;
    if (read_sizes("cramer_exact_sf", args, nargs, 1, &t, &n, &m) < 0) return NULL;
    fc_status status;
    Py_BEGIN_ALLOW_THREADS status = fc_cramer_exact_sf(&fc_alloc_libc, t, n, m, &p);
    Py_END_ALLOW_THREADS return chance(status, p, "cramer_exact_sf");
}

static PyObject *anderson_variance(PyObject *module, PyObject *const *args, Py_ssize_t nargs) {
    (void)module;
    uint64_t n, m;
    double variance;
    if (read_sizes("anderson_variance", args, nargs, 0, NULL, &n, &m) < 0) return NULL;
    Py_BEGIN_ALLOW_THREADS variance = fc_anderson_variance(n, m);
    Py_END_ALLOW_THREADS return PyFloat_FromDouble(variance);
}

static PyObject *cramer_limit_cdf(PyObject *module, PyObject *arg) {
    (void)module;
    double t = PyFloat_AsDouble(arg);
    return t == -1.0 && PyErr_Occurred() ? NULL : PyFloat_FromDouble(fc_cramer_limit_cdf(t));
}

static int read_doubles(const char *name, PyObject *const *args, Py_ssize_t nargs, Py_ssize_t want,
                        double *out) {
    if (nargs != want)
        return PyErr_Format(PyExc_TypeError, "%s() takes %zd arguments", name, want), -1;
    for (Py_ssize_t i = 0; i < want; i++) {
        out[i] = PyFloat_AsDouble(args[i]);
        if (out[i] == -1.0 && PyErr_Occurred()) return -1;
    }
    return 0;
}

static PyObject *student_sf(PyObject *module, PyObject *const *args, Py_ssize_t nargs) {
    double x[2];
    (void)module;
    if (read_doubles("student_sf", args, nargs, 2, x) < 0) return NULL;
    return PyFloat_FromDouble(fc_student_sf(x[0], x[1]));
}

static PyObject *cramer_limit_sf(PyObject *module, PyObject *const *args, Py_ssize_t nargs) {
    double x[3];
    (void)module;
    if (read_doubles("cramer_limit_sf", args, nargs, 3, x) < 0) return NULL;
    return PyFloat_FromDouble(fc_cramer_limit_sf(x[0], x[1], x[2]));
}

static PyObject *mannwhitney_limit_sf(PyObject *module, PyObject *const *args, Py_ssize_t nargs) {
    double x[5];
    (void)module;
    if (read_doubles("mannwhitney_limit_sf", args, nargs, 5, x) < 0) return NULL;
    return PyFloat_FromDouble(fc_mannwhitney_limit_sf(x[0], x[1], x[2], x[3], x[4]));
}

#define METHOD(function) ((PyCFunction)(void (*)(void))(function))
static PyMethodDef functions[] = {
    {"rank_compare", METHOD(rank_compare), METH_FASTCALL, rank_compare_doc},
    {"rank_permute", METHOD(rank_permute), METH_FASTCALL, rank_permute_doc},
    {"mannwhitney_sf", METHOD(mannwhitney_sf), METH_FASTCALL,
     "mannwhitney_sf($module, u, n, m, /)\n--\n\n"
     "P(U >= u) without ties; None where that is too much to count."},
    {"cramer_exact_sf", METHOD(cramer_exact_sf), METH_FASTCALL,
     "cramer_exact_sf($module, t, n, m, /)\n--\n\n"
     "P(T >= t) of Cramer and von Mises's T without ties; None where that is too much to count."},
    {"cramer_limit_cdf", cramer_limit_cdf, METH_O,
     "cramer_limit_cdf($module, t, /)\n--\n\nP(T <= t) for large samples."},
    {"student_sf", METHOD(student_sf), METH_FASTCALL,
     "student_sf($module, t, df, /)\n--\n\nP(T > t) of Student's distribution."},
    {"cramer_limit_sf", METHOD(cramer_limit_sf), METH_FASTCALL,
     "cramer_limit_sf($module, t, n, m, /)\n--\n\n"
     "P(T >= t) of Cramer and von Mises's T of large samples."},
    {"mannwhitney_limit_sf", METHOD(mannwhitney_limit_sf), METH_FASTCALL,
     "mannwhitney_limit_sf($module, u, ties, n, m, continuity, /)\n--\n\n"
     "P(U >= u) of large samples."},
    {"anderson_variance", METHOD(anderson_variance), METH_FASTCALL,
     "anderson_variance($module, n, m, /)\n--\n\n"
     "The variance of Anderson and Darling's statistic of two samples."},
    {NULL, NULL, 0, NULL},
};

int fc_py_drift_ranks_exec(PyObject *module, fc_state *state) {
    (void)state;
    return PyModule_AddFunctions(module, functions);
}
