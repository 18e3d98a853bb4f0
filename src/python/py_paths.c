/* Paths in a document, whatever its schema: those of keys that an object has more than once, and
 * where the paths of errors lead. */
#include "python/py_schema.h"

/* A document as the tape of an `Any`. */
typedef struct tree {
    fc_node any;
    fc_schema schema;
    fc_tape tape;
} tree;

/* Reads (bytes, max_depth, allow_nan); FC_EINVALID with an exception for other arguments. To be
 * freed in any case. */
static fc_status read_tree(tree *self, PyObject *const *args) {
    unsigned long depth = 0;
    if (PyBytes_Check(args[0])) depth = PyLong_AsUnsignedLong(args[1]);
    self->any = (fc_node){.kind = FC_NODE_ANY};
    self->schema = (fc_schema){.nodes = &self->any,
                               .node_count = 1,
                               .limits = {(uint32_t)depth, args[2] == Py_True},
                               .max_rows = -1};
    fc_tape_init(&self->tape, &self->schema, &fc_alloc_libc);
    if (!PyBytes_Check(args[0])) PyErr_SetString(PyExc_TypeError, "data: expected bytes");
    if (PyErr_Occurred()) return FC_EINVALID;
    const char *data = PyBytes_AS_STRING(args[0]);
    size_t len = (size_t)PyBytes_GET_SIZE(args[0]);
    fc_status status;
    Py_BEGIN_ALLOW_THREADS status = fc_tape_read(&self->tape, data, len, NULL);
    Py_END_ALLOW_THREADS if (status == FC_ENOMEM) PyErr_NoMemory();
    return status;
}

/* ---- Keys that occur twice ---------------------------------------------------------------- */

/* Adds the path of each such key below tape node `at`; 0, or -1 with an exception. As deep as the
 * reader lets a document be. */
static int find(const fc_tape *tape, uint32_t at, const fc_path *path, PyObject *found) {
    const fc_tape_node *node = &tape->nodes[at];
    bool object = node->kind == FC_JSON_OBJECT;
    if (!object && node->kind != FC_JSON_ARRAY) return 0;
    PyObject *seen = object ? PySet_New(NULL) : NULL;
    int failed = object && !seen ? -1 : 0;
    uint32_t child = at + 1;
    for (uint64_t i = 0; !failed && i < node->as.count; i++) {
        fc_path here = {path, NULL, (Py_ssize_t)i};
        uint32_t value = child;
        if (object) {
            fc_json_string text = fc_tape_string(tape, &tape->nodes[child]);
            here.key = fc_py_build_string(&text);
            value = child + 1;
            int known = here.key ? PySet_Contains(seen, here.key) : -1;
            if (known == 0) known = PySet_Add(seen, here.key);
            PyObject *loc = known == 1 ? fc_py_loc(&here) : NULL;
            failed = known < 0 || (known == 1 && (!loc || PyList_Append(found, loc) < 0)) ? -1 : 0;
            Py_XDECREF(loc);
        }
        if (!failed) failed = find(tape, value, &here, found);
        Py_XDECREF(here.key);
        child = tape->nodes[value].next;
    }
    Py_XDECREF(seen);
    return failed;
}

PyDoc_STRVAR(json_duplicates_doc,
             "json_duplicates($module, data, max_depth, allow_nan, /)\n--\n\n"
             "The paths of the keys that an object of the document has more than once, in order; "
             "none of what is not JSON.");

static PyObject *json_duplicates(PyObject *module, PyObject *const *args, Py_ssize_t nargs) {
    (void)module;
    if (nargs != 3) {
        PyErr_SetString(PyExc_TypeError, "json_duplicates() takes bytes, an int and a bool");
        return NULL;
    }
    tree self;
    fc_status status = read_tree(&self, args);
    PyObject *found = PyErr_Occurred() ? NULL : PyList_New(0);
    if (found && status == FC_OK && find(&self.tape, 0, NULL, found) < 0) Py_CLEAR(found);
    fc_tape_free(&self.tape);
    return found;
}

/* ---- Where paths lead --------------------------------------------------------------------- */

/* The part's value below an object; the last one, if the key occurs twice. `node` if it has none.
 */
static uint32_t member(const fc_tape *tape, uint32_t node, PyObject *part) {
    Py_ssize_t len;
    const char *name = PyUnicode_AsUTF8AndSize(part, &len);
    uint32_t found = node, key = node + 1;
    if (!name) PyErr_Clear(); /* a surrogate: no key has one */
    for (uint64_t i = 0; name && i < tape->nodes[node].as.count; i++) {
        fc_json_string text = fc_tape_string(tape, &tape->nodes[key]);
        if (fc_json_string_equal(&text, name, (size_t)len)) found = key + 1;
        key = tape->nodes[key + 1].next;
    }
    return found;
}

/* The same of an array, where -1 is its last item. */
static uint32_t element(const fc_tape *tape, uint32_t node, PyObject *part) {
    int64_t count = (int64_t)tape->nodes[node].as.count;
    long long index = PyLong_AsLongLong(part);
    if (index == -1 && PyErr_Occurred()) PyErr_Clear(), index = count;
    if (index < 0) index += count;
    if (index < 0 || index >= count) return node;
    uint32_t found = node + 1;
    while (index--) found = tape->nodes[found].next;
    return found;
}

/* (start, end, start of the key, end of the key, whether the last part led on). */
static PyObject *place(const fc_tape *tape, PyObject *path) {
    uint32_t node = 0, key = 0;
    bool led = true;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(path); i++) {
        PyObject *part = PyTuple_GET_ITEM(path, i);
        uint8_t kind = tape->nodes[node].kind;
        uint32_t next = node;
        if (kind == FC_JSON_OBJECT && PyUnicode_Check(part))
            next = member(tape, node, part);
        else if (kind == FC_JSON_ARRAY && PyLong_Check(part))
            next = element(tape, node, part);
        led = next != node;
        if (led) key = kind == FC_JSON_OBJECT ? next - 1 : next;
        node = next;
    }
    const fc_tape_node *value = &tape->nodes[node], *name = &tape->nodes[key];
    return Py_BuildValue("nnnnO", (Py_ssize_t)value->start, (Py_ssize_t)value->end,
                         (Py_ssize_t)name->start, (Py_ssize_t)name->end, led ? Py_True : Py_False);
}

PyDoc_STRVAR(
    json_places_doc,
    "json_places($module, data, max_depth, allow_nan, paths, /)\n--\n\n"
    "Where each path (a tuple of keys and indices) leads: (start, end, start of the key, end of\n"
    "the key, whether its last part leads anywhere), in bytes. Parts that lead nowhere (the name\n"
    "of a union's choice, say) are passed over. An empty list for what is not JSON.");

static PyObject *json_places(PyObject *module, PyObject *const *args, Py_ssize_t nargs) {
    (void)module;
    if (nargs != 4 || !PyList_Check(args[3])) {
        PyErr_SetString(PyExc_TypeError,
                        "json_places() takes bytes, an int, a bool and a list of tuples");
        return NULL;
    }
    tree self;
    fc_status status = read_tree(&self, args);
    PyObject *places = PyErr_Occurred() ? NULL : PyList_New(0);
    for (Py_ssize_t i = 0; places && status == FC_OK && i < PyList_GET_SIZE(args[3]); i++) {
        PyObject *path = PyList_GET_ITEM(args[3], i), *found = NULL;
        if (PyTuple_Check(path))
            found = place(&self.tape, path);
        else
            PyErr_SetString(PyExc_TypeError, "paths: expected tuples");
        if (!found || PyList_Append(places, found) < 0) Py_CLEAR(places);
        Py_XDECREF(found);
    }
    fc_tape_free(&self.tape);
    return places;
}

static PyMethodDef functions[] = {
    {"json_duplicates", (PyCFunction)(void (*)(void))json_duplicates, METH_FASTCALL,
     json_duplicates_doc},
    {"json_places", (PyCFunction)(void (*)(void))json_places, METH_FASTCALL, json_places_doc},
    {NULL, NULL, 0, NULL},
};

int fc_py_paths_exec(PyObject *module, fc_state *state) {
    (void)state;
    return PyModule_AddFunctions(module, functions);
}
