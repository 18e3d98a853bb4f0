/* What the files around `_core.Program` share: the object and its sources. */
#ifndef FC_PYTHON_PLAN_H
#define FC_PYTHON_PLAN_H

#include "fastcore/plan.h"
#include "python/py_array.h"
#include "python/state.h"

/* What a column of documents holds: texts, or what py_plan_pack.c packs as bytes. */
typedef enum fc_reads {
    FC_READS_TEXT = 0,
    FC_READS_PACKED,  /* bytes that are packed already */
    FC_READS_STRINGS, /* lists of texts: tokens of plan/terms.h */
    FC_READS_DICT,    /* dicts, as FeatureHasher has them: items of plan/items.h */
    FC_READS_PAIRS,   /* lists of names and values */
    FC_READS_FIELDS,  /* dicts, as DictVectorizer has them */
    FC_READS_CALL     /* texts that a function of Python makes lists of texts of */
} fc_reads;

/* How an input column is found and read. Columns of categories have a table from str (or from
 * what else arrays of objects hold) to code;
 * columns of documents are read as texts. */
typedef struct fc_program_source {
    Py_ssize_t column; /* position in the input */
    PyObject *name;    /* interned str, or None */
    PyObject *table;   /* dict, or NULL for a column of numbers or of documents */
    bool text;         /* documents */
    fc_reads reads;    /* of documents */
    PyObject *how;     /* what joins a field's name and value (str), the function, or NULL */
    bool sparse;       /* the whole input, a sparse matrix */
    int32_t none_code, nan_code;      /* as codes in `fc_source` */
    struct fc_lookup *_Atomic lookup; /* the table over UTF-8, once that was wanted */
} fc_program_source;

/* The sources by column, as the keys of most rows come. */
typedef struct fc_program_key {
    const char *ascii; /* the name's text, borrowed; NULL if it is no str of ASCII alone */
    size_t length;
    PyObject *name; /* borrowed */
    Py_ssize_t column;
    Py_ssize_t source; /* its number */
    bool number;       /* neither codes nor documents */
} fc_program_key;

typedef struct fc_program {
    PyObject_HEAD fc_plan *plan;
    fc_program_source *sources;
    fc_program_key *keys;
    PyObject *counts; /* a PlanCounts, or NULL */
    Py_ssize_t source_count;
    Py_ssize_t columns; /* of the input, for rows that are sequences */
    bool packs;         /* a column of documents is none of texts */
    fc_dtype out_dtype; /* the natural dtype of the output, and the kind of its memory */
    fc_source_kind out_kind;
} fc_program;

/* The kind of memory that an array of a dtype has, or -1. */
int fc_py_source_kind(fc_dtype dtype);
/* The code of a value of a text column: 0, or 1 if only the original can tell, or -1 with an
 * exception. */
int fc_py_text_code(fc_program_source *source, PyObject *value, int32_t *code);

/* The source's table over UTF-8, made when it is first wanted; NULL with an exception. */
const struct fc_lookup *fc_py_source_lookup(fc_program_source *source);

/* The counts of a PlanCounts, which it owns; NULL with an exception if it is none. */
fc_counts *fc_py_plan_counts(const fc_state *state, PyObject *object);

/* A view of a str (borrowed: the caller keeps the object), None or NaN; returns as above. */
int fc_py_text_view(PyObject *value, fc_text *out);
/* A source of the documents in a list, a tuple or a vector of objects: 0, 1 or -1 as above. What
 * the views point into is kept by *held, a new reference. */
int fc_py_text_source(const fc_program_source *from, PyObject *texts, size_t rows,
                      fc_source *source, PyObject **held);
/* Sources of a `_core.Columns` of so many rows, which point into it and into the arena: 0, 1 or -1
 * as above. */
int fc_py_columns_sources(fc_program *self, PyObject *columns, size_t rows, fc_source *sources,
                          fc_arena *arena);
/* A document that is no text, as bytes (a new reference): 0, 1 or -1 as above. */
int fc_py_pack(const fc_program_source *from, PyObject *document, PyObject **out);
/* What `table` of a source means that is a str or a function; -1 with an exception. */
int fc_py_reads(PyObject *table, fc_program_source *source);

/* Around reading an object that another thread may change: on builds without a GIL. */
#if PY_VERSION_HEX >= 0x030D0000
#define FC_LOCK(object) Py_BEGIN_CRITICAL_SECTION(object);
#define FC_UNLOCK Py_END_CRITICAL_SECTION();
#else
#define FC_LOCK(object) {
#define FC_UNLOCK }
#endif

/* Room for the sources of one call, without the heap for most plans. */
enum { FC_PROGRAM_SMALL = 64 };

PyObject *fc_py_program_run(PyObject *self, PyObject *const *args, Py_ssize_t count);
PyObject *fc_py_program_run_csr(PyObject *self, PyObject *const *args, Py_ssize_t count);
PyObject *fc_py_program_run_row(PyObject *self, PyObject *const *args, Py_ssize_t count);
PyObject *fc_py_program_run_rows(PyObject *self, PyObject *const *args, Py_ssize_t count);
PyObject *fc_py_program_codes(PyObject *self, PyObject *const *args, Py_ssize_t count);
PyObject *fc_py_program_reads(PyObject *self, PyObject *columns);

#endif
