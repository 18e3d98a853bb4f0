/* Python values into cells: the slow but general way in, for rows of dicts, for what pydantic
 * made of a value, and for tests. */
#include "python/py_columns_type.h"

#include <datetime.h>

int fc_py_columns_put_exec(void) {
    PyDateTime_IMPORT;
    return PyDateTimeAPI ? 0 : -1;
}

static int raise_expected(const fc_column *column, const char *expected, PyObject *value) {
    PyErr_Format(PyExc_TypeError, "column '%s': expected %s, got %.200s", column->info->name,
                 expected, Py_TYPE(value)->tp_name);
    return -1;
}

static int raise_range(const fc_column *column, const char *expected) {
    PyErr_Format(PyExc_ValueError, "column '%s': expected %s", column->info->name, expected);
    return -1;
}

/* Replaces the exception that a conversion raised by one that names the column; what user code
 * raised (anything but these two) passes. */
static int convert_failed(const fc_column *column, const char *expected, PyObject *value) {
    if (PyErr_ExceptionMatches(PyExc_OverflowError)) {
        PyErr_Clear();
        return raise_range(column, expected);
    }
    if (!PyErr_ExceptionMatches(PyExc_TypeError)) return -1;
    PyErr_Clear();
    return raise_expected(column, expected, value);
}

static int to_double(const fc_column *column, PyObject *value, double *out) {
    *out = PyFloat_AsDouble(value);
    if (*out == -1.0 && PyErr_Occurred())
        return convert_failed(column, "a number within the range of float", value);
    return 0;
}

static int to_int64(const fc_column *column, PyObject *value, int64_t *out) {
    PyObject *index = PyNumber_Index(value);
    long long number = index ? PyLong_AsLongLong(index) : -1;
    Py_XDECREF(index);
    if (number == -1 && PyErr_Occurred())
        return convert_failed(column, "an integer within the range of int64", value);
    *out = number;
    return 0;
}

static int to_bool(const fc_column *column, PyObject *value, uint8_t *out) {
    /* NumPy's bool is not a subclass of Python's. */
    const char *type = Py_TYPE(value)->tp_name;
    if (!PyBool_Check(value) && strcmp(type, "numpy.bool") && strcmp(type, "numpy.bool_"))
        return raise_expected(column, "a bool", value);
    int truth = PyObject_IsTrue(value);
    if (truth < 0) return -1;
    *out = (uint8_t)truth;
    return 0;
}

/* The code of a text of the dictionary. */
static int to_code(const fc_column *column, PyObject *value, int32_t *out) {
    if (!PyUnicode_Check(value)) return raise_expected(column, "one of its texts (str)", value);
    Py_ssize_t len;
    const char *text = PyUnicode_AsUTF8AndSize(value, &len);
    if (!text) return -1;
    const fc_texts *texts = &column->info->texts;
    for (int64_t i = 0; i < texts->count; i++) {
        const char *at = texts->bytes + texts->offsets[i];
        if (texts->offsets[i + 1] - texts->offsets[i] != len || memcmp(at, text, (size_t)len))
            continue;
        *out = (int32_t)i;
        return 0;
    }
    PyErr_Format(PyExc_ValueError, "column '%s': %R is not one of its texts", column->info->name,
                 value);
    return -1;
}

/* Days since 1970-01-01 of a date of the proleptic Gregorian calendar (H. Hinnant,
 * "chrono-compatible low-level date algorithms"): years begin in March, so that the leap day is
 * the last. */
static int64_t days_of(int year, int month, int day) {
    int64_t y = year - (month <= 2);
    int64_t era = y / 400, of_era = y % 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* Microseconds east of UTC of an aware datetime; *aware is false where it has none. */
static int utc_offset(PyObject *value, bool *aware, int64_t *out) {
    *aware = false;
    *out = 0;
    if (PyDateTime_DATE_GET_TZINFO(value) == Py_None) return 0;
    PyObject *offset = PyObject_CallMethod(value, "utcoffset", NULL);
    if (!offset) return -1;
    if (offset != Py_None) {
        *aware = true;
        *out = ((int64_t)PyDateTime_DELTA_GET_DAYS(offset) * 86400 +
                PyDateTime_DELTA_GET_SECONDS(offset)) *
                   1000000 +
               PyDateTime_DELTA_GET_MICROSECONDS(offset);
    }
    Py_DECREF(offset);
    return 0;
}

static int to_time(const fc_column *column, PyObject *value, int64_t *out) {
    if (!PyDate_Check(value)) return raise_expected(column, "a datetime or date", value);
    int64_t micros = days_of(PyDateTime_GET_YEAR(value), PyDateTime_GET_MONTH(value),
                             PyDateTime_GET_DAY(value)) *
                     86400000000;
    bool aware = false;
    if (PyDateTime_Check(value)) {
        int64_t offset;
        if (utc_offset(value, &aware, &offset) < 0) return -1;
        int64_t minutes = PyDateTime_DATE_GET_HOUR(value) * 60 + PyDateTime_DATE_GET_MINUTE(value);
        int64_t seconds = minutes * 60 + PyDateTime_DATE_GET_SECOND(value);
        micros += seconds * 1000000 + PyDateTime_DATE_GET_MICROSECOND(value) - offset;
    }
    if (aware != column->info->utc)
        return raise_range(column, aware ? "a datetime without a time zone"
                                         : "a datetime with a time zone");
    *out = micros;
    return 0;
}

/* Value `at` of a column of fixed width. */
static int put_value(fc_column *column, size_t at, PyObject *value) {
    double number;
    int64_t integer;
    switch (column->kind) {
    case FC_COLUMN_FLOAT64: return to_double(column, value, &((double *)column->values)[at]);
    case FC_COLUMN_FLOAT32:
        if (to_double(column, value, &number) < 0) return -1;
        ((float *)column->values)[at] = (float)number;
        return 0;
    case FC_COLUMN_INT64: return to_int64(column, value, &((int64_t *)column->values)[at]);
    case FC_COLUMN_INT32:
        if (to_int64(column, value, &integer) < 0) return -1;
        if (integer != (int32_t)integer)
            return raise_range(column, "an integer within the range of int32");
        ((int32_t *)column->values)[at] = (int32_t)integer;
        return 0;
    case FC_COLUMN_BOOL: return to_bool(column, value, &((uint8_t *)column->values)[at]);
    case FC_COLUMN_CODE: return to_code(column, value, &((int32_t *)column->values)[at]);
    case FC_COLUMN_TIME: return to_time(column, value, &((int64_t *)column->values)[at]);
    default: break;
    }
    return raise_expected(column, "another kind", value);
}

static int put_list(fc_column *column, int64_t row, PyObject *value) {
    if (PyUnicode_Check(value)) return raise_expected(column, "a sequence", value);
    /* A copy of our own: converting an element may run code that changes the list. */
    PyObject *items = PySequence_Tuple(value);
    if (!items) return convert_failed(column, "a sequence", value);
    int status = 0;
    if (PyTuple_GET_SIZE(items) != (Py_ssize_t)column->items) {
        PyErr_Format(PyExc_ValueError, "column '%s': expected %u values, got %zd",
                     column->info->name, column->items, PyTuple_GET_SIZE(items));
        status = -1;
    }
    size_t at = (size_t)row * column->items;
    for (uint32_t i = 0; status == 0 && i < column->items; i++)
        status = put_value(column, at + i, PyTuple_GET_ITEM(items, (Py_ssize_t)i));
    Py_DECREF(items);
    return status;
}

static int put_string(fc_columns *set, fc_column *column, int64_t row, PyObject *value) {
    if (!PyUnicode_Check(value)) return raise_expected(column, "a str", value);
    Py_ssize_t len;
    const char *text = PyUnicode_AsUTF8AndSize(value, &len);
    if (!text) return -1;
    if (fc_column_put_text(set, column, row, text, (size_t)len) == FC_OK) return 0;
    PyErr_NoMemory();
    return -1;
}

/* A member of an Enum stands for its value: a new reference to that, or to the object itself. */
static PyObject *enum_value(PyObject *value) {
    /* Ordinary classes have `type` itself as their metaclass; only others need a closer look. */
    if (Py_TYPE(Py_TYPE(value)) == &PyType_Type || PyUnicode_Check(value) || PyLong_Check(value))
        return Py_NewRef(value);
    PyObject *inner = PyObject_GetAttrString(value, "value");
    if (inner) return inner;
    if (!PyErr_ExceptionMatches(PyExc_AttributeError)) return NULL;
    PyErr_Clear();
    return Py_NewRef(value);
}

static int put_null(fc_column *column, int64_t row) {
    if (column->kind == FC_COLUMN_OBJECT) {
        Py_CLEAR(((PyObject **)column->values)[row]);
    } else if (!column->valid) {
        PyErr_Format(PyExc_ValueError, "column '%s': None in a column without nulls",
                     column->info->name);
        return -1;
    }
    fc_column_put_null(column, row);
    return 0;
}

int fc_py_column_put(fc_columns *set, uint32_t at, int64_t row, PyObject *value) {
    fc_column *column = &set->columns[at];
    if (value == Py_None) return put_null(column, row);
    int status;
    if (column->kind == FC_COLUMN_OBJECT) {
        Py_XSETREF(((PyObject **)column->values)[row], Py_NewRef(value));
        status = 0;
    } else if (column->info->flags & FC_COLUMN_LISTED) {
        status = put_list(column, row, value);
    } else {
        PyObject *plain = enum_value(value);
        if (!plain) return -1;
        status = column->kind == FC_COLUMN_STRING ? put_string(set, column, row, plain)
                                                  : put_value(column, (size_t)row, plain);
        Py_DECREF(plain);
    }
    if (status == 0) fc_column_put_valid(column, row);
    return status;
}
