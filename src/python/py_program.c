/* The compiled program, tuples made by Python, into the kernel's form.
 *
 * Each node is a tuple (kind, flags, ...); flags: 1 nullable, 4 impure. What follows is
 *   INT, FLOAT        low | None, high | None, low is open, high is open
 *   STR               min, max, form                (-1: no bound; form: 1 trimmed, 2 lower,
 *                                                   4 upper)
 *   LITERAL           texts, ints, values           (values in order: texts, then ints)
 *   BYTES             min, max
 *   LIST, DICT, SET, FROZENSET   child, min, max
 *   TUPLE             children, any number of one, min, max
 *   MODEL             cls, names, keys, children, defaults, extra, make,
 *                     sizes (name, field, dimension), init, lookup
 *                     (defaults: None or (how, object); extra: "ignore", "forbid", "allow";
 *                     make: "model", "dataclass", "slots", "dict"; init: post_init | None, names
 *                     that it is given | None, numbers of the fields that no document gives)
 *                     (lookup: None, or the first parts of all ways to fields, and for each field
 *                     its ways in order: number of the first part, all parts)
 *   NAMED             the same; make: "named"
 *   ROOT              cls, child, post_init | None
 *   TAGGED            key, tags, children
 *   UNION             a child for each FC_TOKEN, or -1
 *   AFTER             child, function
 *   PLAIN             function
 *   DATETIME, TIME    what it is made of
 *   UUID              what it is made of, version or 0
 *   DECIMAL           (class, low, high), low is open, high is open, digits, places
 *                     (a bound or None; digits, places: -1 for any)
 *   ROWS, ROW, TABLE  columns class, specs, records, defaults | None, the Layout of _layout.py
 *                     (record: keys, fields, forbid, first of its columns, their number;
 *                     field: cell, required, node, target, nullable, zone)
 *   ARRAY             dtype, sizes, earlier dimensions of the same names   (-1: any, none;
 *                     no sizes: any number of dimensions)
 * It comes from our own compiler, so a wrong shape is a SystemError, not a message for users. */
#include <string.h>

#include "python/py_array.h"
#include "python/py_columns.h"
#include "python/py_program.h"

int fc_py_load_keys(fc_arena *arena, PyObject *texts, fc_keys *out) {
    Py_ssize_t count = PyTuple_GET_SIZE(texts);
    const char **data = PyMem_New(const char *, count ? count : 1);
    size_t *lens = PyMem_New(size_t, count ? count : 1);
    int failed = !data || !lens ? no_memory() : 0;
    for (Py_ssize_t i = 0; !failed && i < count; i++) {
        Py_ssize_t len;
        data[i] = PyUnicode_AsUTF8AndSize(PyTuple_GET_ITEM(texts, i), &len);
        lens[i] = (size_t)len;
        if (!data[i]) failed = -1;
    }
    if (!failed) {
        fc_status status = fc_keys_build(arena, data, lens, (uint32_t)count, out);
        if (status != FC_OK) {
            fc_py_raise(status, "a schema's keys");
            failed = -1;
        }
    }
    PyMem_Free(data);
    PyMem_Free(lens);
    return failed;
}

/* ---- Kinds -------------------------------------------------------------------------------- */

static int load_bounds(PyObject *tuple, fc_node *node) {
    PyObject *low = item(tuple, 2), *high = item(tuple, 3);
    if (!low || !high || !item(tuple, 5)) return -1;
    bool real = node->kind == FC_NODE_FLOAT;
    if (low != Py_None) {
        node->checks |= FC_CHECK_LOW;
        if (PyObject_IsTrue(item(tuple, 4))) node->checks |= FC_CHECK_LOW_OPEN;
        if (real)
            node->bound.f.low = PyFloat_AsDouble(low);
        else
            node->bound.i.low = PyLong_AsLongLong(low);
    }
    if (high != Py_None) {
        node->checks |= FC_CHECK_HIGH;
        if (PyObject_IsTrue(item(tuple, 5))) node->checks |= FC_CHECK_HIGH_OPEN;
        if (real)
            node->bound.f.high = PyFloat_AsDouble(high);
        else
            node->bound.i.high = PyLong_AsLongLong(high);
    }
    return PyErr_Occurred() ? -1 : 0;
}

static int load_lengths(PyObject *tuple, Py_ssize_t first, fc_node *node) {
    long long min, max;
    if (number(tuple, first, &min) < 0 || number(tuple, first + 1, &max) < 0) return -1;
    if (min < 0 && max < 0) return 0;
    node->checks |= FC_CHECK_LENGTH;
    node->bound.len.min = min < 0 ? 0 : (uint64_t)min;
    node->bound.len.max = max < 0 ? UINT64_MAX : (uint64_t)max;
    return 0;
}

static int load_text(PyObject *tuple, fc_node *node) {
    long long form;
    if (number(tuple, 4, &form) < 0) return -1;
    node->checks |= (uint8_t)((form & 7) * FC_CHECK_TRIMMED);
    return load_lengths(tuple, 2, node);
}

static int load_decimal(PyObject *tuple, fc_node *node, fc_py_node *py) {
    long long digits, places;
    py->values = tuple_item(tuple, 2);
    if (!py->values || !item(tuple, 4)) return -1;
    if (PyTuple_GET_SIZE(py->values) != 3) return misshapen(), -1;
    if (number(tuple, 5, &digits) < 0 || number(tuple, 6, &places) < 0) return -1;
    if (PyObject_IsTrue(item(tuple, 3))) node->checks |= FC_CHECK_LOW_OPEN;
    if (PyObject_IsTrue(item(tuple, 4))) node->checks |= FC_CHECK_HIGH_OPEN;
    node->bound.digits.all = digits < 0 ? UINT64_MAX : (uint64_t)digits;
    node->bound.digits.places = places < 0 ? UINT64_MAX : (uint64_t)places;
    return 0;
}

static int load_uuid(PyObject *tuple, fc_node *node, fc_py_node *py) {
    py->values = tuple_item(tuple, 2);
    if (!py->values || index_item(tuple, 3, 10, &node->child) < 0) return -1;
    return PyTuple_GET_SIZE(py->values) == 2 ? 0 : (misshapen(), -1);
}

static int load_literal(fc_py_schema *self, PyObject *tuple, fc_node *node, fc_py_node *py) {
    PyObject *texts = tuple_item(tuple, 2), *ints = texts ? tuple_item(tuple, 3) : NULL;
    py->values = ints ? tuple_item(tuple, 4) : NULL;
    if (!py->values || fc_py_load_keys(&self->arena, texts, &node->keys) < 0) return -1;
    Py_ssize_t count = PyTuple_GET_SIZE(ints);
    if (PyTuple_GET_SIZE(py->values) != PyTuple_GET_SIZE(texts) + count) return misshapen(), -1;
    int64_t *values = fc_arena_zeros(&self->arena, (size_t)count + 1, sizeof *values);
    if (!values) return no_memory();
    for (Py_ssize_t i = 0; i < count; i++) {
        values[i] = PyLong_AsLongLong(PyTuple_GET_ITEM(ints, i));
        if (PyErr_Occurred()) return -1;
    }
    node->ints = values;
    node->int_count = (uint32_t)count;
    return 0;
}

/* The descriptor that `name` has on the class; model instances are written through it. */
static PyObject *descriptor(PyTypeObject *cls, const char *name) {
    PyObject *found = PyObject_GetAttrString((PyObject *)cls, name);
    if (found && !Py_TYPE(found)->tp_descr_set) {
        PyErr_Format(PyExc_SystemError, "%s.%s is not a slot", cls->tp_name, name);
        Py_CLEAR(found);
    }
    return found;
}

/* No more attributes are kept within an instance by any Python so far. */
enum { INLINE_ATTRIBUTES = 30 };

/* Whether setting an attribute under each of the names does nothing else: no class has a property,
 * say, under it. 1, 0, or -1 with an exception. */
static int plain_names(PyTypeObject *cls, PyObject *names) {
    int plain = PyTuple_GET_SIZE(names) <= INLINE_ATTRIBUTES;
    PyObject *mro = plain ? PyObject_GetAttrString((PyObject *)cls, "__mro__") : NULL;
    if (plain && !mro) return -1;
    for (Py_ssize_t b = 0; plain > 0 && b < PyTuple_GET_SIZE(mro); b++) {
        PyObject *own = PyObject_GetAttrString(PyTuple_GET_ITEM(mro, b), "__dict__");
        if (!own) plain = -1;
        for (Py_ssize_t i = 0; plain > 0 && i < PyTuple_GET_SIZE(names); i++) {
            PyObject *name = PyTuple_GET_ITEM(names, i);
            int has = PySequence_Contains(own, name);
            PyObject *found = has > 0 ? PyObject_GetItem(own, name) : NULL;
            if (has < 0 || (has && !found))
                plain = -1;
            else if (found && Py_TYPE(found)->tp_descr_set)
                plain = 0;
            Py_XDECREF(found);
        }
        Py_XDECREF(own);
    }
    Py_XDECREF(mro);
    return plain;
}

static int load_defaults(fc_py_schema *self, PyObject *defaults, fc_py_model *model) {
    Py_ssize_t count = PyTuple_GET_SIZE(model->names);
    model->how = fc_arena_zeros(&self->arena, (size_t)count + 1, sizeof *model->how);
    model->defaults = fc_arena_zeros(&self->arena, (size_t)count + 1, sizeof *model->defaults);
    if (!model->how || !model->defaults) return no_memory();
    if (!(model->template_dict = PyDict_New())) return -1;
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *entry = item(defaults, i), *shared = Py_None;
        if (!entry) return -1;
        if (entry != Py_None) {
            long long how;
            if (number(entry, 0, &how) < 0 || !item(entry, 1)) return -1;
            model->how[i] = (uint8_t)how;
            model->defaults[i] = item(entry, 1);
            if (how == FC_DEFAULT_SHARED) shared = model->defaults[i];
        }
        if (PyDict_SetItem(model->template_dict, PyTuple_GET_ITEM(model->names, i), shared) < 0)
            return -1;
    }
    return (model->all_names = PyFrozenSet_New(model->names)) ? 0 : -1;
}

/* The nodes of a tuple of numbers; -1 is FC_NO_NODE where `none` allows it. */
static int load_nodes(fc_py_schema *self, PyObject *numbers, bool none, const uint32_t **out) {
    if (!numbers) return -1;
    size_t count = (size_t)PyTuple_GET_SIZE(numbers);
    uint32_t *nodes = fc_arena_zeros(&self->arena, count + 1, sizeof *nodes);
    if (!nodes) return no_memory();
    for (size_t i = 0; i < count; i++) {
        long long value;
        if (number(numbers, (Py_ssize_t)i, &value) < 0) return -1;
        if (value == -1 && none)
            nodes[i] = FC_NO_NODE;
        else if (index_item(numbers, (Py_ssize_t)i, self->kernel.node_count, &nodes[i]) < 0)
            return -1;
    }
    *out = nodes;
    return 0;
}

static int load_post_init(PyObject *name, fc_py_model *model) {
    if (!name) return -1;
    if (name != Py_None && !PyUnicode_Check(name)) return misshapen(), -1;
    model->post_init = name == Py_None ? NULL : name;
    return 0;
}

static int load_init(fc_py_schema *self, PyObject *init, fc_py_model *model) {
    PyObject *only = init ? item(init, 1) : NULL, *unread = only ? tuple_item(init, 2) : NULL;
    if (!unread || load_post_init(item(init, 0), model) < 0) return -1;
    model->init_only = only == Py_None ? NULL : only;
    size_t count = (size_t)PyTuple_GET_SIZE(unread);
    uint32_t *numbers = fc_arena_zeros(&self->arena, count + 1, sizeof *numbers);
    if (!numbers) return no_memory();
    for (size_t i = 0; i < count; i++)
        if (index_item(unread, (Py_ssize_t)i, (uint32_t)PyTuple_GET_SIZE(model->names),
                       &numbers[i]) < 0)
            return -1;
    model->unread = numbers;
    model->unread_count = (uint32_t)count;
    return 0;
}

static int load_root(fc_py_schema *self, PyObject *tuple, fc_node *node, fc_py_node *py) {
    fc_py_model *model = &self->models[self->model_count++];
    py->model = model;
    model->make = FC_MAKE_ROOT;
    model->cls = type_item(tuple, 2);
    if (!model->cls || index_item(tuple, 3, self->kernel.node_count, &node->child) < 0) return -1;
    model->set_fields = descriptor(model->cls, "__pydantic_fields_set__");
    return model->set_fields ? load_post_init(item(tuple, 4), model) : -1;
}

static int load_sizes(fc_py_schema *self, PyObject *sizes, fc_py_model *model) {
    if (!sizes) return -1;
    size_t count = (size_t)PyTuple_GET_SIZE(sizes);
    model->sizes = fc_arena_zeros(&self->arena, count + 1, sizeof *model->sizes);
    if (!model->sizes) return no_memory();
    for (size_t i = 0; i < count; i++) {
        PyObject *size = PyTuple_GET_ITEM(sizes, (Py_ssize_t)i);
        uint32_t fields = (uint32_t)PyTuple_GET_SIZE(model->names);
        if (index_item(size, 0, UINT32_MAX, &model->sizes[i].name) < 0 ||
            index_item(size, 1, fields, &model->sizes[i].field) < 0 ||
            index_item(size, 2, FC_SHAPE_MAX_DIMS, &model->sizes[i].dimension) < 0)
            return -1;
    }
    model->size_count = (uint32_t)count;
    return 0;
}

static int load_model(fc_py_schema *self, PyObject *tuple, fc_node *node, fc_py_node *py) {
    static const char *const makes[] = {"model", "dataclass", "slots", "dict", "named"};
    fc_py_model *model = &self->models[self->model_count++];
    py->model = model;
    PyObject *children = tuple_item(tuple, 5), *extra = children ? item(tuple, 7) : NULL;
    PyObject *make = extra ? item(tuple, 8) : NULL;
    model->cls = make ? type_item(tuple, 2) : NULL;
    model->names = model->cls ? tuple_item(tuple, 3) : NULL;
    model->keys = model->names ? tuple_item(tuple, 4) : NULL;
    if (!model->keys) return -1;
    if (PyTuple_GET_SIZE(model->keys) != PyTuple_GET_SIZE(model->names) ||
        PyTuple_GET_SIZE(model->keys) != PyTuple_GET_SIZE(children) || !PyUnicode_Check(extra) ||
        !PyUnicode_Check(make))
        return misshapen(), -1;
    if (fc_py_load_keys(&self->arena, model->keys, &node->keys) < 0 ||
        load_nodes(self, children, false, &node->fields) < 0)
        return -1;
    model->forbid_extra = PyUnicode_CompareWithASCIIString(extra, "forbid") == 0;
    model->allow_extra = PyUnicode_CompareWithASCIIString(extra, "allow") == 0;
    node->skips = !model->forbid_extra && !model->allow_extra;
    while (PyUnicode_CompareWithASCIIString(make, makes[model->make]) != 0)
        if (++model->make == sizeof makes / sizeof *makes) return misshapen(), -1;
    if (model->make == FC_MAKE_MODEL &&
        (!(model->set_extra = descriptor(model->cls, "__pydantic_extra__")) ||
         !(model->set_private = descriptor(model->cls, "__pydantic_private__")) ||
         !(model->set_fields = descriptor(model->cls, "__pydantic_fields_set__"))))
        return -1;
    if (model->make == FC_MAKE_MODEL || model->make == FC_MAKE_DATACLASS) {
        int plain = plain_names(model->cls, model->names);
        if (plain < 0) return -1;
        model->direct = plain;
    }
    if (load_init(self, item(tuple, 10), model) < 0 ||
        load_sizes(self, tuple_item(tuple, 9), model) < 0 ||
        fc_py_lookup_load(&self->arena, item(tuple, 11), model) < 0)
        return -1;
    node->searched = model->lookup != NULL;
    return load_defaults(self, item(tuple, 6), model);
}

static int load_tuple(fc_py_schema *self, PyObject *tuple, fc_node *node) {
    PyObject *children = tuple_item(tuple, 2), *variadic = children ? item(tuple, 3) : NULL;
    if (!variadic || load_nodes(self, children, false, &node->fields) < 0) return -1;
    node->field_count = (uint32_t)PyTuple_GET_SIZE(children);
    node->variadic = PyObject_IsTrue(variadic) == 1;
    if (node->variadic && node->field_count != 1) return misshapen(), -1;
    node->child = node->fields[0];
    return load_lengths(tuple, 4, node);
}

static int load_tagged(fc_py_schema *self, PyObject *tuple, fc_node *node, fc_py_node *py) {
    PyObject *key = item(tuple, 2), *tags = key ? tuple_item(tuple, 3) : NULL;
    PyObject *children = tags ? tuple_item(tuple, 4) : NULL;
    if (!children || load_nodes(self, children, false, &node->fields) < 0) return -1;
    if (PyTuple_GET_SIZE(tags) != PyTuple_GET_SIZE(children)) return misshapen(), -1;
    py->values = tags;
    py->tag_key = fc_arena_zeros(&self->arena, 1, sizeof *py->tag_key);
    if (!py->tag_key) return no_memory();
    PyObject *keys = PyTuple_Pack(1, key); /* the table keeps its own copy of the text */
    int failed = keys ? fc_py_load_keys(&self->arena, keys, py->tag_key) : -1;
    Py_XDECREF(keys);
    return failed < 0 ? -1 : fc_py_load_keys(&self->arena, tags, &node->keys);
}

static int load_union(fc_py_schema *self, PyObject *tuple, fc_node *node) {
    PyObject *children = tuple_item(tuple, 2);
    if (children && PyTuple_GET_SIZE(children) != FC_TOKENS) return misshapen(), -1;
    return load_nodes(self, children, true, &node->fields);
}

static int load_after(fc_py_schema *self, PyObject *tuple, fc_node *node, fc_py_node *py) {
    py->values = item(tuple, 3);
    return py->values ? index_item(tuple, 2, self->kernel.node_count, &node->child) : -1;
}

/* ---- Records ------------------------------------------------------------------------------ */

/* One of `records`, whose cells go into `columns` columns. */
static int load_record(fc_py_schema *self, PyObject *tuple, uint32_t records, uint32_t columns,
                       fc_record *record) {
    PyObject *keys = tuple_item(tuple, 0), *fields = keys ? tuple_item(tuple, 1) : NULL;
    PyObject *forbid = fields ? item(tuple, 2) : NULL;
    if (!forbid || fc_py_load_keys(&self->arena, keys, &record->keys) < 0) return -1;
    Py_ssize_t count = PyTuple_GET_SIZE(fields);
    fc_record_field *out = fc_arena_zeros(&self->arena, (size_t)count + 1, sizeof *out);
    if (!out) return no_memory();
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *field = PyTuple_GET_ITEM(fields, i);
        long long cell, required, nullable, zone;
        uint32_t node, target;
        if (number(field, 0, &cell) < 0 || number(field, 1, &required) < 0 ||
            index_item(field, 2, self->kernel.node_count, &node) < 0 ||
            index_item(field, 3, cell == FC_CELL_RECORD ? records : columns, &target) < 0 ||
            number(field, 4, &nullable) < 0 || number(field, 5, &zone) < 0)
            return -1;
        out[i] = (fc_record_field){(uint8_t)cell, required != 0, node,
                                   target,        nullable != 0, (uint8_t)zone};
    }
    long long first, width;
    if (number(tuple, 3, &first) < 0 || number(tuple, 4, &width) < 0) return -1;
    if (first < 0 || width < 0 || first + width > columns) return misshapen(), -1;
    record->first = (uint32_t)first;
    record->count = (uint32_t)width;
    record->fields = out;
    record->forbid_extra = PyObject_IsTrue(forbid) == 1;
    return 0;
}

/* One row with the default of each column that has one. */
static fc_columns *load_row(fc_layout *layout, PyObject *values) {
    fc_columns *set;
    fc_status status = fc_columns_new(&fc_alloc_libc, layout, 1, &set);
    if (status != FC_OK) {
        fc_py_raise(status, "a schema's defaults");
        return NULL;
    }
    for (uint32_t c = 0; c < set->count; c++) {
        PyObject *value = item(values, c);
        if (!value || fc_py_column_put(set, c, 0, value) < 0) {
            fc_py_columns_discard(set);
            return NULL;
        }
    }
    set->rows = 1;
    return set;
}

static int load_frame(fc_py_schema *self, PyObject *tuple, fc_node *node, fc_py_node *py) {
    fc_frame *frame = (fc_frame *)&self->kernel.frames[self->frame_count];
    PyObject *records = tuple_item(tuple, 4), *defaults = records ? item(tuple, 5) : NULL;
    py->columns = defaults ? type_item(tuple, 2) : NULL;
    py->values = py->columns ? item(tuple, 6) : NULL;
    if (!py->values) return -1;
    node->child = self->frame_count++;
    frame->layout = self->layouts[node->child] = fc_py_layout_new(item(tuple, 3));
    if (!frame->layout) return -1;
    frame->record_count = (uint32_t)PyTuple_GET_SIZE(records);
    fc_record *out = fc_arena_zeros(&self->arena, frame->record_count + 1, sizeof *out);
    if (!out) return no_memory();
    for (uint32_t i = 0; i < frame->record_count; i++)
        if (load_record(self, PyTuple_GET_ITEM(records, i), frame->record_count,
                        frame->layout->count, &out[i]) < 0)
            return -1;
    frame->records = out;
    if (defaults == Py_None) return 0;
    frame->defaults = self->defaults[node->child] = load_row(frame->layout, defaults);
    return frame->defaults ? 0 : -1;
}

/* ---- Arrays ------------------------------------------------------------------------------- */

static int load_item(fc_shape *shape) {
    static const struct {
        uint8_t item, width;
    } items[] = {
        [FC_DTYPE_BOOL] = {FC_ITEM_BOOL, 1},     [FC_DTYPE_INT8] = {FC_ITEM_INT, 1},
        [FC_DTYPE_UINT8] = {FC_ITEM_UINT, 1},    [FC_DTYPE_INT16] = {FC_ITEM_INT, 2},
        [FC_DTYPE_UINT16] = {FC_ITEM_UINT, 2},   [FC_DTYPE_INT32] = {FC_ITEM_INT, 4},
        [FC_DTYPE_UINT32] = {FC_ITEM_UINT, 4},   [FC_DTYPE_INT64] = {FC_ITEM_INT, 8},
        [FC_DTYPE_UINT64] = {FC_ITEM_UINT, 8},   [FC_DTYPE_FLOAT32] = {FC_ITEM_FLOAT, 4},
        [FC_DTYPE_FLOAT64] = {FC_ITEM_FLOAT, 8}, [FC_DTYPE_FLOAT16] = {FC_ITEM_FLOAT, 2},
    };
    if ((size_t)shape->dtype >= sizeof items / sizeof *items) return misshapen(), -1;
    shape->item = (fc_item_kind)items[shape->dtype].item;
    shape->width = items[shape->dtype].width;
    return 0;
}

static int load_array(fc_py_schema *self, PyObject *tuple, fc_node *node) {
    fc_shape *shape = (fc_shape *)&self->kernel.shapes[self->shape_count];
    PyObject *dtype = item(tuple, 2), *sizes = dtype ? tuple_item(tuple, 3) : NULL;
    PyObject *same = sizes ? tuple_item(tuple, 4) : NULL;
    fc_dtype number_of;
    if (!same || fc_array_dtype(dtype, "dtype", &number_of) < 0) return -1;
    shape->dtype = number_of;
    shape->ndim = (uint32_t)PyTuple_GET_SIZE(sizes);
    if (shape->ndim > FC_SHAPE_MAX_DIMS) return misshapen(), -1;
    for (uint32_t d = 0; d < shape->ndim; d++) {
        long long size, earlier;
        if (number(sizes, d, &size) < 0 || number(same, d, &earlier) < 0) return -1;
        if (size < -1 || earlier < -1 || earlier >= (long long)d) return misshapen(), -1;
        shape->sizes[d] = size;
        shape->same[d] = (int8_t)earlier;
    }
    node->child = self->shape_count++;
    return load_item(shape);
}

/* ---- The whole ---------------------------------------------------------------------------- */

static int load_child(fc_py_schema *self, PyObject *tuple, fc_node *node) {
    if (index_item(tuple, 2, self->kernel.node_count, &node->child) < 0) return -1;
    return load_lengths(tuple, 3, node);
}

static int load_node(fc_py_schema *self, PyObject *tuple, fc_node *node, fc_py_node *py) {
    long long kind, flags;
    if (number(tuple, 0, &kind) < 0 || number(tuple, 1, &flags) < 0) return -1;
    node->kind = (uint8_t)kind;
    node->nullable = flags & 1;
    node->impure = (flags & 4) != 0;
    switch ((fc_node_kind)kind) {
    case FC_NODE_INT:
    case FC_NODE_FLOAT: return load_bounds(tuple, node);
    case FC_NODE_STR: return load_text(tuple, node);
    case FC_NODE_BYTES: return load_lengths(tuple, 2, node);
    case FC_NODE_LITERAL: return load_literal(self, tuple, node, py);
    case FC_NODE_LIST:
    case FC_NODE_DICT:
    case FC_NODE_SET:
    case FC_NODE_FROZENSET: return load_child(self, tuple, node);
    case FC_NODE_TUPLE: return load_tuple(self, tuple, node);
    case FC_NODE_NAMED:
    case FC_NODE_MODEL: return load_model(self, tuple, node, py);
    case FC_NODE_ROOT: return load_root(self, tuple, node, py);
    case FC_NODE_TAGGED: return load_tagged(self, tuple, node, py);
    case FC_NODE_UNION: return load_union(self, tuple, node);
    case FC_NODE_PLAIN: return (py->values = item(tuple, 2)) ? 0 : -1;
    case FC_NODE_AFTER: return load_after(self, tuple, node, py);
    case FC_NODE_UUID: return load_uuid(tuple, node, py);
    case FC_NODE_DECIMAL: return load_decimal(tuple, node, py);
    case FC_NODE_DATETIME:
    case FC_NODE_TIME:
        py->values = tuple_item(tuple, 2);
        if (!py->values || PyTuple_GET_SIZE(py->values) != 2) return misshapen(), -1;
        return fc_py_texts_ready();
    case FC_NODE_DURATION:
    case FC_NODE_DATE: return fc_py_texts_ready();
    case FC_NODE_ROWS:
    case FC_NODE_ROW:
    case FC_NODE_TABLE: return load_frame(self, tuple, node, py);
    case FC_NODE_ARRAY: return load_array(self, tuple, node);
    default: return 0;
    }
}

/* When all nodes are there. */
static int prepare_lanes(fc_py_schema *self) {
    for (uint32_t f = 0; f < self->frame_count; f++) {
        const fc_frame *frame = &self->kernel.frames[f];
        for (uint32_t i = 0; i < frame->record_count; i++)
            if (fc_lane_build(&self->arena, self->kernel.nodes, (fc_record *)&frame->records[i]))
                return -1;
    }
    return 0;
}

int fc_py_program_load(fc_state *state, fc_py_schema *self, PyObject *program, uint32_t root) {
    (void)state;
    fc_arena_init(&self->arena, &fc_alloc_libc);
    size_t count = (size_t)PyTuple_GET_SIZE(program);
    if (root >= count || count > UINT32_MAX) return misshapen(), -1;
    fc_node *nodes = fc_arena_zeros(&self->arena, count, sizeof *nodes);
    fc_frame *frames = fc_arena_zeros(&self->arena, count, sizeof *frames);
    fc_shape *shapes = fc_arena_zeros(&self->arena, count, sizeof *shapes);
    self->nodes = fc_arena_zeros(&self->arena, count, sizeof *self->nodes);
    self->models = fc_arena_zeros(&self->arena, count, sizeof *self->models);
    self->defaults = fc_arena_zeros(&self->arena, count, sizeof *self->defaults);
    self->layouts = fc_arena_zeros(&self->arena, count, sizeof *self->layouts);
    self->zoned = fc_arena_zeros(&self->arena, count, sizeof *self->zoned);
    if (!nodes || !frames || !shapes || !self->nodes || !self->models || !self->defaults ||
        !self->layouts || !self->zoned) {
        fc_arena_free(&self->arena);
        self->nodes = NULL;
        return no_memory();
    }
    self->kernel.nodes = nodes;
    self->kernel.frames = frames;
    self->kernel.shapes = shapes;
    self->kernel.node_count = (uint32_t)count;
    self->kernel.root = root;
    self->program = Py_NewRef(program);
    for (size_t i = 0; i < count; i++) {
        if (load_node(self, PyTuple_GET_ITEM(program, (Py_ssize_t)i), &nodes[i], &self->nodes[i]) <
            0) {
            fc_py_program_clear(self);
            return -1;
        }
    }
    fc_lane_mark(nodes, (uint32_t)count);
    if (prepare_lanes(self) < 0) {
        fc_py_program_clear(self);
        return no_memory();
    }
    return 0;
}

void fc_py_program_clear(fc_py_schema *self) {
    PyObject *program = self->program;
    if (!program) return;
    self->program = NULL;
    for (uint32_t i = 0; i < self->kernel.node_count; i++) {
        Py_CLEAR(self->nodes[i].original);
        Py_CLEAR(self->nodes[i].record);
    }
    for (uint32_t i = 0; i < self->model_count; i++) {
        Py_CLEAR(self->models[i].template_dict);
        Py_CLEAR(self->models[i].all_names);
        Py_CLEAR(self->models[i].set_extra);
        Py_CLEAR(self->models[i].set_private);
        Py_CLEAR(self->models[i].set_fields);
    }
    for (uint32_t i = 0; i < self->frame_count; i++) {
        fc_py_columns_discard(self->defaults[i]);
        fc_layout_free(self->layouts[i]);
        fc_layout_free(self->zoned[i].layout);
    }
    self->model_count = self->frame_count = self->shape_count = 0;
    fc_arena_free(&self->arena);
    Py_DECREF(program);
}
