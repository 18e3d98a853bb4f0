/* The functions of `_core` for statistics of vectors. */
#include <math.h>

#include "fastcore/drift_vectors.h"
#include "python/py_array.h"
#include "python/state.h"

/* Rows of float64, one after the other; 0, or -1 with an exception. */
static int read_rows(PyObject *object, const char *name, fc_array_info *info) {
    if (fc_array_describe(object, name, info) < 0) return -1;
    if (info->dtype == FC_DTYPE_FLOAT64 && info->ndim == 2 && info->behaved && info->shape[1] > 0 &&
        (info->shape[0] < 2 || info->strides[0] == info->shape[1] * 8) &&
        (info->shape[1] < 2 || info->strides[1] == 8))
        return 0;
    PyErr_Format(PyExc_ValueError, "%s: expected contiguous rows of float64", name);
    return -1;
}

static int read_labels(PyObject *object, fc_rbf *task) {
    fc_array_info info;
    if (object == Py_None) return 0;
    if (fc_array_describe(object, "labels", &info) < 0) return -1;
    size_t tiles = fc_rbf_tiles(task->n, task->m);
    if (info.dtype != FC_DTYPE_UINT64 || info.ndim != 2 || !info.behaved ||
        (size_t)info.shape[1] != tiles || (tiles > 1 && info.strides[1] != 8) ||
        (info.shape[0] > 1 && (size_t)info.strides[0] != tiles * 8)) {
        PyErr_Format(PyExc_ValueError, "labels: expected contiguous rows of %zu uint64", tiles);
        return -1;
    }
    task->labels = info.data;
    task->labellings = (size_t)info.shape[0];
    return 0;
}

PyDoc_STRVAR(rbf_sums_doc,
             "rbf_sums($module, first, second, gamma, labels, threads, /)\n--\n\n"
             "Sums of exp(-gamma |a - b|^2) over pairs of rows: (within the first sample, within "
             "the second, between them, and for each labelling the first two, or None).");

static PyObject *rbf_sums(PyObject *module, PyObject *const *args, Py_ssize_t nargs) {
    (void)module;
    fc_array_info x, y;
    if (nargs != 5)
        return PyErr_SetString(PyExc_TypeError, "rbf_sums() takes exactly 5 arguments"), NULL;
    if (read_rows(args[0], "first", &x) < 0 || read_rows(args[1], "second", &y) < 0) return NULL;
    fc_rbf task = {x.data, y.data, (size_t)x.shape[0], (size_t)y.shape[0], (size_t)x.shape[1]};
    if (x.shape[1] != y.shape[1])
        return PyErr_SetString(PyExc_ValueError, "second: expected as many columns as first"), NULL;
    task.gamma = PyFloat_AsDouble(args[2]);
    if (task.gamma == -1.0 && PyErr_Occurred()) return NULL;
    if (!(task.gamma > 0 && isfinite(task.gamma)))
        return PyErr_SetString(PyExc_ValueError, "gamma: expected a number above 0"), NULL;
    long threads = PyLong_AsLong(args[4]);
    if (threads == -1 && PyErr_Occurred()) return NULL;
    task.threads = threads > FC_PARALLEL_MAX ? FC_PARALLEL_MAX : (int)threads;
    if (read_labels(args[3], &task) < 0) return NULL;
    double sums[3];
    void *found = NULL;
    Py_ssize_t shape[2] = {(Py_ssize_t)task.labellings, 2};
    PyObject *by_label =
        task.labels ? fc_array_new(FC_DTYPE_FLOAT64, 2, shape, false, &found) : Py_NewRef(Py_None);
    if (!by_label) return NULL;
    fc_status status;
    Py_BEGIN_ALLOW_THREADS /* n^2 d steps */
        status = fc_rbf_sums(&fc_alloc_libc, &task, sums, found);
    Py_END_ALLOW_THREADS if (status != FC_OK) {
        Py_DECREF(by_label);
        return fc_py_raise(status, "rbf_sums");
    }
    return Py_BuildValue("dddN", sums[0], sums[1], sums[2], by_label);
}

static PyMethodDef functions[] = {
    {"rbf_sums", (PyCFunction)(void (*)(void))rbf_sums, METH_FASTCALL, rbf_sums_doc},
    {NULL, NULL, 0, NULL},
};

int fc_py_drift_vectors_exec(PyObject *module, fc_state *state) {
    (void)state;
    return PyModule_AddFunctions(module, functions);
}
