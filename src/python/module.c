/* The module `fastcore._core`: multi-phase initialisation and its state. */
#include "python/state.h"

#include "python/py_array.h"

PyObject *fc_py_raise(fc_status status, const char *what) {
    if (status == FC_ENOMEM) return PyErr_NoMemory();
    PyErr_Format(PyExc_ValueError, "%s: %s", what, fc_status_text(status));
    return NULL;
}

PyDoc_STRVAR(build_info_doc, "build_info($module, /)\n--\n\n"
                             "What this extension was built with and which SIMD level is in use.");

static PyObject *build_info(PyObject *module, PyObject *unused) {
    (void)module;
    (void)unused;
#ifdef _OPENMP
    int openmp = _OPENMP;
#else
    int openmp = 0;
#endif
#if defined(__x86_64__)
    const char *levels = "generic avx2 avx512";
#elif defined(__aarch64__)
    const char *levels = "generic neon";
#else
    const char *levels = "generic";
#endif
    return Py_BuildValue("{s:s,s:s,s:i,s:s,s:s,s:I}", "compiler", __VERSION__, "variant",
                         FC_BUILD_VARIANT, "openmp", openmp, "simd_compiled", levels, "simd",
                         fc_cpu_name(fc_cpu_current()), "numpy_abi", fc_array_abi());
}

static PyMethodDef methods[] = {
    {"build_info", build_info, METH_NOARGS, build_info_doc},
    {NULL, NULL, 0, NULL},
};

static int module_exec(PyObject *module) {
    fc_state *state = fc_state_of(module);
    if (fc_array_import() < 0) return -1;
    if (fc_py_columns_exec(module, state) < 0) return -1;
    if (fc_py_schema_exec(module, state) < 0) return -1;
    if (fc_py_plan_exec(module, state) < 0) return -1;
    if (fc_py_plan_counts_exec(module, state) < 0) return -1;
    if (fc_py_loops_exec(module, state) < 0) return -1;
    if (fc_py_reference_exec(module, state) < 0) return -1;
    if (fc_py_monitor_exec(module, state) < 0) return -1;
    if (fc_py_snapshot_exec(module, state) < 0) return -1;
    if (fc_py_drift_exec(module, state) < 0) return -1;
    if (fc_py_drift_pvalues_exec(module, state) < 0) return -1;
    if (fc_py_drift_samples_exec(module, state) < 0) return -1;
    if (fc_py_drift_vectors_exec(module, state) < 0) return -1;
    if (fc_py_drift_ranks_exec(module, state) < 0) return -1;
    if (fc_py_threads_exec(module, state) < 0) return -1;
    if (fc_py_paths_exec(module, state) < 0) return -1;
    if (fc_py_ndjson_exec(module, state) < 0) return -1;
    if (fc_py_labels_exec(module, state) < 0) return -1;
    return 0;
}

static int module_traverse(PyObject *module, visitproc visit, void *arg) {
    fc_state *state = fc_state_of(module);
#define X(type, name) Py_VISIT(state->name);
    FC_STATE_ROWS(X)
#undef X
    return 0;
}

static int module_clear(PyObject *module) {
    fc_state *state = fc_state_of(module);
#define X(type, name) Py_CLEAR(state->name);
    FC_STATE_ROWS(X)
#undef X
    return 0;
}

static void module_free(void *module) { module_clear((PyObject *)module); }

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, module_exec},
#if PY_VERSION_HEX >= 0x030c0000
    /* NumPy refuses sub-interpreters, and we cannot be without NumPy. */
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED},
#endif
    {0, NULL},
};

struct PyModuleDef fc_module_def = {
    PyModuleDef_HEAD_INIT,
    .m_name = "fastcore._core",
    .m_doc = "The C kernels of fastcore and their Python types.",
    .m_size = sizeof(fc_state),
    .m_methods = methods,
    .m_slots = slots,
    .m_traverse = module_traverse,
    .m_clear = module_clear,
    .m_free = module_free,
};

PyMODINIT_FUNC PyInit__core(void) { return PyModuleDef_Init(&fc_module_def); }
