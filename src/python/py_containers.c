/* Python containers out of a tape, held against the schema. */
#include "python/py_schema.h"

/* A list of the items, each node `child`, or of its own among `fields`. NULL as fc_py_build. */
static PyObject *build_items(fc_build *build, const fc_node *node, const uint32_t *fields,
                             uint32_t at, const fc_path *path) {
    Py_ssize_t count = (Py_ssize_t)build->tape->nodes[at].as.count;
    PyObject *list = PyList_New(count);
    if (!list) return NULL;
    bool valid = true;
    uint32_t child = at + 1;
    Py_ssize_t filled = 0;
    for (Py_ssize_t i = 0; i < count; i++) {
        fc_path here = {path, NULL, i};
        PyObject *item = fc_py_build(build, fields ? fields[i] : node->child, child, &here);
        if (!item) {
            if (fc_py_stopped(build)) {
                Py_DECREF(list);
                return NULL;
            }
            if (!fc_py_omitted(build)) valid = false;
        } else {
            PyList_SET_ITEM(list, filled++, item);
        }
        child = build->tape->nodes[child].next;
    }
    /* The tail is still NULL where items are missing: shortened before anyone can see it. */
    if (!valid || (filled < count && PyList_SetSlice(list, filled, count, NULL) < 0))
        Py_CLEAR(list);
    return list;
}

/* What was left out does not count for the least length, and this is all that is said then. */
static void note_short(fc_build *build, const fc_node *node, const fc_tape_node *value,
                       Py_ssize_t size, const fc_path *path) {
    PyObject *loc = fc_py_loc(path), *line = NULL;
    PyObject *span = PyBytes_FromStringAndSize(build->data + value->start,
                                               (Py_ssize_t)(value->end - value->start));
    if (loc && span)
        line = PyObject_CallMethod((PyObject *)build->self, "_too_short", "sOOKn",
                                   node->kind == FC_NODE_DICT ? "Dictionary" : "List", loc, span,
                                   (unsigned long long)node->bound.len.min, size);
    if (line && !build->errors) build->errors = PyList_New(0);
    if (line && build->errors) (void)PyList_Append(build->errors, line);
    Py_XDECREF(line);
    Py_XDECREF(span);
    Py_XDECREF(loc);
}

PyObject *fc_py_build_list(fc_build *build, uint32_t number, uint32_t at, const fc_path *path) {
    const fc_node *node = &fc_py_kernel(build)->nodes[number];
    const fc_tape_node *value = &build->tape->nodes[at];
    if (value->kind != FC_JSON_ARRAY || !fc_check_length(node, value->as.count))
        return fc_py_refuse(build, number, value, path);
    PyObject *list = build_items(build, node, NULL, at, path);
    if (list && FC_UNLIKELY(!fc_check_length(node, (uint64_t)PyList_GET_SIZE(list)))) {
        note_short(build, node, value, PyList_GET_SIZE(list), path);
        Py_CLEAR(list);
    }
    return list;
}

/* The items if there is no fault in any of them; nobody is asked. NULL without an exception: there
 * is one. */
static PyObject *build_faultless(fc_build *build, const fc_node *node, uint32_t at,
                                 const fc_path *path) {
    bool pure = build->pure;
    build->pure = true;
    PyObject *list = build_items(build, node, NULL, at, path);
    build->pure = pure;
    if (!list && !PyErr_Occurred()) build->refused = false;
    return list;
}

PyObject *fc_py_build_tuple(fc_build *build, uint32_t number, uint32_t at, const fc_path *path) {
    const fc_node *node = &fc_py_kernel(build)->nodes[number];
    const fc_tape_node *value = &build->tape->nodes[at];
    if (value->kind != FC_JSON_ARRAY || !fc_check_length(node, value->as.count) ||
        (!node->variadic && value->as.count != node->field_count))
        return fc_py_refuse(build, number, value, path);
    PyObject *list;
    if (node->checks & FC_CHECK_LENGTH) { /* of what is valid: said beside the items' errors */
        list = build_faultless(build, node, at, path);
        if (!list && !PyErr_Occurred()) return fc_py_refuse(build, number, value, path);
    } else {
        list = build_items(build, node, node->variadic ? NULL : node->fields, at, path);
    }
    PyObject *tuple = list ? PyList_AsTuple(list) : NULL;
    Py_XDECREF(list);
    return tuple;
}

/* Lengths are those of what is left of equal items, and end the list of errors where they are
 * reached: only a set without any fault is made here. */
PyObject *fc_py_build_set(fc_build *build, uint32_t number, uint32_t at, const fc_path *path) {
    const fc_node *node = &fc_py_kernel(build)->nodes[number];
    const fc_tape_node *value = &build->tape->nodes[at];
    if (value->kind != FC_JSON_ARRAY) return fc_py_refuse(build, number, value, path);
    PyObject *list = build_faultless(build, node, at, path), *set = NULL;
    if (list) {
        set = node->kind == FC_NODE_SET ? PySet_New(list) : PyFrozenSet_New(list);
        Py_DECREF(list);
        if (!set && PyErr_ExceptionMatches(PyExc_TypeError))
            PyErr_Clear(); /* an item without a hash */
        else if (set && !fc_check_length(node, (uint64_t)PySet_GET_SIZE(set)))
            Py_CLEAR(set);
    }
    return set || PyErr_Occurred() ? set : fc_py_refuse(build, number, value, path);
}

/* A dict of all keys in order, each with None; NULL without an exception if one occurs twice. */
static PyObject *dict_of_keys(fc_build *build, const fc_tape_node *value, uint32_t at) {
    PyObject *dict = PyDict_New();
    uint32_t child = at + 1;
    for (uint64_t i = 0; dict && i < value->as.count; i++) {
        fc_json_string text = fc_tape_string(build->tape, &build->tape->nodes[child]);
        PyObject *key = fc_py_build_string(&text);
        if (!key || PyDict_SetItem(dict, key, Py_None) < 0) Py_CLEAR(dict);
        Py_XDECREF(key);
        child = build->tape->nodes[child + 1].next;
    }
    if (dict && (uint64_t)PyDict_GET_SIZE(dict) != value->as.count) Py_CLEAR(dict);
    return dict;
}

PyObject *fc_py_build_dict(fc_build *build, uint32_t number, uint32_t at, const fc_path *path) {
    const fc_node *node = &fc_py_kernel(build)->nodes[number];
    const fc_tape_node *value = &build->tape->nodes[at];
    if (value->kind != FC_JSON_OBJECT || !fc_check_length(node, value->as.count))
        return fc_py_refuse(build, number, value, path);
    PyObject *dict = dict_of_keys(build, value, at);
    if (!dict) return PyErr_Occurred() ? NULL : fc_py_refuse(build, number, value, path);
    /* The keys are visited through a list: a value's validator may run any code. */
    PyObject *keys = PyDict_Keys(dict);
    bool valid = true, failed = !keys;
    uint32_t child = at + 1;
    for (Py_ssize_t i = 0; !failed && i < PyList_GET_SIZE(keys); i++) {
        PyObject *key = PyList_GET_ITEM(keys, i);
        fc_path here = {path, key, 0};
        PyObject *item = fc_py_build(build, node->child, child + 1, &here);
        if (item)
            failed = PyDict_SetItem(dict, key, item) < 0;
        else if (fc_py_stopped(build))
            failed = true;
        else if (fc_py_omitted(build))
            failed = PyDict_DelItem(dict, key) < 0;
        else
            valid = false;
        Py_XDECREF(item);
        child = build->tape->nodes[child + 1].next;
    }
    Py_XDECREF(keys);
    if (failed || !valid) {
        Py_CLEAR(dict);
    } else if (FC_UNLIKELY(!fc_check_length(node, (uint64_t)PyDict_GET_SIZE(dict)))) {
        note_short(build, node, value, PyDict_GET_SIZE(dict), path);
        Py_CLEAR(dict);
    }
    return dict;
}
