/* Which keys an object has more than once. */
#include "python/py_schema.h"

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
    if (nargs != 3 || !PyBytes_Check(args[0]))
        return PyErr_SetString(PyExc_TypeError, "json_duplicates() takes bytes, an int and a bool"),
               NULL;
    unsigned long depth = PyLong_AsUnsignedLong(args[1]);
    if (PyErr_Occurred()) return NULL;
    fc_node any = {.kind = FC_NODE_ANY};
    fc_schema schema = {.nodes = &any,
                        .node_count = 1,
                        .limits = {(uint32_t)depth, args[2] == Py_True},
                        .max_rows = -1};
    PyObject *found = PyList_New(0);
    fc_tape tape;
    fc_tape_init(&tape, &schema, &fc_alloc_libc);
    fc_status status =
        fc_tape_read(&tape, PyBytes_AS_STRING(args[0]), (size_t)PyBytes_GET_SIZE(args[0]), NULL);
    if (status == FC_ENOMEM) {
        PyErr_NoMemory();
        Py_CLEAR(found);
    } else if (found && status == FC_OK && find(&tape, 0, NULL, found) < 0) {
        Py_CLEAR(found);
    }
    fc_tape_free(&tape);
    return found;
}

static PyMethodDef functions[] = {
    {"json_duplicates", (PyCFunction)(void (*)(void))json_duplicates, METH_FASTCALL,
     json_duplicates_doc},
    {NULL, NULL, 0, NULL},
};

int fc_py_duplicates_exec(PyObject *module, fc_state *state) {
    (void)state;
    return PyModule_AddFunctions(module, functions);
}
