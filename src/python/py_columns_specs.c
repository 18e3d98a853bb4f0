/* Column specifications out of Python tuples and back. */
#include "python/py_columns_type.h"

/* Item i of a spec as an integer of at most `most`; -1 with an exception. */
static int64_t spec_integer(PyObject *item, Py_ssize_t i, const char *what, int64_t most) {
    PyObject *value = PyTuple_GET_ITEM(item, i);
    if (!PyLong_Check(value)) {
        PyErr_Format(PyExc_TypeError, "specs: expected an int for %s, got %.200s", what,
                     Py_TYPE(value)->tp_name);
        return -1;
    }
    int overflow;
    long long number = PyLong_AsLongLongAndOverflow(value, &overflow);
    if (!overflow && number >= 0 && number <= most) return number;
    PyErr_Format(PyExc_ValueError, "specs: expected %s from 0 to %lld, got %R", what,
                 (long long)most, value);
    return -1;
}

/* A str copied into the arena as UTF-8. */
static const char *copy_text(PyObject *text, fc_arena *arena, const char *what, size_t *len) {
    if (!PyUnicode_Check(text)) {
        PyErr_Format(PyExc_TypeError, "specs: expected a str for %s, got %.200s", what,
                     Py_TYPE(text)->tp_name);
        return NULL;
    }
    Py_ssize_t size;
    const char *utf8 = PyUnicode_AsUTF8AndSize(text, &size);
    if (!utf8) return NULL;
    *len = (size_t)size;
    const char *copy = fc_arena_text(arena, utf8, *len);
    if (!copy) PyErr_NoMemory();
    return copy;
}

static int spec_texts(PyObject *texts, fc_arena *arena, fc_column_spec *spec) {
    if (texts == Py_None) return 0;
    if (!PyTuple_Check(texts)) {
        PyErr_Format(PyExc_TypeError, "specs: expected a tuple of str for texts, got %.200s",
                     Py_TYPE(texts)->tp_name);
        return -1;
    }
    size_t count = (size_t)PyTuple_GET_SIZE(texts);
    const char **copies = fc_arena_zeros(arena, count + 1, sizeof *copies);
    size_t *lens = fc_arena_zeros(arena, count + 1, sizeof *lens);
    if (!copies || !lens) {
        PyErr_NoMemory();
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        PyObject *text = PyTuple_GET_ITEM(texts, (Py_ssize_t)i);
        if (!(copies[i] = copy_text(text, arena, "a text", &lens[i]))) return -1;
    }
    spec->texts = copies;
    spec->text_lens = lens;
    spec->text_count = (int64_t)count;
    return 0;
}

static int spec_parse(PyObject *item, fc_arena *arena, fc_column_spec *spec) {
    Py_ssize_t size = PyTuple_Check(item) ? PyTuple_GET_SIZE(item) : 0;
    if (size != 6 && size != 7) {
        PyErr_SetString(PyExc_TypeError, "specs: expected tuples (name, kind, items, nullable, "
                                         "utc, texts[, flags])");
        return -1;
    }
    spec->name = copy_text(PyTuple_GET_ITEM(item, 0), arena, "the name", &spec->name_len);
    if (!spec->name) return -1;
    int64_t kind = spec_integer(item, 1, "kind", FC_COLUMN_KINDS - 1);
    if (kind < 0) return -1;
    int64_t items = spec_integer(item, 2, "items", UINT32_MAX);
    if (items < 0) return -1;
    int64_t flags = size == 7 ? spec_integer(item, 6, "flags", 7) : 0;
    if (flags < 0) return -1;
    spec->kind = (fc_column_kind)kind;
    spec->items = (uint32_t)items;
    spec->flags = (uint32_t)flags;
    int nullable = PyObject_IsTrue(PyTuple_GET_ITEM(item, 3));
    int utc = nullable < 0 ? -1 : PyObject_IsTrue(PyTuple_GET_ITEM(item, 4));
    if (utc < 0) return -1;
    spec->nullable = nullable;
    spec->utc = utc;
    return spec_texts(PyTuple_GET_ITEM(item, 5), arena, spec);
}

int fc_py_column_specs(PyObject *sequence, fc_arena *arena, fc_column_spec **specs,
                       uint32_t *count) {
    PyObject *tuple = PySequence_Tuple(sequence);
    if (!tuple) return -1;
    Py_ssize_t size = PyTuple_GET_SIZE(tuple);
    fc_column_spec *out = NULL;
    if (size > INT32_MAX / 4) {
        PyErr_SetString(PyExc_ValueError, "specs: too many columns");
        goto fail;
    }
    out = fc_arena_zeros(arena, (size_t)size + 1, sizeof *out);
    if (!out) {
        PyErr_NoMemory();
        goto fail;
    }
    for (Py_ssize_t i = 0; i < size; i++)
        if (spec_parse(PyTuple_GET_ITEM(tuple, i), arena, &out[i]) < 0) goto fail;
    Py_DECREF(tuple);
    *specs = out;
    *count = (uint32_t)size;
    return 0;
fail:
    Py_DECREF(tuple);
    return -1;
}

/* Says which of the specifications fc_layout_new refused. Slow; only on the way to an error. */
static void raise_invalid(const fc_column_spec *specs, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t j = 0; j < i; j++) {
            if (specs[i].name_len != specs[j].name_len) continue;
            if (memcmp(specs[i].name, specs[j].name, specs[i].name_len)) continue;
            PyErr_Format(PyExc_ValueError, "two columns have the name '%s'", specs[i].name);
            return;
        }
        bool single = specs[i].kind == FC_COLUMN_STRING || specs[i].kind == FC_COLUMN_OBJECT;
        if (specs[i].items != 1 || (single && specs[i].flags & FC_COLUMN_LISTED)) {
            PyErr_Format(PyExc_ValueError, "column '%s': %u values a row are not possible here",
                         specs[i].name, specs[i].items);
            if (specs[i].items == 0 || single) return;
            PyErr_Clear();
        }
    }
    PyErr_SetString(PyExc_ValueError, "specs: a dictionary has too many texts");
}

fc_layout *fc_py_layout_new(PyObject *sequence) {
    fc_arena arena;
    fc_arena_init(&arena, &fc_alloc_libc);
    fc_column_spec *specs;
    uint32_t count;
    fc_layout *layout = NULL;
    if (fc_py_column_specs(sequence, &arena, &specs, &count) == 0) {
        fc_status status = fc_layout_new(&fc_alloc_libc, specs, count, &layout);
        if (status == FC_ENOMEM) PyErr_NoMemory();
        if (status == FC_EINVALID) raise_invalid(specs, count);
    }
    fc_arena_free(&arena);
    return layout;
}

static PyObject *texts_tuple(const fc_texts *texts) {
    PyObject *tuple = PyTuple_New((Py_ssize_t)texts->count);
    for (int64_t i = 0; tuple && i < texts->count; i++) {
        Py_ssize_t len = (Py_ssize_t)(texts->offsets[i + 1] - texts->offsets[i]);
        PyObject *text = PyUnicode_DecodeUTF8(texts->bytes + texts->offsets[i], len, NULL);
        if (!text) Py_CLEAR(tuple);
        if (text) PyTuple_SET_ITEM(tuple, (Py_ssize_t)i, text);
    }
    return tuple;
}

static PyObject *spec_tuple(const fc_column_info *info) {
    PyObject *name = PyUnicode_DecodeUTF8(info->name, (Py_ssize_t)info->name_len, NULL);
    if (!name) return NULL;
    PyObject *texts = info->kind == FC_COLUMN_CODE ? texts_tuple(&info->texts) : Py_NewRef(Py_None);
    if (!texts) {
        Py_DECREF(name);
        return NULL;
    }
    return Py_BuildValue("(NiIOONI)", name, (int)info->kind, info->items,
                         info->nullable ? Py_True : Py_False, info->utc ? Py_True : Py_False, texts,
                         info->flags);
}

PyObject *fc_py_columns_get_specs(PyObject *self, void *unused) {
    (void)unused;
    const fc_layout *layout = set_of(self)->layout;
    PyObject *tuple = PyTuple_New(layout->count);
    for (uint32_t i = 0; tuple && i < layout->count; i++) {
        PyObject *spec = spec_tuple(&layout->columns[i]);
        if (!spec) Py_CLEAR(tuple);
        if (spec) PyTuple_SET_ITEM(tuple, i, spec);
    }
    return tuple;
}
