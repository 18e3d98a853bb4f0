/* The only file that includes NumPy: arrays out of our memory, and theirs described. */
#include "python/py_array.h"

#define NPY_TARGET_VERSION NPY_2_0_API_VERSION
#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#include <numpy/arrayobject.h>
#include <numpy/ufuncobject.h>

int fc_array_import(void) { return PyArray_ImportNumPyAPI(); }

unsigned fc_array_abi(void) { return PyArray_GetNDArrayCVersion(); }

bool fc_array_check(PyObject *object) { return PyArray_Check(object); }
bool fc_array_real_scalar(PyObject *object) {
    return PyArray_IsScalar(object, Bool) || PyArray_IsScalar(object, Integer) ||
           PyArray_IsScalar(object, Floating);
}

static const int type_numbers[] = {
    [FC_DTYPE_BOOL] = NPY_BOOL,
    [FC_DTYPE_INT8] = NPY_INT8,
    [FC_DTYPE_UINT8] = NPY_UINT8,
    [FC_DTYPE_INT16] = NPY_INT16,
    [FC_DTYPE_UINT16] = NPY_UINT16,
    [FC_DTYPE_INT32] = NPY_INT32,
    [FC_DTYPE_UINT32] = NPY_UINT32,
    [FC_DTYPE_INT64] = NPY_INT64,
    [FC_DTYPE_UINT64] = NPY_UINT64,
    [FC_DTYPE_FLOAT32] = NPY_FLOAT32,
    [FC_DTYPE_FLOAT64] = NPY_FLOAT64,
    [FC_DTYPE_FLOAT16] = NPY_FLOAT16,
    [FC_DTYPE_DATETIME_US] = NPY_DATETIME,
    [FC_DTYPE_OBJECT] = NPY_OBJECT,
};

/* A new reference to the descriptor, or NULL with an exception. */
static PyArray_Descr *descriptor(fc_dtype dtype) {
    if (dtype != FC_DTYPE_DATETIME_US) return PyArray_DescrFromType(type_numbers[dtype]);
    PyObject *text = PyUnicode_FromString("datetime64[us]");
    if (!text) return NULL;
    PyArray_Descr *descr = NULL;
    int ok = PyArray_DescrConverter(text, &descr);
    Py_DECREF(text);
    return ok ? descr : NULL;
}

static void copy_dims(npy_intp *to, const Py_ssize_t *from, int ndim) {
    for (int i = 0; i < ndim; i++) to[i] = from[i];
}

PyObject *fc_array_new(fc_dtype dtype, int ndim, const Py_ssize_t *shape, bool fortran,
                       void **data) {
    npy_intp dims[FC_ARRAY_MAX_DIMS];
    copy_dims(dims, shape, ndim);
    PyArray_Descr *descr = descriptor(dtype);
    if (!descr) return NULL;
    PyObject *array = PyArray_NewFromDescr(&PyArray_Type, descr, ndim, dims, NULL, NULL,
                                           fortran ? NPY_ARRAY_F_CONTIGUOUS : 0, NULL);
    if (array && data) *data = PyArray_DATA((PyArrayObject *)array);
    return array;
}

PyObject *fc_array_view(fc_dtype dtype, int ndim, const Py_ssize_t *shape,
                        const Py_ssize_t *strides, void *data, PyObject *owner, bool writable) {
    npy_intp dims[FC_ARRAY_MAX_DIMS], steps[FC_ARRAY_MAX_DIMS];
    copy_dims(dims, shape, ndim);
    if (strides) copy_dims(steps, strides, ndim);
    PyArray_Descr *descr = descriptor(dtype);
    if (!descr) return NULL;
    PyObject *array = PyArray_NewFromDescr(&PyArray_Type, descr, ndim, dims, strides ? steps : NULL,
                                           data, writable ? NPY_ARRAY_WRITEABLE : 0, NULL);
    if (!array) return NULL;
    /* Steals the reference, also when it fails. */
    if (PyArray_SetBaseObject((PyArrayObject *)array, Py_NewRef(owner)) < 0) {
        Py_DECREF(array);
        return NULL;
    }
    return array;
}

static bool is_micros(const PyArray_Descr *descr) {
    const PyArray_DatetimeDTypeMetaData *meta =
        (const PyArray_DatetimeDTypeMetaData *)PyDataType_C_METADATA(descr);
    return meta && meta->meta.base == NPY_FR_us && meta->meta.num == 1;
}

static fc_dtype dtype_of(const PyArray_Descr *descr) {
    switch (descr->type_num) {
    case NPY_FLOAT16: return FC_DTYPE_FLOAT16;
    case NPY_FLOAT32: return FC_DTYPE_FLOAT32;
    case NPY_FLOAT64: return FC_DTYPE_FLOAT64;
    case NPY_BOOL: return FC_DTYPE_BOOL;
    case NPY_INT8: return FC_DTYPE_INT8;
    case NPY_UINT8: return FC_DTYPE_UINT8;
    case NPY_INT16: return FC_DTYPE_INT16;
    case NPY_UINT16: return FC_DTYPE_UINT16;
    case NPY_INT: return FC_DTYPE_INT32;
    case NPY_UINT: return FC_DTYPE_UINT32;
    /* One of these two is NPY_INT64, and NumPy may give either. */
    case NPY_LONG: return sizeof(long) == 8 ? FC_DTYPE_INT64 : FC_DTYPE_INT32;
    case NPY_ULONG: return sizeof(long) == 8 ? FC_DTYPE_UINT64 : FC_DTYPE_UINT32;
    case NPY_LONGLONG: return FC_DTYPE_INT64;
    case NPY_ULONGLONG: return FC_DTYPE_UINT64;
    case NPY_OBJECT: return FC_DTYPE_OBJECT;
    case NPY_DATETIME: return is_micros(descr) ? FC_DTYPE_DATETIME_US : FC_DTYPE_OTHER;
    default: return FC_DTYPE_OTHER;
    }
}

int fc_array_dtype(PyObject *object, const char *argument, fc_dtype *out) {
    PyArray_Descr *descr = NULL;
    if (!PyArray_DescrConverter(object, &descr)) {
        if (PyErr_ExceptionMatches(PyExc_TypeError))
            PyErr_Format(PyExc_TypeError, "%s: %R is not a dtype", argument, object);
        return -1;
    }
    *out = PyDataType_ISNOTSWAPPED(descr) ? dtype_of(descr) : FC_DTYPE_OTHER;
    Py_DECREF(descr);
    return 0;
}

int fc_array_describe(PyObject *object, const char *argument, fc_array_info *info) {
    if (!PyArray_Check(object)) {
        PyErr_Format(PyExc_TypeError, "%s: expected a numpy.ndarray, got %.200s", argument,
                     Py_TYPE(object)->tp_name);
        return -1;
    }
    PyArrayObject *array = (PyArrayObject *)object;
    info->ndim = PyArray_NDIM(array);
    if (info->ndim > FC_ARRAY_MAX_DIMS) {
        PyErr_Format(PyExc_ValueError, "%s: expected at most %d dimensions, got %d", argument,
                     FC_ARRAY_MAX_DIMS, info->ndim);
        return -1;
    }
    for (int i = 0; i < info->ndim; i++) {
        info->shape[i] = PyArray_DIM(array, i);
        info->strides[i] = PyArray_STRIDE(array, i);
    }
    info->dtype = dtype_of(PyArray_DESCR(array));
    info->data = PyArray_DATA(array);
    info->writable = PyArray_ISWRITEABLE(array);
    info->behaved = PyArray_ISALIGNED(array) && PyArray_ISNOTSWAPPED(array);
    return 0;
}

/* Only the structure is NumPy's public one; whether the object is a ufunc the caller knows. */
bool fc_array_loop(PyObject *object, char type, fc_loop *out) {
    _Static_assert(sizeof(npy_intp) == sizeof(intptr_t), "counts and strides of loops");
    const PyUFuncObject *ufunc = (const PyUFuncObject *)object;
    int number = type == 'd' ? NPY_DOUBLE : NPY_FLOAT;
    if (ufunc->nin != 1 || ufunc->nout != 1 || !ufunc->functions) return false;
    for (int i = 0; i < ufunc->ntypes; i++) {
        if (ufunc->types[2 * i] != number || ufunc->types[2 * i + 1] != number) continue;
        out->fn = (fc_loop_fn)(void (*)(void))ufunc->functions[i];
        out->data = ufunc->data ? (void *)(uintptr_t)ufunc->data[i] : NULL;
        return out->fn != NULL;
    }
    return false;
}
