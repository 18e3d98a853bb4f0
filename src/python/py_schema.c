/* The type `_core.Schema`: a document in, an object or the original's error out. */
#include "python/py_schema.h"

#include <string.h>

/* Above this the reader runs without the GIL: tens of microseconds of work. */
enum { RELEASE_BYTES = 16384 };

/* ---- One document ------------------------------------------------------------------------- */

typedef struct document {
    const char *data;
    size_t len;
    PyObject *owner; /* a reference that keeps the bytes alive and unchanged */
} document;

/* Bytes are read in place; so is the UTF-8 form of a str; any other buffer is copied first, so that
 * what is judged cannot change meanwhile. 1; 0: not a document C reads; -1: an exception. */
static int open_document(PyObject *data, document *doc) {
    if (PyBytes_CheckExact(data)) {
        doc->owner = Py_NewRef(data);
    } else if (PyUnicode_Check(data)) {
        Py_ssize_t len;
        doc->data = PyUnicode_AsUTF8AndSize(data, &len);
        if (!doc->data) {
            if (!PyErr_ExceptionMatches(PyExc_UnicodeEncodeError)) return -1;
            PyErr_Clear(); /* a lone surrogate: the original has an error for it */
            return 0;
        }
        doc->len = (size_t)len;
        doc->owner = Py_NewRef(data);
        return 1;
    } else if (PyObject_CheckBuffer(data)) {
        if (!(doc->owner = PyBytes_FromObject(data))) return -1;
    } else {
        return 0;
    }
    doc->data = PyBytes_AS_STRING(doc->owner);
    doc->len = (size_t)PyBytes_GET_SIZE(doc->owner);
    return 1;
}

static fc_status read_fill(fc_py_schema *self, const document *doc, fc_fill *fill,
                           fc_json_error *error) {
    const fc_schema *kernel = &self->kernel;
    fc_status status;
    if (doc->len < RELEASE_BYTES)
        return fc_fill_document(kernel, kernel->root, doc->data, doc->len, &fc_alloc_libc, fill,
                                error);
    Py_BEGIN_ALLOW_THREADS status =
        fc_fill_document(kernel, kernel->root, doc->data, doc->len, &fc_alloc_libc, fill, error);
    Py_END_ALLOW_THREADS return status;
}

static fc_status read_tape(fc_tape *tape, const document *doc, fc_json_error *error) {
    fc_status status;
    if (doc->len < RELEASE_BYTES) return fc_tape_read(tape, doc->data, doc->len, error);
    Py_BEGIN_ALLOW_THREADS status = fc_tape_read(tape, doc->data, doc->len, error);
    Py_END_ALLOW_THREADS return status;
}

/* The value, or NULL; `*status` says whether the document could be read. */
static PyObject *run(fc_build *build, const document *doc, fc_status *status,
                     fc_json_error *error) {
    fc_py_schema *self = build->self;
    uint32_t root = self->kernel.root;
    uint8_t kind = self->kernel.nodes[root].kind;
    PyObject *value = NULL;
    build->data = doc->data;
    if (kind == FC_NODE_ROWS || kind == FC_NODE_ROW || kind == FC_NODE_TABLE ||
        kind == FC_NODE_ARRAY) {
        fc_fill fill;
        *status = read_fill(self, doc, &fill, error);
        if (*status != FC_OK) return NULL;
        if (fill.refused) fill.start = 0, fill.end = doc->len;
        value = fc_py_build_columns(build, root, &fill, 0, NULL);
        fc_fill_free(&fill);
        return value;
    }
    fc_tape tape;
    fc_tape_init(&tape, &self->kernel, &fc_alloc_libc);
    if (doc->len >= FC_SPLIT_BYTES && fc_py_reading_threads(&tape.threads) < 0) {
        fc_tape_free(&tape);
        return NULL;
    }
    *status = read_tape(&tape, doc, error);
    if (*status == FC_OK) {
        build->tape = &tape;
        value = fc_py_build(build, root, 0, NULL);
    }
    fc_tape_free(&tape);
    return value;
}

static PyObject *whole(fc_py_schema *self, PyObject *data) {
    return PyObject_CallMethod((PyObject *)self, "_whole", "(O)", data);
}

static PyObject *validate(fc_state *state, fc_py_schema *self, PyObject *data) {
    document doc;
    int opened = open_document(data, &doc);
    if (opened <= 0) return opened < 0 ? NULL : whole(self, data);
    fc_build build = {.state = state, .self = self};
    fc_status status = FC_OK;
    fc_json_error error = {FC_FAULT_NONE, 0};
    if (self->unique) {
        PyObject *checked = PyObject_CallMethod((PyObject *)self, "_check_keys", "(O)", doc.owner);
        Py_XDECREF(checked);
        if (!checked) {
            Py_DECREF(doc.owner);
            return NULL;
        }
    }
    PyObject *value = run(&build, &doc, &status, &error);
    /* In errors stands what was given, where pydantic takes it; otherwise its bytes. */
    bool taken = PyUnicode_Check(data) || PyByteArray_Check(data);
    PyObject *told = taken ? data : doc.owner;
    if (status == FC_ENOMEM)
        PyErr_NoMemory();
    else if (status == FC_ESYNTAX)
        value = PyObject_CallMethod((PyObject *)self, "_syntax", "Osn", told,
                                    fc_py_policy_of(error.fault), (Py_ssize_t)error.at);
    else if (status != FC_OK)
        value = whole(self, told);
    else if (!value && build.signal && !PyErr_Occurred())
        value = PyObject_CallMethod((PyObject *)self, "_uncaught", "i", (int)build.signal);
    else if (!value && !PyErr_Occurred() && build.errors)
        value = PyObject_CallMethod((PyObject *)self, "_raise", "OO", build.errors, doc.owner);
    if (!value && !PyErr_Occurred())
        PyErr_SetString(PyExc_SystemError, "a validation failed without an error");
    Py_XDECREF(build.errors);
    Py_DECREF(doc.owner);
    return value;
}

/* ---- Methods ------------------------------------------------------------------------------ */

static bool ready(fc_py_schema *self) {
    if (self->program) return true;
    PyErr_SetString(PyExc_TypeError, "this schema was not initialised: use Schema(type)");
    return false;
}

PyDoc_STRVAR(
    validate_json_doc,
    "validate_json($self, data, /, *, strict=None, context=None, by_alias=None, by_name=None)\n"
    "--\n\n"
    "Validate a JSON document.\n\n"
    "Parameters\n----------\n"
    "data : bytes, bytearray, memoryview, str or any buffer\n    One JSON text.\n"
    "strict, context, by_alias, by_name : optional\n"
    "    As in pydantic's ``TypeAdapter.validate_json``; a call with one of them goes to pydantic\n"
    "    as a whole.\n\n"
    "Returns\n-------\n"
    "object\n    What ``TypeAdapter(type_).validate_json(data)`` gives.\n\n"
    "Raises\n------\n"
    "pydantic_core.ValidationError\n    The document is not JSON, or not of the type.\n");

static PyObject *schema_validate_json(fc_py_schema *self, PyTypeObject *cls, PyObject *const *args,
                                      Py_ssize_t nargs, PyObject *kwnames) {
    if (nargs != 1) {
        PyErr_Format(PyExc_TypeError,
                     "validate_json() takes one positional argument, data; got %zd", nargs);
        return NULL;
    }
    if (!ready(self)) return NULL;
    if (!kwnames && self->native) {
        if (FC_UNLIKELY(self->verify > 0) && (self->due += self->verify) >= 1) {
            self->due -= 1;
            return PyObject_CallMethod((PyObject *)self, "_verified", "(O)", args[0]);
        }
        return validate(fc_state_of_type(cls), self, args[0]);
    }
    PyObject *method = PyObject_GetAttrString((PyObject *)self, "_whole");
    if (!method) return NULL;
    PyObject *value = PyObject_Vectorcall(method, args, (size_t)nargs, kwnames);
    Py_DECREF(method);
    return value;
}

PyDoc_STRVAR(native_doc,
             "_native($self, data, /)\n--\n\nWhat validate_json() gives, not verified.");

static PyObject *schema_native(fc_py_schema *self, PyTypeObject *cls, PyObject *const *args,
                               Py_ssize_t nargs, PyObject *kwnames) {
    if (nargs != 1 || kwnames)
        return PyErr_SetString(PyExc_TypeError, "_native() takes one argument, data"), NULL;
    return ready(self) ? validate(fc_state_of_type(cls), self, args[0]) : NULL;
}

PyDoc_STRVAR(
    ndjson_doc,
    "_ndjson($self, data, most, final, first, /)\n--\n\n"
    "Up to `most` lines of JSON, numbered from `first`, as (columns, bytes read, lines read,\n"
    "None), or with (text, line, offset in the data, rule) for a line that is not JSON;\n"
    "NotImplemented where the array of the records is to be asked about.");

static PyObject *schema_ndjson(fc_py_schema *self, PyTypeObject *cls, PyObject *const *args,
                               Py_ssize_t nargs, PyObject *kwnames) {
    if (nargs != 4 || kwnames || !PyBytes_Check(args[0]))
        return PyErr_SetString(PyExc_TypeError, "_ndjson() takes bytes and 3 arguments"), NULL;
    return ready(self) ? fc_py_schema_ndjson(fc_state_of_type(cls), self, args) : NULL;
}

PyDoc_STRVAR(
    try_route_json_doc,
    "try_route_json($self, data, /)\n--\n\n"
    "The value, if C alone is certain that both pydantic's JSON mode and FastAPI's way\n"
    "(json.loads, then Python mode) give it; otherwise NotImplemented. Runs no user code.\n");

static PyObject *schema_try_route_json(fc_py_schema *self, PyTypeObject *cls, PyObject *const *args,
                                       Py_ssize_t nargs, PyObject *kwnames) {
    if (nargs != 1 || kwnames) {
        PyErr_SetString(PyExc_TypeError, "try_route_json() takes one positional argument, data");
        return NULL;
    }
    if (!ready(self)) return NULL;
    document doc;
    if (!self->native || !self->route) Py_RETURN_NOTIMPLEMENTED;
    int opened = open_document(args[0], &doc);
    if (opened < 0) return NULL;
    if (!opened) Py_RETURN_NOTIMPLEMENTED;
    fc_build build = {.state = fc_state_of_type(cls), .self = self, .pure = true};
    fc_status status = FC_OK;
    PyObject *value = run(&build, &doc, &status, NULL);
    Py_DECREF(doc.owner);
    if (value || PyErr_Occurred()) return value;
    if (status == FC_ENOMEM) return PyErr_NoMemory();
    Py_RETURN_NOTIMPLEMENTED;
}

PyDoc_STRVAR(
    set_up_doc,
    "_set_up($self, program, root, deepcopy, validation_error, max_depth, allow_nan,\n"
    "        max_rows, native, route, unique, verify, /)\n--\n\nCompile the program; once.");

static PyObject *schema_set_up(fc_py_schema *self, PyTypeObject *cls, PyObject *const *args,
                               Py_ssize_t nargs, PyObject *kwnames) {
    if (nargs != 11 || kwnames || !PyTuple_Check(args[0]) || self->program) {
        PyErr_SetString(PyExc_TypeError, "_set_up() takes eleven positional arguments, once");
        return NULL;
    }
    fc_state *state = fc_state_of_type(cls);
    unsigned long root = PyLong_AsUnsignedLong(args[1]);
    unsigned long depth = PyLong_AsUnsignedLong(args[4]);
    long long rows = PyLong_AsLongLong(args[6]);
    if (PyErr_Occurred()) return NULL;
    Py_XSETREF(state->validation_error, Py_NewRef(args[3]));
    self->kernel.limits.max_depth = (uint32_t)depth;
    self->kernel.limits.allow_nan = args[5] == Py_True;
    self->kernel.max_rows = rows;
    self->native = args[7] == Py_True;
    self->unique = args[9] == Py_True;
    self->verify = PyFloat_AsDouble(args[10]);
    if (PyErr_Occurred()) return NULL;
    self->route = args[8] == Py_True && !self->unique;
    if (fc_py_program_load(state, self, args[0], (uint32_t)root) < 0) return NULL;
    Py_XSETREF(self->deepcopy, Py_NewRef(args[2]));
    Py_RETURN_NONE;
}

/* ---- The type ----------------------------------------------------------------------------- */

static int schema_traverse(fc_py_schema *self, visitproc visit, void *arg) {
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(self->program);
    Py_VISIT(self->deepcopy);
    for (uint32_t i = 0; self->program && i < self->kernel.node_count; i++) {
        Py_VISIT(self->nodes[i].original);
        Py_VISIT(self->nodes[i].record);
    }
    for (uint32_t i = 0; i < self->model_count; i++) {
        Py_VISIT(self->models[i].template_dict);
        Py_VISIT(self->models[i].all_names);
    }
    return 0;
}

static int schema_clear(fc_py_schema *self) {
    fc_py_program_clear(self);
    Py_CLEAR(self->deepcopy);
    return 0;
}

static void schema_dealloc(fc_py_schema *self) {
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    schema_clear(self);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMethodDef schema_methods[] = {
    {"validate_json", (PyCFunction)(void (*)(void))schema_validate_json,
     METH_METHOD | METH_FASTCALL | METH_KEYWORDS, validate_json_doc},
    {"_native", (PyCFunction)(void (*)(void))schema_native,
     METH_METHOD | METH_FASTCALL | METH_KEYWORDS, native_doc},
    {"_ndjson", (PyCFunction)(void (*)(void))schema_ndjson,
     METH_METHOD | METH_FASTCALL | METH_KEYWORDS, ndjson_doc},
    {"try_route_json", (PyCFunction)(void (*)(void))schema_try_route_json,
     METH_METHOD | METH_FASTCALL | METH_KEYWORDS, try_route_json_doc},
    {"_set_up", (PyCFunction)(void (*)(void))schema_set_up,
     METH_METHOD | METH_FASTCALL | METH_KEYWORDS, set_up_doc},
    {NULL, NULL, 0, NULL},
};

PyDoc_STRVAR(schema_doc, "The compiled part of fastcore.Schema.");

static PyType_Slot schema_slots[] = {
    {Py_tp_doc, (void *)schema_doc},   {Py_tp_methods, schema_methods},
    {Py_tp_traverse, schema_traverse}, {Py_tp_clear, schema_clear},
    {Py_tp_dealloc, schema_dealloc},   {0, NULL},
};

static PyType_Spec schema_spec = {
    .name = "fastcore._core.Schema",
    .basicsize = sizeof(fc_py_schema),
    .flags =
        Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = schema_slots,
};

PyDoc_STRVAR(json_fault_doc,
             "json_fault($module, data, max_depth, allow_nan, /)\n--\n\n"
             "Why bytes are not JSON: (text, offset, rule), or None. The rule is 'nonfinite',\n"
             "'depth' or, where the text is not JSON at all, ''.");

static PyObject *json_fault(PyObject *module, PyObject *const *args, Py_ssize_t nargs) {
    (void)module;
    if (nargs != 3 || !PyBytes_Check(args[0])) {
        PyErr_SetString(PyExc_TypeError, "json_fault() takes bytes, an int and a bool");
        return NULL;
    }
    unsigned long depth = PyLong_AsUnsignedLong(args[1]);
    if (PyErr_Occurred()) return NULL;
    fc_json_limits limits = {(uint32_t)depth, args[2] == Py_True};
    fc_json_error error;
    fc_status status = fc_json_walk(PyBytes_AS_STRING(args[0]), (size_t)PyBytes_GET_SIZE(args[0]),
                                    &limits, &fc_json_sink_none, NULL, &error);
    if (status == FC_OK) Py_RETURN_NONE;
    return Py_BuildValue("sns", fc_json_fault_text(error.fault), (Py_ssize_t)error.at,
                         fc_py_policy_of(error.fault));
}

static PyMethodDef functions[] = {
    {"json_fault", (PyCFunction)(void (*)(void))json_fault, METH_FASTCALL, json_fault_doc},
    {NULL, NULL, 0, NULL},
};

int fc_py_schema_exec(PyObject *module, fc_state *state) {
    if (PyModule_AddFunctions(module, functions) < 0) return -1;
    if (!(state->empty_tuple = PyTuple_New(0)) ||
        !(state->name_dict = PyUnicode_InternFromString("__dict__")) ||
        !(state->name_root = PyUnicode_InternFromString("root")) ||
        !(state->name_int = PyUnicode_InternFromString("int")) ||
        !(state->name_is_safe = PyUnicode_InternFromString("is_safe")))
        return -1;
    state->schema_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &schema_spec, NULL);
    if (!state->schema_type) return -1;
    return PyModule_AddType(module, state->schema_type);
}
