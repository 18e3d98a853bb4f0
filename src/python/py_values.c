/* Plain Python values out of tape nodes. */
#include <string.h>

#include "python/py_schema.h"

PyObject *fc_py_build_string(const fc_json_string *string) {
    uint32_t ceiling = 0x7F;
    bool plain = string->ascii && !string->escaped;
    size_t chars = plain ? string->len : fc_json_string_chars(string, &ceiling);
    PyObject *text = PyUnicode_New((Py_ssize_t)chars, ceiling);
    if (!text || !chars) return text;
    if (plain)
        memcpy(PyUnicode_1BYTE_DATA(text), string->data, chars);
    else
        fc_json_string_write(string, (int)PyUnicode_KIND(text), PyUnicode_DATA(text), chars);
    return text;
}

/* An integer beyond 64 bits; the reader has bounded its digits. */
static PyObject *big_int(const char *text, size_t len) {
    char *copy = PyMem_Malloc(len + 1);
    if (!copy) return PyErr_NoMemory();
    memcpy(copy, text, len);
    copy[len] = 0;
    PyObject *value = PyLong_FromString(copy, NULL, 10);
    PyMem_Free(copy);
    return value;
}

static PyObject *any_list(fc_build *build, const fc_tape_node *node, uint32_t at) {
    PyObject *list = PyList_New((Py_ssize_t)node->as.count);
    if (!list) return NULL;
    uint32_t child = at + 1;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list); i++) {
        PyObject *item = fc_py_build_any(build, child);
        if (!item) {
            Py_DECREF(list);
            return NULL;
        }
        PyList_SET_ITEM(list, i, item);
        child = build->tape->nodes[child].next;
    }
    return list;
}

static PyObject *any_dict(fc_build *build, const fc_tape_node *node, uint32_t at) {
    PyObject *dict = PyDict_New();
    if (!dict) return NULL;
    uint32_t child = at + 1;
    for (uint64_t i = 0; i < node->as.count; i++) {
        fc_json_string text = fc_tape_string(build->tape, &build->tape->nodes[child]);
        PyObject *key = fc_py_build_string(&text);
        PyObject *value = key ? fc_py_build_any(build, child + 1) : NULL;
        int failed = value ? PyDict_SetItem(dict, key, value) : -1;
        Py_XDECREF(key);
        Py_XDECREF(value);
        if (failed) {
            Py_DECREF(dict);
            return NULL;
        }
        child = build->tape->nodes[child + 1].next;
    }
    return dict;
}

/* Recursion is bounded by the reader's depth limit, a constant. */
PyObject *fc_py_build_any(fc_build *build, uint32_t at) {
    const fc_tape_node *node = &build->tape->nodes[at];
    switch (node->kind) {
    case FC_JSON_NULL: Py_RETURN_NONE;
    case FC_JSON_FALSE: Py_RETURN_FALSE;
    case FC_JSON_TRUE: Py_RETURN_TRUE;
    case FC_JSON_INT:
        if (node->flags & FC_TAPE_FITS) return PyLong_FromLongLong(node->as.integer);
        return big_int(build->data + node->start, node->end - node->start);
    case FC_JSON_FLOAT:
    case FC_JSON_NONFINITE: return PyFloat_FromDouble(node->as.real);
    case FC_JSON_STRING: {
        fc_json_string text = fc_tape_string(build->tape, node);
        return fc_py_build_string(&text);
    }
    case FC_JSON_ARRAY: return any_list(build, node, at);
    case FC_JSON_OBJECT: return any_dict(build, node, at);
    default: PyErr_SetString(PyExc_SystemError, "a tape node of unknown kind"); return NULL;
    }
}
