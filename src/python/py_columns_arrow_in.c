/* `_core.Columns._from_arrow`: what the PyCapsule interface gives, into a set. */
#include "fastcore/arrow.h"
#include "python/py_columns_type.h"

#include <stdlib.h>

const char fc_py_columns_from_arrow_doc[] =
    "_from_arrow($type, source, seed, /)\n--\n\n"
    "Columns out of an Arrow stream's capsule, or a pair of capsules (schema, array).";

static PyObject *raise_arrow(fc_status status, const char *error) {
    if (status == FC_ENOMEM) return PyErr_NoMemory();
    PyErr_Format(status == FC_EREFUSED ? PyExc_TypeError : PyExc_ValueError, "x: %s",
                 error[0] ? error : fc_status_text(status));
    return NULL;
}

/* The pointer of a capsule of this name; another name is another struct. */
static void *open_capsule(PyObject *capsule, const char *name) {
    if (PyCapsule_IsValid(capsule, name)) return PyCapsule_GetPointer(capsule, name);
    if (!PyCapsule_CheckExact(capsule))
        return PyErr_Format(PyExc_TypeError, "x: expected a capsule named '%s', got %.100s", name,
                            Py_TYPE(capsule)->tp_name);
    const char *found = PyCapsule_GetName(capsule);
    return PyErr_Format(PyExc_TypeError, "x: expected a capsule named '%s', got one %s%.100s%s",
                        name, found ? "named '" : "without a name", found ? found : "",
                        found ? "'" : "");
}

/* What a stream says of its failure; its memory is its own. */
static PyObject *raise_stream(struct ArrowArrayStream *stream, int code) {
    const char *text = stream->get_last_error ? stream->get_last_error(stream) : NULL;
    PyObject *message = text ? PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), "replace")
                             : PyUnicode_FromFormat("error %d", code);
    if (message) PyErr_Format(PyExc_ValueError, "x: its Arrow stream failed: %U", message);
    Py_XDECREF(message);
    return NULL;
}

static PyObject *finish(PyTypeObject *cls, fc_arrow_in *in) {
    char error[FC_ARROW_ERROR];
    fc_columns *set = NULL;
    fc_status status;
    Py_BEGIN_ALLOW_THREADS status = fc_arrow_in_finish(in, error, &set);
    Py_END_ALLOW_THREADS fc_arrow_in_free(in);
    return status == FC_OK ? fc_py_columns_wrap(cls, set) : raise_arrow(status, error);
}

static PyObject *read_stream(PyTypeObject *cls, struct ArrowArrayStream *stream, uint64_t seed) {
    char error[FC_ARROW_ERROR];
    struct ArrowSchema schema = {0};
    int code = stream->get_schema(stream, &schema); /* may run Python: the GIL is held */
    if (code) return raise_stream(stream, code);
    fc_arrow_in *in;
    fc_status status = fc_arrow_in_new(&fc_alloc_libc, &schema, seed, error, &in);
    if (status != FC_OK) return raise_arrow(status, error);
    for (;;) {
        struct ArrowArray array = {0};
        code = stream->get_next(stream, &array);
        if (code) {
            fc_arrow_in_free(in);
            return raise_stream(stream, code);
        }
        if (!array.release) break;
        status = fc_arrow_in_push(in, &array, error);
        if (status != FC_OK || PyErr_CheckSignals() < 0) {
            fc_arrow_in_free(in);
            return status != FC_OK ? raise_arrow(status, error) : NULL;
        }
    }
    return finish(cls, in);
}

/* The stream is used up: a second use of its capsule must not look like no rows. */
static PyObject *from_stream(PyTypeObject *cls, PyObject *capsule, uint64_t seed) {
    struct ArrowArrayStream *stream = open_capsule(capsule, "arrow_array_stream");
    if (!stream) return NULL;
    if (!stream->release || !stream->get_schema || !stream->get_next)
        return raise_arrow(FC_EINVALID, "the Arrow stream was released");
    PyObject *result = read_stream(cls, stream, seed);
    PyObject *raised = result ? NULL : fc_py_take_exception(); /* a release may run Python */
    stream->release(stream);
    if (raised) fc_py_set_exception(raised);
    return result;
}

static PyObject *from_array(PyTypeObject *cls, PyObject *pair, uint64_t seed) {
    struct ArrowSchema *schema = open_capsule(PyTuple_GET_ITEM(pair, 0), "arrow_schema");
    struct ArrowArray *array =
        schema ? open_capsule(PyTuple_GET_ITEM(pair, 1), "arrow_array") : NULL;
    char error[FC_ARROW_ERROR];
    fc_arrow_in *in;
    if (!array) return NULL;
    fc_status status = fc_arrow_in_new(&fc_alloc_libc, schema, seed, error, &in);
    if (status != FC_OK) return raise_arrow(status, error);
    status = fc_arrow_in_push(in, array, error);
    if (status == FC_OK) return finish(cls, in);
    fc_arrow_in_free(in);
    return raise_arrow(status, error);
}

PyObject *fc_py_columns_from_arrow(PyObject *cls, PyObject *const *args, Py_ssize_t nargs) {
    if (nargs != 2) {
        PyErr_SetString(PyExc_TypeError, "_from_arrow() takes 2 arguments");
        return NULL;
    }
    unsigned long long seed = PyLong_AsUnsignedLongLong(args[1]);
    if (seed == (unsigned long long)-1 && PyErr_Occurred()) return NULL;
    if (PyTuple_Check(args[0]) && PyTuple_GET_SIZE(args[0]) == 2)
        return from_array((PyTypeObject *)cls, args[0], seed);
    return from_stream((PyTypeObject *)cls, args[0], seed);
}
