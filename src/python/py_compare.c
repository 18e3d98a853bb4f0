/* `_core.Reference.compare`: all statistics of all features in one call. */
#include <math.h>
#include <string.h>

#include "fastcore/drift.h"
#include "python/py_array.h"
#include "python/py_reference.h"

const char fc_py_compare_doc[] =
    "compare($self, reference, current, names, type, apart=None, /)\n--\n\n"
    "Of each feature a dict of `type`, a named tuple of two, by name: the statistic of two sound "
    "blocks and its p-value, None where it has none. `ks_2samp`, `mannwhitneyu` and "
    "`cramervonmises_2samp` are there for numbers and times, and `missing`, the PSI of what is "
    "there and what is not, is always the last one. `apart` is "
    "what count() returned of distances.";

enum { MOST_NAMES = 32 };

static PyObject *pair_of(PyTypeObject *type, const double *pair, bool tested) {
    PyObject *result = type->tp_alloc(type, 2);
    if (!result) return NULL;
    PyTuple_SET_ITEM(result, 0, PyFloat_FromDouble(pair[0]));
    PyTuple_SET_ITEM(result, 1, tested ? PyFloat_FromDouble(pair[1]) : Py_NewRef(Py_None));
    if (!PyTuple_GET_ITEM(result, 0) || !PyTuple_GET_ITEM(result, 1)) Py_CLEAR(result);
    return result;
}

typedef struct request {
    PyTypeObject *type;
    PyObject *names; /* a tuple of str */
    const char *texts[MOST_NAMES];
    bool tested[MOST_NAMES];
    size_t count;
} request;

static int read_request(PyObject *names, PyObject *type, request *r) {
    if (!PyTuple_Check(names) || PyTuple_GET_SIZE(names) > MOST_NAMES || !PyType_Check(type) ||
        !PyType_IsSubtype((PyTypeObject *)type, &PyTuple_Type)) {
        PyErr_SetString(PyExc_TypeError, "compare() takes a few names and a type of tuples");
        return -1;
    }
    r->type = (PyTypeObject *)type, r->names = names;
    r->count = (size_t)PyTuple_GET_SIZE(names);
    for (size_t k = 0; k < r->count; k++) {
        const char *text = PyUnicode_AsUTF8(PyTuple_GET_ITEM(names, (Py_ssize_t)k));
        if (!text) return -1;
        r->texts[k] = text;
        r->tested[k] = fc_block_of_numbers(text) || fc_stat_has_pvalue(text);
    }
    return 0;
}

/* What the kernel wrote of one feature. */
static PyObject *dict_of(const request *r, const double *pairs, bool numbers, PyObject *missing) {
    PyObject *dict = PyDict_New();
    for (size_t k = 0; dict && k <= r->count; k++) {
        bool last = k == r->count;
        if (!last && !numbers && fc_block_of_numbers(r->texts[k])) continue;
        PyObject *name = last ? missing : PyTuple_GET_ITEM(r->names, (Py_ssize_t)k);
        PyObject *pair = pair_of(r->type, pairs + 2 * k, last || r->tested[k]);
        if (!pair || PyDict_SetItem(dict, name, pair) < 0) Py_CLEAR(dict);
        Py_XDECREF(pair);
    }
    return dict;
}

static const double *distances_of(const fc_reference *reference, PyObject *object) {
    fc_array_info info;
    if (fc_array_describe(object, "apart", &info) < 0) return NULL;
    if (info.dtype == FC_DTYPE_FLOAT64 && info.ndim == 1 && info.behaved &&
        (size_t)info.shape[0] == reference->count && (info.shape[0] < 2 || info.strides[0] == 8))
        return info.data;
    PyErr_SetString(PyExc_ValueError, "apart: expected one float64 for each feature");
    return NULL;
}

PyObject *fc_py_compare(PyObject *object, PyObject *const *args, Py_ssize_t nargs) {
    const fc_reference *reference = fc_py_reference_inside(object);
    request r;
    if (nargs < 4 || nargs > 5)
        return PyErr_SetString(PyExc_TypeError, "compare() takes 4 or 5 arguments"), NULL;
    const uint64_t *old = fc_py_block_of(reference, args[0]);
    const uint64_t *current = old ? fc_py_block_of(reference, args[1]) : NULL;
    if (!current || read_request(args[2], args[3], &r) < 0) return NULL;
    const double *apart = NULL;
    if (nargs == 5 && args[4] != Py_None && !(apart = distances_of(reference, args[4])))
        return NULL;
    size_t each = 2 * (r.count + 1), features = reference->count;
    double *pairs = PyMem_New(double, features *each + 1);
    PyObject *missing = pairs ? PyUnicode_InternFromString("missing") : PyErr_NoMemory();
    PyObject *list = NULL;
    if (!missing) goto done;
    fc_status status = FC_OK;
    Py_BEGIN_ALLOW_THREADS /* `args` keeps the blocks */
        for (size_t i = 0; i < features && status == FC_OK; i++) {
        status = fc_block_compare(reference, (uint32_t)i, old, current, apart ? apart[i] : NAN,
                                  r.texts, r.count, pairs + i * each);
    }
    Py_END_ALLOW_THREADS if (status == FC_EINVALID)
        PyErr_SetString(PyExc_ValueError, "names: no such statistic");
    else if (status != FC_OK) fc_py_raise(status, "compare");
    if (status != FC_OK) goto done;
    list = PyList_New((Py_ssize_t)features);
    for (size_t i = 0; list && i < features; i++) {
        fc_feature_kind kind = fc_reference_place(reference, (uint32_t)i).kind;
        bool numbers = kind == FC_FEATURE_NUMBER || kind == FC_FEATURE_TIME;
        PyObject *dict = dict_of(&r, pairs + i * each, numbers, missing);
        if (dict)
            PyList_SET_ITEM(list, (Py_ssize_t)i, dict);
        else
            Py_CLEAR(list);
    }
done:
    PyMem_Free(pairs);
    Py_XDECREF(missing);
    return list;
}
