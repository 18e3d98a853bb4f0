/* The Python type `_core.Reference`: what is counted, and counting it. */
#include "python/py_reference.h"

#include "python/py_array.h"
#include "python/py_columns.h"

enum { KEPT = 8 }; /* mappings: an app has few layouts; each DataFrame makes one of its own */

typedef struct reference_object {
    PyObject_HEAD fc_reference *reference;
    PyObject *names; /* tuple of interned str */
    PyObject *roles; /* tuple of str: what each is to the reference, for messages */
    fc_layout *row_layout;
    fc_mapping *row_mapping;
    fc_mapping *kept[KEPT]; /* under the GIL */
    unsigned next;
} reference_object;

/* ---- From Python's description ------------------------------------------------------------ */

static int read_points(fc_arena *arena, PyObject *object, fc_feature_spec *spec) {
    fc_array_info info;
    (void)arena; /* fc_reference_new copies them */
    if (fc_array_describe(object, "points", &info) < 0) return -1;
    if (info.dtype != FC_DTYPE_FLOAT64 || info.ndim != 1 || !info.behaved ||
        (info.shape[0] > 1 && info.strides[0] != 8)) {
        PyErr_SetString(PyExc_ValueError, "points: expected a contiguous float64 vector");
        return -1;
    }
    spec->points = info.data;
    spec->point_count = (size_t)info.shape[0];
    return 0;
}

static int read_texts(fc_arena *arena, PyObject *tuple, fc_feature_spec *spec) {
    if (!PyTuple_Check(tuple)) {
        PyErr_SetString(PyExc_TypeError, "texts: expected a tuple of str");
        return -1;
    }
    size_t n = (size_t)PyTuple_GET_SIZE(tuple);
    const char **texts = fc_arena_zeros(arena, n + 1, sizeof *texts);
    size_t *lens = fc_arena_zeros(arena, n + 1, sizeof *lens);
    if (!texts || !lens) return PyErr_NoMemory(), -1;
    for (size_t i = 0; i < n; i++) {
        Py_ssize_t len;
        texts[i] = PyUnicode_AsUTF8AndSize(PyTuple_GET_ITEM(tuple, i), &len);
        if (!texts[i]) return -1;
        lens[i] = (size_t)len;
    }
    spec->texts = texts, spec->text_lens = lens, spec->text_count = n;
    return 0;
}

static int read_bins(fc_arena *arena, PyObject *tuple, fc_feature_spec *spec) {
    if (!PyTuple_Check(tuple)) {
        PyErr_SetString(PyExc_TypeError, "bins: expected a tuple of int");
        return -1;
    }
    size_t n = (size_t)PyTuple_GET_SIZE(tuple);
    uint32_t *bins = fc_arena_zeros(arena, n + 1, sizeof *bins);
    if (!bins) return PyErr_NoMemory(), -1;
    for (size_t i = 0; i < n; i++) {
        unsigned long at = PyLong_AsUnsignedLong(PyTuple_GET_ITEM(tuple, i));
        if (at == (unsigned long)-1 && PyErr_Occurred()) return -1;
        bins[i] = at > UINT32_MAX ? UINT32_MAX : (uint32_t)at;
    }
    spec->bins = bins, spec->bin_count = n;
    return 0;
}

/* A feature is (name, kind, points, shift, texts, utc, bins, role); `role` is borrowed. */
static int read_feature(fc_arena *arena, PyObject *item, fc_feature_spec *spec,
                        fc_column_spec *column, PyObject **role) {
    static const fc_column_kind kinds[] = {FC_COLUMN_FLOAT64, FC_COLUMN_TIME, FC_COLUMN_STRING,
                                           FC_COLUMN_BOOL};
    PyObject *points, *texts, *bins;
    Py_ssize_t len;
    int kind, utc;
    if (!PyTuple_Check(item) || !PyArg_ParseTuple(item, "s#iOdOpOU", &spec->name, &len, &kind,
                                                  &points, &spec->shift, &texts, &utc, &bins, role))
        return PyErr_Occurred()
                   ? -1
                   : (PyErr_SetString(PyExc_TypeError, "features: expected tuples"), -1);
    if (kind < FC_FEATURE_NUMBER || kind > FC_FEATURE_BOOL) {
        PyErr_SetString(PyExc_ValueError, "features: no such kind");
        return -1;
    }
    spec->name_len = (size_t)len;
    spec->kind = (fc_feature_kind)kind;
    *column = (fc_column_spec){.name = spec->name,
                               .name_len = spec->name_len,
                               .kind = kinds[kind],
                               .items = 1,
                               .nullable = true,
                               .utc = kind == FC_FEATURE_TIME && utc};
    if (kind <= FC_FEATURE_TIME)
        return read_points(arena, points, spec) < 0 ? -1 : read_bins(arena, bins, spec);
    return kind == FC_FEATURE_TEXT ? read_texts(arena, texts, spec) : 0;
}

static int set_up(reference_object *self, fc_arena *arena, PyObject *tuple, uint64_t seed) {
    Py_ssize_t n = PyTuple_GET_SIZE(tuple);
    if (n > FC_MAX_FEATURES) {
        PyErr_Format(PyExc_ValueError, "features: expected at most %d", FC_MAX_FEATURES);
        return -1;
    }
    fc_feature_spec *specs = fc_arena_zeros(arena, (size_t)n + 1, sizeof *specs);
    fc_column_spec *columns = fc_arena_zeros(arena, (size_t)n + 1, sizeof *columns);
    self->names = PyTuple_New(n);
    self->roles = PyTuple_New(n);
    if (!specs || !columns || !self->names || !self->roles) return PyErr_NoMemory(), -1;
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *item = PyTuple_GET_ITEM(tuple, i), *role;
        if (read_feature(arena, item, &specs[i], &columns[i], &role) < 0) return -1;
        PyTuple_SET_ITEM(self->roles, i, Py_NewRef(role));
        PyObject *name = Py_NewRef(PyTuple_GET_ITEM(item, 0));
        PyUnicode_InternInPlace(&name);
        PyTuple_SET_ITEM(self->names, i, name);
    }
    fc_status status = fc_reference_new(&fc_alloc_libc, specs, (uint32_t)n, seed, &self->reference);
    if (status == FC_OK)
        status = fc_layout_new(&fc_alloc_libc, columns, (uint32_t)n, &self->row_layout);
    uint32_t bad;
    bool missing;
    if (status == FC_OK)
        status =
            fc_mapping_new(self->reference, self->row_layout, &self->row_mapping, &bad, &missing);
    if (status == FC_OK) return 0;
    fc_py_raise(status, "features");
    return -1;
}

static PyObject *reference_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
    static const char *const names[] = {"features", "seed", NULL};
    PyObject *tuple;
    unsigned long long seed;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O!K:Reference", (char **)names, &PyTuple_Type,
                                     &tuple, &seed))
        return NULL;
    reference_object *self = (reference_object *)type->tp_alloc(type, 0);
    if (!self) return NULL;
    fc_arena arena;
    fc_arena_init(&arena, &fc_alloc_libc);
    int failed = set_up(self, &arena, tuple, seed);
    fc_arena_free(&arena);
    if (failed) Py_CLEAR(self);
    return (PyObject *)self;
}

static void reference_dealloc(PyObject *object) {
    reference_object *self = (reference_object *)object;
    PyTypeObject *type = Py_TYPE(object);
    for (int i = 0; i < KEPT; i++) fc_mapping_free(self->kept[i]);
    fc_mapping_free(self->row_mapping);
    fc_layout_free(self->row_layout);
    fc_reference_free(self->reference);
    Py_XDECREF(self->names);
    Py_XDECREF(self->roles);
    type->tp_free(object);
    Py_DECREF(type);
}

/* ---- For the other files ------------------------------------------------------------------ */

const fc_reference *fc_py_reference_inside(PyObject *object) {
    return ((reference_object *)object)->reference;
}

fc_reference *fc_py_reference_of(fc_state *state, PyObject *object, const char *argument) {
    if (PyObject_TypeCheck(object, state->reference_type))
        return ((reference_object *)object)->reference;
    PyErr_Format(PyExc_TypeError, "%s: expected a Reference, got %.200s", argument,
                 Py_TYPE(object)->tp_name);
    return NULL;
}

static void raise_unfit(const reference_object *self, const fc_columns *set, uint32_t bad,
                        bool missing) {
    static const char *const kinds[] = {"numbers", "times", "texts", "bools"};
    static const char *const found[] = {"float64", "float32", "int64", "int32", "bool",
                                        "codes",   "str",     "time",  "object"};
    PyObject *name = PyTuple_GET_ITEM(self->names, bad);
    if (missing) {
        fc_py_columns_raise_missing(set, name, PyTuple_GET_ITEM(self->roles, bad));
        return;
    }
    Py_ssize_t len;
    const char *text = PyUnicode_AsUTF8AndSize(name, &len);
    if (!text) return;
    const fc_column_info *info =
        &set->layout->columns[fc_layout_find(set->layout, text, (size_t)len)];
    PyErr_Format(PyExc_TypeError, "column '%U': expected %s, as in the reference, got %s%s", name,
                 kinds[fc_reference_place(self->reference, bad).kind],
                 info->flags & FC_COLUMN_LISTED ? "lists of " : "", found[info->kind]);
}

static fc_mapping *known_mapping(reference_object *self, fc_columns *set) {
    for (int i = 0; i < KEPT; i++)
        if (self->kept[i] && fc_mapping_layout(self->kept[i]) == set->layout)
            return fc_mapping_ref(self->kept[i]);
    fc_mapping *mapping;
    uint32_t bad = 0;
    bool missing = false;
    fc_status status = fc_mapping_new(self->reference, set->layout, &mapping, &bad, &missing);
    if (status == FC_EREFUSED) raise_unfit(self, set, bad, missing);
    if (status == FC_EREFUSED) return NULL;
    if (status != FC_OK) return fc_py_raise(status, "data"), NULL;
    fc_mapping **place = &self->kept[self->next++ % KEPT];
    fc_mapping_free(*place);
    *place = fc_mapping_ref(mapping);
    return mapping;
}

fc_mapping *fc_py_reference_mapping(PyObject *object, fc_columns *set) {
    reference_object *self = (reference_object *)object;
    fc_mapping *mapping = known_mapping(self, set);
    uint32_t bad;
    if (!mapping || FC_LIKELY(fc_mapping_holds(mapping, set, &bad))) return mapping;
    raise_unfit(self, set, bad, false);
    fc_mapping_free(mapping);
    return NULL;
}

fc_mapping *fc_py_reference_row_mapping(PyObject *object) {
    return ((reference_object *)object)->row_mapping;
}

/* pandas writes a missing text, time or bool as NaN. */
static bool is_nan(PyObject *value) {
    return PyFloat_Check(value) && Py_IS_NAN(PyFloat_AS_DOUBLE(value));
}

static void raise_no_key(const reference_object *self, PyObject *dict, uint32_t i) {
    PyObject *keys = PyDict_Keys(dict);
    PyObject *some = keys ? PyList_GetSlice(keys, 0, 40) : NULL;
    PyObject *message =
        some ? PyUnicode_FromFormat("no key %R, which the reference has as %U; the%s keys are %R",
                                    PyTuple_GET_ITEM(self->names, i),
                                    PyTuple_GET_ITEM(self->roles, i),
                                    PyList_GET_SIZE(keys) > 40 ? " first" : "", some)
             : NULL;
    if (message) PyErr_SetObject(PyExc_KeyError, message);
    Py_XDECREF(message);
    Py_XDECREF(some);
    Py_XDECREF(keys);
}

fc_columns *fc_py_reference_row(PyObject *object, PyObject *dict) {
    reference_object *self = (reference_object *)object;
    fc_columns *set;
    fc_status status = fc_columns_new(&fc_alloc_libc, self->row_layout, 1, &set);
    if (status != FC_OK) return fc_py_raise(status, "row"), NULL;
    for (uint32_t i = 0; i < set->count; i++) {
        PyObject *name = PyTuple_GET_ITEM(self->names, i);
        PyObject *value = PyDict_GetItemWithError(dict, name);
        if (!value) {
            if (!PyErr_Occurred()) raise_no_key(self, dict, i);
            goto fail;
        }
        fc_column *column = &set->columns[i];
        if (PyFloat_CheckExact(value)) {
            if (column->kind == FC_COLUMN_FLOAT64) {
                *(double *)column->values = PyFloat_AS_DOUBLE(value);
                fc_column_put_valid(column, 0);
                continue;
            }
            if (is_nan(value)) value = Py_None;
        }
        if (fc_py_column_put(set, i, 0, value) < 0) goto fail;
    }
    set->rows = 1;
    return set;
fail:
    fc_columns_free(set);
    return NULL;
}

/* ---- Methods ------------------------------------------------------------------------------ */

PyDoc_STRVAR(places_doc, "places($self, /)\n--\n\n"
                         "Where each feature's counts are in a block, in words: a list of (kind, "
                         "at, cells, cell_count).");

static PyObject *places(PyObject *object, PyObject *unused) {
    (void)unused;
    const fc_reference *reference = ((reference_object *)object)->reference;
    PyObject *list = PyList_New(reference->count);
    for (uint32_t i = 0; list && i < reference->count; i++) {
        fc_feature_place place = fc_reference_place(reference, i);
        PyObject *item = Py_BuildValue("innn", (int)place.kind, (Py_ssize_t)place.at,
                                       (Py_ssize_t)place.cells, (Py_ssize_t)place.cell_count);
        if (!item) Py_CLEAR(list);
        if (item) PyList_SET_ITEM(list, i, item);
    }
    return list;
}

const uint64_t *fc_py_block_of(const fc_reference *reference, PyObject *object) {
    fc_array_info info;
    if (fc_array_describe(object, "block", &info) < 0) return NULL;
    if (info.dtype == FC_DTYPE_UINT64 && info.ndim == 1 && info.behaved && info.strides[0] == 8 &&
        (size_t)info.shape[0] == reference->words)
        return info.data;
    PyErr_SetString(PyExc_ValueError, "block: expected one of this reference");
    return NULL;
}

PyDoc_STRVAR(count_doc,
             "count($self, columns, coarse=False, threads=1, reference=None, /)\n--\n\n"
             "The block of all rows: an array of uint64. Coarse counts are right by bin only; with "
             "a block to compare with, (block, Kolmogorov-Smirnov distances, or NaN where the "
             "counts are not coarse). KeyError or TypeError name a column that is missing or of "
             "another kind.");

static PyObject *count(PyObject *object, PyTypeObject *cls, PyObject *const *args, Py_ssize_t nargs,
                       PyObject *kwnames) {
    reference_object *self = (reference_object *)object;
    if (nargs < 1 || nargs > 4 || (kwnames && PyTuple_GET_SIZE(kwnames))) {
        PyErr_SetString(PyExc_TypeError, "count() takes 1 to 4 positional arguments");
        return NULL;
    }
    int coarse = nargs > 1 ? PyObject_IsTrue(args[1]) : 0;
    long threads = nargs > 2 ? PyLong_AsLong(args[2]) : 1;
    if (coarse < 0 || (threads == -1 && PyErr_Occurred())) return NULL;
    const uint64_t *old = NULL;
    if (nargs > 3 && args[3] != Py_None && !(old = fc_py_block_of(self->reference, args[3])))
        return NULL;
    fc_columns *set = fc_py_columns_of(fc_state_of_type(cls), args[0], "columns");
    fc_mapping *mapping = set ? fc_py_reference_mapping(object, set) : NULL;
    if (!mapping) return NULL;
    Py_ssize_t words = (Py_ssize_t)self->reference->words;
    Py_ssize_t features = (Py_ssize_t)self->reference->count;
    void *data, *distances = NULL;
    PyObject *apart = old ? fc_array_new(FC_DTYPE_FLOAT64, 1, &features, false, &distances) : NULL;
    PyObject *block = old && !apart ? NULL : fc_array_new(FC_DTYPE_UINT64, 1, &words, false, &data);
    if (block) {
        Py_BEGIN_ALLOW_THREADS /* `args` keeps the set, `block` its data */
            fc_block_init(self->reference, data);
        fc_block_count_all(mapping, set, coarse, threads > 256 ? 256 : (int)threads, data, old,
                           distances);
        Py_END_ALLOW_THREADS
    }
    fc_mapping_free(mapping);
    if (!old) return block;
    PyObject *both = block ? PyTuple_Pack(2, block, apart) : NULL;
    Py_XDECREF(block);
    Py_XDECREF(apart);
    return both;
}

PyDoc_STRVAR(sound_doc, "sound($self, block, /)\n--\n\n"
                        "Whether a block's counts sum to its rows for every feature.");

static PyObject *sound(PyObject *object, PyObject *block) {
    const fc_reference *reference = ((reference_object *)object)->reference;
    const uint64_t *words = fc_py_block_of(reference, block);
    return words ? PyBool_FromLong(fc_block_sound(reference, words)) : NULL;
}

PyDoc_STRVAR(heavy_doc, "heavy($self, block, feature, /)\n--\n\n"
                        "The unknown texts of a feature that a block knows by name: a list of "
                        "(text, at least how often).");

static PyObject *heavy(PyObject *object, PyObject *const *args, Py_ssize_t nargs) {
    const fc_reference *reference = ((reference_object *)object)->reference;
    if (nargs != 2) {
        PyErr_SetString(PyExc_TypeError, "heavy() takes exactly two arguments");
        return NULL;
    }
    const uint64_t *block = fc_py_block_of(reference, args[0]);
    Py_ssize_t feature = block ? PyNumber_AsSsize_t(args[1], PyExc_IndexError) : -1;
    if (feature == -1 && PyErr_Occurred()) return NULL;
    if (feature < 0 || feature >= (Py_ssize_t)reference->count) {
        PyErr_SetString(PyExc_IndexError, "feature: there is no such feature");
        return NULL;
    }
    PyObject *list = PyList_New(0);
    for (int i = 0; list && i < FC_HEAVY; i++) {
        const char *text;
        size_t len;
        uint64_t times;
        if (!fc_block_heavy(reference, block, (uint32_t)feature, i, &text, &len, &times)) continue;
        PyObject *item = Py_BuildValue("s#K", text, (Py_ssize_t)len, (unsigned long long)times);
        if (!item || PyList_Append(list, item) < 0) Py_CLEAR(list);
        Py_XDECREF(item);
    }
    return list;
}

static PyMethodDef reference_methods[] = {
    {"places", places, METH_NOARGS, places_doc},
    {"count", (PyCFunction)(void (*)(void))count, METH_METHOD | METH_FASTCALL | METH_KEYWORDS,
     count_doc},
    {"compare", (PyCFunction)(void (*)(void))fc_py_compare, METH_FASTCALL, fc_py_compare_doc},
    {"sound", sound, METH_O, sound_doc},
    {"heavy", (PyCFunction)(void (*)(void))heavy, METH_FASTCALL, heavy_doc},
    {NULL, NULL, 0, NULL},
};

PyDoc_STRVAR(
    reference_doc,
    "Reference(features, seed)\n--\n\n"
    "What is counted: a tuple of (name, kind, points, shift, texts, utc, bins, role). Immutable.");

static PyType_Slot reference_slots[] = {
    {Py_tp_doc, (void *)reference_doc},
    {Py_tp_new, reference_new},
    {Py_tp_dealloc, reference_dealloc},
    {Py_tp_methods, reference_methods},
    {0, NULL},
};

static PyType_Spec reference_spec = {
    .name = "fastcore._core.Reference",
    .basicsize = sizeof(reference_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = reference_slots,
};

int fc_py_reference_exec(PyObject *module, fc_state *state) {
    state->reference_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &reference_spec, NULL);
    if (!state->reference_type) return -1;
    return PyModule_AddType(module, state->reference_type);
}
