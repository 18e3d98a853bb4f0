/* Decimals, out of plain texts and numbers; Python's own class makes and compares them. */
#include <string.h>

#include "python/py_schema.h"

/* Whether the digits are not too many, as the original counts them before it looks for zeros that
 * could be left out: what is too many here may still be right. */
static bool fits(const fc_node *node, size_t whole, size_t fraction) {
    uint64_t all = node->bound.digits.all, places = node->bound.digits.places;
    if (whole + fraction > all || fraction > places) return false;
    return all == UINT64_MAX || places == UINT64_MAX || whole <= (all > places ? all - places : 0);
}

/* 1 if the number is within the bounds, 0 if not, -1 with an exception. */
static int within(const fc_node *node, PyObject *values, PyObject *number) {
    PyObject *low = PyTuple_GET_ITEM(values, 1), *high = PyTuple_GET_ITEM(values, 2);
    int inside = 1;
    if (low != Py_None)
        inside =
            PyObject_RichCompareBool(number, low, node->checks & FC_CHECK_LOW_OPEN ? Py_GT : Py_GE);
    if (inside == 1 && high != Py_None)
        inside = PyObject_RichCompareBool(number, high,
                                          node->checks & FC_CHECK_HIGH_OPEN ? Py_LT : Py_LE);
    return inside;
}

/* The text that the original makes the decimal of; NULL without an exception where that is not
 * certain. The two originals write whole floats and exponents in different ways. */
static PyObject *text_of(const fc_build *build, const fc_tape_node *value, size_t *whole,
                         size_t *fraction) {
    if (value->kind == FC_JSON_STRING) {
        fc_json_string string = fc_tape_string(build->tape, value);
        if (!fc_read_decimal(string.data, string.len, whole, fraction)) return NULL;
        return PyUnicode_FromStringAndSize(string.data, (Py_ssize_t)string.len);
    }
    char number[32], *real = NULL;
    PyObject *text = NULL;
    if (value->kind == FC_JSON_INT && value->flags & FC_TAPE_FITS) {
        PyOS_snprintf(number, sizeof number, "%lld", (long long)value->as.integer);
    } else if (value->kind == FC_JSON_FLOAT) {
        if (!(real = PyOS_double_to_string(value->as.real, 'r', 0, 0, NULL))) return NULL;
        if (!strchr(real, '.')) goto done;
    } else {
        return NULL;
    }
    const char *written = real ? real : number;
    if (fc_read_decimal(written, strlen(written), whole, fraction))
        text = PyUnicode_FromString(written);
done:
    PyMem_Free(real);
    return text;
}

PyObject *fc_py_build_decimal(fc_build *build, uint32_t number, uint32_t at, const fc_path *path) {
    const fc_node *node = &fc_py_kernel(build)->nodes[number];
    PyObject *values = build->self->nodes[number].values;
    const fc_tape_node *value = &build->tape->nodes[at];
    size_t whole = 0, fraction = 0;
    PyObject *text = text_of(build, value, &whole, &fraction), *made = NULL;
    if (text && fits(node, whole, fraction)) {
        made = PyObject_CallOneArg(PyTuple_GET_ITEM(values, 0), text);
        int inside = made ? within(node, values, made) : -1;
        if (inside <= 0) Py_CLEAR(made);
    }
    Py_XDECREF(text);
    return made || PyErr_Occurred() ? made : fc_py_refuse(build, number, value, path);
}
