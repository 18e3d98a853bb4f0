/* The number of threads, between the kernels and fastcore/_config.py, which has the rules. */
#include "python/state.h"

/* A count as the kernels take it: more than an int holds is as good as the largest one. */
static int read_count(PyObject *number, int *out) {
    int overflow;
    long value = PyLong_AsLongAndOverflow(number, &overflow);
    if (value == -1 && !overflow && PyErr_Occurred()) return -1;
    *out = overflow > 0 || value > INT_MAX ? INT_MAX : overflow < 0 || value < 1 ? 1 : (int)value;
    return 0;
}

static int ask_config(const char *function, int *out) {
    PyObject *config = PyImport_ImportModule("fastcore._config");
    if (!config) return -1;
    PyObject *number = PyObject_CallMethod(config, function, NULL);
    Py_DECREF(config);
    if (!number) return -1;
    int failed = read_count(number, out);
    Py_DECREF(number);
    return failed;
}

int fc_py_threads(PyObject *asked, int *out) {
    return asked != Py_None ? read_count(asked, out) : ask_config("get_num_threads", out);
}

int fc_py_reading_threads(int *out) { return ask_config("reading_threads", out); }

static PyObject *parallel_threads(PyObject *module, PyObject *number) {
    (void)module;
    int wanted;
    if (read_count(number, &wanted) < 0) return NULL;
    return PyLong_FromLong(fc_parallel_threads(wanted));
}

PyDoc_STRVAR(parallel_threads_doc,
             "parallel_threads($module, wanted, /)\n--\n\n"
             "How many of `wanted` threads a large call would have in this process.");

static PyMethodDef functions[] = {
    {"parallel_threads", parallel_threads, METH_O, parallel_threads_doc},
    {NULL, NULL, 0, NULL},
};

int fc_py_threads_exec(PyObject *module, fc_state *state) {
    (void)state;
    return PyModule_AddFunctions(module, functions);
}
