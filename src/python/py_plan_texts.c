/* Texts of Python for plans: views of str objects, valid for as long as their owner holds them. */
#include "python/py_plan.h"

#include "python/py_array.h"

int fc_py_text_view(PyObject *value, fc_text *out) {
    if (PyUnicode_CheckExact(value)) {
        Py_ssize_t size;
        out->data = PyUnicode_AsUTF8AndSize(value, &size);
        out->size = size;
        if (out->data) return 0;
        /* Lone surrogates have no UTF-8: the original says what it makes of them. */
        if (!PyErr_ExceptionMatches(PyExc_UnicodeEncodeError)) return -1;
        PyErr_Clear();
        return 1;
    }
    bool nan = PyFloat_Check(value) && PyFloat_AS_DOUBLE(value) != PyFloat_AS_DOUBLE(value);
    if (value != Py_None && !nan) return 1;
    *out = (fc_text){NULL, nan ? FC_TEXT_NAN : FC_TEXT_NONE};
    return 0;
}

/* The documents of a tuple, packed: a tuple of bytes in its place. */
static int pack_all(const fc_program_source *from, PyObject **owner) {
    Py_ssize_t count = PyTuple_GET_SIZE(*owner);
    PyObject *made = PyTuple_New(count);
    int refused = made ? 0 : -1;
    for (Py_ssize_t r = 0; !refused && r < count; r++) {
        PyObject *bytes = NULL;
        refused = fc_py_pack(from, PyTuple_GET_ITEM(*owner, r), &bytes);
        if (!refused) PyTuple_SET_ITEM(made, r, bytes);
    }
    if (refused) {
        Py_XDECREF(made);
        return refused;
    }
    Py_SETREF(*owner, made);
    return 0;
}

static void views_of_bytes(PyObject *owner, fc_text *out) {
    for (Py_ssize_t r = 0; r < PyTuple_GET_SIZE(owner); r++) {
        PyObject *bytes = PyTuple_GET_ITEM(owner, r);
        out[r] = (fc_text){PyBytes_AS_STRING(bytes), PyBytes_GET_SIZE(bytes)};
    }
}

/* Views of `count` objects that lie `stride` bytes apart. */
static int views_of(const char *at, Py_ssize_t stride, Py_ssize_t count, fc_text *out) {
    for (Py_ssize_t r = 0; r < count; r++, at += stride) {
        PyObject *value = *(PyObject *const *)(const void *)at;
        int refused = fc_py_text_view(value ? value : Py_None, &out[r]);
        if (refused) return refused;
    }
    return 0;
}

int fc_py_text_source(const fc_program_source *from, PyObject *texts, size_t rows,
                      fc_source *source, PyObject **held) {
    const char *first;
    Py_ssize_t stride = (Py_ssize_t)sizeof(PyObject *), count;
    PyObject *owner;
    if (PyList_CheckExact(texts) || PyTuple_CheckExact(texts)) {
        /* A tuple of its own: other threads may change a list while this one computes. */
        owner = PySequence_Tuple(texts);
        if (!owner) return -1;
        count = PyTuple_GET_SIZE(owner);
        first = (const char *)(const void *)PySequence_Fast_ITEMS(owner);
    } else {
        fc_array_info info;
        if (fc_array_describe(texts, "columns", &info) < 0) return -1;
        if (info.ndim != 1 || info.dtype != FC_DTYPE_OBJECT || !info.behaved) return 1;
        count = info.shape[0];
        owner = PyTuple_New(count);
        if (!owner) return -1;
        const char *at = info.data;
        for (Py_ssize_t r = 0; r < count; r++, at += info.strides[0]) {
            PyObject *value = *(PyObject *const *)(const void *)at;
            PyTuple_SET_ITEM(owner, r, Py_NewRef(value ? value : Py_None));
        }
        first = (const char *)(const void *)PySequence_Fast_ITEMS(owner);
    }
    int refused = (size_t)count == rows ? 0 : 1;
    bool packs = from->reads != FC_READS_TEXT;
    if (!refused && packs) refused = pack_all(from, &owner);
    void *memory;
    PyObject *views = NULL;
    Py_ssize_t size = count * (Py_ssize_t)(sizeof(fc_text) / sizeof(double));
    if (!refused) {
        views = fc_array_new(FC_DTYPE_FLOAT64, 1, &size, false, &memory);
        if (!views)
            refused = -1;
        else if (packs)
            views_of_bytes(owner, memory);
        else
            refused = views_of(first, stride, count, memory);
    }
    if (!refused) {
        *held = PyTuple_Pack(2, owner, views);
        if (!*held) refused = -1;
        *source = (fc_source){.kind = FC_SOURCE_VIEWS, .data = memory, .stride = sizeof(fc_text)};
    }
    Py_DECREF(owner);
    Py_XDECREF(views);
    return refused;
}
