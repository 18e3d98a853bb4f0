/* Fills the table of element-wise functions that plans borrow from NumPy. A loop is taken only if
 * it gives, bit for bit, what the ufunc itself gives here. */
#include <string.h>

#include "plan/special.h"
#include "python/py_array.h"
#include "python/state.h"

static const struct {
    const char *name;
    double low, high;
} rows[] = {
#define X(name, low, high) {#name, low, high},
    FC_LOOP_ROWS(X)
#undef X
};

/* Enough for a vector of any length and its tail. */
enum { SAMPLE = 37 };

/* A vector of SAMPLE values from `low` to `high`. */
static PyObject *sample(char type, double low, double high, void **data) {
    Py_ssize_t n = SAMPLE;
    fc_dtype dtype = type == 'd' ? FC_DTYPE_FLOAT64 : FC_DTYPE_FLOAT32;
    PyObject *vector = fc_array_new(dtype, 1, &n, false, data);
    for (int i = 0; vector && i < SAMPLE; i++) {
        double x = low + (high - low) * i / (SAMPLE - 1);
        if (type == 'd')
            ((double *)*data)[i] = x;
        else
            ((float *)*data)[i] = (float)x;
    }
    return vector;
}

/* 1 if the loop agrees with its ufunc, 0 if not, -1 with an exception. */
static int agrees(PyObject *ufunc, char type, const fc_loop *loop, double low, double high) {
    void *x;
    PyObject *given = sample(type, low, high, &x);
    PyObject *made = given ? PyObject_CallOneArg(ufunc, given) : NULL;
    fc_array_info info;
    int result = made ? fc_array_describe(made, "ufunc", &info) : -1;
    if (result == 0) {
        intptr_t size = type == 'd' ? 8 : 4, count = SAMPLE, steps[] = {size, size};
        double y[SAMPLE] = {0};
        char *args[] = {x, (char *)y};
        loop->fn(args, &count, steps, loop->data);
        fc_dtype dtype = type == 'd' ? FC_DTYPE_FLOAT64 : FC_DTYPE_FLOAT32;
        result = info.ndim == 1 && info.shape[0] == SAMPLE && info.dtype == dtype &&
                 info.strides[0] == size && memcmp(info.data, y, (size_t)(size * count)) == 0;
    }
    Py_XDECREF(given);
    Py_XDECREF(made);
    return result;
}

static int take(PyObject *ufunc, char type, size_t row, fc_loop *out) {
    fc_loop loop = {0};
    if (!fc_array_loop(ufunc, type, &loop)) return 0;
    int good = agrees(ufunc, type, &loop, rows[row].low, rows[row].high);
    if (good > 0) *out = loop;
    return good < 0 ? -1 : 0;
}

static int fill(PyObject *numpy, fc_loops *loops) {
    PyObject *type = PyObject_GetAttrString(numpy, "ufunc");
    if (!type) return -1;
    int failed = 0;
    for (size_t i = 0; i < FC_LOOP_COUNT && !failed; i++) {
        PyObject *ufunc = PyObject_GetAttrString(numpy, rows[i].name);
        if (!ufunc) {
            failed = -1;
        } else if ((PyObject *)Py_TYPE(ufunc) == type) {
            failed = take(ufunc, 'd', i, &loops->d[i]) || take(ufunc, 'f', i, &loops->f[i]);
        }
        Py_XDECREF(ufunc);
    }
    Py_DECREF(type);
    return failed ? -1 : 0;
}

static PyObject *plan_loops(PyObject *module, PyObject *unused) {
    (void)unused;
    const fc_loops *loops = &fc_state_of(module)->loops;
    PyObject *list = PyList_New(0);
    for (size_t i = 0; list && i < FC_LOOP_COUNT; i++) {
        if (!loops->d[i].fn || !loops->f[i].fn) continue;
        PyObject *name = PyUnicode_FromString(rows[i].name);
        if (!name || PyList_Append(list, name) < 0) Py_CLEAR(list);
        Py_XDECREF(name);
    }
    return list;
}

static PyObject *plan_ndtri(PyObject *module, PyObject *y) {
    (void)module;
    double value = PyFloat_AsDouble(y);
    if (value == -1 && PyErr_Occurred()) return NULL;
    return PyFloat_FromDouble(fc_ndtri(value));
}

static PyObject *plan_boxcox(PyObject *module, PyObject *args) {
    double x, lambda;
    (void)module;
    if (!PyArg_ParseTuple(args, "dd:plan_boxcox", &x, &lambda)) return NULL;
    return PyFloat_FromDouble(fc_boxcox(x, lambda, 0));
}

static PyMethodDef functions[] = {
    {"plan_ndtri", plan_ndtri, METH_O,
     "plan_ndtri($module, y, /)\n--\n\nThe quantile of the standard normal distribution."},
    {"plan_boxcox", plan_boxcox, METH_VARARGS,
     "plan_boxcox($module, x, lmbda, /)\n--\n\nThe Box-Cox transformation of a positive x."},
    {"plan_loops", plan_loops, METH_NOARGS,
     "plan_loops($module, /)\n--\n\n"
     "The names of NumPy's functions whose inner loops plans run themselves."},
    {NULL, NULL, 0, NULL},
};

int fc_py_loops_exec(PyObject *module, fc_state *state) {
    if (PyModule_AddFunctions(module, functions) < 0) return -1;
    PyObject *numpy = PyImport_ImportModule("numpy");
    if (!numpy) return -1;
    int result = fill(numpy, &state->loops);
    Py_DECREF(numpy);
    return result;
}
