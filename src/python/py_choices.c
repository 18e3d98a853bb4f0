/* Nodes that choose among others, and validators that are called from here. */
#include "python/py_schema.h"

/* ---- Tagged ------------------------------------------------------------------------------- */

/* The number of the choice that the object's tag names, or -1 (none, unknown, twice). */
static int32_t find_tag(fc_build *build, const fc_node *node, const fc_keys *key, uint32_t at) {
    const fc_tape_node *nodes = build->tape->nodes;
    int32_t choice = -1;
    uint32_t child = at + 1;
    bool seen = false;
    for (uint64_t i = 0; i < nodes[at].as.count; i++) {
        fc_json_string name = fc_tape_string(build->tape, &nodes[child]);
        if (fc_keys_find(key, &name, 0) == 0) {
            if (seen || nodes[child + 1].kind != FC_JSON_STRING) return -1;
            fc_json_string tag = fc_tape_string(build->tape, &nodes[child + 1]);
            choice = fc_literal_text(node, &tag, 0);
            seen = true;
        }
        child = nodes[child + 1].next;
    }
    return choice;
}

PyObject *fc_py_build_tagged(fc_build *build, uint32_t number, uint32_t at, const fc_path *path) {
    const fc_node *node = &fc_py_kernel(build)->nodes[number];
    const fc_py_node *py = &build->self->nodes[number];
    const fc_tape_node *value = &build->tape->nodes[at];
    int32_t choice = value->kind == FC_JSON_OBJECT ? find_tag(build, node, py->tag_key, at) : -1;
    if (choice < 0) return fc_py_refuse(build, number, value, path);
    fc_path here = {path, PyTuple_GET_ITEM(py->values, choice), 0};
    return fc_py_build(build, node->fields[choice], at, &here);
}

/* ---- Union -------------------------------------------------------------------------------- */

static int token_of(const fc_tape_node *value) {
    switch (value->kind) {
    case FC_JSON_NULL: return FC_TOKEN_NULL;
    case FC_JSON_TRUE:
    case FC_JSON_FALSE: return FC_TOKEN_BOOL;
    case FC_JSON_INT: return FC_TOKEN_INT;
    case FC_JSON_FLOAT: return FC_TOKEN_FLOAT;
    case FC_JSON_STRING: return FC_TOKEN_STRING;
    case FC_JSON_ARRAY: return FC_TOKEN_ARRAY;
    case FC_JSON_OBJECT: return FC_TOKEN_OBJECT;
    default: return -1;
    }
}

/* The errors of a union are those of all its choices: one is tried without asking anybody, and
 * whatever it does not accept is the original's as a whole. */
PyObject *fc_py_build_union(fc_build *build, uint32_t number, uint32_t at, const fc_path *path) {
    const fc_node *node = &fc_py_kernel(build)->nodes[number];
    const fc_tape_node *value = &build->tape->nodes[at];
    int token = token_of(value);
    uint32_t choice = token < 0 ? FC_NO_NODE : node->fields[token];
    if (choice != FC_NO_NODE) {
        bool pure = build->pure;
        build->pure = true;
        PyObject *made = fc_py_build(build, choice, at, path);
        build->pure = pure;
        if (made || PyErr_Occurred()) return made;
        build->refused = false;
    }
    return fc_py_refuse(build, number, value, path);
}

/* ---- Functions --------------------------------------------------------------------------------
 */

PyObject *fc_py_take_failure(fc_build *build, uint32_t number, uint32_t at, const fc_path *path) {
    const fc_tape_node *value = &build->tape->nodes[at];
    if (!PyErr_ExceptionMatches(PyExc_Exception)) return NULL;
    PyObject *error = fc_py_take_exception(), *loc = fc_py_loc(path), *found = NULL;
    PyObject *result = NULL;
    PyObject *span = PyBytes_FromStringAndSize(build->data + value->start,
                                               (Py_ssize_t)(value->end - value->start));
    if (loc && span)
        found = PyObject_CallMethod((PyObject *)build->self, "_failed", "IOOO", number, error, loc,
                                    span);
    if (found && PyLong_Check(found)) {
        build->signal = (uint8_t)PyLong_AsLong(found);
    } else if (found && PyTuple_Check(found)) {
        result = Py_NewRef(PyTuple_GET_ITEM(found, 0));
    } else if (found && PyList_Check(found)) {
        if (!build->errors) build->errors = PyList_New(0);
        Py_ssize_t size = build->errors ? PyList_GET_SIZE(build->errors) : 0;
        if (build->errors) (void)PyList_SetSlice(build->errors, size, size, found);
    } else if (found) {
        fc_py_set_exception(Py_NewRef(error));
    }
    Py_XDECREF(found);
    Py_XDECREF(span);
    Py_XDECREF(loc);
    Py_DECREF(error);
    return result;
}

PyObject *fc_py_build_after(fc_build *build, uint32_t number, uint32_t at, const fc_path *path) {
    const fc_node *node = &fc_py_kernel(build)->nodes[number];
    PyObject *value = fc_py_build(build, node->child, at, path);
    if (!value) return NULL;
    PyObject *result = PyObject_CallOneArg(build->self->nodes[number].values, value);
    Py_DECREF(value);
    if (!result && build->pure) { /* a function of our own */
        if (!PyErr_ExceptionMatches(PyExc_ValueError)) return NULL;
        PyErr_Clear();
        build->refused = true;
        return NULL;
    }
    return result ? result : fc_py_take_failure(build, number, at, path);
}

/* The function sees the value as `any` gives it, and nothing else does. */
PyObject *fc_py_build_plain(fc_build *build, uint32_t number, uint32_t at, const fc_path *path) {
    PyObject *value = fc_py_build_any(build, at);
    if (!value) return NULL;
    PyObject *result = PyObject_CallOneArg(build->self->nodes[number].values, value);
    Py_DECREF(value);
    return result ? result : fc_py_take_failure(build, number, at, path);
}
