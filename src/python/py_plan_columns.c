/* `Columns` as sources: numbers and texts are read where they lie, and no cell becomes a Python
 * object. */
#include <stdatomic.h>

#include "plan/lookup.h"
#include "python/py_columns.h"
#include "python/py_plan.h"

/* The source's dict as a table over UTF-8; NULL with an exception. */
static fc_lookup *make_lookup(PyObject *table) {
    fc_lookup_text *texts = PyMem_Calloc((size_t)PyDict_GET_SIZE(table) + 1, sizeof *texts);
    if (!texts) {
        PyErr_NoMemory();
        return NULL;
    }
    fc_lookup *lookup = NULL;
    Py_ssize_t at = 0;
    size_t n = 0;
    PyObject *key, *value;
    while (PyDict_Next(table, &at, &key, &value)) {
        Py_ssize_t len;
        long code = PyLong_AsLong(value);
        if (code == -1 && PyErr_Occurred()) goto done;
        if (!PyUnicode_Check(key)) continue; /* what only objects can equal */
        const char *text = PyUnicode_AsUTF8AndSize(key, &len);
        if (text) {
            texts[n++] = (fc_lookup_text){text, (size_t)len, (int32_t)code};
            continue;
        }
        /* A lone surrogate: no column of UTF-8 has that text. */
        if (!PyErr_ExceptionMatches(PyExc_UnicodeEncodeError)) goto done;
        PyErr_Clear();
    }
    fc_status status = fc_lookup_new(&fc_alloc_libc, texts, n, &lookup);
    if (status != FC_OK) fc_py_raise(status, "Program");
done:
    PyMem_Free(texts);
    return lookup;
}

/* Threads may race to make it. */
const fc_lookup *fc_py_source_lookup(fc_program_source *source) {
    fc_lookup *known = atomic_load_explicit(&source->lookup, memory_order_acquire);
    if (known) return known;
    fc_lookup *made = make_lookup(source->table);
    if (!made) return NULL;
    if (atomic_compare_exchange_strong(&source->lookup, &known, made)) return made;
    fc_lookup_free(made);
    return known;
}

/* The column that the source reads, or NULL where only Python can: lists, times, objects, and what
 * the source takes for something else. */
static const fc_column *column_of(const fc_program_source *from, const fc_columns *set) {
    if (!PyUnicode_CheckExact(from->name) || from->sparse) return NULL;
    Py_ssize_t len;
    const char *name = PyUnicode_AsUTF8AndSize(from->name, &len);
    if (!name) PyErr_Clear(); /* a lone surrogate, which no column's name has */
    int64_t at = name ? fc_layout_find(set->layout, name, (size_t)len) : -1;
    if (at < 0) return NULL;
    const fc_column *column = &set->columns[at];
    if (column->items != 1 || column->info->flags & FC_COLUMN_LISTED) return NULL;
    if (column->kind == FC_COLUMN_STRING || column->kind == FC_COLUMN_CODE)
        return from->table || (from->text && from->reads == FC_READS_TEXT) ? column : NULL;
    return !from->table && !from->text && column->kind <= FC_COLUMN_BOOL ? column : NULL;
}

/* The texts of a dictionary; NULL with an exception. */
static fc_text *dictionary(const fc_texts *texts, fc_arena *arena) {
    fc_text *views = fc_arena_zeros(arena, (size_t)texts->count + 1, sizeof *views);
    if (!views) PyErr_NoMemory();
    for (int64_t i = 0; views && i < texts->count; i++) {
        int64_t begin = texts->offsets[i];
        views[i] = (fc_text){texts->bytes + begin, texts->offsets[i + 1] - begin};
    }
    return views;
}

/* Each text of the dictionary looked up once; NULL with an exception. */
static int32_t *codes_of(const fc_lookup *lookup, const fc_text *views, int64_t count,
                         fc_arena *arena) {
    int32_t *codes = fc_arena_zeros(arena, (size_t)count + 1, sizeof *codes);
    if (!codes) PyErr_NoMemory();
    for (int64_t i = 0; codes && i < count; i++)
        codes[i] = fc_lookup_find(lookup, views[i].data, (size_t)views[i].size);
    return codes;
}

/* 0, or -1 with an exception. */
static int add_texts(fc_program_source *from, const fc_column *column, fc_source *out,
                     fc_arena *arena) {
    const fc_lookup *lookup = from->table ? fc_py_source_lookup(from) : NULL;
    if (from->table && !lookup) return -1;
    out->valid = column->valid;
    out->null = lookup ? from->none_code : FC_TEXT_NONE;
    if (column->kind == FC_COLUMN_STRING) {
        out->kind = FC_SOURCE_TEXT64;
        out->lookup = lookup;
        out->heap = column->bytes ? column->bytes : "";
        out->heap_size = (int64_t)column->bytes_size;
        return 0;
    }
    const fc_texts *texts = &column->info->texts;
    fc_text *views = dictionary(texts, arena);
    out->kind = lookup ? FC_SOURCE_CODES : FC_SOURCE_WORDS;
    out->heap = views && lookup ? (void *)codes_of(lookup, views, texts->count, arena) : views;
    out->heap_size = texts->count;
    return out->heap ? 0 : -1;
}

int fc_py_columns_sources(fc_program *self, PyObject *columns, size_t rows, fc_source *sources,
                          fc_arena *arena) {
    static const fc_source_kind kinds[] = {FC_SOURCE_F64, FC_SOURCE_F32, FC_SOURCE_I64,
                                           FC_SOURCE_I32, FC_SOURCE_U8};
    fc_state *state = fc_state_of_type(Py_TYPE(self));
    const fc_columns *set = fc_py_columns_of(state, columns, "columns");
    if (!set) return -1;
    if ((size_t)set->rows != rows) return 1;
    for (Py_ssize_t i = 0; i < self->source_count; i++) {
        const fc_column *column = column_of(&self->sources[i], set);
        if (!column) return 1;
        fc_source *to = &sources[i];
        *to =
            (fc_source){.data = column->values, .stride = (ptrdiff_t)fc_column_width(column->kind)};
        if (column->kind >= FC_COLUMN_CODE) {
            if (add_texts(&self->sources[i], column, to, arena) < 0) return -1;
            continue;
        }
        to->kind = kinds[column->kind];
        /* Floats have a NaN under null. */
        if (column->kind > FC_COLUMN_FLOAT32) to->valid = column->valid;
    }
    return 0;
}

PyObject *fc_py_program_reads(PyObject *object, PyObject *columns) {
    fc_program *self = (fc_program *)object;
    const fc_columns *set = fc_py_columns_of(fc_state_of_type(Py_TYPE(object)), columns, "columns");
    if (!set) return NULL;
    bool all = true;
    for (Py_ssize_t i = 0; i < self->source_count; i++)
        all &= column_of(&self->sources[i], set) != NULL;
    return PyBool_FromLong(all);
}
