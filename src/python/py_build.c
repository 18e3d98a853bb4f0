/* Python objects out of a tape, held against the schema: numbers and texts, and what each kind of
 * node is. */
#include "python/py_schema.h"

/* ---- The original ------------------------------------------------------------------------- */

/* The path as a tuple, outermost first. */
PyObject *fc_py_loc(const fc_path *path) {
    Py_ssize_t depth = 0;
    for (const fc_path *p = path; p; p = p->up) depth++;
    PyObject *loc = PyTuple_New(depth);
    if (!loc) return NULL;
    for (const fc_path *p = path; p; p = p->up) {
        PyObject *part = p->key ? Py_NewRef(p->key) : PyLong_FromSsize_t(p->index);
        if (!part) {
            Py_DECREF(loc);
            return NULL;
        }
        PyTuple_SET_ITEM(loc, --depth, part);
    }
    return loc;
}

/* Notes the signal that the exception stands for; without one the exception is set again. */
static void take_signal(fc_build *build) {
    PyObject *error = fc_py_take_exception();
    PyObject *signal = PyObject_CallMethod((PyObject *)build->self, "_signal", "(O)", error);
    long number = signal ? PyLong_AsLong(signal) : -1;
    if (number > 0) build->signal = (uint8_t)number;
    if (number == 0) fc_py_set_exception(Py_NewRef(error));
    Py_XDECREF(signal);
    Py_DECREF(error);
}

/* Adds the errors of the exception that is set; the exception is then gone. So are signals; any
 * other exception stays set, and passes through. */
static void take_errors(fc_build *build, PyObject *span, const fc_path *path) {
    if (!PyErr_ExceptionMatches(build->state->validation_error)) {
        /* At the root there is nothing around: pydantic too ends with the SchemaError. */
        if (path && PyErr_ExceptionMatches(PyExc_Exception)) take_signal(build);
        return;
    }
    PyObject *error = fc_py_take_exception(), *loc = NULL, *lines = NULL;
    if (!build->errors) build->errors = PyList_New(0);
    if (build->errors && (loc = fc_py_loc(path)))
        lines = PyObject_CallMethod((PyObject *)build->self, "_lines", "OOO", error, loc, span);
    if (lines) {
        Py_ssize_t size = PyList_GET_SIZE(build->errors);
        (void)PyList_SetSlice(build->errors, size, size, lines); /* an exception says it failed */
    }
    Py_XDECREF(lines);
    Py_XDECREF(loc);
    Py_XDECREF(error);
}

static PyObject *call_original(fc_build *build, PyObject *validate, size_t start, size_t end,
                               const fc_path *path) {
    PyObject *span = PyBytes_FromStringAndSize(build->data + start, (Py_ssize_t)(end - start));
    if (!span) return NULL;
    PyObject *value = PyObject_CallOneArg(validate, span);
    if (!value) take_errors(build, span, path);
    Py_DECREF(span);
    return value;
}

/* The bound method in `slot`, made when first asked for. Borrowed. */
static PyObject *original_of(fc_build *build, PyObject **slot, const char *maker, uint32_t node) {
    if (!*slot) {
        PyObject *made = PyObject_CallMethod((PyObject *)build->self, maker, "I", node);
        if (!made) return NULL;
        if (*slot)
            Py_DECREF(made); /* another thread was faster */
        else
            *slot = made;
    }
    return *slot;
}

PyObject *fc_py_hand_over(fc_build *build, uint32_t node, size_t start, size_t end,
                          const fc_path *path) {
    if (build->pure) {
        build->refused = true;
        return NULL;
    }
    PyObject *validate = original_of(build, &build->self->nodes[node].original, "_original", node);
    return validate ? call_original(build, validate, start, end, path) : NULL;
}

PyObject *fc_py_hand_over_record(fc_build *build, uint32_t node, size_t start, size_t end,
                                 const fc_path *path) {
    PyObject *validate = original_of(build, &build->self->nodes[node].record, "_record", node);
    return validate ? call_original(build, validate, start, end, path) : NULL;
}

/* ---- Scalars ------------------------------------------------------------------------------ */

PyObject *fc_py_refuse(fc_build *build, uint32_t node, const fc_tape_node *value,
                       const fc_path *path) {
    return fc_py_hand_over(build, node, value->start, value->end, path);
}

static PyObject *build_int(fc_build *build, const fc_node *node, uint32_t number,
                           const fc_tape_node *value, const fc_path *path) {
    if (value->kind == FC_JSON_INT && (value->flags & FC_TAPE_FITS) &&
        fc_check_int(node, value->as.integer))
        return PyLong_FromLongLong(value->as.integer);
    return fc_py_refuse(build, number, value, path);
}

static PyObject *build_float(fc_build *build, const fc_node *node, uint32_t number,
                             const fc_tape_node *value, const fc_path *path) {
    if (value->kind == FC_JSON_FLOAT || value->kind == FC_JSON_INT) {
        double real = value->flags & FC_TAPE_FITS ? (double)value->as.integer : value->as.real;
        if (fc_check_float(node, real)) return PyFloat_FromDouble(real);
    }
    return fc_py_refuse(build, number, value, path);
}

static PyObject *build_str(fc_build *build, const fc_node *node, uint32_t number,
                           const fc_tape_node *value, const fc_path *path) {
    if (value->kind == FC_JSON_STRING) {
        fc_json_string string = fc_tape_string(build->tape, value);
        if (fc_check_text(node, &string)) return fc_py_build_string(&string);
    }
    return fc_py_refuse(build, number, value, path);
}

static PyObject *build_literal(fc_build *build, const fc_node *node, uint32_t number,
                               const fc_tape_node *value, const fc_path *path) {
    int32_t choice = -1;
    if (value->kind == FC_JSON_STRING) {
        fc_json_string string = fc_tape_string(build->tape, value);
        choice = fc_literal_text(node, &string, 0);
    } else if (value->kind == FC_JSON_INT && (value->flags & FC_TAPE_FITS)) {
        choice = fc_literal_int(node, value->as.integer);
    }
    if (choice < 0) return fc_py_refuse(build, number, value, path);
    return Py_NewRef(PyTuple_GET_ITEM(build->self->nodes[number].values, choice));
}

/* ---- The whole ----------------------------------------------------------------------------- */

/* Apart, for the room that a fill takes on the stack of whatever holds models. */
static __attribute__((noinline)) PyObject *build_frame(fc_build *build, uint32_t number,
                                                       uint32_t at, const fc_path *path) {
    const fc_tape_node *value = &build->tape->nodes[at];
    if (value->kind == FC_TAPE_FILL) {
        fc_fill *fill = build->tape->fills[value->as.fill];
        return fc_py_build_columns(build, number, fill, 0, path);
    }
    /* Not met on the way to the tape's columns (inside a list, say): read the span again. */
    fc_fill fill;
    fc_status status = fc_fill_document(fc_py_kernel(build), number, build->data + value->start,
                                        value->end - value->start, &fc_alloc_libc, &fill, NULL);
    if (status == FC_ENOMEM) return PyErr_NoMemory();
    if (status != FC_OK || fill.refused) {
        if (status == FC_OK) fc_fill_free(&fill);
        return fc_py_refuse(build, number, value, path);
    }
    PyObject *columns = fc_py_build_columns(build, number, &fill, value->start, path);
    fc_fill_free(&fill);
    return columns;
}

static PyObject *build_kind(fc_build *build, uint32_t number, uint32_t at, const fc_path *path) {
    const fc_node *node = &fc_py_kernel(build)->nodes[number];
    const fc_tape_node *value = &build->tape->nodes[at];
    if (node->nullable && value->kind == FC_JSON_NULL) Py_RETURN_NONE;
    if (FC_UNLIKELY(build->pure && node->impure)) return build->refused = true, NULL;
    switch ((fc_node_kind)node->kind) {
    case FC_NODE_ANY: return fc_py_build_any(build, at);
    case FC_NODE_NONE:
        if (value->kind == FC_JSON_NULL) Py_RETURN_NONE;
        break;
    case FC_NODE_BOOL:
        if (value->kind == FC_JSON_TRUE) Py_RETURN_TRUE;
        if (value->kind == FC_JSON_FALSE) Py_RETURN_FALSE;
        break;
    case FC_NODE_INT: return build_int(build, node, number, value, path);
    case FC_NODE_FLOAT: return build_float(build, node, number, value, path);
    case FC_NODE_STR: return build_str(build, node, number, value, path);
    case FC_NODE_LITERAL: return build_literal(build, node, number, value, path);
    case FC_NODE_LIST: return fc_py_build_list(build, number, at, path);
    case FC_NODE_DICT: return fc_py_build_dict(build, number, at, path);
    case FC_NODE_TUPLE: return fc_py_build_tuple(build, number, at, path);
    case FC_NODE_SET:
    case FC_NODE_FROZENSET: return fc_py_build_set(build, number, at, path);
    case FC_NODE_TAGGED: return fc_py_build_tagged(build, number, at, path);
    case FC_NODE_UNION: return fc_py_build_union(build, number, at, path);
    case FC_NODE_PLAIN: return fc_py_build_plain(build, number, at, path);
    case FC_NODE_AFTER: return fc_py_build_after(build, number, at, path);
    case FC_NODE_DATE:
    case FC_NODE_DATETIME:
    case FC_NODE_UUID:
    case FC_NODE_TIME:
    case FC_NODE_DURATION:
    case FC_NODE_BYTES: return fc_py_build_text(build, number, at, path);
    case FC_NODE_MODEL: return fc_py_build_model(build, number, at, path);
    case FC_NODE_DECIMAL: return fc_py_build_decimal(build, number, at, path);
    case FC_NODE_NAMED: return fc_py_build_named(build, number, at, path);
    case FC_NODE_ROOT: return fc_py_build_root(build, number, at, path);
    case FC_NODE_ROWS:
    case FC_NODE_ROW:
    case FC_NODE_TABLE:
    case FC_NODE_ARRAY: return build_frame(build, number, at, path);
    case FC_NODE_ORIGINAL: break;
    }
    return fc_py_refuse(build, number, value, path);
}

/* User code below asks for the nearest default: that of this node, if it has one. What was found
 * below does not count then; and if it has none, the node above is asked. */
static PyObject *take_default(fc_build *build, uint32_t number, Py_ssize_t earlier,
                              const fc_path *path) {
    PyObject *loc = fc_py_loc(path), *found = NULL;
    if (loc)
        found = PyObject_CallMethod((PyObject *)build->self, "_nearest_default", "IO", number, loc);
    PyObject *value = found && PyTuple_Check(found) ? Py_NewRef(PyTuple_GET_ITEM(found, 0)) : NULL;
    PyObject *lines = found && PyList_Check(found) ? found : NULL; /* the default is not valid */
    if (value || lines) build->signal = FC_SIGNAL_NONE;
    if (lines && !build->errors) build->errors = PyList_New(0);
    if (found && build->errors &&
        PyList_SetSlice(build->errors, earlier, PyList_GET_SIZE(build->errors), lines) < 0)
        Py_CLEAR(value);
    Py_XDECREF(found);
    Py_XDECREF(loc);
    return value;
}

PyObject *fc_py_build(fc_build *build, uint32_t number, uint32_t at, const fc_path *path) {
    Py_ssize_t earlier = build->errors ? PyList_GET_SIZE(build->errors) : 0;
    PyObject *value = build_kind(build, number, at, path);
    if (FC_UNLIKELY(!value && build->signal == FC_SIGNAL_DEFAULT && !PyErr_Occurred()))
        return take_default(build, number, earlier, path);
    return value;
}
