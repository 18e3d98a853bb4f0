/* Python objects for texts in a canonical form: dates, times, UUIDs; and bytes. */
#include "python/py_schema.h"

#include <datetime.h>

int fc_py_texts_ready(void) {
    PyDateTime_IMPORT;
    return PyDateTimeAPI ? 0 : -1;
}

/* `values` is (TzInfo, TzInfo(0)) of pydantic_core. */
static PyObject *zone_of(PyObject *values, const fc_time_parts *t) {
    if (!t->aware) return Py_NewRef(Py_None);
    if (!t->offset) return Py_NewRef(PyTuple_GET_ITEM(values, 1));
    return PyObject_CallFunction(PyTuple_GET_ITEM(values, 0), "i", t->offset);
}

static PyObject *make_datetime(PyObject *values, const fc_time_parts *t) {
    PyObject *zone = zone_of(values, t);
    if (!zone) return NULL;
    PyObject *when = PyDateTimeAPI->DateTime_FromDateAndTime(t->year, t->month, t->day, t->hour,
                                                             t->minute, t->second, t->micro, zone,
                                                             PyDateTimeAPI->DateTimeType);
    Py_DECREF(zone);
    return when;
}

static PyObject *make_time(PyObject *values, const fc_time_parts *t) {
    PyObject *zone = zone_of(values, t);
    if (!zone) return NULL;
    PyObject *when = PyDateTimeAPI->Time_FromTime(t->hour, t->minute, t->second, t->micro, zone,
                                                  PyDateTimeAPI->TimeType);
    Py_DECREF(zone);
    return when;
}

static PyObject *make_duration(const fc_duration *d) {
    int days = (int)(d->days + d->seconds / 86400);
    return PyDateTimeAPI->Delta_FromDelta(days, (int)(d->seconds % 86400), (int)d->micros, 1,
                                          PyDateTimeAPI->DeltaType);
}

/* Whether the 32 digits are those of this version, in the layout of RFC 9562. */
static bool has_version(const char *digits, uint32_t version) {
    char variant = digits[16] | 32; /* digits keep their code */
    return digits[12] == (char)('0' + version) &&
           (variant == '8' || variant == '9' || variant == 'a' || variant == 'b');
}

/* `values` is (UUID, SafeUUID.unknown); made as pydantic does, without __init__. */
static PyObject *make_uuid(fc_build *build, PyObject *values, const char *digits) {
    PyTypeObject *cls = (PyTypeObject *)PyTuple_GET_ITEM(values, 0);
    PyObject *number = PyLong_FromString(digits, NULL, 16);
    PyObject *made = number ? cls->tp_new(cls, build->state->empty_tuple, NULL) : NULL;
    /* Not by the class's own __setattr__, which refuses. */
    if (made && (PyObject_GenericSetAttr(made, build->state->name_int, number) < 0 ||
                 PyObject_GenericSetAttr(made, build->state->name_is_safe,
                                         PyTuple_GET_ITEM(values, 1)) < 0))
        Py_CLEAR(made);
    Py_XDECREF(number);
    return made;
}

static PyObject *make_bytes(const fc_json_string *string) {
    if (!string->escaped) return PyBytes_FromStringAndSize(string->data, (Py_ssize_t)string->len);
    PyObject *text = fc_py_build_string(string);
    PyObject *bytes = text ? PyUnicode_AsUTF8String(text) : NULL;
    Py_XDECREF(text);
    return bytes;
}

PyObject *fc_py_build_text(fc_build *build, uint32_t number, uint32_t at, const fc_path *path) {
    const fc_node *node = &fc_py_kernel(build)->nodes[number];
    PyObject *values = build->self->nodes[number].values;
    const fc_tape_node *value = &build->tape->nodes[at];
    if (value->kind != FC_JSON_STRING) return fc_py_refuse(build, number, value, path);
    fc_json_string string = fc_tape_string(build->tape, value);
    if (node->kind == FC_NODE_BYTES) {
        PyObject *bytes = make_bytes(&string);
        if (!bytes || fc_check_length(node, (uint64_t)PyBytes_GET_SIZE(bytes))) return bytes;
        Py_DECREF(bytes);
        return fc_py_refuse(build, number, value, path);
    }
    fc_time_parts t;
    fc_duration d;
    char digits[33];
    if (string.escaped) return fc_py_refuse(build, number, value, path);
    switch ((fc_node_kind)node->kind) {
    case FC_NODE_DATE:
        if (fc_read_date(string.data, string.len, &t))
            return PyDateTimeAPI->Date_FromDate(t.year, t.month, t.day, PyDateTimeAPI->DateType);
        break;
    case FC_NODE_DATETIME:
        if (fc_read_datetime(string.data, string.len, &t)) return make_datetime(values, &t);
        break;
    case FC_NODE_TIME:
        if (fc_read_time(string.data, string.len, &t)) return make_time(values, &t);
        break;
    case FC_NODE_DURATION:
        if (fc_read_duration(string.data, string.len, &d)) return make_duration(&d);
        break;
    default:
        if (fc_read_uuid(string.data, string.len, digits) &&
            (!node->child || has_version(digits, node->child)))
            return make_uuid(build, values, digits);
    }
    return fc_py_refuse(build, number, value, path);
}
