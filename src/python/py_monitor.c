/* The Python type `_core.Monitor`: this process's store, and the updates of it.
 *
 * Where the store lives is the business of the Python class above (fastcore/monitor.py), which has
 * the methods that are called from here: `_attend()` once a second and before the first update,
 * `_forked()` in a child, `_as_columns(data)` and `_as_dict(row)` for what is not in our form; of
 * a reference with vectors for all, because these add what is counted of a vector. */
#include "python/py_monitor.h"

#include <pthread.h>
#include <sys/mman.h>
#include <time.h>

#include "python/py_columns.h"

enum { LONG_ROWS = 1024 }; /* from here on the GIL is released */

typedef struct monitor_object {
    PyObject_HEAD fc_reference *reference; /* a reference */
    PyObject *reference_object;
    fc_store_spec spec;
    fc_store *store; /* or NULL */
    void *memory;
    size_t size;
    pthread_mutex_t mutex; /* of the store: it is used without the GIL too */
    uint64_t forks;        /* of this process when the store was made */
    int64_t second;        /* in which `_attend` was last called */
    int64_t clock_offset;  /* microseconds that tests add to the clock */
    bool vectors;          /* rows are to be prepared, whatever their form */
} monitor_object;

int fc_py_store_spec(PyObject *window, PyObject *slots, PyObject *fingerprint,
                     fc_store_spec *spec) {
    Py_ssize_t number = PyNumber_AsSsize_t(slots, PyExc_OverflowError);
    if (number == -1 && PyErr_Occurred()) return -1;
    spec->window = PyLong_AsLongLong(window);
    if (spec->window == -1 && PyErr_Occurred()) return -1;
    if (number < 1 || number > FC_MAX_SLOTS) {
        PyErr_Format(PyExc_ValueError, "slots: expected 1 to %d, got %zd", FC_MAX_SLOTS, number);
        return -1;
    }
    spec->slots = (uint32_t)number;
    if (spec->window <= 0) {
        PyErr_SetString(PyExc_ValueError, "window: expected a time above 0");
        return -1;
    }
    if (!PyBytes_Check(fingerprint) ||
        PyBytes_GET_SIZE(fingerprint) != (Py_ssize_t)sizeof spec->fingerprint) {
        PyErr_SetString(PyExc_ValueError, "fingerprint: expected 32 bytes");
        return -1;
    }
    memcpy(spec->fingerprint, PyBytes_AS_STRING(fingerprint), sizeof spec->fingerprint);
    return 0;
}

static PyObject *monitor_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
    static const char *const names[] = {"reference",   "window",  "slots",
                                        "fingerprint", "vectors", NULL};
    PyObject *reference, *window, *slots, *fingerprint;
    int vectors = 0;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OOOO|p:Monitor", (char **)names, &reference,
                                     &window, &slots, &fingerprint, &vectors))
        return NULL;
    PyObject *module = PyType_GetModuleByDef(type, &fc_module_def);
    fc_reference *inside =
        module ? fc_py_reference_of(fc_state_of(module), reference, "reference") : NULL;
    fc_store_spec spec = {0};
    if (!inside || fc_py_store_spec(window, slots, fingerprint, &spec) < 0) return NULL;
    monitor_object *self = (monitor_object *)type->tp_alloc(type, 0);
    if (!self) return NULL;
    self->reference = fc_reference_ref(inside);
    self->reference_object = Py_NewRef(reference);
    self->spec = spec;
    self->forks = fc_forks();
    self->second = INT64_MIN;
    self->vectors = vectors;
    pthread_mutex_init(&self->mutex, NULL);
    return (PyObject *)self;
}

static void drop_store(monitor_object *self) {
    fc_store_free(self->store);
    self->store = NULL;
    if (self->memory) munmap(self->memory, self->size);
    self->memory = NULL;
}

static int monitor_traverse(PyObject *object, visitproc visit, void *arg) {
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(((monitor_object *)object)->reference_object);
    return 0;
}

static void monitor_dealloc(PyObject *object) {
    monitor_object *self = (monitor_object *)object;
    PyTypeObject *type = Py_TYPE(object);
    PyObject_GC_UnTrack(object);
    drop_store(self);
    pthread_mutex_destroy(&self->mutex);
    fc_reference_free(self->reference);
    Py_XDECREF(self->reference_object);
    type->tp_free(object);
    Py_DECREF(type);
}

/* Nobody waits for the mutex with the GIL in hand, so its holder can always get the GIL. */
static void lock(monitor_object *self) {
    if (pthread_mutex_trylock(&self->mutex) == 0) return;
    Py_BEGIN_ALLOW_THREADS pthread_mutex_lock(&self->mutex);
    Py_END_ALLOW_THREADS
}

/* ---- Attaching ---------------------------------------------------------------------------- */

PyDoc_STRVAR(size_doc, "_size($self, /)\n--\n\nThe bytes that the store needs.");

static PyObject *monitor_size(PyObject *object, PyObject *unused) {
    (void)unused;
    monitor_object *self = (monitor_object *)object;
    return PyLong_FromSize_t(fc_store_size(self->reference, &self->spec));
}

PyDoc_STRVAR(attach_doc,
             "_attach($self, fd, id, /)\n--\n\n"
             "Keep the store in a file, which has room for it and is empty, or in memory (fd -1). "
             "What was counted so far goes with it.");

static PyObject *monitor_attach(PyObject *object, PyObject *const *args, Py_ssize_t nargs) {
    monitor_object *self = (monitor_object *)object;
    if (nargs != 2 || !PyBytes_Check(args[1]) || PyBytes_GET_SIZE(args[1]) != 16) {
        PyErr_SetString(PyExc_TypeError, "_attach() takes a file descriptor and 16 bytes");
        return NULL;
    }
    long fd = PyLong_AsLong(args[0]);
    if (fd == -1 && PyErr_Occurred()) return NULL;
    size_t size = fc_store_size(self->reference, &self->spec);
    if (!size) return PyErr_NoMemory();
    int flags = fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, (int)(fd < 0 ? -1 : fd), 0);
    if (memory == MAP_FAILED) return PyErr_SetFromErrno(PyExc_OSError);
    const uint8_t *id = (const uint8_t *)PyBytes_AS_STRING(args[1]);
    memcpy(self->spec.id, id, sizeof self->spec.id);
    fc_status status = FC_OK;
    lock(self);
    void *old = self->memory;
    if (self->store)
        fc_store_move(self->store, memory, id);
    else
        status = fc_store_new(&fc_alloc_libc, self->reference, &self->spec, memory, &self->store);
    if (status == FC_OK) self->memory = memory, self->size = size;
    pthread_mutex_unlock(&self->mutex);
    if (status != FC_OK) old = memory;
    if (old) munmap(old, size);
    if (status != FC_OK) return fc_py_raise(status, "Monitor");
    Py_RETURN_NONE;
}

/* In a child: the store is the parent's, and who held the mutex there does not exist here. */
static int leave_parent(monitor_object *self) {
    uint64_t generation = fc_forks();
    if (FC_LIKELY(self->forks == generation)) return 0;
    self->forks = generation;
    pthread_mutex_init(&self->mutex, NULL);
    drop_store(self);
    PyObject *done = PyObject_CallMethod((PyObject *)self, "_forked", NULL);
    Py_XDECREF(done);
    return done ? 0 : -1;
}

PyDoc_STRVAR(abandon_doc, "_abandon($self, /)\n--\n\n"
                          "In a child: let go of what is the parent's. Nothing elsewhere.");

static PyObject *monitor_abandon(PyObject *object, PyObject *unused) {
    (void)unused;
    if (leave_parent((monitor_object *)object) < 0) return NULL;
    Py_RETURN_NONE;
}

/* Everything a process needs before it may touch the store. */
static int get_ready(monitor_object *self, int64_t now) {
    if (leave_parent(self) < 0) return -1;
    int64_t second = now / 1000000;
    if (FC_LIKELY(self->store && self->second == second)) return 0;
    self->second = second;
    PyObject *done = PyObject_CallMethod((PyObject *)self, "_attend", NULL);
    if (!done) return -1;
    Py_DECREF(done);
    if (self->store) return 0;
    PyErr_SetString(PyExc_OSError, "Monitor: there is no memory for its counts");
    return -1;
}

PyDoc_STRVAR(ready_doc, "_ready($self, /)\n--\n\nWhat an update does before it counts.");

static int64_t clock_now(const monitor_object *self) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000 + self->clock_offset;
}

static PyObject *monitor_ready(PyObject *object, PyObject *unused) {
    (void)unused;
    monitor_object *self = (monitor_object *)object;
    if (get_ready(self, clock_now(self)) < 0) return NULL;
    Py_RETURN_NONE;
}

/* ---- Updating ----------------------------------------------------------------------------- */

/* datetime or seconds since 1970, as microseconds. */
static int read_time(PyObject *object, int64_t *out) {
    PyObject *seconds =
        PyNumber_Check(object) ? Py_NewRef(object) : PyObject_CallMethod(object, "timestamp", NULL);
    if (!seconds && PyErr_ExceptionMatches(PyExc_AttributeError))
        PyErr_Format(PyExc_TypeError, "time: expected a datetime or seconds, got %.200s",
                     Py_TYPE(object)->tp_name);
    if (!seconds) return -1;
    double value = PyFloat_AsDouble(seconds);
    Py_DECREF(seconds);
    if (value == -1.0 && PyErr_Occurred()) return -1;
    if (!(value > -9e12 && value < 9e12)) { /* microseconds fit into int64 */
        PyErr_SetString(PyExc_ValueError, "time: expected seconds since 1970");
        return -1;
    }
    *out = (int64_t)(value * 1e6);
    return 0;
}

/* Counts a set; `when` is NULL for the clock's time. */
static int count_set(monitor_object *self, const fc_mapping *mapping, const fc_columns *set,
                     PyObject *when) {
    int64_t now = clock_now(self), time = now;
    if (when && read_time(when, &time) < 0) return -1;
    if (get_ready(self, now) < 0) return -1;
    bool late = false;
    lock(self);
    late = when && fc_store_is_late(self->store, time);
    if (!late && set->rows < LONG_ROWS) {
        fc_store_update(self->store, mapping, set, time);
    } else if (!late) {
        Py_BEGIN_ALLOW_THREADS fc_store_update(self->store, mapping, set, time);
        Py_END_ALLOW_THREADS
    }
    pthread_mutex_unlock(&self->mutex);
    if (!late) return 0;
    PyErr_SetString(PyExc_ValueError,
                    "time: expected one within the windows that are kept, got an earlier one");
    return -1;
}

/* The arguments (x, *, time=None). */
static int read_arguments(const char *method, PyObject *const *args, Py_ssize_t nargs,
                          PyObject *kwnames, PyObject **when) {
    Py_ssize_t named = kwnames ? PyTuple_GET_SIZE(kwnames) : 0;
    *when = NULL;
    if (nargs != 1) {
        PyErr_Format(PyExc_TypeError, "%s() takes exactly one positional argument (%zd given)",
                     method, nargs);
        return -1;
    }
    for (Py_ssize_t i = 0; i < named; i++) {
        PyObject *name = PyTuple_GET_ITEM(kwnames, i);
        if (PyUnicode_CompareWithASCIIString(name, "time") != 0) {
            PyErr_Format(PyExc_TypeError, "%s() got an unexpected keyword argument '%U'", method,
                         name);
            return -1;
        }
        if (args[nargs + i] != Py_None) *when = args[nargs + i];
    }
    return 0;
}

PyDoc_STRVAR(
    update_doc,
    "update($self, data, /, *, time=None)\n--\n\n"
    "Count rows.\n\n"
    "Parameters\n"
    "----------\n"
    "data : Columns, Arrow data, DataFrame, dict of arrays or list of dicts\n"
    "    Columns that are no feature of the reference are passed over.\n"
    "time : datetime or float, optional\n"
    "    When the rows happened (seconds since 1970); now, if not given.\n\n"
    "Raises\n"
    "------\n"
    "KeyError\n"
    "    If a feature has no column.\n"
    "TypeError\n"
    "    If a column is of another kind than its feature.\n"
    "ValueError\n"
    "    If `time` lies before the windows that are kept. In all cases nothing is counted.\n");

static PyObject *monitor_update(PyObject *object, PyTypeObject *cls, PyObject *const *args,
                                Py_ssize_t nargs, PyObject *kwnames) {
    monitor_object *self = (monitor_object *)object;
    fc_state *state = fc_state_of_type(cls);
    PyObject *when, *data;
    if (read_arguments("update", args, nargs, kwnames, &when) < 0) return NULL;
    if (!self->vectors && PyObject_TypeCheck(args[0], state->columns_type))
        data = Py_NewRef(args[0]);
    else
        data = PyObject_CallMethod(object, "_as_columns", "O", args[0]);
    fc_columns *set = data ? fc_py_columns_of(state, data, "data") : NULL;
    fc_mapping *mapping = set ? fc_py_reference_mapping(self->reference_object, set) : NULL;
    int failed = mapping ? count_set(self, mapping, set, when) : -1;
    fc_mapping_free(mapping);
    Py_XDECREF(data);
    if (failed) return NULL;
    Py_RETURN_NONE;
}

PyDoc_STRVAR(update_one_doc,
             "update_one($self, row, /, *, time=None)\n--\n\n"
             "Count one row: a dict, or an instance of a model or dataclass.\n\n"
             "Raises\n"
             "------\n"
             "KeyError\n"
             "    If a feature has no key.\n"
             "TypeError\n"
             "    If a value is of another kind than its feature. Nothing is counted then.\n");

static PyObject *monitor_update_one(PyObject *object, PyObject *const *args, Py_ssize_t nargs,
                                    PyObject *kwnames) {
    monitor_object *self = (monitor_object *)object;
    PyObject *when;
    if (read_arguments("update_one", args, nargs, kwnames, &when) < 0) return NULL;
    PyObject *row = !self->vectors && PyDict_Check(args[0])
                        ? Py_NewRef(args[0])
                        : PyObject_CallMethod(object, "_as_dict", "O", args[0]);
    if (!row) return NULL;
    fc_columns *set = NULL;
    if (PyDict_Check(row))
        set = fc_py_reference_row(self->reference_object, row);
    else
        PyErr_SetString(PyExc_TypeError, "row: expected a dict");
    Py_DECREF(row);
    if (!set) return NULL;
    int failed = count_set(self, fc_py_reference_row_mapping(self->reference_object), set, when);
    fc_columns_free(set);
    if (failed) return NULL;
    Py_RETURN_NONE;
}

/* ---- Reading ------------------------------------------------------------------------------ */

typedef struct memory_source {
    const char *memory;
} memory_source;

static bool read_memory(void *ctx, uint64_t offset, void *to, size_t size) {
    memcpy(to, ((const memory_source *)ctx)->memory + offset, size);
    return true;
}

int fc_py_monitor_add_to(PyObject *object, fc_snapshot *snapshot) {
    monitor_object *self = (monitor_object *)object;
    fc_fault fault = FC_SOUND;
    fc_status status = FC_OK;
    if (!self->store || self->forks != fc_forks()) return 0;
    lock(self);
    memory_source source = {self->memory};
    fc_source from = {read_memory, &source, self->size};
    Py_BEGIN_ALLOW_THREADS status = fc_snapshot_add_store(snapshot, &from, &fault);
    Py_END_ALLOW_THREADS pthread_mutex_unlock(&self->mutex);
    if (status != FC_OK) {
        fc_py_raise(status, "Monitor");
        return -1;
    }
    if (fault == FC_SOUND) return 0;
    PyErr_Format(PyExc_ValueError, "monitor: this process's store %s", fc_fault_text(fault));
    return -1;
}

/* ---- The type ----------------------------------------------------------------------------- */

static PyObject *get_offset(PyObject *object, void *unused) {
    (void)unused;
    return PyLong_FromLongLong(((monitor_object *)object)->clock_offset);
}

static int set_offset(PyObject *object, PyObject *value, void *unused) {
    (void)unused;
    long long offset = value ? PyLong_AsLongLong(value) : 0;
    if (offset == -1 && PyErr_Occurred()) return -1;
    ((monitor_object *)object)->clock_offset = offset;
    return 0;
}

static PyObject *get_now(PyObject *object, void *unused) {
    (void)unused;
    return PyLong_FromLongLong(clock_now((monitor_object *)object));
}

static PyGetSetDef monitor_getset[] = {
    {"_clock_offset", get_offset, set_offset, "Microseconds added to the clock, for tests.", NULL},
    {"_now", get_now, NULL, "Microseconds since 1970.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

#define METHOD(function) ((PyCFunction)(void (*)(void))(function))
static PyMethodDef monitor_methods[] = {
    {"update", METHOD(monitor_update), METH_METHOD | METH_FASTCALL | METH_KEYWORDS, update_doc},
    {"update_one", METHOD(monitor_update_one), METH_FASTCALL | METH_KEYWORDS, update_one_doc},
    {"_size", monitor_size, METH_NOARGS, size_doc},
    {"_attach", METHOD(monitor_attach), METH_FASTCALL, attach_doc},
    {"_ready", monitor_ready, METH_NOARGS, ready_doc},
    {"_abandon", monitor_abandon, METH_NOARGS, abandon_doc},
    {NULL, NULL, 0, NULL},
};

PyDoc_STRVAR(monitor_doc, "Monitor(reference, window, slots, fingerprint, vectors=False)\n--\n\n"
                          "This process's store of counts; fastcore.Monitor says where it is.");

static PyType_Slot monitor_slots[] = {
    {Py_tp_doc, (void *)monitor_doc},
    {Py_tp_new, monitor_new},
    {Py_tp_dealloc, monitor_dealloc},
    {Py_tp_traverse, monitor_traverse},
    {Py_tp_methods, monitor_methods},
    {Py_tp_getset, monitor_getset},
    {0, NULL},
};

static PyType_Spec monitor_spec = {
    .name = "fastcore._core.Monitor",
    .basicsize = sizeof(monitor_object),
    .flags =
        Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = monitor_slots,
};

int fc_py_monitor_exec(PyObject *module, fc_state *state) {
    state->monitor_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &monitor_spec, NULL);
    if (!state->monitor_type) return -1;
    return PyModule_AddType(module, state->monitor_type);
}
