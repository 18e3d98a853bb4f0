/* Named tuples, out of an array (fields by place) or an object (fields by name). */
#include <string.h>

#include "python/py_schema.h"

enum { LOCAL_FIELDS = 16 };

/* Where each field's value stands on the tape (0: not given), and what it became. */
typedef struct fields {
    uint32_t *at;
    PyObject **values;
    uint32_t count;
    uint32_t local_at[LOCAL_FIELDS];
    PyObject *local_values[LOCAL_FIELDS];
} fields;

static int fields_start(fields *f, uint32_t count) {
    f->at = f->local_at;
    f->values = f->local_values;
    f->count = count;
    if (count > LOCAL_FIELDS) {
        f->at = PyMem_Calloc(count, sizeof *f->at);
        f->values = f->at ? PyMem_Calloc(count, sizeof *f->values) : NULL;
        if (!f->values) {
            PyMem_Free(f->at);
            PyErr_NoMemory();
            return -1;
        }
    }
    memset(f->at, 0, count * sizeof *f->at);
    memset(f->values, 0, count * sizeof *f->values);
    return 0;
}

static void fields_end(fields *f) {
    for (uint32_t i = 0; i < f->count; i++) Py_XDECREF(f->values[i]);
    if (f->at == f->local_at) return;
    PyMem_Free(f->at);
    PyMem_Free(f->values);
}

/* Whether each value of the array or object is that of one field, and no other field needs one. */
static bool match_values(const fc_build *build, const fc_node *node, const fc_py_model *model,
                         uint32_t at, fields *f) {
    const fc_tape_node *nodes = build->tape->nodes;
    bool object = nodes[at].kind == FC_JSON_OBJECT;
    if (nodes[at].as.count > f->count) return false;
    uint32_t child = at + 1;
    for (uint32_t i = 0; i < nodes[at].as.count; i++) {
        int32_t number = (int32_t)i;
        if (object) {
            fc_json_string key = fc_tape_string(build->tape, &nodes[child++]);
            number = fc_keys_find(&node->keys, &key, i);
            if (number < 0 || f->at[number]) return false;
        }
        f->at[number] = child;
        child = nodes[child].next;
    }
    for (uint32_t i = 0; i < f->count; i++)
        if (!f->at[i] && model->how[i] == FC_DEFAULT_NONE) return false;
    return true;
}

/* -1: stop, 0: some are not valid, 1: all are. */
static int build_values(fc_build *build, const fc_node *node, const fc_py_model *model, bool object,
                        fields *f, const fc_path *path) {
    int valid = 1;
    for (uint32_t i = 0; i < f->count; i++) {
        if (f->at[i]) {
            fc_path here = {path, object ? PyTuple_GET_ITEM(model->keys, i) : NULL, (Py_ssize_t)i};
            f->values[i] = fc_py_build(build, node->fields[i], f->at[i], &here);
            if (!f->values[i] && build->signal == FC_SIGNAL_DEFAULT && !PyErr_Occurred())
                f->values[i] = fc_py_field_default(build, model, i);
        } else {
            f->values[i] = fc_py_make_default(build, model, i);
        }
        if (f->values[i]) continue;
        if (build->signal || fc_py_stopped(build)) return -1; /* the tuple goes as a whole */
        valid = 0;
    }
    return valid;
}

/* What the class's own `__new__`, which namedtuple() wrote, makes of the values. */
static PyObject *make_tuple(fc_py_model *model, fields *f) {
    PyObject *values = PyTuple_New((Py_ssize_t)f->count), *args;
    if (!values) return NULL;
    for (uint32_t i = 0; i < f->count; i++) {
        PyTuple_SET_ITEM(values, i, f->values[i]);
        f->values[i] = NULL;
    }
    args = PyTuple_Pack(1, values);
    PyObject *made = args ? PyTuple_Type.tp_new(model->cls, args, NULL) : NULL;
    Py_XDECREF(args);
    Py_DECREF(values);
    return made;
}

PyObject *fc_py_build_named(fc_build *build, uint32_t number, uint32_t at, const fc_path *path) {
    const fc_node *node = &fc_py_kernel(build)->nodes[number];
    fc_py_model *model = build->self->nodes[number].model;
    const fc_tape_node *value = &build->tape->nodes[at];
    bool object = value->kind == FC_JSON_OBJECT;
    if (!object && value->kind != FC_JSON_ARRAY) return fc_py_refuse(build, number, value, path);
    fields f;
    if (fields_start(&f, node->keys.count) < 0) return NULL;
    PyObject *made = NULL;
    if (!match_values(build, node, model, at, &f)) {
        made = fc_py_refuse(build, number, value, path);
        fields_end(&f);
        return made;
    }
    Py_ssize_t earlier = build->errors ? PyList_GET_SIZE(build->errors) : 0;
    if (build_values(build, node, model, object, &f, path) > 0)
        made = make_tuple(model, &f);
    else if (build->signal && !PyErr_Occurred() && build->errors)
        /* A signal ends it: what came before does not count. */
        (void)PyList_SetSlice(build->errors, earlier, PyList_GET_SIZE(build->errors), NULL);
    fields_end(&f);
    return made;
}
