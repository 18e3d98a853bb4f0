/* Instances of pydantic models and dataclasses, and TypedDicts, made as pydantic makes them: no
 * __init__, the fields' dict in the order of the schema, the set of the fields that were given. */
#include "python/py_schema.h"

#include <string.h>

/* So few that 200 models within each other fit into a thread's stack of 256 KiB. */
enum { LOCAL_FIELDS = 12 };

/* Where each field's value stands on the tape (0: not given), and the extra pairs. */
typedef struct match {
    uint32_t *at;
    uint32_t local[LOCAL_FIELDS];
    uint32_t *way; /* of a model with a lookup: the way to each, and room for the first keys */
    uint32_t given;
    bool extra, fits;
    /* What became of each: owned, or NULL for a field that has no value. */
    PyObject **values;
    PyObject *local_values[LOCAL_FIELDS];
} match;

/* The fields have been found by the reader. */
static void match_record(const fc_tape_node *nodes, uint32_t object, uint32_t fields, match *m) {
    for (uint32_t i = 0, slot = object + 1; i < fields; i++, slot++) {
        bool given = nodes[slot].kind != FC_TAPE_ABSENT;
        m->at[i] = given ? slot : 0;
        m->given += given;
    }
}

static void match_pairs(const fc_tape *tape, const fc_node *node, uint32_t object, match *m) {
    const fc_tape_node *nodes = tape->nodes;
    uint32_t child = object + 1, next = 0;
    for (uint64_t i = 0; i < nodes[object].as.count; i++) {
        fc_json_string key = fc_tape_string(tape, &nodes[child]);
        int32_t number = fc_keys_find(&node->keys, &key, next);
        if (number >= 0) {
            m->given += m->at[number] == 0;
            m->at[number] = child + 1;
            next = (uint32_t)number + 1;
        } else {
            m->extra = true;
        }
        child = nodes[child + 1].next;
    }
}

static int match_ways(fc_build *build, const fc_node *node, const fc_py_model *model,
                      uint32_t object, match *m) {
    uint32_t fields = node->keys.count;
    m->way = PyMem_New(uint32_t, (size_t)fields + model->lookup->first.count);
    if (!m->way) {
        PyErr_NoMemory();
        return -1;
    }
    m->fits = fc_py_lookup_find(build, model->lookup, fields, object, node->skips, m->at, m->way,
                                m->way + fields, &m->extra);
    for (uint32_t i = 0; i < fields; i++) m->given += m->at[i] != 0;
    return 0;
}

static void match_free(match *m, uint32_t fields) {
    for (uint32_t i = 0; i < fields; i++) Py_XDECREF(m->values[i]);
    if (m->values != m->local_values) PyMem_Free(m->values); /* and `at` behind them */
    PyMem_Free(m->way);
}

/* Finds the fields in the object, the last of equal keys winning. 0, or -1 with an exception. */
static int match_fields(fc_build *build, const fc_node *node, const fc_py_model *model,
                        uint32_t object, match *m) {
    uint32_t fields = node->keys.count;
    m->at = m->local;
    m->values = m->local_values;
    m->way = NULL;
    if (fields > LOCAL_FIELDS) {
        m->values = PyMem_Malloc(fields * (sizeof *m->values + sizeof *m->at));
        if (!m->values) {
            PyErr_NoMemory();
            return -1;
        }
        m->at = (uint32_t *)(m->values + fields);
    }
    memset(m->at, 0, fields * sizeof *m->at);
    memset(m->values, 0, fields * sizeof *m->values);
    m->given = 0;
    m->extra = false;
    m->fits = true;
    if (build->tape->nodes[object].flags & FC_TAPE_RECORD) {
        match_record(build->tape->nodes, object, fields, m);
    } else if (FC_UNLIKELY(model->lookup != NULL)) {
        if (match_ways(build, node, model, object, m) < 0) return match_free(m, fields), -1;
    } else {
        match_pairs(build->tape, node, object, m);
    }
    if (m->extra && model->forbid_extra) m->fits = false;
    if (m->given < fields)
        for (uint32_t i = 0; i < fields; i++)
            if (!m->at[i] && model->how[i] == FC_DEFAULT_NONE) m->fits = false;
    for (uint32_t i = 0; i < model->unread_count; i++)
        if (m->at[model->unread[i]]) m->fits = false;
    return 0;
}

PyObject *fc_py_make_default(fc_build *build, const fc_py_model *model, uint32_t field) {
    PyObject *object = model->defaults[field];
    if (model->how[field] == FC_DEFAULT_SHARED) return Py_NewRef(object);
    return model->how[field] == FC_DEFAULT_COPY ? PyObject_CallOneArg(build->self->deepcopy, object)
                                                : PyObject_CallNoArgs(object);
}

PyObject *fc_py_field_default(fc_build *build, const fc_py_model *model, uint32_t field) {
    if (model->how[field] == FC_DEFAULT_NONE || model->how[field] == FC_DEFAULT_ABSENT) return NULL;
    build->signal = FC_SIGNAL_NONE;
    return fc_py_make_default(build, model, field);
}

/* To a model, a field that asks for a default and has none is missing; to a pydantic before 2.14
 * the node around is asked then, and the signal stays. */
static void note_missing(fc_build *build, const fc_tape_node *object, const fc_path *path) {
    PyObject *loc = fc_py_loc(path), *line = NULL;
    PyObject *span = PyBytes_FromStringAndSize(build->data + object->start,
                                               (Py_ssize_t)(object->end - object->start));
    if (loc && span)
        line = PyObject_CallMethod((PyObject *)build->self, "_missing", "OO", loc, span);
    if (line && line != Py_None) {
        build->signal = FC_SIGNAL_NONE;
        if (!build->errors) build->errors = PyList_New(0);
        if (build->errors) (void)PyList_Append(build->errors, line);
    }
    Py_XDECREF(line);
    Py_XDECREF(span);
    Py_XDECREF(loc);
}

/* The value of a field that the document gives, at its path. NULL as fc_py_build; the error of a
 * field that is missing after all has the path `asked`. */
static inline PyObject *build_given(fc_build *build, const fc_node *node, const fc_py_model *model,
                                    const match *m, uint32_t field, const fc_tape_node *object,
                                    const fc_path *here, const fc_path *asked) {
    PyObject *value = fc_py_build_quick(build, node->fields[field], m->at[field]);
    if (!value && !PyErr_Occurred())
        value = fc_py_build(build, node->fields[field], m->at[field], here);
    if (FC_UNLIKELY(!value && build->signal == FC_SIGNAL_DEFAULT && !PyErr_Occurred())) {
        value = fc_py_field_default(build, model, field);
        if (!value && model->make == FC_MAKE_MODEL) note_missing(build, object, asked);
    }
    return value;
}

/* The same where there are several ways to a value: its path is the one that was gone, and a
 * missing field's is the first. A function of its own, for the room on the stack. */
static __attribute__((noinline)) PyObject *build_found(fc_build *build, const fc_node *node,
                                                       const fc_py_model *model, const match *m,
                                                       uint32_t field, const fc_tape_node *object,
                                                       const fc_path *path) {
    fc_path chain[FC_WAY_PARTS], first[FC_WAY_PARTS];
    const fc_py_lookup *lookup = model->lookup;
    const fc_path *gone = fc_py_lookup_path(&lookup->ways[m->way[field]], path, chain);
    const fc_path *asked = fc_py_lookup_path(&lookup->ways[lookup->starts[field]], path, first);
    return build_given(build, node, model, m, field, object, gone, asked);
}

/* Makes the value of every field; -1: stop, 0: some are not valid, 1: all are. A field that is
 * omitted counts as not given, and has no value. */
static int build_fields(fc_build *build, const fc_node *node, const fc_py_model *model, match *m,
                        const fc_tape_node *object, const fc_path *path) {
    int valid = 1;
    for (uint32_t i = 0; i < node->keys.count; i++) {
        PyObject *value;
        if (m->at[i]) {
            /* Errors name the key that was found, which may be an alias. */
            fc_path here = {path, PyTuple_GET_ITEM(model->keys, i), 0};
            value = FC_UNLIKELY(model->lookup != NULL)
                        ? build_found(build, node, model, m, i, object, path)
                        : build_given(build, node, model, m, i, object, &here, &here);
            if (!value && !fc_py_stopped(build)) {
                if (build->signal && model->make != FC_MAKE_MODEL && model->make != FC_MAKE_DICT)
                    return -1; /* a dataclass goes as a whole */
                if (!fc_py_omitted(build))
                    valid = 0;
                else
                    m->at[i] = 0, m->given--;
                continue;
            }
        } else {
            if (model->how[i] == FC_DEFAULT_ABSENT) continue;
            value = fc_py_make_default(build, model, i);
        }
        if (!value) return -1;
        m->values[i] = value;
    }
    return valid;
}

/* The fields' dict, in their order: a copy of the template's keys is quicker than growing one. */
static PyObject *dict_of(const fc_py_model *model, const match *m, uint32_t fields) {
    PyObject *dict = PyDict_Copy(model->template_dict);
    for (uint32_t i = 0; dict && i < fields; i++) {
        PyObject *name = PyTuple_GET_ITEM(model->names, i), *value = m->values[i];
        if ((value ? PyDict_SetItem(dict, name, value) : PyDict_DelItem(dict, name)) < 0)
            Py_CLEAR(dict);
    }
    return dict;
}

/* The fields as attributes, one by one in their order: so Python keeps them within the instance, as
 * it does after an __init__, and makes a dict when one is asked for. The compiler has seen to it
 * that no class has something under their names that would hear of it. */
static int set_fields(PyObject *instance, const fc_py_model *model, const match *m,
                      uint32_t fields) {
    for (uint32_t i = 0; i < fields; i++) {
        PyObject *name = PyTuple_GET_ITEM(model->names, i);
        if (m->values[i] && PyObject_GenericSetAttr(instance, name, m->values[i]) < 0) return -1;
    }
    return 0;
}

/* The extra pairs as a dict; NULL without an exception if a key occurs twice, or where they stand
 * beside the fields, is the name of one. */
static PyObject *build_extra(fc_build *build, const fc_node *node, const fc_py_model *model,
                             uint32_t object) {
    PyObject *extra = PyDict_New();
    const fc_tape_node *nodes = build->tape->nodes;
    const fc_keys *known_keys = model->lookup ? &model->lookup->first : &node->keys;
    uint32_t child = object + 1;
    for (uint64_t i = 0; extra && i < nodes[object].as.count; i++) {
        fc_json_string text = fc_tape_string(build->tape, &nodes[child]);
        if (fc_keys_find(known_keys, &text, 0) < 0) {
            PyObject *key = fc_py_build_string(&text);
            int known = key ? PyDict_Contains(extra, key) : -1;
            if (known == 0 && model->make != FC_MAKE_MODEL)
                known = PyDict_Contains(model->template_dict, key);
            PyObject *value = known == 0 ? fc_py_build_any(build, child + 1) : NULL;
            if (!value || PyDict_SetItem(extra, key, value) < 0) Py_CLEAR(extra);
            Py_XDECREF(key);
            Py_XDECREF(value);
        }
        child = nodes[child + 1].next;
    }
    return extra;
}

static PyObject *given_names(const fc_node *node, const fc_py_model *model, const match *m,
                             PyObject *extra) {
    PyObject *names = PySet_New(m->given == node->keys.count ? model->all_names : NULL);
    if (!names) return NULL;
    if (m->given < node->keys.count) {
        for (uint32_t i = 0; i < node->keys.count; i++) {
            if (m->at[i] && PySet_Add(names, PyTuple_GET_ITEM(model->names, i)) < 0) {
                Py_DECREF(names);
                return NULL;
            }
        }
    }
    PyObject *key, *value;
    Py_ssize_t position = 0;
    while (extra && PyDict_Next(extra, &position, &key, &value)) {
        if (PySet_Add(names, key) < 0) {
            Py_DECREF(names);
            return NULL;
        }
    }
    return names;
}

static int set_slot(PyObject *descriptor, PyObject *instance, PyObject *value) {
    return Py_TYPE(descriptor)->tp_descr_set(descriptor, instance, value);
}

/* `extra` may be NULL: None. */
static PyObject *make_model(fc_build *build, const fc_node *node, const fc_py_model *model,
                            const match *m, PyObject *dict, PyObject *extra) {
    PyObject *names = given_names(node, model, m, extra), *instance = NULL;
    if (names) instance = model->cls->tp_new(model->cls, build->state->empty_tuple, NULL);
    if (instance && ((dict ? PyObject_GenericSetDict(instance, dict, NULL)
                           : set_fields(instance, model, m, node->keys.count)) < 0 ||
                     set_slot(model->set_extra, instance, extra ? extra : Py_None) < 0 ||
                     set_slot(model->set_private, instance, Py_None) < 0 ||
                     set_slot(model->set_fields, instance, names) < 0))
        Py_CLEAR(instance);
    Py_XDECREF(names);
    return instance;
}

static PyObject *make_dataclass(fc_build *build, const fc_node *node, const fc_py_model *model,
                                const match *m, PyObject *dict) {
    PyObject *instance = model->cls->tp_new(model->cls, build->state->empty_tuple, NULL);
    PyObject *name, *value;
    Py_ssize_t position = 0;
    if (!instance) return NULL;
    if (!dict) {
        if (set_fields(instance, model, m, node->keys.count) < 0) Py_CLEAR(instance);
    } else if (model->make == FC_MAKE_DATACLASS) {
        /* Through the class's descriptor, which knows of values that are kept inline (3.13). */
        if (PyObject_GenericSetAttr(instance, build->state->name_dict, dict) < 0)
            Py_CLEAR(instance);
    } else {
        while (instance && PyDict_Next(dict, &position, &name, &value))
            if (PyObject_GenericSetAttr(instance, name, value) < 0) Py_CLEAR(instance);
    }
    return instance;
}

/* `dict` is NULL where the fields become attributes one by one. */
static PyObject *make_instance(fc_build *build, const fc_node *node, const fc_py_model *model,
                               const match *m, PyObject *dict, PyObject *extra) {
    if (model->make == FC_MAKE_MODEL) return make_model(build, node, model, m, dict, extra);
    if (extra && PyDict_Update(dict, extra) < 0) return NULL;
    return model->make == FC_MAKE_DICT ? Py_NewRef(dict)
                                       : make_dataclass(build, node, model, m, dict);
}

/* The values that are for __post_init__ alone, out of the fields' dict. */
static PyObject *take_init_only(const fc_py_model *model, PyObject *dict) {
    PyObject *args = PyTuple_New(PyTuple_GET_SIZE(model->init_only));
    for (Py_ssize_t i = 0; args && i < PyTuple_GET_SIZE(args); i++) {
        PyObject *name = PyTuple_GET_ITEM(model->init_only, i);
        PyObject *value = Py_XNewRef(PyDict_GetItemWithError(dict, name));
        if (value) PyTuple_SET_ITEM(args, i, value);
        if (!value || PyDict_DelItem(dict, name) < 0) Py_CLEAR(args);
    }
    return args;
}

PyObject *fc_py_build_model(fc_build *build, uint32_t number, uint32_t at, const fc_path *path) {
    const fc_node *node = &fc_py_kernel(build)->nodes[number];
    const fc_py_model *model = build->self->nodes[number].model;
    const fc_tape_node *value = &build->tape->nodes[at];
    if (value->kind != FC_JSON_OBJECT)
        return fc_py_hand_over(build, number, value->start, value->end, path);
    match m;
    if (match_fields(build, node, model, at, &m) < 0) return NULL;
    PyObject *dict = NULL, *extra = NULL, *init_only = NULL, *instance = NULL;
    if (m.fits && m.extra && model->allow_extra && !(extra = build_extra(build, node, model, at))) {
        if (PyErr_Occurred()) goto done;
        m.fits = false;
    }
    if (!m.fits) {
        /* Missing, extra or repeated: no field has been looked at, the original does it all. */
        instance = fc_py_hand_over(build, number, value->start, value->end, path);
        goto done;
    }
    if (model->allow_extra && !extra && !(extra = PyDict_New())) goto done;
    Py_ssize_t earlier = build->errors ? PyList_GET_SIZE(build->errors) : 0;
    int valid = build_fields(build, node, model, &m, value, path);
    if (FC_UNLIKELY(model->size_count && valid >= 0) &&
        (!valid || !fc_py_sizes_agree(model, m.at, m.values))) {
        /* Nothing of the user's has run (the compiler saw to that): the original does it all. */
        if (build->errors)
            (void)PyList_SetSlice(build->errors, earlier, PyList_GET_SIZE(build->errors), NULL);
        if (!PyErr_Occurred())
            instance = fc_py_hand_over(build, number, value->start, value->end, path);
        goto done;
    }
    if (valid <= 0) {
        /* A signal ends it: what came before does not count. */
        if (build->signal && !PyErr_Occurred() && build->errors)
            (void)PyList_SetSlice(build->errors, earlier, PyList_GET_SIZE(build->errors), NULL);
        goto done;
    }
    bool direct = model->direct && !model->init_only && (!extra || model->make == FC_MAKE_MODEL);
    if (!direct && !(dict = dict_of(model, &m, node->keys.count))) goto done;
    if (model->init_only && !(init_only = take_init_only(model, dict))) goto done;
    instance = make_instance(build, node, model, &m, dict, extra);
    if (instance && model->post_init)
        instance = fc_py_post_init(build, number, at, path, instance, init_only);
done:
    match_free(&m, node->keys.count);
    Py_XDECREF(dict);
    Py_XDECREF(extra);
    Py_XDECREF(init_only);
    return instance;
}
