/* The Python type `_core.Snapshot`: windows gathered from stores, files and bytes. */
#include <errno.h>
#include <unistd.h>

#include "python/py_array.h"
#include "python/py_monitor.h"

typedef struct snapshot_object {
    PyObject_HEAD fc_snapshot *snapshot;
} snapshot_object;

static fc_snapshot *snapshot_of(PyObject *self) { return ((snapshot_object *)self)->snapshot; }

static PyObject *snapshot_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
    static const char *const names[] = {"reference",   "window",  "slots",
                                        "fingerprint", "present", NULL};
    PyObject *reference, *window, *slots, *fingerprint;
    long long present = INT64_MAX;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OOOO|L:Snapshot", (char **)names, &reference,
                                     &window, &slots, &fingerprint, &present))
        return NULL;
    PyObject *module = PyType_GetModuleByDef(type, &fc_module_def);
    fc_reference *inside =
        module ? fc_py_reference_of(fc_state_of(module), reference, "reference") : NULL;
    fc_store_spec spec = {0};
    if (!inside || fc_py_store_spec(window, slots, fingerprint, &spec) < 0) return NULL;
    snapshot_object *self = (snapshot_object *)type->tp_alloc(type, 0);
    if (!self) return NULL;
    fc_status status = fc_snapshot_new(&fc_alloc_libc, inside, &spec, &self->snapshot);
    if (status == FC_OK) {
        self->snapshot->present = present;
        return (PyObject *)self;
    }
    Py_DECREF(self);
    return fc_py_raise(status, "Snapshot");
}

static void snapshot_dealloc(PyObject *object) {
    PyTypeObject *type = Py_TYPE(object);
    fc_snapshot_free(snapshot_of(object));
    type->tp_free(object);
    Py_DECREF(type);
}

/* None, or what is wrong with a source. */
static PyObject *verdict(fc_status status, fc_fault fault) {
    if (status != FC_OK) return fc_py_raise(status, "Snapshot");
    if (fault == FC_SOUND) Py_RETURN_NONE;
    return PyUnicode_FromString(fc_fault_text(fault));
}

static bool read_file(void *ctx, uint64_t offset, void *to, size_t size) {
    char *at = to;
    while (size) {
        ssize_t got = pread(*(const int *)ctx, at, size, (off_t)offset);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        at += got, offset += (uint64_t)got, size -= (size_t)got;
    }
    return true;
}

PyDoc_STRVAR(add_file_doc, "add_file($self, fd, size, /)\n--\n\n"
                           "Add the windows of a store's file, which may be written to meanwhile. "
                           "None, or what is wrong with it; nothing is added then.");

static PyObject *add_file(PyObject *object, PyObject *const *args, Py_ssize_t nargs) {
    if (nargs != 2) {
        PyErr_SetString(PyExc_TypeError, "add_file() takes exactly two arguments");
        return NULL;
    }
    int fd = (int)PyLong_AsLong(args[0]);
    if (fd == -1 && PyErr_Occurred()) return NULL;
    unsigned long long size = PyLong_AsUnsignedLongLong(args[1]);
    if (size == (unsigned long long)-1 && PyErr_Occurred()) return NULL;
    fc_source source = {read_file, &fd, size};
    fc_fault fault = FC_SOUND;
    fc_status status;
    Py_BEGIN_ALLOW_THREADS status = fc_snapshot_add_store(snapshot_of(object), &source, &fault);
    Py_END_ALLOW_THREADS return verdict(status, fault);
}

PyDoc_STRVAR(add_doc, "add($self, other, /)\n--\n\n"
                      "Add the windows of a monitor of this process or of another snapshot.");

static PyObject *add(PyObject *object, PyTypeObject *cls, PyObject *const *args, Py_ssize_t nargs,
                     PyObject *kwnames) {
    fc_state *state = fc_state_of_type(cls);
    if (nargs != 1 || (kwnames && PyTuple_GET_SIZE(kwnames))) {
        PyErr_SetString(PyExc_TypeError, "add() takes exactly one argument");
        return NULL;
    }
    if (PyObject_TypeCheck(args[0], state->monitor_type)) {
        if (fc_py_monitor_add_to(args[0], snapshot_of(object)) < 0) return NULL;
        Py_RETURN_NONE;
    }
    if (!PyObject_TypeCheck(args[0], state->snapshot_type)) {
        PyErr_Format(PyExc_TypeError, "other: expected a Monitor or Snapshot, got %.200s",
                     Py_TYPE(args[0])->tp_name);
        return NULL;
    }
    fc_status status = fc_snapshot_add(snapshot_of(object), snapshot_of(args[0]));
    if (status == FC_EINVALID) {
        PyErr_SetString(PyExc_ValueError,
                        "other: expected one of the same reference, window and slots");
        return NULL;
    }
    return verdict(status, FC_SOUND);
}

PyDoc_STRVAR(add_bytes_doc, "add_bytes($self, data, /)\n--\n\n"
                            "Add what to_bytes() wrote. (ids, None), or (b'', what is wrong).");

static PyObject *add_bytes(PyObject *object, PyObject *data) {
    Py_buffer buffer;
    if (PyObject_GetBuffer(data, &buffer, PyBUF_SIMPLE) < 0) return NULL;
    /* A copy: who else has the buffer may write to it. */
    size_t size = (size_t)buffer.len;
    char *copy = PyMem_RawMalloc(size + 1);
    if (copy) memcpy(copy, buffer.buf, size);
    PyBuffer_Release(&buffer);
    if (!copy) return PyErr_NoMemory();
    const uint8_t *ids = NULL;
    uint32_t count = 0;
    fc_fault fault = FC_SOUND;
    fc_status status;
    Py_BEGIN_ALLOW_THREADS status =
        fc_snapshot_add_bytes(snapshot_of(object), copy, size, &ids, &count, &fault);
    Py_END_ALLOW_THREADS PyObject *result;
    if (status != FC_OK)
        result = fc_py_raise(status, "Snapshot");
    else if (fault != FC_SOUND)
        result = Py_BuildValue("y#s", "", (Py_ssize_t)0, fc_fault_text(fault));
    else
        result =
            Py_BuildValue("y#O", count ? (const char *)ids : "", (Py_ssize_t)count * 16, Py_None);
    PyMem_RawFree(copy);
    return result;
}

PyDoc_STRVAR(to_bytes_doc, "to_bytes($self, ids, /)\n--\n\n"
                           "The windows and the ids (16 bytes each) of whose they are.");

static PyObject *to_bytes(PyObject *object, PyObject *ids) {
    if (!PyBytes_Check(ids) || PyBytes_GET_SIZE(ids) % 16 ||
        PyBytes_GET_SIZE(ids) / 16 > (1 << 20)) {
        PyErr_SetString(PyExc_ValueError, "ids: expected bytes, 16 for each");
        return NULL;
    }
    uint32_t count = (uint32_t)(PyBytes_GET_SIZE(ids) / 16);
    size_t size = fc_snapshot_bytes(snapshot_of(object), count);
    if (!size || size > PY_SSIZE_T_MAX) return PyErr_NoMemory();
    PyObject *bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)size);
    if (bytes)
        fc_snapshot_write(snapshot_of(object), (const uint8_t *)PyBytes_AS_STRING(ids), count,
                          PyBytes_AS_STRING(bytes));
    return bytes;
}

PyDoc_STRVAR(total_doc, "total($self, first, last, /)\n--\n\n"
                        "The block of the windows from number `first` to `last`.");

static PyObject *total(PyObject *object, PyObject *const *args, Py_ssize_t nargs) {
    fc_snapshot *snapshot = snapshot_of(object);
    if (nargs != 2) {
        PyErr_SetString(PyExc_TypeError, "total() takes exactly two arguments");
        return NULL;
    }
    long long first = PyLong_AsLongLong(args[0]), last;
    if (first == -1 && PyErr_Occurred()) return NULL;
    last = PyLong_AsLongLong(args[1]);
    if (last == -1 && PyErr_Occurred()) return NULL;
    Py_ssize_t words = (Py_ssize_t)snapshot->reference->words;
    void *data;
    PyObject *block = fc_array_new(FC_DTYPE_UINT64, 1, &words, false, &data);
    if (block) fc_snapshot_total(snapshot, first, last, data);
    return block;
}

PyDoc_STRVAR(windows_doc, "windows($self, /)\n--\n\n"
                          "The windows there are, oldest first: a list of (number, rows).");

static PyObject *windows(PyObject *object, PyObject *unused) {
    (void)unused;
    const fc_snapshot *snapshot = snapshot_of(object);
    PyObject *list = PyList_New(0);
    for (uint32_t i = 0; list && i < snapshot->slots; i++) {
        if (!snapshot->blocks[i]) continue;
        PyObject *item = Py_BuildValue("LK", (long long)snapshot->index[i],
                                       (unsigned long long)snapshot->blocks[i][0]);
        if (!item || PyList_Append(list, item) < 0) Py_CLEAR(list);
        Py_XDECREF(item);
    }
    if (list && PyList_Sort(list) < 0) Py_CLEAR(list);
    return list;
}

#define METHOD(function) ((PyCFunction)(void (*)(void))(function))
static PyMethodDef snapshot_methods[] = {
    {"add_file", METHOD(add_file), METH_FASTCALL, add_file_doc},
    {"add", METHOD(add), METH_METHOD | METH_FASTCALL | METH_KEYWORDS, add_doc},
    {"add_bytes", add_bytes, METH_O, add_bytes_doc},
    {"to_bytes", to_bytes, METH_O, to_bytes_doc},
    {"total", METHOD(total), METH_FASTCALL, total_doc},
    {"windows", windows, METH_NOARGS, windows_doc},
    {NULL, NULL, 0, NULL},
};

PyDoc_STRVAR(snapshot_doc,
             "Snapshot(reference, window, slots, fingerprint, present=2**63-1)\n--\n\n"
             "Windows of counts, added up; those behind number `present` have not "
             "begun. Not for several threads at once.");

static PyType_Slot snapshot_slots[] = {
    {Py_tp_doc, (void *)snapshot_doc},
    {Py_tp_new, snapshot_new},
    {Py_tp_dealloc, snapshot_dealloc},
    {Py_tp_methods, snapshot_methods},
    {0, NULL},
};

static PyType_Spec snapshot_spec = {
    .name = "fastcore._core.Snapshot",
    .basicsize = sizeof(snapshot_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = snapshot_slots,
};

int fc_py_snapshot_exec(PyObject *module, fc_state *state) {
    state->snapshot_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &snapshot_spec, NULL);
    if (!state->snapshot_type) return -1;
    return PyModule_AddType(module, state->snapshot_type);
}
