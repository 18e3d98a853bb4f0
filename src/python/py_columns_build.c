/* Columns out of arrays and lists, one a column: the way in from NumPy, pandas, rows of dicts and
 * pickles. Values that do not come as arrays go through fc_py_column_put one by one. */
#include "python/py_array.h"
#include "python/py_columns_type.h"

const char fc_py_columns_build_doc[] =
    "_build($type, specs, data, /)\n--\n\n"
    "Columns out of one entry of data a column.\n\n"
    "specs: tuples (name, kind, items, nullable, utc, texts[, flags]).\n"
    "data: for each column a list of values (None is null), or a tuple (array, valid): a C-ordered "
    "array of the column's own dtype and a bool array, or None where all are valid.";

/* By fc_column_kind. */
static const fc_dtype dtypes[] = {
    [FC_COLUMN_FLOAT64] = FC_DTYPE_FLOAT64, [FC_COLUMN_FLOAT32] = FC_DTYPE_FLOAT32,
    [FC_COLUMN_INT64] = FC_DTYPE_INT64,     [FC_COLUMN_INT32] = FC_DTYPE_INT32,
    [FC_COLUMN_BOOL] = FC_DTYPE_BOOL,       [FC_COLUMN_CODE] = FC_DTYPE_INT32,
    [FC_COLUMN_STRING] = FC_DTYPE_OTHER,    [FC_COLUMN_TIME] = FC_DTYPE_DATETIME_US,
    [FC_COLUMN_OBJECT] = FC_DTYPE_OTHER,
};

static int raise_column(PyObject *type, const fc_column *column, const char *text) {
    PyErr_Format(type, "column '%s': %s", column->info->name, text);
    return -1;
}

static bool is_c_ordered(const fc_array_info *info, size_t width) {
    Py_ssize_t step = (Py_ssize_t)width;
    for (int i = info->ndim; i-- > 0;) {
        if (info->shape[i] > 1 && info->strides[i] != step) return false;
        step *= info->shape[i];
    }
    return true;
}

static int check_array(const fc_column *column, const fc_array_info *info, Py_ssize_t rows) {
    int ndim = column->info->flags & FC_COLUMN_LISTED ? 2 : 1;
    if (info->dtype != dtypes[column->kind] || info->dtype == FC_DTYPE_OTHER)
        return raise_column(PyExc_TypeError, column, "the array has another dtype than its kind");
    if (info->ndim != ndim || info->shape[0] != rows ||
        (ndim == 2 && info->shape[1] != (Py_ssize_t)column->items))
        return raise_column(PyExc_ValueError, column, "the array has another shape than expected");
    if (!info->behaved || (rows && !is_c_ordered(info, fc_column_width(column->kind))))
        return raise_column(PyExc_ValueError, column, "the array is not aligned and C-ordered");
    return 0;
}

/* Codes are indices into the dictionary, whatever the array said: -1 only under null. */
static int check_codes(const fc_column *column, int64_t rows) {
    const int32_t *codes = column->values;
    for (int64_t r = 0; r < rows; r++) {
        if (!fc_column_is_valid(column, r)) continue;
        for (uint32_t i = 0; i < column->items; i++) {
            int32_t code = codes[(size_t)r * column->items + i];
            if (code < 0 || code >= column->info->texts.count)
                return raise_column(PyExc_ValueError, column, "a code is outside the dictionary");
        }
    }
    return 0;
}

static int put_mask(fc_column *column, PyObject *mask, int64_t rows) {
    const uint8_t *valid = NULL; /* a NumPy bool may be any byte */
    if (mask != Py_None) {
        fc_array_info info;
        if (fc_array_describe(mask, "valid", &info) < 0) return -1;
        if (info.dtype != FC_DTYPE_BOOL || info.ndim != 1 || info.shape[0] != (Py_ssize_t)rows ||
            (rows && !is_c_ordered(&info, 1)))
            return raise_column(PyExc_ValueError, column,
                                "valid is not a bool array of its length");
        if (!column->valid)
            return raise_column(PyExc_ValueError, column, "nulls in a column without nulls");
        valid = info.data;
    }
    for (int64_t r = 0; r < rows; r++) {
        if (!valid || valid[r])
            fc_column_put_valid(column, r);
        else
            fc_column_put_null(column, r);
    }
    return 0;
}

static int put_array(fc_column *column, PyObject *pair, int64_t rows) {
    if (PyTuple_GET_SIZE(pair) != 2)
        return raise_column(PyExc_TypeError, column, "expected a list or (array, valid)");
    fc_array_info info;
    if (fc_array_describe(PyTuple_GET_ITEM(pair, 0), "data", &info) < 0) return -1;
    if (check_array(column, &info, (Py_ssize_t)rows) < 0) return -1;
    /* The set has been made for `rows` rows, so the product fits. */
    size_t bytes = column->info->row_bytes * (size_t)rows;
    if (bytes) memcpy(column->values, info.data, bytes);
    if (column->kind == FC_COLUMN_BOOL) /* a NumPy bool may be any byte */
        for (size_t i = 0; i < bytes; i++)
            ((uint8_t *)column->values)[i] = ((uint8_t *)column->values)[i] != 0;
    if (put_mask(column, PyTuple_GET_ITEM(pair, 1), rows) < 0) return -1;
    return column->kind == FC_COLUMN_CODE ? check_codes(column, rows) : 0;
}

static int put_values(fc_columns *set, uint32_t at, PyObject *list, int64_t rows) {
    /* Converting runs code that could change the list: its size is read anew each time. */
    for (int64_t r = 0; r < rows; r++) {
        if (r >= PyList_GET_SIZE(list))
            return raise_column(PyExc_ValueError, &set->columns[at], "the list became shorter");
        PyObject *value = Py_NewRef(PyList_GET_ITEM(list, (Py_ssize_t)r));
        int status = fc_py_column_put(set, at, r, value);
        Py_DECREF(value);
        if (status < 0) return -1;
    }
    return 0;
}

/* The number of rows that an entry of `data` has; -1 with an exception. */
static Py_ssize_t entry_rows(PyObject *entry) {
    if (PyList_Check(entry)) return PyList_GET_SIZE(entry);
    if (PyTuple_Check(entry) && PyTuple_GET_SIZE(entry) == 2) {
        fc_array_info info;
        if (fc_array_describe(PyTuple_GET_ITEM(entry, 0), "data", &info) < 0) return -1;
        return info.ndim ? info.shape[0] : 0;
    }
    PyErr_Format(PyExc_TypeError, "data: expected a list or (array, valid), got %.200s",
                 Py_TYPE(entry)->tp_name);
    return -1;
}

static int fill(fc_columns *set, PyObject *data, Py_ssize_t rows) {
    for (uint32_t i = 0; i < set->count; i++) {
        PyObject *entry = PyTuple_GET_ITEM(data, (Py_ssize_t)i);
        Py_ssize_t here = entry_rows(entry);
        if (here < 0) return -1;
        if (here != rows) {
            PyErr_Format(PyExc_ValueError, "column '%s': expected %zd rows as in '%s', got %zd",
                         set->columns[i].info->name, rows, set->columns[0].info->name, here);
            return -1;
        }
        int status = PyList_Check(entry) ? put_values(set, i, entry, rows)
                                         : put_array(&set->columns[i], entry, rows);
        if (status < 0) return -1;
    }
    set->rows = rows;
    return 0;
}

PyObject *fc_py_columns_build(PyObject *cls, PyObject *const *args, Py_ssize_t nargs) {
    if (nargs != 2) {
        PyErr_Format(PyExc_TypeError, "_build() takes 2 arguments (%zd given)", nargs);
        return NULL;
    }
    PyObject *data = PySequence_Tuple(args[1]);
    if (!data) return NULL;
    fc_columns *set = NULL;
    PyObject *result = NULL;
    fc_layout *layout = fc_py_layout_new(args[0]);
    if (!layout) goto done;
    if (PyTuple_GET_SIZE(data) != (Py_ssize_t)layout->count) {
        PyErr_Format(PyExc_ValueError, "data: expected %u entries, one a column, got %zd",
                     layout->count, PyTuple_GET_SIZE(data));
        goto done;
    }
    Py_ssize_t rows = layout->count ? entry_rows(PyTuple_GET_ITEM(data, 0)) : 0;
    if (rows < 0) goto done;
    if (fc_columns_new(&fc_alloc_libc, layout, rows, &set) != FC_OK) {
        PyErr_NoMemory();
        goto done;
    }
    if (fill(set, data, rows) == 0) {
        result = fc_py_columns_wrap((PyTypeObject *)cls, set);
        set = NULL; /* taken, also when wrapping failed */
    }
done:
    fc_py_columns_discard(set);
    fc_layout_free(layout);
    Py_DECREF(data);
    return result;
}
