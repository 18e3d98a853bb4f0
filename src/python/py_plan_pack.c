/* Documents that are no texts, packed as bytes for plans: lists of texts, and named values. What
 * isn't of Python's own exact types is for the original. */
#include "python/py_plan.h"

#include <math.h>
#include <string.h>

#include "plan/terms.h"

int fc_py_reads(PyObject *table, fc_program_source *source) {
    if (!PyUnicode_Check(table)) {
        source->reads = FC_READS_CALL;
        source->how = Py_NewRef(table);
        return 0;
    }
    static const char *const names[] = {"text", "packed", "strings", "dict", "pairs", "fields:"};
    for (int i = 0; i < FC_READS_FIELDS; i++) {
        if (PyUnicode_CompareWithASCIIString(table, names[i])) continue;
        source->reads = (fc_reads)i;
        return 0;
    }
    Py_ssize_t prefix = (Py_ssize_t)strlen(names[FC_READS_FIELDS]);
    PyObject *start = PyUnicode_FromString(names[FC_READS_FIELDS]);
    if (!start) return -1;
    Py_ssize_t found = PyUnicode_Tailmatch(table, start, 0, PY_SSIZE_T_MAX, -1);
    Py_DECREF(start);
    if (found < 0) return -1;
    if (!found) {
        PyErr_Format(PyExc_ValueError, "spec: no such kind of documents: %R", table);
        return -1;
    }
    source->reads = FC_READS_FIELDS;
    source->how = PyUnicode_Substring(table, prefix, PyUnicode_GET_LENGTH(table));
    return source->how ? 0 : -1;
}

/* ---- Bytes that grow ------------------------------------------------------------------- */

typedef struct fc_pack {
    char small[1024];
    char *at;
    size_t used, room;
} fc_pack;

static int add_bytes(fc_pack *pack, const void *bytes, size_t size) {
    if (size > pack->room - pack->used) {
        size_t room;
        if (!fc_size_add(pack->room, size, &room) || !fc_size_mul(room, 2, &room) ||
            room > PY_SSIZE_T_MAX) {
            PyErr_NoMemory();
            return -1;
        }
        char *at = PyMem_Realloc(pack->at == pack->small ? NULL : pack->at, room);
        if (!at) {
            PyErr_NoMemory();
            return -1;
        }
        if (pack->at == pack->small) memcpy(at, pack->small, pack->used);
        pack->at = at;
        pack->room = room;
    }
    memcpy(pack->at + pack->used, bytes, size);
    pack->used += size;
    return 0;
}

static int add_text(fc_pack *pack, PyObject *text) {
    fc_text view;
    if (!PyUnicode_CheckExact(text)) return 1;
    int refused = fc_py_text_view(text, &view);
    return refused ? refused : add_bytes(pack, view.data, (size_t)view.size);
}

static int end_name(fc_pack *pack) {
    const unsigned char end = FC_TOKEN_END;
    return add_bytes(pack, &end, 1);
}

/* ---- Named values ------------------------------------------------------------------------ */

/* A number as both of scikit-learn's classes read it, or those of NumPy. */
static int read_value(PyObject *value, bool fields, double *out) {
    const double most = 9007199254740992.0;
    if (PyFloat_CheckExact(value)) {
        *out = PyFloat_AS_DOUBLE(value);
        return 0;
    }
    if (PyBool_Check(value)) {
        *out = value == Py_True;
        return 0;
    }
    if (PyLong_CheckExact(value)) {
        int overflow;
        long long number = PyLong_AsLongLongAndOverflow(value, &overflow);
        *out = (double)number;
        return overflow || fabs(*out) > most;
    }
    if (value == Py_None && fields) {
        *out = (double)NAN;
        return 0;
    }
    /* NumPy's bool is none of Python's numbers. */
    bool boolean = !strncmp(Py_TYPE(value)->tp_name, "numpy.bool", 10);
    if (!fc_array_real_scalar(value) || (boolean && fields)) return 1;
    PyObject *number = PyNumber_Float(value);
    if (!number) return -1;
    *out = PyFloat_AS_DOUBLE(number);
    Py_DECREF(number);
    bool fits = PyObject_TypeCheck(value, &PyFloat_Type) || fabs(*out) <= most || isnan(*out);
    return fits ? 0 : 1;
}

static int add_item(fc_pack *pack, PyObject *name, double value) {
    int refused = name ? add_text(pack, name) : 0;
    if (!refused) refused = end_name(pack);
    return refused ? refused : add_bytes(pack, &value, sizeof value);
}

/* A value that is a text is part of the name. */
static int add_choice(fc_pack *pack, const fc_program_source *from, PyObject *name,
                      PyObject *text) {
    if (!PyUnicode_CheckExact(text)) return 1;
    int refused = add_text(pack, name);
    if (!refused) refused = from->how ? add_text(pack, from->how) : add_bytes(pack, "=", 1);
    if (!refused) refused = add_text(pack, text);
    return refused ? refused : add_item(pack, NULL, 1.0);
}

static int add_value(fc_pack *pack, const fc_program_source *from, PyObject *name,
                     PyObject *value) {
    bool fields = from->reads == FC_READS_FIELDS;
    if (!PyUnicode_CheckExact(name)) return 1;
    if (PyUnicode_CheckExact(value)) return add_choice(pack, from, name, value);
    if (fields && (PyList_CheckExact(value) || PyTuple_CheckExact(value))) {
        PyObject *texts = PySequence_Tuple(value);
        int refused = texts ? 0 : -1;
        for (Py_ssize_t i = 0; !refused && i < PyTuple_GET_SIZE(texts); i++)
            refused = add_choice(pack, from, name, PyTuple_GET_ITEM(texts, i));
        Py_XDECREF(texts);
        return refused;
    }
    double number;
    int refused = read_value(value, fields, &number);
    return refused ? refused : add_item(pack, name, number);
}

/* ---- Documents --------------------------------------------------------------------------- */

static int pack_dict(fc_pack *pack, const fc_program_source *from, PyObject *dict) {
    Py_ssize_t at = 0;
    PyObject *name, *value;
    int refused = 0;
    FC_LOCK(dict)
    while (!refused && PyDict_Next(dict, &at, &name, &value))
        refused = add_value(pack, from, name, value);
    FC_UNLOCK
    return refused;
}

static bool is_list(PyObject *object) {
    return PyList_CheckExact(object) || PyTuple_CheckExact(object);
}

static int add_pair(fc_pack *pack, const fc_program_source *from, PyObject *pair) {
    if (!is_list(pair)) return 1;
    PyObject *both = PySequence_Tuple(pair);
    if (!both) return -1;
    int refused = PyTuple_GET_SIZE(both) != 2;
    if (!refused)
        refused = add_value(pack, from, PyTuple_GET_ITEM(both, 0), PyTuple_GET_ITEM(both, 1));
    Py_DECREF(both);
    return refused;
}

static int pack_list(fc_pack *pack, const fc_program_source *from, PyObject *list) {
    PyObject *items = PySequence_Tuple(list);
    int refused = items ? 0 : -1;
    for (Py_ssize_t i = 0; !refused && i < PyTuple_GET_SIZE(items); i++) {
        PyObject *item = PyTuple_GET_ITEM(items, i);
        if (from->reads == FC_READS_PAIRS) {
            refused = add_pair(pack, from, item);
            continue;
        }
        refused = add_text(pack, item);
        if (!refused) refused = end_name(pack);
    }
    Py_XDECREF(items);
    return refused;
}

/* The tokens of a text, as the function tells them. */
static int pack_found(fc_pack *pack, const fc_program_source *from, PyObject *text) {
    if (!PyUnicode_CheckExact(text)) return 1;
    PyObject *tokens = PyObject_CallOneArg(from->how, text);
    if (!tokens) return -1;
    int refused = PyList_CheckExact(tokens) ? pack_list(pack, from, tokens) : 1;
    Py_DECREF(tokens);
    return refused;
}

int fc_py_pack(const fc_program_source *from, PyObject *document, PyObject **out) {
    if (from->reads == FC_READS_PACKED) {
        if (!PyBytes_CheckExact(document)) return 1;
        *out = Py_NewRef(document);
        return 0;
    }
    fc_pack pack;
    pack.at = pack.small;
    pack.used = 0;
    pack.room = sizeof pack.small;
    bool calls = from->reads == FC_READS_CALL;
    bool dicts = from->reads == FC_READS_DICT || from->reads == FC_READS_FIELDS;
    int refused = 1;
    if (dicts && PyDict_CheckExact(document)) refused = pack_dict(&pack, from, document);
    if (calls) refused = pack_found(&pack, from, document);
    if (!dicts && !calls && is_list(document)) refused = pack_list(&pack, from, document);
    if (!refused) {
        *out = PyBytes_FromStringAndSize(pack.at, (Py_ssize_t)pack.used);
        if (!*out) refused = -1;
    }
    if (pack.at != pack.small) PyMem_Free(pack.at);
    return refused;
}
