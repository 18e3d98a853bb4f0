/* The functions of `_core` that say how probable a difference is by chance. */
#include <math.h>

#include "fastcore/drift_pvalues.h"
#include "python/state.h"

static int read_doubles(const char *name, PyObject *const *args, Py_ssize_t nargs, Py_ssize_t want,
                        double *out) {
    if (nargs != want) {
        PyErr_Format(PyExc_TypeError, "%s() takes exactly %zd arguments (%zd given)", name, want,
                     nargs);
        return -1;
    }
    for (Py_ssize_t i = 0; i < want; i++) {
        out[i] = PyFloat_AsDouble(args[i]);
        if (out[i] == -1.0 && PyErr_Occurred()) return -1;
    }
    return 0;
}

#define TWO(function, name)                                                                        \
    static PyObject *py_##name(PyObject *module, PyObject *const *args, Py_ssize_t nargs) {        \
        double x[2];                                                                               \
        (void)module;                                                                              \
        return read_doubles(#name, args, nargs, 2, x) < 0                                          \
                   ? NULL                                                                          \
                   : PyFloat_FromDouble(function(x[0], x[1]));                                     \
    }

TWO(fc_chi2_sf, chi2_sf)
TWO(fc_chi2_isf, chi2_isf)
TWO(fc_kstwo_sf, kstwo_sf)

PyDoc_STRVAR(ks_pvalue_doc,
             "ks_pvalue($module, distance, n, m, method, /)\n--\n\n"
             "(statistic, p) of a two-sided Kolmogorov-Smirnov distance between samples of n and "
             "m; method 'auto', 'exact' or 'asymp'.");

typedef struct ks_call {
    double distance;
    int64_t n, m;
    fc_ks_method method;
} ks_call;

static int read_ks(const char *function, PyObject *const *args, Py_ssize_t nargs, ks_call *call) {
    if (nargs != 4) {
        PyErr_Format(PyExc_TypeError, "%s() takes 4 arguments", function);
        return -1;
    }
    if (read_doubles(function, args, 1, 1, &call->distance) < 0) return -1;
    call->n = PyLong_AsLongLong(args[1]);
    if (call->n == -1 && PyErr_Occurred()) return -1;
    call->m = PyLong_AsLongLong(args[2]);
    if (call->m == -1 && PyErr_Occurred()) return -1;
    const char *name = PyUnicode_AsUTF8(args[3]);
    if (!name) return -1;
    if (!strcmp(name, "auto"))
        call->method = FC_KS_AUTO;
    else if (!strcmp(name, "exact"))
        call->method = FC_KS_EXACT;
    else if (!strcmp(name, "asymp"))
        call->method = FC_KS_ASYMPTOTIC;
    else {
        PyErr_Format(PyExc_ValueError, "method: expected 'auto', 'exact' or 'asymp', got %R",
                     args[3]);
        return -1;
    }
    return 0;
}

static PyObject *ks_pvalue(PyObject *module, PyObject *const *args, Py_ssize_t nargs) {
    (void)module;
    ks_call c;
    if (read_ks("ks_pvalue", args, nargs, &c) < 0) return NULL;
    double statistic, p;
    fc_status status;
    Py_BEGIN_ALLOW_THREADS /* the exact method takes up to n m steps */
        status = fc_ks_pvalue(&fc_alloc_libc, c.distance, c.n, c.m, c.method, &statistic, &p);
    Py_END_ALLOW_THREADS if (status != FC_OK) return fc_py_raise(status, "ks_pvalue");
    return Py_BuildValue("dd", statistic, p);
}

PyDoc_STRVAR(fisher_doc,
             "fisher($module, a, b, c, d, alternative, /)\n--\n\n"
             "p of Fisher's exact test of a table of counts; alternative -1 (less), 0, 1 "
             "(greater).");

static PyObject *fisher(PyObject *module, PyObject *const *args, Py_ssize_t nargs) {
    (void)module;
    double x[5];
    if (read_doubles("fisher", args, nargs, 5, x) < 0) return NULL;
    for (int i = 0; i < 4; i++)
        if (!(x[i] >= 0 && x[i] <= 1e12 && x[i] == floor(x[i])))
            return PyErr_SetString(PyExc_ValueError, "table: expected counts up to 1e12"), NULL;
    if (!(x[0] + x[1] > 0 && x[2] + x[3] > 0 && x[0] + x[2] > 0 && x[1] + x[3] > 0))
        return PyFloat_FromDouble(1);
    double p;
    Py_BEGIN_ALLOW_THREADS /* large counts take long */
        p = fc_fisher(x, x[4] < 0 ? -1 : x[4] > 0);
    Py_END_ALLOW_THREADS return PyFloat_FromDouble(p);
}

PyDoc_STRVAR(ks_one_sided_doc,
             "ks_one_sided($module, distance, n, m, method, /)\n--\n\n"
             "(statistic, p, exact) of the largest difference in one direction; exact: whether the "
             "exact method answered.");

static PyObject *ks_one_sided(PyObject *module, PyObject *const *args, Py_ssize_t nargs) {
    (void)module;
    ks_call c;
    if (read_ks("ks_one_sided", args, nargs, &c) < 0) return NULL;
    double statistic, p;
    bool exact;
    fc_status status;
    Py_BEGIN_ALLOW_THREADS status =
        fc_ks_one_sided(&fc_alloc_libc, c.distance, c.n, c.m, c.method, &statistic, &p, &exact);
    Py_END_ALLOW_THREADS if (status != FC_OK) return fc_py_raise(status, "ks_one_sided");
    return Py_BuildValue("ddN", statistic, p, PyBool_FromLong(exact));
}

#define METHOD(function) ((PyCFunction)(void (*)(void))(function))
static PyMethodDef functions[] = {
    {"chi2_sf", METHOD(py_chi2_sf), METH_FASTCALL,
     "chi2_sf($module, x, df, /)\n--\n\nP(X > x) of the chi-squared distribution."},
    {"chi2_isf", METHOD(py_chi2_isf), METH_FASTCALL,
     "chi2_isf($module, p, df, /)\n--\n\nThe x for which chi2_sf(x, df) is p."},
    {"kstwo_sf", METHOD(py_kstwo_sf), METH_FASTCALL,
     "kstwo_sf($module, d, n, /)\n--\n\nP(D >= d) of the Kolmogorov statistic of a sample of n."},
    {"fisher", METHOD(fisher), METH_FASTCALL, fisher_doc},
    {"ks_pvalue", METHOD(ks_pvalue), METH_FASTCALL, ks_pvalue_doc},
    {"ks_one_sided", METHOD(ks_one_sided), METH_FASTCALL, ks_one_sided_doc},
    {NULL, NULL, 0, NULL},
};

int fc_py_drift_pvalues_exec(PyObject *module, fc_state *state) {
    (void)state;
    return PyModule_AddFunctions(module, functions);
}
