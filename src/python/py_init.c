/* Instances around one value (RootModel), and the methods that are called on new instances. */
#include "python/py_schema.h"

PyObject *fc_py_post_init(fc_build *build, uint32_t number, uint32_t at, const fc_path *path,
                          PyObject *instance, PyObject *args) {
    PyObject *name = build->self->nodes[number].model->post_init, *done;
    if (args) {
        PyObject *method = PyObject_GetAttr(instance, name);
        done = method ? PyObject_CallObject(method, args) : NULL;
        Py_XDECREF(method);
    } else {
        done = PyObject_CallMethodOneArg(instance, name, Py_None); /* a call without a context */
    }
    if (done) return Py_DECREF(done), instance;
    Py_DECREF(instance);
    return fc_py_take_failure(build, number, at, path);
}

/* As pydantic makes it: no `__init__`, and of the slots only that of the fields that are set, for
 * RootModel has attributes of its own in place of the others. */
static PyObject *make_root(fc_build *build, const fc_py_model *model, PyObject *value) {
    PyObject *name = build->state->name_root, *given = PySet_New(NULL), *instance = NULL;
    if (given && PySet_Add(given, name) == 0)
        instance = model->cls->tp_new(model->cls, build->state->empty_tuple, NULL);
    if (instance &&
        (Py_TYPE(model->set_fields)->tp_descr_set(model->set_fields, instance, given) < 0 ||
         PyObject_GenericSetAttr(instance, name, value) < 0))
        Py_CLEAR(instance);
    Py_XDECREF(given);
    return instance;
}

PyObject *fc_py_build_root(fc_build *build, uint32_t number, uint32_t at, const fc_path *path) {
    const fc_py_model *model = build->self->nodes[number].model;
    PyObject *value = fc_py_build(build, fc_py_kernel(build)->nodes[number].child, at, path);
    if (!value) return NULL;
    PyObject *instance = make_root(build, model, value);
    Py_DECREF(value);
    if (!instance || !model->post_init) return instance;
    return fc_py_post_init(build, number, at, path, instance, NULL);
}
