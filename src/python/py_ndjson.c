/* Lines of JSON: as columns, in one pass, and as one JSON array where pydantic is to judge them. */
#include <string.h>

#include "python/py_schema.h"

typedef struct lines {
    const char *data;
    size_t len;
    fc_json_limits limits;
    uint64_t most;  /* records */
    bool final;     /* what follows the last line feed is a line as well */
    char *out;      /* len + 2 bytes are enough: each line brings its line feed, or is the last */
    size_t written; /* of out */
    size_t consumed;
    uint64_t line, records;
    fc_json_error error; /* of line `line`, whose text begins at `begin` */
    size_t begin;
} lines;

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

/* One line: nothing, or one JSON value. */
static fc_status take_line(lines *self, size_t begin, size_t end) {
    while (begin < end && is_blank(self->data[begin])) begin++;
    while (end > begin && is_blank(self->data[end - 1])) end--;
    if (begin == end) return FC_OK;
    self->begin = begin;
    FC_TRY(fc_json_walk(self->data + begin, end - begin, &self->limits, &fc_json_sink_none, NULL,
                        &self->error));
    self->out[self->written++] = self->records++ ? ',' : '[';
    memcpy(self->out + self->written, self->data + begin, end - begin);
    self->written += end - begin;
    return FC_OK;
}

/* `blank` gets the numbers of lines without a record; it is NULL while the GIL is released. */
static fc_status take_lines(lines *self, uint64_t *blanks, size_t room, size_t *blank_count) {
    while (self->consumed < self->len && self->records < self->most) {
        const char *at = self->data + self->consumed;
        const char *feed = memchr(at, '\n', self->len - self->consumed);
        if (!feed && !self->final) break;
        size_t end = feed ? (size_t)(feed - self->data) : self->len;
        uint64_t before = self->records;
        FC_TRY(take_line(self, self->consumed, end));
        if (self->records == before) {
            if (*blank_count == room) break; /* the caller makes room, and comes again */
            blanks[(*blank_count)++] = self->line;
        }
        self->consumed = end + (feed != NULL);
        self->line++;
    }
    return FC_OK;
}

/* All of it without the GIL, a number of blank lines at a time. */
static fc_status run(lines *self, PyObject *blanks) {
    enum { ROOM = 512 };
    uint64_t numbers[ROOM];
    size_t count;
    do {
        fc_status status;
        count = 0;
        Py_BEGIN_ALLOW_THREADS status = take_lines(self, numbers, ROOM, &count);
        Py_END_ALLOW_THREADS if (status != FC_OK) return status;
        for (size_t i = 0; i < count; i++) {
            PyObject *number = PyLong_FromUnsignedLongLong(numbers[i]);
            int failed = number ? PyList_Append(blanks, number) : -1;
            Py_XDECREF(number);
            if (failed) return FC_ENOMEM;
        }
    } while (count == ROOM);
    self->out[self->written] = '[';
    if (!self->records) self->written++;
    self->out[self->written++] = ']';
    return FC_OK;
}

PyDoc_STRVAR(
    ndjson_array_doc,
    "ndjson_array($module, data, max_depth, allow_nan, most, final, /)\n--\n\n"
    "Up to `most` lines of JSON as (array, bytes read, lines read, numbers of blank lines, "
    "None), or with (text, line, offset in the data, rule) for a line that is not JSON.");

static PyObject *ndjson_array(PyObject *module, PyObject *const *args, Py_ssize_t nargs) {
    (void)module;
    if (nargs != 5 || !PyBytes_Check(args[0]))
        return PyErr_SetString(PyExc_TypeError, "ndjson_array() takes bytes and 4 arguments"), NULL;
    unsigned long depth = PyLong_AsUnsignedLong(args[1]);
    unsigned long long most = PyLong_AsUnsignedLongLong(args[3]);
    if (PyErr_Occurred()) return NULL;
    lines self = {.data = PyBytes_AS_STRING(args[0]),
                  .len = (size_t)PyBytes_GET_SIZE(args[0]),
                  .limits = {(uint32_t)depth, args[2] == Py_True},
                  .most = most,
                  .final = args[4] == Py_True};
    PyObject *blanks = PyList_New(0), *array = NULL, *result = NULL;
    self.out = PyMem_RawMalloc(self.len + 2);
    if (!blanks || !self.out) {
        PyErr_NoMemory();
        goto done;
    }
    fc_status status = run(&self, blanks);
    if (status == FC_ESYNTAX) {
        const char *rule = fc_py_policy_of(self.error.fault);
        result = Py_BuildValue("OnKO(sKns)", Py_None, (Py_ssize_t)self.consumed,
                               (unsigned long long)self.line, blanks,
                               fc_json_fault_text(self.error.fault), (unsigned long long)self.line,
                               (Py_ssize_t)(self.begin + self.error.at), rule);
    } else if (status != FC_OK) {
        if (!PyErr_Occurred()) fc_py_raise(status, "ndjson_array");
    } else if ((array = PyBytes_FromStringAndSize(self.out, (Py_ssize_t)self.written))) {
        result = Py_BuildValue("OnKOO", array, (Py_ssize_t)self.consumed,
                               (unsigned long long)self.line, blanks, Py_None);
    }
done:
    PyMem_RawFree(self.out);
    Py_XDECREF(array);
    Py_XDECREF(blanks);
    return result;
}

/* ---- Columns ------------------------------------------------------------------------------ */

/* The columns, or NULL with an exception. */
static PyObject *columns_of(fc_state *state, fc_py_schema *self, const fc_lines *read,
                            PyObject *data, fc_fill *fill) {
    fc_build build = {.state = state, .self = self, .data = read->data};
    PyObject *columns = fc_py_build_columns(&build, self->kernel.root, fill, 0, NULL);
    if (!columns && build.signal && !PyErr_Occurred())
        columns = PyObject_CallMethod((PyObject *)self, "_uncaught", "i", (int)build.signal);
    if (!columns && build.errors && !PyErr_Occurred())
        columns = PyObject_CallMethod((PyObject *)self, "_raise", "OOK", build.errors, data,
                                      (unsigned long long)read->first);
    if (!columns && !PyErr_Occurred())
        PyErr_SetString(PyExc_SystemError, "a validation failed without an error");
    Py_XDECREF(build.errors);
    return columns;
}

PyObject *fc_py_schema_ndjson(fc_state *state, fc_py_schema *self, PyObject *const *args) {
    fc_lines read = {.data = PyBytes_AS_STRING(args[0]),
                     .len = (size_t)PyBytes_GET_SIZE(args[0]),
                     .final = args[2] == Py_True};
    read.most = PyLong_AsUnsignedLongLong(args[1]);
    read.first = PyLong_AsUnsignedLongLong(args[3]);
    if (PyErr_Occurred()) return NULL;
    uint32_t root = self->kernel.root;
    if (!self->native || self->unique || self->verify > 0 ||
        self->kernel.nodes[root].kind != FC_NODE_ROWS)
        Py_RETURN_NOTIMPLEMENTED;
    fc_fill fill;
    fc_status status;
    Py_BEGIN_ALLOW_THREADS status =
        fc_fill_lines(&self->kernel, root, &read, &fc_alloc_libc, &fill);
    Py_END_ALLOW_THREADS if (status == FC_ESYNTAX) return Py_BuildValue(
        "OnK(sKns)", Py_None, (Py_ssize_t)read.used, (unsigned long long)read.line,
        fc_json_fault_text(read.error.fault), (unsigned long long)read.line,
        (Py_ssize_t)read.error.at, fc_py_policy_of(read.error.fault));
    if (status != FC_OK) return fc_py_raise(status, "lines of JSON");
    PyObject *columns = NULL;
    if (fill.refused)
        columns = Py_NewRef(Py_NotImplemented);
    else
        columns = columns_of(state, self, &read, args[0], &fill);
    fc_fill_free(&fill);
    if (!columns || columns == Py_NotImplemented) return columns;
    return Py_BuildValue("NnKO", columns, (Py_ssize_t)read.used, (unsigned long long)read.line,
                         Py_None);
}

static PyMethodDef functions[] = {
    {"ndjson_array", (PyCFunction)(void (*)(void))ndjson_array, METH_FASTCALL, ndjson_array_doc},
    {NULL, NULL, 0, NULL},
};

int fc_py_ndjson_exec(PyObject *module, fc_state *state) {
    (void)state;
    return PyModule_AddFunctions(module, functions);
}
