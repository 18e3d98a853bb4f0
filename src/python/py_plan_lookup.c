/* Codes of a text column of `Columns`: its bytes are looked up where they lie, and no text becomes
 * a Python object. */
#include <stdatomic.h>

#include "plan/lookup.h"
#include "python/py_array.h"
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

PyObject *fc_py_program_codes_of(PyObject *object, PyObject *const *args, Py_ssize_t count) {
    fc_program *self = (fc_program *)object;
    if (count != 3) {
        PyErr_Format(PyExc_TypeError, "codes_of() takes 3 arguments (%zd given)", count);
        return NULL;
    }
    Py_ssize_t which = PyLong_AsSsize_t(args[0]);
    if (which == -1 && PyErr_Occurred()) return NULL;
    if (which < 0 || which >= self->source_count || !self->sources[which].table) {
        PyErr_SetString(PyExc_ValueError, "source: no such text source");
        return NULL;
    }
    fc_columns *set = fc_py_columns_of(fc_state_of_type(Py_TYPE(object)), args[1], "columns");
    Py_ssize_t len;
    const char *name = set ? PyUnicode_AsUTF8AndSize(args[2], &len) : NULL;
    if (!name) return NULL;
    int64_t at = fc_layout_find(set->layout, name, (size_t)len);
    if (at < 0 || set->columns[at].kind != FC_COLUMN_STRING) return Py_NewRef(Py_None);
    fc_program_source *source = &self->sources[which];
    const fc_lookup *lookup = fc_py_source_lookup(source);
    if (!lookup) return NULL;
    const fc_column *column = &set->columns[at];
    Py_ssize_t rows = (Py_ssize_t)set->rows;
    void *data;
    PyObject *result = fc_array_new(FC_DTYPE_INT32, 1, &rows, false, &data);
    if (!result) return NULL;
    int32_t *codes = data;
    fc_lookup_codes(lookup, column->bytes, column->values, (size_t)rows, codes);
    for (Py_ssize_t r = 0; column->valid && r < rows; r++)
        if (!fc_column_is_valid(column, r)) codes[r] = source->none_code;
    return result;
}
