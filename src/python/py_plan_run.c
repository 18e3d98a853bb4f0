/* Running a program on arrays: sources out of ndarrays, results into ndarrays. */
#include "python/py_plan.h"

#include <string.h>

#include "python/py_array.h"

/* Less work than this many cells is done with the GIL held: giving it up costs more. Less than
 * the second number, a fraction of a millisecond, stays on the caller's thread. */
enum { GIL_CELLS = 16384, PARALLEL_CELLS = 1 << 19 };

int fc_py_source_kind(fc_dtype dtype) {
    switch (dtype) {
    case FC_DTYPE_BOOL: return FC_SOURCE_U8;
    case FC_DTYPE_INT8: return FC_SOURCE_I8;
    case FC_DTYPE_UINT8: return FC_SOURCE_U8;
    case FC_DTYPE_INT16: return FC_SOURCE_I16;
    case FC_DTYPE_UINT16: return FC_SOURCE_U16;
    case FC_DTYPE_INT32: return FC_SOURCE_I32;
    case FC_DTYPE_UINT32: return FC_SOURCE_U32;
    case FC_DTYPE_INT64: return FC_SOURCE_I64;
    case FC_DTYPE_UINT64: return FC_SOURCE_U64;
    case FC_DTYPE_FLOAT32: return FC_SOURCE_F32;
    case FC_DTYPE_FLOAT64: return FC_SOURCE_F64;
    default: return -1;
    }
}

/* The extent of an array's memory, for the test of overlap. */
static void extent(const fc_array_info *info, uintptr_t *low, uintptr_t *high) {
    *low = *high = (uintptr_t)info->data;
    for (int i = 0; i < info->ndim; i++) {
        Py_ssize_t reach = info->shape[i] > 0 ? (info->shape[i] - 1) * info->strides[i] : 0;
        if (reach < 0)
            *low += (uintptr_t)reach;
        else
            *high += (uintptr_t)reach;
    }
    *high += 8;
}

typedef struct fc_call {
    fc_program *self;
    size_t rows;
    fc_source small[FC_PROGRAM_SMALL];
    fc_source *sources;
    fc_sparse_rows sparse;
    PyObject *held; /* a list of what texts' views point into, or NULL */
    fc_arena arena; /* of what sources of Columns point into */
} fc_call;

static void call_close(fc_call *call) {
    Py_CLEAR(call->held);
    fc_arena_free(&call->arena);
    if (call->sources != call->small) PyMem_Free(call->sources);
}

/* 1 if the array cannot be read as it is, 0 if a source was made of column `column` of it. */
static int add_source(fc_call *call, Py_ssize_t i, const fc_array_info *info, Py_ssize_t column) {
    int kind = fc_py_source_kind(info->dtype);
    bool text = call->self->sources[i].table != NULL;
    if (kind < 0 || !info->behaved || (text && kind != FC_SOURCE_I32)) return 1;
    if (call->self->sources[i].text || call->self->sources[i].sparse) return 1;
    const char *data = info->data;
    if (info->ndim == 2) data += column * info->strides[1];
    call->sources[i] =
        (fc_source){.kind = (fc_source_kind)kind, .data = data, .stride = info->strides[0]};
    return 0;
}

static int add_matrix(fc_call *call, PyObject *matrix) {
    fc_program *self = call->self;
    fc_array_info info;
    if (fc_array_describe(matrix, "columns", &info) < 0) return -1;
    if (info.ndim != 2 || (size_t)info.shape[0] != call->rows) return 1;
    for (Py_ssize_t i = 0; i < self->source_count; i++) {
        Py_ssize_t column = self->sources[i].column;
        if (column < 0 || column >= info.shape[1]) return 1;
        int refused = add_source(call, i, &info, column);
        if (refused) return refused;
    }
    return 0;
}

static int add_texts(fc_call *call, Py_ssize_t i, PyObject *texts) {
    PyObject *held;
    int refused =
        fc_py_text_source(&call->self->sources[i], texts, call->rows, &call->sources[i], &held);
    if (refused) return refused;
    if (!call->held) call->held = PyList_New(0);
    int failed = call->held ? PyList_Append(call->held, held) : -1;
    Py_DECREF(held);
    return failed;
}

/* (data, indices, indptr) of a matrix, vectors without gaps, indices of 32 bits. */
static int add_sparse(fc_call *call, Py_ssize_t i, PyObject *parts) {
    fc_array_info info[3];
    if (!PyTuple_Check(parts) || PyTuple_GET_SIZE(parts) != 3) return 1;
    for (Py_ssize_t k = 0; k < 3; k++) {
        if (fc_array_describe(PyTuple_GET_ITEM(parts, k), "columns", &info[k]) < 0) return -1;
        int kind = fc_py_source_kind(info[k].dtype);
        if (kind < 0 || info[k].ndim != 1 || !info[k].behaved ||
            (k && info[k].dtype != FC_DTYPE_INT32) ||
            (info[k].shape[0] > 1 &&
             info[k].strides[0] != (Py_ssize_t)fc_source_kind_size((fc_source_kind)kind)))
            return 1;
    }
    if (info[0].shape[0] != info[1].shape[0] || (size_t)info[2].shape[0] != call->rows + 1)
        return 1;
    fc_source_kind kind = (fc_source_kind)fc_py_source_kind(info[0].dtype);
    call->sparse = (fc_sparse_rows){kind, info[0].data, (const int32_t *)info[1].data,
                                    (const int32_t *)info[2].data, (size_t)info[0].shape[0]};
    call->sources[i] = (fc_source){.kind = FC_SOURCE_SPARSE, .data = &call->sparse};
    return 0;
}

static int add_vectors(fc_call *call, PyObject *tuple) {
    fc_program *self = call->self;
    if (PyTuple_GET_SIZE(tuple) != self->source_count) {
        PyErr_Format(PyExc_ValueError, "columns: expected %zd vectors, got %zd", self->source_count,
                     PyTuple_GET_SIZE(tuple));
        return -1;
    }
    for (Py_ssize_t i = 0; i < self->source_count; i++) {
        if (self->sources[i].text) {
            int refused = add_texts(call, i, PyTuple_GET_ITEM(tuple, i));
            if (refused) return refused;
            continue;
        }
        if (self->sources[i].sparse) {
            int refused = add_sparse(call, i, PyTuple_GET_ITEM(tuple, i));
            if (refused) return refused;
            continue;
        }
        fc_array_info info;
        if (fc_array_describe(PyTuple_GET_ITEM(tuple, i), "columns", &info) < 0) return -1;
        if (info.ndim != 1 || (size_t)info.shape[0] != call->rows) return 1;
        int refused = add_source(call, i, &info, 0);
        if (refused) return refused;
    }
    return 0;
}

/* 0: ready; 1: refused; -1: an exception. To be closed in the first case only. */
static int call_open(fc_call *call, PyObject *self, PyObject *columns, PyObject *rows) {
    call->self = (fc_program *)self;
    Py_ssize_t n = PyLong_AsSsize_t(rows);
    if (n < 0) {
        if (!PyErr_Occurred()) PyErr_SetString(PyExc_ValueError, "rows: expected at least 0");
        return -1;
    }
    call->rows = (size_t)n;
    call->sources = call->small;
    call->held = NULL;
    fc_arena_init(&call->arena, &fc_alloc_libc);
    size_t count = (size_t)call->self->source_count;
    if (count > FC_PROGRAM_SMALL) {
        call->sources = PyMem_Calloc(count, sizeof *call->sources);
        if (!call->sources) {
            PyErr_NoMemory();
            return -1;
        }
    }
    int refused;
    if (PyTuple_Check(columns))
        refused = add_vectors(call, columns);
    else if (PyObject_TypeCheck(columns, fc_state_of_type(Py_TYPE(self))->columns_type))
        refused =
            fc_py_columns_sources(call->self, columns, call->rows, call->sources, &call->arena);
    else
        refused = add_matrix(call, columns);
    if (refused) call_close(call);
    return refused;
}

static int check_count(const char *name, Py_ssize_t count, Py_ssize_t expected) {
    if (count == expected) return 0;
    PyErr_Format(PyExc_TypeError, "%s() takes %zd arguments (%zd given)", name, expected, count);
    return -1;
}

/* The output's dtype that is asked for (None is the program's own) and the kind of its memory. */
static int asked_dtype(const fc_program *self, PyObject *single, fc_dtype *dtype,
                       fc_source_kind *kind) {
    *dtype = self->out_dtype;
    *kind = self->out_kind;
    if (single == Py_None) return 0;
    int yes = PyObject_IsTrue(single);
    if (yes < 0) return -1;
    *dtype = yes ? FC_DTYPE_FLOAT32 : FC_DTYPE_FLOAT64;
    *kind = yes ? FC_SOURCE_F32 : FC_SOURCE_F64;
    return 0;
}

/* The threads for a call; `asked` is its argument, None or an int that was checked. */
static int call_threads(const fc_call *call, PyObject *asked, int *out) {
    size_t cells;
    *out = 1;
    size_t row = fc_plan_width(call->self->plan) + (size_t)call->self->source_count;
    if (fc_size_mul(call->rows, row, &cells) && cells < PARALLEL_CELLS) return 0;
    return fc_py_threads(asked, out);
}

static fc_status run_strides(const fc_call *call, fc_source_kind kind, const fc_array_info *out,
                             int threads) {
    const fc_plan *plan = call->self->plan;
    ptrdiff_t row = out->strides[0], column = out->strides[1];
    if (out->shape[1] < 2 || column == (ptrdiff_t)fc_source_kind_size(kind))
        return fc_plan_run(plan, call->sources, call->rows, kind, out->data, row, threads);
    /* Only `out` has other strides, and it is of floats. */
    fc_plan_type type = kind == FC_SOURCE_F64 ? FC_PLAN_F64 : FC_PLAN_F32;
    return fc_plan_run_strided(plan, call->sources, call->rows, type, out->data, row, column,
                               threads);
}

static fc_status run_dense(const fc_call *call, fc_source_kind kind, const fc_array_info *out,
                           int threads) {
    fc_status status;
    size_t cells = fc_plan_width(call->self->plan) + (size_t)call->self->source_count;
    if (call->rows * cells < GIL_CELLS) return run_strides(call, kind, out, 1);
    Py_BEGIN_ALLOW_THREADS status = run_strides(call, kind, out, threads);
    Py_END_ALLOW_THREADS return status;
}

/* Whether no input lies where `out` does: each by itself, as `out` may well lie between two. Texts
 * of Columns are in memory that is theirs alone. */
static bool lies_apart(const fc_call *call, const fc_array_info *out) {
    uintptr_t low, high;
    extent(out, &low, &high);
    for (Py_ssize_t i = 0; call->rows && i < call->self->source_count; i++) {
        const fc_source *source = &call->sources[i];
        uintptr_t first = (uintptr_t)source->data, last = first;
        last += (uintptr_t)((ptrdiff_t)(call->rows - 1) * source->stride);
        if (last < first) {
            uintptr_t swap = first;
            first = last;
            last = swap;
        }
        if (first < high && low < last + 8) return false;
    }
    return true;
}

/* 1 if `out` cannot be written in place (its alignment, an overlap with the input, or with itself
 * as a broadcast array has it). */
static int describe_out(const fc_call *call, PyObject *out, fc_array_info *info,
                        fc_source_kind *kind) {
    Py_ssize_t width = (Py_ssize_t)fc_plan_width(call->self->plan);
    if (fc_array_describe(out, "out", info) < 0) return -1;
    if (info->ndim != 2 || (size_t)info->shape[0] != call->rows || info->shape[1] != width) {
        PyErr_Format(PyExc_ValueError, "out: expected an array of shape (%zd, %zd)",
                     (Py_ssize_t)call->rows, width);
        return -1;
    }
    if (!info->writable) {
        PyErr_SetString(PyExc_ValueError, "out: the array is read-only");
        return -1;
    }
    if (info->dtype != FC_DTYPE_FLOAT64 && info->dtype != FC_DTYPE_FLOAT32) {
        PyErr_SetString(PyExc_TypeError, "out: expected float64 or float32");
        return -1;
    }
    *kind = info->dtype == FC_DTYPE_FLOAT64 ? FC_SOURCE_F64 : FC_SOURCE_F32;
    bool spread = (info->strides[0] || info->shape[0] < 2) && (info->strides[1] || width < 2);
    return info->behaved && spread && lies_apart(call, info) ? 0 : 1;
}

PyObject *fc_py_program_run(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    if (check_count("run", count, 5) < 0) return NULL;
    fc_call call;
    int refused = call_open(&call, self, args[0], args[1]);
    if (refused) return refused < 0 ? NULL : Py_NewRef(Py_None);
    PyObject *result = NULL;
    fc_source_kind kind;
    fc_dtype dtype;
    fc_array_info info;
    int threads;
    if (call_threads(&call, args[4], &threads) < 0) goto done;
    if (args[2] != Py_None) {
        refused = describe_out(&call, args[2], &info, &kind);
        if (refused) {
            result = refused < 0 ? NULL : Py_NewRef(Py_None);
            goto done;
        }
        result = Py_NewRef(args[2]);
    } else {
        if (asked_dtype(call.self, args[3], &dtype, &kind) < 0) goto done;
        Py_ssize_t shape[2] = {(Py_ssize_t)call.rows, (Py_ssize_t)fc_plan_width(call.self->plan)};
        result = fc_array_new(dtype, 2, shape, false, &info.data);
        if (!result) goto done;
        info.strides[1] = (Py_ssize_t)fc_source_kind_size(kind);
        info.strides[0] = shape[1] * info.strides[1];
        info.shape[1] = shape[1];
    }
    fc_status status = run_dense(&call, kind, &info, threads);
    if (status != FC_OK) {
        Py_CLEAR(result);
        result = status == FC_EREFUSED ? Py_NewRef(Py_None) : fc_py_raise(status, "transform");
    }
done:
    call_close(&call);
    return result;
}

/* A sparse run that alone can tell how much it finds. */
static PyObject *run_unbounded(fc_call *call, fc_dtype dtype, fc_source_kind kind, int threads) {
    PyObject *result = NULL, *values = NULL, *indices = NULL;
    Py_ssize_t heads = (Py_ssize_t)call->rows + 1, room;
    void *head_data, *value_data, *index_data;
    fc_plan_found *found;
    size_t used;
    fc_status status;
    PyObject *indptr = fc_array_new(FC_DTYPE_INT32, 1, &heads, false, &head_data);
    if (!indptr) return NULL;
    Py_BEGIN_ALLOW_THREADS status = fc_plan_find_csr(call->self->plan, call->sources, call->rows,
                                                     kind, head_data, threads, &found, &used);
    Py_END_ALLOW_THREADS if (status != FC_OK) {
        Py_DECREF(indptr);
        bool refused = status == FC_EREFUSED || status == FC_ELIMIT;
        return refused ? Py_NewRef(Py_None) : fc_py_raise(status, "transform");
    }
    room = (Py_ssize_t)used;
    values = fc_array_new(dtype, 1, &room, false, &value_data);
    indices = values ? fc_array_new(FC_DTYPE_INT32, 1, &room, false, &index_data) : NULL;
    if (indices) {
        Py_BEGIN_ALLOW_THREADS fc_plan_found_take(found, value_data, index_data);
        Py_END_ALLOW_THREADS result = PyTuple_Pack(3, values, indices, indptr);
    }
    fc_plan_found_free(found);
    Py_XDECREF(values);
    Py_XDECREF(indices);
    Py_DECREF(indptr);
    return result;
}

PyObject *fc_py_program_run_csr(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    if (check_count("run_csr", count, 4) < 0) return NULL;
    fc_call call;
    int refused = call_open(&call, self, args[0], args[1]);
    if (refused) return refused < 0 ? NULL : Py_NewRef(Py_None);
    PyObject *result = NULL, *values = NULL, *indices = NULL, *indptr = NULL;
    fc_source_kind kind;
    fc_dtype dtype;
    size_t bound;
    int threads;
    if (call_threads(&call, args[3], &threads) < 0) goto done;
    if (asked_dtype(call.self, args[2], &dtype, &kind) < 0) goto done;
    if (fc_plan_row_bound(call.self->plan) == SIZE_MAX) {
        result = run_unbounded(&call, dtype, kind, threads);
        goto done;
    }
    if (!fc_size_mul(call.rows, fc_plan_row_bound(call.self->plan), &bound) || bound > INT32_MAX) {
        result = Py_NewRef(Py_None); /* SciPy would take 64-bit indices: the original does it */
        goto done;
    }
    Py_ssize_t room = (Py_ssize_t)bound, heads = (Py_ssize_t)call.rows + 1;
    void *value_data, *index_data, *head_data;
    values = fc_array_new(dtype, 1, &room, false, &value_data);
    indices = values ? fc_array_new(FC_DTYPE_INT32, 1, &room, false, &index_data) : NULL;
    indptr = indices ? fc_array_new(FC_DTYPE_INT32, 1, &heads, false, &head_data) : NULL;
    if (!indptr) goto done;
    fc_status status;
    Py_BEGIN_ALLOW_THREADS status = fc_plan_run_csr(call.self->plan, call.sources, call.rows, kind,
                                                    value_data, index_data, head_data, threads);
    Py_END_ALLOW_THREADS if (status == FC_OK) result = PyTuple_Pack(3, values, indices, indptr);
    else result = status == FC_EREFUSED ? Py_NewRef(Py_None) : fc_py_raise(status, "transform");
done:
    Py_XDECREF(values);
    Py_XDECREF(indices);
    Py_XDECREF(indptr);
    call_close(&call);
    return result;
}
