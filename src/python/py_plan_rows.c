/* Running a program on Python rows (dicts, lists, tuples), and on texts: the only part of a plan's
 * run that touches Python objects, once per value. */
#include "python/py_plan.h"

#include <math.h>
#include <string.h>

#include "plan/lookup.h"
#include "python/py_array.h"

int fc_py_text_code(fc_program_source *source, PyObject *value, int32_t *code) {
    if (PyUnicode_CheckExact(value) && PyUnicode_IS_COMPACT_ASCII(value)) {
        /* The text itself is looked up: a new str would first have to be hashed as Python does. */
        const fc_lookup *lookup = fc_py_source_lookup(source);
        if (!lookup) return -1;
        *code = fc_lookup_find(lookup, PyUnicode_DATA(value), (size_t)PyUnicode_GET_LENGTH(value));
        return 0;
    }
    if (value == Py_None) {
        *code = source->none_code;
        return *code == FC_CODE_REFUSED;
    }
    if (PyFloat_Check(value) && PyFloat_AS_DOUBLE(value) != PyFloat_AS_DOUBLE(value)) {
        *code = source->nan_code;
        return *code == FC_CODE_REFUSED;
    }
    /* Only these themselves: a subclass may hash and compare as it likes. */
    if (!PyUnicode_CheckExact(value) && !PyLong_CheckExact(value) && !PyFloat_CheckExact(value) &&
        !PyBool_Check(value)) {
        *code = -1;
        return 1;
    }
    PyObject *found = PyDict_GetItemWithError(source->table, value);
    if (!found) {
        *code = -1;
        return PyErr_Occurred() ? -1 : 0;
    }
    long number = PyLong_AsLong(found);
    if (number == -1 && PyErr_Occurred()) return -1;
    *code = (int32_t)number;
    return 0;
}

/* What float() makes of NumPy's scalars, decimals and texts that are numbers; 1 where it fails. */
static int read_other(PyObject *value, double *out) {
    PyObject *number = NULL;
    if (PyUnicode_CheckExact(value))
        number = PyFloat_FromString(value);
    else if (PyLong_CheckExact(value) || fc_array_real_scalar(value) ||
             !strcmp(Py_TYPE(value)->tp_name, "decimal.Decimal"))
        number = PyNumber_Float(value);
    else
        return 1;
    if (!number) {
        bool expected = PyErr_ExceptionMatches(PyExc_ValueError) ||
                        PyErr_ExceptionMatches(PyExc_OverflowError) ||
                        PyErr_ExceptionMatches(PyExc_TypeError);
        if (expected) PyErr_Clear();
        return expected ? 1 : -1;
    }
    *out = PyFloat_AS_DOUBLE(number);
    Py_DECREF(number);
    return 0;
}

/* As pandas converts to float64: what isn't plainly a number is for the original. */
static int read_number(PyObject *value, double *out) {
    if (PyFloat_Check(value)) {
        *out = PyFloat_AS_DOUBLE(value);
        return 0;
    }
    if (PyLong_CheckExact(value)) {
        int overflow;
        long long number = PyLong_AsLongLongAndOverflow(value, &overflow);
        *out = (double)number;
        return overflow ? read_other(value, out) : 0;
    }
    if (value == Py_None) {
        *out = (double)NAN;
        return 0;
    }
    if (value == Py_True || value == Py_False) {
        *out = value == Py_True;
        return 0;
    }
    return read_other(value, out);
}

static inline int read_cell(fc_program_source *source, PyObject *value, fc_cell *cell) {
    if (source->table) return fc_py_text_code(source, value, &cell->code);
    if (source->text && source->reads != FC_READS_TEXT) { /* read out of the kept documents */
        cell->text = (fc_text){NULL, FC_TEXT_NAN};
        return 0;
    }
    if (source->text) return fc_py_text_view(value, &cell->text);
    return read_number(value, &cell->number);
}

static void absent(const fc_program_source *source, fc_cell *cell) {
    if (source->table)
        cell->code = source->nan_code;
    else if (source->text)
        cell->text = (fc_text){NULL, FC_TEXT_NAN};
    else
        cell->number = (double)NAN;
}

static inline uint32_t load4(const char *at) {
    uint32_t word;
    memcpy(&word, at, 4);
    return word;
}

static inline uint64_t load8(const char *at) {
    uint64_t word;
    memcpy(&word, at, 8);
    return word;
}

/* Whether two short texts are equal: a few loads that may overlap, cheaper here than by a call. */
static inline bool same_bytes(const char *a, const char *b, size_t length) {
    if (length >= 8) {
        uint64_t differ = load8(a + length - 8) ^ load8(b + length - 8);
        for (size_t at = 0; at + 8 < length; at += 8) differ |= load8(a + at) ^ load8(b + at);
        return !differ;
    }
    if (length >= 4)
        return !((load4(a) ^ load4(b)) | (load4(a + length - 4) ^ load4(b + length - 4)));
    if (!length) return true;
    return a[0] == b[0] && a[length / 2] == b[length / 2] && a[length - 1] == b[length - 1];
}

/* Whether a key is the source's name, for the kind that names mostly are. False may mean "not
 * known". */
static inline bool is_named(PyObject *key, const fc_program_key *source) {
    if (key == source->name) return true;
    return source->ascii && PyUnicode_CheckExact(key) &&
           (size_t)PyUnicode_GET_LENGTH(key) == source->length && PyUnicode_IS_COMPACT_ASCII(key) &&
           same_bytes(PyUnicode_DATA(key), source->ascii, source->length);
}

/* Reads the sources, in order of their columns, whose names come in that order among the keys: most
 * rows have all of them so, and walking is cheaper than looking each up. *read says how many. */
static int walk_dict(const fc_program *self, PyObject *row, fc_cell *cells, Py_ssize_t *read) {
    Py_ssize_t at = 0;
    const fc_program_key *source = self->keys, *end = source + self->source_count;
    PyObject *key, *value;
    while (source < end && PyDict_Next(row, &at, &key, &value)) {
        if (!is_named(key, source)) continue;
        Py_ssize_t column = source->column;
        do {
            fc_cell *cell = &cells[source->source];
            if (FC_LIKELY(source->number && PyFloat_CheckExact(value))) {
                cell->number = PyFloat_AS_DOUBLE(value);
                continue;
            }
            int refused = read_cell(&self->sources[source->source], value, cell);
            if (refused) return refused;
        } while (++source < end && source->column == column);
    }
    *read = source - self->keys;
    return 0;
}

static int read_dict(const fc_program *self, PyObject *row, bool missing_nan, fc_cell *cells) {
    Py_ssize_t i = 0;
    int refused = walk_dict(self, row, cells, &i);
    for (; !refused && i < self->source_count; i++) {
        Py_ssize_t which = self->keys[i].source;
        fc_program_source *source = &self->sources[which];
        PyObject *value = PyDict_GetItemWithError(row, source->name);
        if (value) {
            refused = read_cell(source, value, &cells[which]);
        } else {
            if (PyErr_Occurred()) return -1;
            if (!missing_nan) return 1;
            absent(source, &cells[which]);
        }
    }
    return refused;
}

/* Fills the cells of a row; 0, 1 (refused) or -1 with an exception. No code runs here but that of
 * exact types, so nothing is taken from the row meanwhile; where there is no lock around it all,
 * the row has its own. */
static int read_row(const fc_program *self, PyObject *row, bool missing_nan, fc_cell *cells) {
    bool list = PyList_CheckExact(row);
    int refused = 0;
    if (PyDict_Check(row)) {
        FC_LOCK(row)
        refused = read_dict(self, row, missing_nan, cells);
        FC_UNLOCK
        return refused;
    }
    if (!list && !PyTuple_Check(row)) return 1;
    FC_LOCK(row)
    if (PySequence_Fast_GET_SIZE(row) != self->columns) refused = 1;
    for (Py_ssize_t i = 0; !refused && i < self->source_count; i++) {
        fc_program_source *source = &self->sources[i];
        refused = read_cell(source, PySequence_Fast_GET_ITEM(row, source->column), &cells[i]);
    }
    FC_UNLOCK
    return refused;
}

static int expect(const char *name, Py_ssize_t count, Py_ssize_t expected) {
    if (count == expected) return 0;
    PyErr_Format(PyExc_TypeError, "%s() takes %zd arguments (%zd given)", name, expected, count);
    return -1;
}

/* A row with documents that are packed: as a list of one row, whose memory is kept. */
static PyObject *run_packed(PyObject *self, PyObject *row, PyObject *missing_nan) {
    PyObject *rows = PyList_New(1), *one = rows ? PyLong_FromLong(1) : NULL, *result = NULL;
    if (one) {
        PyList_SET_ITEM(rows, 0, Py_NewRef(row));
        PyObject *columns = fc_py_program_run_rows(self, (PyObject *[]){rows, missing_nan}, 2);
        if (columns == Py_None || !columns) {
            result = columns;
        } else {
            PyObject *args[] = {columns, one, Py_None, Py_None, one};
            PyObject *matrix = fc_py_program_run(self, args, 5);
            result =
                matrix == Py_None || !matrix ? Py_XNewRef(matrix) : PySequence_GetItem(matrix, 0);
            Py_XDECREF(matrix);
            Py_DECREF(columns);
        }
    }
    Py_XDECREF(rows);
    Py_XDECREF(one);
    return result;
}

PyObject *fc_py_program_run_row(PyObject *object, PyObject *const *args, Py_ssize_t count) {
    if (expect("run_row", count, 2) < 0) return NULL;
    fc_program *self = (fc_program *)object;
    if (self->packs) return run_packed(object, args[0], args[1]);
    fc_cell small_cells[FC_PROGRAM_SMALL];
    fc_cell *cells = small_cells;
    if (self->source_count > FC_PROGRAM_SMALL) {
        cells = PyMem_Calloc((size_t)self->source_count, sizeof *cells);
        if (!cells) return PyErr_NoMemory();
    }
    PyObject *result = NULL;
    int refused = read_row(self, args[0], args[1] == Py_True, cells);
    if (refused) {
        if (refused > 0) result = Py_NewRef(Py_None);
        goto done;
    }
    Py_ssize_t width = (Py_ssize_t)fc_plan_width(self->plan);
    void *data;
    result = fc_array_new(self->out_dtype, 1, &width, false, &data);
    if (!result) goto done;
    fc_status status = fc_plan_run_row(self->plan, cells, self->out_kind, data);
    if (status != FC_OK) {
        Py_CLEAR(result);
        result = status == FC_EREFUSED ? Py_NewRef(Py_None) : fc_py_raise(status, "transform_one");
    }
done:
    if (cells != small_cells) PyMem_Free(cells);
    return result;
}

/* Vectors over one block of cells, each as the source wants it; the block is an ndarray itself, so
 * that it lives as long as they do. */
static PyObject *vectors(const fc_program *self, PyObject *owner, fc_cell *cells, Py_ssize_t rows,
                         PyObject *const *texts) {
    PyObject *tuple = PyTuple_New(self->source_count);
    Py_ssize_t stride = self->source_count * (Py_ssize_t)sizeof *cells;
    for (Py_ssize_t i = 0; tuple && i < self->source_count; i++) {
        if (self->sources[i].text) {
            PyTuple_SET_ITEM(tuple, i, Py_NewRef(texts[i]));
            continue;
        }
        fc_dtype dtype = self->sources[i].table ? FC_DTYPE_INT32 : FC_DTYPE_FLOAT64;
        PyObject *view = fc_array_view(dtype, 1, &rows, &stride, &cells[i], owner, false);
        if (!view)
            Py_CLEAR(tuple);
        else
            PyTuple_SET_ITEM(tuple, i, view);
    }
    return tuple;
}

/* A list for each source of documents, which keeps them as objects; NULL for the others. */
static void free_texts(const fc_program *self, PyObject **texts) {
    for (Py_ssize_t i = 0; i < self->source_count; i++) Py_XDECREF(texts[i]);
    PyMem_Free(texts);
}

static PyObject **new_texts(const fc_program *self) {
    PyObject **texts = PyMem_Calloc((size_t)self->source_count + 1, sizeof *texts);
    if (!texts) PyErr_NoMemory();
    for (Py_ssize_t i = 0; texts && i < self->source_count; i++) {
        if (!self->sources[i].text || (texts[i] = PyList_New(0))) continue;
        free_texts(self, texts);
        return NULL;
    }
    return texts;
}

/* The documents of a row that was just read: nothing ran since, but they are looked up once more
 * with every care, since the lists outlive the row. */
static int keep_texts(const fc_program *self, PyObject *row, PyObject *const *texts) {
    for (Py_ssize_t i = 0; i < self->source_count; i++) {
        fc_program_source *source = &self->sources[i];
        if (!source->text) continue;
        PyObject *value;
        if (PyDict_Check(row)) {
            value = PyDict_GetItemWithError(row, source->name);
            if (!value && PyErr_Occurred()) return -1;
        } else {
            if (source->column >= PySequence_Fast_GET_SIZE(row)) return 1;
            value = PySequence_Fast_GET_ITEM(row, source->column);
        }
        if (PyList_Append(texts[i], value ? value : Py_None) < 0) return -1;
    }
    return 0;
}

PyObject *fc_py_program_run_rows(PyObject *object, PyObject *const *args, Py_ssize_t count) {
    if (expect("run_rows", count, 2) < 0) return NULL;
    fc_program *self = (fc_program *)object;
    if (!PyList_CheckExact(args[0])) {
        PyErr_Format(PyExc_TypeError, "rows: expected a list, got %.200s",
                     Py_TYPE(args[0])->tp_name);
        return NULL;
    }
    Py_ssize_t rows = PyList_GET_SIZE(args[0]);
    Py_ssize_t shape[2] = {rows, self->source_count * (Py_ssize_t)(sizeof(fc_cell) / 8)};
    void *data;
    PyObject *owner = fc_array_new(FC_DTYPE_FLOAT64, 2, shape, false, &data);
    PyObject **texts = owner ? new_texts(self) : NULL;
    if (!texts) {
        Py_XDECREF(owner);
        return NULL;
    }
    fc_cell *cells = data;
    PyObject *result = NULL;
    for (Py_ssize_t r = 0; r < rows; r++) {
        if (r >= PyList_GET_SIZE(args[0])) goto refuse; /* somebody shortened it */
        PyObject *row = Py_NewRef(PyList_GET_ITEM(args[0], r));
        int refused = read_row(self, row, args[1] == Py_True, cells + r * self->source_count);
        if (!refused) refused = keep_texts(self, row, texts);
        Py_DECREF(row);
        if (refused < 0) goto done;
        if (refused) goto refuse;
    }
    result = vectors(self, owner, cells, rows, texts);
    goto done;
refuse:
    result = Py_NewRef(Py_None);
done:
    free_texts(self, texts);
    Py_DECREF(owner);
    return result;
}

PyObject *fc_py_program_codes(PyObject *object, PyObject *const *args, Py_ssize_t count) {
    if (expect("codes", count, 2) < 0) return NULL;
    fc_program *self = (fc_program *)object;
    Py_ssize_t which = PyLong_AsSsize_t(args[0]);
    if (which == -1 && PyErr_Occurred()) return NULL;
    fc_array_info info;
    if (which < 0 || which >= self->source_count || !self->sources[which].table) {
        PyErr_SetString(PyExc_ValueError, "source: no such text source");
        return NULL;
    }
    if (fc_array_describe(args[1], "values", &info) < 0) return NULL;
    if (info.ndim != 1 || info.dtype != FC_DTYPE_OBJECT || !info.behaved) return Py_NewRef(Py_None);
    void *data;
    PyObject *codes = fc_array_new(FC_DTYPE_INT32, 1, info.shape, false, &data);
    if (!codes) return NULL;
    const char *at = info.data;
    for (Py_ssize_t r = 0; r < info.shape[0]; r++, at += info.strides[0]) {
        PyObject *value = *(PyObject *const *)(const void *)at;
        int refused =
            fc_py_text_code(&self->sources[which], value ? value : Py_None, (int32_t *)data + r);
        if (!refused) continue;
        Py_DECREF(codes);
        return refused < 0 ? NULL : Py_NewRef(Py_None);
    }
    return codes;
}
