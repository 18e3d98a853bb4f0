/* NumPy arrays out of a fill. */
#include <string.h>

#include "python/py_array.h"
#include "python/py_schema.h"

/* Up to so many bytes are copied into memory of NumPy's own: that costs less than an owner. */
enum { COPIED_BYTES = 32768 };

static const char owner_name[] = "fastcore.array";

static void drop(PyObject *owner) {
    void *data = PyCapsule_GetPointer(owner, owner_name);
    fc_alloc_libc.release(fc_alloc_libc.ctx, data);
}

/* An array over the memory of the fill, which it takes. */
static PyObject *taken(fc_array *from, const fc_shape *shape, const Py_ssize_t *sizes) {
    void *data = from->data;
    size_t bytes = from->count * shape->width;
    if (from->room / 2 > from->count) { /* it was judged wrongly */
        void *fitting = fc_alloc_libc.resize(fc_alloc_libc.ctx, data, bytes);
        if (fitting) from->data = data = fitting;
    }
    PyObject *owner = PyCapsule_New(data, owner_name, drop);
    if (!owner) return NULL;
    from->data = NULL;
    PyObject *array =
        fc_array_view((fc_dtype)shape->dtype, (int)from->ndim, sizes, NULL, data, owner, true);
    Py_DECREF(owner);
    return array;
}

PyObject *fc_py_build_array(fc_build *build, uint32_t node, fc_fill *fill, size_t base,
                            const fc_path *path) {
    if (fill->refused)
        return fc_py_hand_over(build, node, base + fill->start, base + fill->end, path);
    const fc_schema *kernel = fc_py_kernel(build);
    const fc_shape *shape = &kernel->shapes[kernel->nodes[node].child];
    fc_array *from = &fill->array;
    Py_ssize_t sizes[FC_SHAPE_MAX_DIMS];
    for (uint32_t d = 0; d < from->ndim; d++) sizes[d] = (Py_ssize_t)from->sizes[d];
    size_t bytes = from->count * shape->width; /* not more than 8 for each byte read */
    if (bytes > COPIED_BYTES) return taken(from, shape, sizes);
    void *data;
    PyObject *array = fc_array_new((fc_dtype)shape->dtype, (int)from->ndim, sizes, false, &data);
    if (array && bytes) memcpy(data, from->data, bytes);
    return array;
}
