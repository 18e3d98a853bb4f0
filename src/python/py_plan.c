/* The Python type `_core.Program`: a plan for inputs of one signature. */
#include "python/py_plan.h"

#include "plan/lookup.h"
#include "python/py_array.h"

/* ---- From Python's description to the kernel's ---------------------------------------------- */

static int bad_spec(const char *what) {
    PyErr_Format(PyExc_ValueError, "spec: %s", what);
    return -1;
}

/* The items of a tuple argument; -1 with an exception if it is none. */
static Py_ssize_t tuple_size(PyObject *object, const char *what) {
    if (!PyTuple_Check(object)) {
        PyErr_Format(PyExc_TypeError, "%s: expected a tuple, got %.200s", what,
                     Py_TYPE(object)->tp_name);
        return -1;
    }
    return PyTuple_GET_SIZE(object);
}

static int read_uint(PyObject *object, uint32_t *out) {
    long value = PyLong_AsLong(object);
    if (value == -1 && PyErr_Occurred()) return -1;
    if (value < 0 || value > INT32_MAX) return bad_spec("a number out of range");
    *out = (uint32_t)value;
    return 0;
}

static void *zeros(fc_arena *arena, Py_ssize_t count, size_t size) {
    void *at = fc_arena_zeros(arena, (size_t)count + 1, size);
    if (!at) PyErr_NoMemory();
    return at;
}

static int read_uints(fc_arena *arena, PyObject *tuple, const uint32_t **out, uint32_t *count) {
    Py_ssize_t n = tuple_size(tuple, "spec");
    if (n < 0) return -1;
    uint32_t *values = zeros(arena, n, sizeof *values);
    if (!values) return -1;
    for (Py_ssize_t i = 0; i < n; i++)
        if (read_uint(PyTuple_GET_ITEM(tuple, i), &values[i]) < 0) return -1;
    *out = values;
    *count = (uint32_t)n;
    return 0;
}

static int read_type(PyObject *object, fc_plan_type *out) {
    uint32_t value;
    if (read_uint(object, &value) < 0) return -1;
    if (value > FC_PLAN_CSR) return bad_spec("no such panel type");
    *out = (fc_plan_type)value;
    return 0;
}

/* dict[str, ndarray of float64 or int64] to a blob that borrows the arrays' memory. */
static int read_blob(fc_arena *arena, PyObject *dict, fc_blob *out) {
    if (!PyDict_Check(dict)) return bad_spec("parameters must be a dict");
    fc_blob_item *items = zeros(arena, PyDict_GET_SIZE(dict), sizeof *items);
    if (!items) return -1;
    Py_ssize_t at = 0, n = 0;
    PyObject *key, *value;
    while (PyDict_Next(dict, &at, &key, &value)) {
        fc_array_info info;
        const char *name = PyUnicode_AsUTF8(key);
        if (!name || fc_array_describe(value, name, &info) < 0) return -1;
        char kind = info.dtype == FC_DTYPE_FLOAT64 ? 'd' : info.dtype == FC_DTYPE_INT64 ? 'q' : 'b';
        bool known = kind != 'b' || info.dtype == FC_DTYPE_UINT8;
        Py_ssize_t size = kind == 'b' ? 1 : 8;
        if (!known || info.ndim != 1 || !info.behaved ||
            (info.shape[0] > 1 && info.strides[0] != size))
            return bad_spec("a parameter is no contiguous float64, int64 or uint8 vector");
        items[n++] = (fc_blob_item){name, kind, info.data, (size_t)info.shape[0]};
    }
    out->items = items;
    out->count = (size_t)n;
    return 0;
}

static int read_panels(fc_arena *arena, PyObject *tuple, fc_plan_spec *spec) {
    Py_ssize_t n = tuple_size(tuple, "panels");
    if (n < 0) return -1;
    fc_panel_spec *panels = zeros(arena, n, sizeof *panels);
    if (!panels) return -1;
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *item = PyTuple_GET_ITEM(tuple, i);
        Py_ssize_t size = tuple_size(item, "panel");
        if (size != 2 && size != 3) return bad_spec("a panel is (type, sources)");
        if (size == 3 && read_uint(PyTuple_GET_ITEM(item, 2), &panels[i].columns) < 0) return -1;
        if (read_type(PyTuple_GET_ITEM(item, 0), &panels[i].type) < 0 ||
            read_uints(arena, PyTuple_GET_ITEM(item, 1), &panels[i].sources, &panels[i].width) < 0)
            return -1;
    }
    spec->panels = panels;
    spec->panel_count = (uint32_t)n;
    return 0;
}

static int read_steps(fc_arena *arena, PyObject *tuple, fc_plan_spec *spec) {
    Py_ssize_t n = tuple_size(tuple, "steps");
    if (n < 0) return -1;
    fc_step_spec *steps = zeros(arena, n, sizeof *steps);
    if (!steps) return -1;
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *item = PyTuple_GET_ITEM(tuple, i);
        if (tuple_size(item, "step") != 5)
            return bad_spec("a step is (family, inputs, type, width, parameters)");
        fc_step_spec *step = &steps[i];
        step->family = PyUnicode_AsUTF8(PyTuple_GET_ITEM(item, 0));
        if (!step->family ||
            read_uints(arena, PyTuple_GET_ITEM(item, 1), &step->inputs, &step->input_count) < 0 ||
            read_type(PyTuple_GET_ITEM(item, 2), &step->type) < 0 ||
            read_uint(PyTuple_GET_ITEM(item, 3), &step->width) < 0 ||
            read_blob(arena, PyTuple_GET_ITEM(item, 4), &step->blob) < 0)
            return -1;
    }
    spec->steps = steps;
    spec->step_count = (uint32_t)n;
    return 0;
}

static int read_pieces(fc_arena *arena, PyObject *tuple, fc_plan_spec *spec) {
    Py_ssize_t n = tuple_size(tuple, "pieces");
    if (n < 0) return -1;
    fc_piece_spec *pieces = zeros(arena, n, sizeof *pieces);
    if (!pieces) return -1;
    for (Py_ssize_t i = 0; i < n; i++) {
        const uint32_t *values;
        uint32_t count;
        if (read_uints(arena, PyTuple_GET_ITEM(tuple, i), &values, &count) < 0) return -1;
        if (count != 3) return bad_spec("a piece is (panel, onehot, width)");
        pieces[i] = (fc_piece_spec){values[0], values[1] != 0, values[2]};
    }
    spec->pieces = pieces;
    spec->piece_count = (uint32_t)n;
    return 0;
}

static int sort_keys(fc_program *self) {
    Py_ssize_t n = self->source_count;
    self->keys = PyMem_Calloc((size_t)n + 1, sizeof *self->keys);
    if (!self->keys) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t i = 0; i < n; i++) { /* insertion: they mostly come in order */
        const fc_program_source *source = &self->sources[i];
        fc_program_key key = {NULL,           0, source->name,
                              source->column, i, !source->table && !source->text};
        if (PyUnicode_CheckExact(key.name) && PyUnicode_IS_COMPACT_ASCII(key.name)) {
            key.ascii = PyUnicode_DATA(key.name);
            key.length = (size_t)PyUnicode_GET_LENGTH(key.name);
        }
        Py_ssize_t at = i;
        for (; at && self->keys[at - 1].column > key.column; at--)
            self->keys[at] = self->keys[at - 1];
        self->keys[at] = key;
    }
    return 0;
}

/* Sources are (column, name | None, table | None, code of None, code of NaN); for documents the
 * table is a str that says what they are, or a function that tells their tokens; for a sparse
 * matrix "csr". */
static int read_sources(fc_program *self, PyObject *tuple) {
    Py_ssize_t n = tuple_size(tuple, "sources");
    if (n < 0) return -1;
    self->sources = PyMem_Calloc((size_t)n + 1, sizeof *self->sources);
    if (!self->sources) {
        PyErr_NoMemory();
        return -1;
    }
    self->source_count = n;
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *item = PyTuple_GET_ITEM(tuple, i), *name, *table;
        int none, nan;
        fc_program_source *source = &self->sources[i];
        if (!PyTuple_Check(item) ||
            !PyArg_ParseTuple(item, "nOOii", &source->column, &name, &table, &none, &nan))
            return PyErr_Occurred() ? -1 : bad_spec("a source is a tuple of five");
        source->none_code = none;
        source->nan_code = nan;
        source->name = Py_NewRef(name);
        if (PyUnicode_CheckExact(name)) PyUnicode_InternInPlace(&source->name);
        source->sparse =
            PyUnicode_Check(table) && PyUnicode_CompareWithASCIIString(table, "csr") == 0;
        if (source->sparse) continue;
        source->text = PyUnicode_Check(table) || PyCallable_Check(table);
        if (source->text) {
            if (fc_py_reads(table, source) < 0) return -1;
            self->packs |= source->reads != FC_READS_TEXT;
            continue;
        }
        if (table != Py_None && !PyDict_Check(table)) return bad_spec("a table must be a dict");
        if (table != Py_None) source->table = Py_NewRef(table);
    }
    return sort_keys(self);
}

/* ---- The type ------------------------------------------------------------------------------- */

/* (PlanCounts, a (column, low, high) for each source; column -1: it is not counted), or None. */
static int read_watch(fc_program *self, fc_arena *arena, PyObject *watch, fc_plan_spec *spec) {
    if (watch == Py_None) return 0;
    if (tuple_size(watch, "watch") != 2) return bad_spec("watch is (counts, sources)");
    spec->counts = fc_py_plan_counts(fc_state_of_type(Py_TYPE(self)), PyTuple_GET_ITEM(watch, 0));
    if (!spec->counts) return -1;
    PyObject *sources = PyTuple_GET_ITEM(watch, 1);
    if (tuple_size(sources, "watch") != self->source_count)
        return bad_spec("watch has an item for each source");
    fc_watch *watches = zeros(arena, self->source_count, sizeof *watches);
    if (!watches) return -1;
    for (Py_ssize_t i = 0; i < self->source_count; i++) {
        PyObject *item = PyTuple_GET_ITEM(sources, i);
        int column;
        if (!PyTuple_Check(item) ||
            !PyArg_ParseTuple(item, "idd", &column, &watches[i].low, &watches[i].high))
            return PyErr_Occurred() ? -1 : bad_spec("a watch is (column, low, high)");
        watches[i].column = column < 0 ? UINT32_MAX : (uint32_t)column;
    }
    spec->watches = watches;
    self->counts = Py_NewRef(PyTuple_GET_ITEM(watch, 0));
    return 0;
}

static int read_spec(fc_program *self, fc_arena *arena, PyObject *const *parts, PyObject *watch) {
    fc_plan_spec spec = {0};
    const char *why = "";
    if (read_sources(self, parts[0]) < 0 || read_panels(arena, parts[1], &spec) < 0 ||
        read_steps(arena, parts[2], &spec) < 0 || read_pieces(arena, parts[3], &spec) < 0 ||
        read_watch(self, arena, watch, &spec) < 0)
        return -1;
    spec.source_count = (uint32_t)self->source_count;
    spec.loops = &fc_state_of_type(Py_TYPE(self))->loops;
    fc_status status = fc_plan_new(&fc_alloc_libc, &spec, &self->plan, &why);
    if (status == FC_OK) return 0;
    if (status == FC_EINVALID) return bad_spec(why);
    fc_py_raise(status, "Program");
    return -1;
}

static PyObject *program_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
    static const char *const names[] = {"sources", "panels", "steps", "pieces",
                                        "columns", "dtype",  "watch", NULL};
    PyObject *parts[4];
    Py_ssize_t columns;
    PyObject *dtype, *watch = Py_None;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OOOOnO|O:Program", (char **)names, &parts[0],
                                     &parts[1], &parts[2], &parts[3], &columns, &dtype, &watch))
        return NULL;
    fc_dtype out_dtype;
    if (fc_array_dtype(dtype, "dtype", &out_dtype) < 0) return NULL;
    int out_kind = fc_py_source_kind(out_dtype);
    if (out_kind < 0) {
        PyErr_Format(PyExc_ValueError, "dtype: expected one of numbers, got %R", dtype);
        return NULL;
    }
    fc_program *self = (fc_program *)type->tp_alloc(type, 0);
    if (!self) return NULL;
    self->columns = columns;
    self->out_dtype = out_dtype;
    self->out_kind = (fc_source_kind)out_kind;
    fc_arena arena;
    fc_arena_init(&arena, &fc_alloc_libc);
    int failed = read_spec(self, &arena, parts, watch);
    fc_arena_free(&arena);
    if (failed) Py_CLEAR(self);
    return (PyObject *)self;
}

static int program_traverse(PyObject *object, visitproc visit, void *arg) {
    fc_program *self = (fc_program *)object;
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(self->counts);
    for (Py_ssize_t i = 0; self->sources && i < self->source_count; i++) {
        Py_VISIT(self->sources[i].name);
        Py_VISIT(self->sources[i].table);
        Py_VISIT(self->sources[i].how);
    }
    return 0;
}

/* No tp_clear: a program only refers to strings, dicts of such and fastcore's own functions of
 * texts, which are in no cycle with it, and it must stay whole for as long as somebody can call it.
 */
static void program_dealloc(PyObject *object) {
    fc_program *self = (fc_program *)object;
    PyTypeObject *type = Py_TYPE(object);
    PyObject_GC_UnTrack(object);
    for (Py_ssize_t i = 0; self->sources && i < self->source_count; i++) {
        Py_XDECREF(self->sources[i].name);
        Py_XDECREF(self->sources[i].table);
        Py_XDECREF(self->sources[i].how);
        fc_lookup_free(self->sources[i].lookup);
    }
    PyMem_Free(self->sources);
    PyMem_Free(self->keys);
    fc_plan_free(self->plan);
    Py_XDECREF(self->counts);
    type->tp_free(object);
    Py_DECREF(type);
}

static PyObject *program_width(PyObject *object, void *unused) {
    (void)unused;
    return PyLong_FromSize_t(fc_plan_width(((fc_program *)object)->plan));
}

static PyGetSetDef program_getset[] = {
    {"width", program_width, NULL, "Columns of the output.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

PyDoc_STRVAR(run_doc, "run($self, columns, rows, out, single, threads, /)\n--\n\n"
                      "Dense output, or None where only the original can tell. `columns` is a 2-D "
                      "ndarray, a tuple of one vector for each source, or Columns that reads() "
                      "is true of; `out` an array or None; "
                      "`single` asks for float32 (None: the natural type), `threads` for at "
                      "most so many (None: as the process is set).");
PyDoc_STRVAR(run_csr_doc, "run_csr($self, columns, rows, single, threads, /)\n--\n\n"
                          "Sparse output as (data, indices, indptr), or None.");
PyDoc_STRVAR(run_row_doc, "run_row($self, row, missing_nan, /)\n--\n\n"
                          "One row (dict, list or tuple) to a vector, or None.");
PyDoc_STRVAR(run_rows_doc, "run_rows($self, rows, missing_nan, /)\n--\n\n"
                           "A list of rows to vectors of the sources, for run(), or None.");
PyDoc_STRVAR(codes_doc, "codes($self, source, values, /)\n--\n\n"
                        "Codes of an object vector for text source number `source`, or None.");

PyDoc_STRVAR(reads_doc, "reads($self, columns, /)\n--\n\n"
                        "Whether run() reads these Columns without making vectors of them.");

#define FC_FASTCALL(function) ((PyCFunction)(void (*)(void))(function))
static PyMethodDef program_methods[] = {
    {"run", FC_FASTCALL(fc_py_program_run), METH_FASTCALL, run_doc},
    {"run_csr", FC_FASTCALL(fc_py_program_run_csr), METH_FASTCALL, run_csr_doc},
    {"run_row", FC_FASTCALL(fc_py_program_run_row), METH_FASTCALL, run_row_doc},
    {"run_rows", FC_FASTCALL(fc_py_program_run_rows), METH_FASTCALL, run_rows_doc},
    {"codes", FC_FASTCALL(fc_py_program_codes), METH_FASTCALL, codes_doc},
    {"reads", fc_py_program_reads, METH_O, reads_doc},
    {NULL, NULL, 0, NULL},
};

PyDoc_STRVAR(program_doc,
             "Program(sources, panels, steps, pieces, columns, dtype, watch=None)\n--\n\n"
             "A compiled straight line of steps; made by fastcore.plan, immutable.");

static PyType_Slot program_slots[] = {
    {Py_tp_doc, (void *)program_doc},
    {Py_tp_new, program_new},
    {Py_tp_dealloc, program_dealloc},
    {Py_tp_traverse, program_traverse},
    {Py_tp_methods, program_methods},
    {Py_tp_getset, program_getset},
    {0, NULL},
};

static PyType_Spec program_spec = {
    .name = "fastcore._core.Program",
    .basicsize = sizeof(fc_program),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = program_slots,
};

static PyObject *families(PyObject *module, PyObject *unused) {
    (void)module;
    (void)unused;
    PyObject *list = PyList_New(0);
    if (!list) return NULL;
    for (size_t i = 0; fc_plan_family_name(i); i++) {
        PyObject *name = PyUnicode_FromString(fc_plan_family_name(i));
        if (!name || PyList_Append(list, name) < 0) {
            Py_XDECREF(name);
            Py_DECREF(list);
            return NULL;
        }
        Py_DECREF(name);
    }
    return list;
}

static PyMethodDef functions[] = {
    {"plan_families", families, METH_NOARGS,
     "plan_families($module, /)\n--\n\nThe names of the transformer families in C."},
    {NULL, NULL, 0, NULL},
};

int fc_py_plan_exec(PyObject *module, fc_state *state) {
    if (PyModule_AddFunctions(module, functions) < 0) return -1;
    state->plan_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &program_spec, NULL);
    if (!state->plan_type) return -1;
    return PyModule_AddType(module, state->plan_type);
}
