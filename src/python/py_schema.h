/* The Python side of a compiled schema: what each node means to Python.
 *
 * `program` is the immutable tuple that Python compiled; it keeps every object alive that the
 * nodes refer to, so that nodes borrow from it. Only `originals`, filled when first asked for, are
 * owned beside it. */
#ifndef FC_PYTHON_SCHEMA_H
#define FC_PYTHON_SCHEMA_H

#include "fastcore/schema.h"
#include "python/state.h"

/* A dimension of an array field whose size has a name that other fields have as well. */
typedef struct fc_py_size {
    uint32_t name, field, dimension; /* `name`: a number */
} fc_py_size;

/* A way from an object to the value of a field: a key, and keys and places below it. */
typedef struct fc_py_way {
    uint32_t first;  /* the number of its key among those that some way begins with */
    PyObject *parts; /* tuple of str and int, the key among them */
} fc_py_way;

typedef struct fc_py_lookup {
    fc_keys first;
    fc_py_way *ways;  /* of all fields, each field's in the order in which they count */
    uint32_t *starts; /* where those of each field begin, and behind the last of all */
} fc_py_lookup;

enum { FC_WAY_PARTS = 8 };

typedef struct fc_py_model {
    PyTypeObject *cls;
    PyObject *names;         /* tuple of field names, interned */
    PyObject *keys;          /* tuple of the keys that the document has for them */
    uint8_t *how;            /* FC_DEFAULT_* of each field */
    PyObject **defaults;     /* the object or factory of each field, or NULL */
    PyObject *template_dict; /* owned: every field in order, shared defaults in place */
    PyObject *all_names;     /* owned: frozenset of the names */
    PyObject *set_extra, *set_private, *set_fields; /* the descriptors of BaseModel's slots */
    PyObject *post_init;    /* the method that is called on a new instance, or NULL */
    PyObject *init_only;    /* tuple: names whose values are its arguments, and no attributes */
    const uint32_t *unread; /* fields that no document gives (init=False) */
    uint32_t unread_count;
    fc_py_size *sizes; /* in order of name, and below that of the fields */
    uint32_t size_count;
    fc_py_lookup *lookup; /* or NULL: `keys` are the ways to the fields */
    bool allow_extra, forbid_extra;
    bool direct;  /* fields become attributes one by one, not a dict at once */
    uint8_t make; /* FC_MAKE_* */
} fc_py_model;

/* What becomes of a MODEL's fields. */
enum {
    FC_MAKE_MODEL = 0, /* an instance of BaseModel's subclass */
    FC_MAKE_DATACLASS, /* of a class with a __dict__ */
    FC_MAKE_SLOTS,     /* of one without */
    FC_MAKE_DICT,      /* the dict itself */
    FC_MAKE_NAMED,     /* NAMED: a named tuple */
    FC_MAKE_ROOT       /* ROOT: an instance of RootModel's subclass */
};

enum {
    FC_DEFAULT_NONE = 0, /* the field is required */
    FC_DEFAULT_SHARED,   /* the object itself, already in the template */
    FC_DEFAULT_COPY,     /* a deep copy for each use */
    FC_DEFAULT_FACTORY,  /* what calling it gives */
    FC_DEFAULT_ABSENT    /* the key is left out */
};

typedef struct fc_py_node {
    PyObject *original; /* owned: a bound `validate_json` for this node alone, or NULL: not yet */
    PyObject *record;   /* owned: ROWS, ROW: the same for one record */
    PyObject *values;   /* LITERAL: what each choice gives, in order of number; TAGGED: the tags;
                           AFTER, PLAIN: the function; ROWS, ROW, TABLE: the Layout; DATETIME, TIME,
                           UUID: what they are made of; DECIMAL: the class and its bounds */
    fc_keys *tag_key;   /* TAGGED: the discriminator */
    fc_py_model *model;
    PyTypeObject *columns; /* ROWS, ROW: the class to make */
} fc_py_node;

/* The layout of a frame whose times turned out to be aware, for the zones of `aware`. */
typedef struct fc_py_zoned {
    fc_layout *layout;
    uint64_t aware;
} fc_py_zoned;

typedef struct fc_py_schema {
    PyObject_HEAD PyObject *program; /* NULL until set up */
    PyObject *deepcopy;
    fc_arena arena;
    fc_schema kernel;
    fc_py_node *nodes;
    fc_py_model *models;
    uint32_t model_count;
    fc_columns **defaults; /* owned sets of one row */
    fc_layout **layouts;   /* owned references */
    fc_py_zoned *zoned;    /* of each frame, what was asked for last */
    uint32_t frame_count, shape_count;
    bool native;        /* false: everything goes to the original */
    bool route;         /* what C accepts is also what FastAPI's way would give */
    bool unique;        /* a key that occurs twice is an error */
    double verify, due; /* the share of calls that the original judges too; how far the next is */
} fc_py_schema;

/* Compiles `program` into the kernel's form; 0, or -1 with an exception (the object is then still
 * without a program, and safe to drop). */
int fc_py_program_load(fc_state *state, fc_py_schema *self, PyObject *program, uint32_t root);
void fc_py_program_clear(fc_py_schema *self);

/* ---- One validation under way ------------------------------------------------------------- */

/* Where in the document we are, innermost first; lives on the C stack. */
typedef struct fc_path {
    const struct fc_path *up;
    PyObject *key; /* a key, or NULL: `index` */
    Py_ssize_t index;
} fc_path;

typedef struct fc_build {
    fc_state *state;
    fc_py_schema *self;
    const char *data;
    fc_tape *tape;
    PyObject *errors; /* list of line errors, or NULL: none yet */
    bool pure;        /* never ask an original: stop instead, with `refused` */
    bool refused;
    uint8_t signal; /* FC_SIGNAL_*; whoever acts on it sets it back */
} fc_build;

/* What user code can say instead of giving a value or an error. */
enum {
    FC_SIGNAL_NONE = 0,
    FC_SIGNAL_OMIT,   /* PydanticOmit: the list, dict or model around goes on without the value */
    FC_SIGNAL_DEFAULT /* PydanticUseDefault, and no default yet: for the nodes around */
};

/* All of these return a new reference; or NULL with an exception set (fatal); or NULL without one:
 * the value is not valid, and either its errors are in `build->errors`, or `refused` is set, or
 * `signal` is. */

/* The Python object of tape node `at` held against schema node `node`. */
PyObject *fc_py_build(fc_build *build, uint32_t node, uint32_t at, const fc_path *path);
/* The object that `any` gives: dict, list, str, int, float, bool, None. */
PyObject *fc_py_build_any(fc_build *build, uint32_t at);
PyObject *fc_py_build_model(fc_build *build, uint32_t node, uint32_t at, const fc_path *path);
PyObject *fc_py_build_named(fc_build *build, uint32_t node, uint32_t at, const fc_path *path);
PyObject *fc_py_build_root(fc_build *build, uint32_t node, uint32_t at, const fc_path *path);
PyObject *fc_py_build_list(fc_build *build, uint32_t node, uint32_t at, const fc_path *path);
PyObject *fc_py_build_tuple(fc_build *build, uint32_t node, uint32_t at, const fc_path *path);
PyObject *fc_py_build_set(fc_build *build, uint32_t node, uint32_t at, const fc_path *path);
PyObject *fc_py_build_dict(fc_build *build, uint32_t node, uint32_t at, const fc_path *path);
PyObject *fc_py_build_tagged(fc_build *build, uint32_t node, uint32_t at, const fc_path *path);
PyObject *fc_py_build_union(fc_build *build, uint32_t node, uint32_t at, const fc_path *path);
PyObject *fc_py_build_plain(fc_build *build, uint32_t node, uint32_t at, const fc_path *path);
PyObject *fc_py_build_after(fc_build *build, uint32_t node, uint32_t at, const fc_path *path);
/* The value of a field that the document does not give; never of one that is required or left out.
 */
PyObject *fc_py_make_default(fc_build *build, const fc_py_model *model, uint32_t field);
/* After FC_SIGNAL_DEFAULT from below the field: its own default, which settles the signal; or NULL.
 */
PyObject *fc_py_field_default(fc_build *build, const fc_py_model *model, uint32_t field);
/* Finds the values of the `fields` fields of the object: `at` is the tape node of each (0: there is
 * none), `way` the number of the way to it. `places` has room for a number for each first key;
 * `extra` says whether there are keys that begin no way. False: the original has to look. */
bool fc_py_lookup_find(const fc_build *build, const fc_py_lookup *lookup, uint32_t fields,
                       uint32_t object, bool skips, uint32_t *at, uint32_t *way, uint32_t *places,
                       bool *extra);
/* The path of the value at the end of the way; `chain` has room for its FC_WAY_PARTS parts. */
const fc_path *fc_py_lookup_path(const fc_py_way *way, const fc_path *path, fc_path *chain);
/* Calls the method of a new instance; takes its reference, and gives it back or NULL. `args` is the
 * tuple of its arguments, or NULL: None alone. */
PyObject *fc_py_post_init(fc_build *build, uint32_t node, uint32_t at, const fc_path *path,
                          PyObject *instance, PyObject *args);
/* What the exception that is set, raised by user code that judged the value at tape node `at`,
 * means to pydantic: errors, a signal, the default that it asks for (returned); if none of them, it
 * is set again. */
PyObject *fc_py_take_failure(fc_build *build, uint32_t node, uint32_t at, const fc_path *path);
PyObject *fc_py_build_decimal(fc_build *build, uint32_t node, uint32_t at, const fc_path *path);
/* DATE, DATETIME, TIME, DURATION, UUID, BYTES. Once before them: fc_py_texts_ready, 0 or -1 with an
 * exception. */
PyObject *fc_py_build_text(fc_build *build, uint32_t node, uint32_t at, const fc_path *path);
int fc_py_texts_ready(void);
PyObject *fc_py_build_string(const fc_json_string *string);
/* The original's answer for the bytes [start, end) at schema node `node`. */
PyObject *fc_py_hand_over(fc_build *build, uint32_t node, size_t start, size_t end,
                          const fc_path *path);
PyObject *fc_py_refuse(fc_build *build, uint32_t node, const fc_tape_node *value,
                       const fc_path *path);
/* The path as a tuple, outermost first. */
PyObject *fc_py_loc(const fc_path *path);
/* The same of one record of the ROWS or ROW node. */
PyObject *fc_py_hand_over_record(fc_build *build, uint32_t node, size_t start, size_t end,
                                 const fc_path *path);
/* Columns out of a fill whose offsets count from build->data + base; takes its set. */
PyObject *fc_py_build_columns(fc_build *build, uint32_t node, fc_fill *fill, size_t base,
                              const fc_path *path);

/* Makes the objects of a fill's cells; records with values that C is not certain of are refused
 * then, or a table as a whole. 0, or -1 with an exception. */
int fc_py_fill_objects(fc_build *build, uint32_t node, fc_fill *fill, size_t base);
/* Whether sizes of one name are equal, in the arrays of the fields that were `given` (not 0). */
bool fc_py_sizes_agree(const fc_py_model *model, const uint32_t *given, PyObject *const *values);
/* The same of an ARRAY node: an ndarray. */
PyObject *fc_py_build_array(fc_build *build, uint32_t node, fc_fill *fill, size_t base,
                            const fc_path *path);

/* `Schema._ndjson`: (bytes, most, final, first), in py_ndjson.c. */
PyObject *fc_py_schema_ndjson(fc_state *state, fc_py_schema *self, PyObject *const *args);

/* Which rule of ours, stricter than the original's, a document breaks; "" for JSON itself. */
static inline const char *fc_py_policy_of(fc_json_fault fault) {
    return fault == FC_FAULT_NONFINITE ? "nonfinite" : fault == FC_FAULT_DEPTH ? "depth" : "";
}

/* After NULL: whether nothing else is to be built. */
static inline bool fc_py_stopped(const fc_build *build) {
    return build->refused || build->signal == FC_SIGNAL_DEFAULT || PyErr_Occurred();
}
/* After NULL: whether the value is to be left out; this is then settled. */
static inline bool fc_py_omitted(fc_build *build) {
    bool omitted = build->signal == FC_SIGNAL_OMIT;
    if (omitted) build->signal = FC_SIGNAL_NONE;
    return omitted;
}

static inline fc_schema *fc_py_kernel(fc_build *build) { return &build->self->kernel; }

/* The same as fc_py_build for the scalars that come most often; NULL without an exception for all
 * other values, whatever they are. Most fields are such, and the way to them is longer than what
 * there is to do. */
static inline PyObject *fc_py_build_quick(fc_build *build, uint32_t number, uint32_t at) {
    const fc_node *node = &fc_py_kernel(build)->nodes[number];
    const fc_tape_node *value = &build->tape->nodes[at];
    if (FC_UNLIKELY(node->impure)) return NULL;
    switch (value->kind) {
    case FC_JSON_FLOAT:
        if (node->kind != FC_NODE_FLOAT || !fc_check_float(node, value->as.real)) return NULL;
        return PyFloat_FromDouble(value->as.real);
    case FC_JSON_INT:
        if (node->kind != FC_NODE_INT || !(value->flags & FC_TAPE_FITS) ||
            !fc_check_int(node, value->as.integer))
            return NULL;
        return PyLong_FromLongLong(value->as.integer);
    case FC_JSON_STRING: {
        if (node->kind != FC_NODE_STR || node->checks) return NULL;
        fc_json_string string = fc_tape_string(build->tape, value);
        return fc_py_build_string(&string);
    }
    case FC_JSON_FALSE:
    case FC_JSON_TRUE:
        if (node->kind != FC_NODE_BOOL) return NULL;
        return Py_NewRef(value->kind == FC_JSON_TRUE ? Py_True : Py_False);
    default: return NULL;
    }
}

#endif
