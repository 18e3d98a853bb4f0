/* What the rest of the glue needs of the Python type `_core.Columns`. */
#ifndef FC_PYTHON_COLUMNS_H
#define FC_PYTHON_COLUMNS_H

#include "fastcore/columns.h"
#include "python/state.h"

/* A new Columns object of type `cls` (a subclass of _core.Columns) that owns `set`. Takes the set
 * also when it fails. OBJECT cells are owned references (or NULL, meaning None). */
PyObject *fc_py_columns_wrap(PyTypeObject *cls, fc_columns *set);
/* The set inside, borrowed; TypeError naming `argument` for anything else. */
fc_columns *fc_py_columns_of(fc_state *state, PyObject *object, const char *argument);

/* KeyError for a column that is not there, which also says what it was wanted as (`role`, a str; or
 * NULL) and which columns there are: the first few dozen. */
void fc_py_columns_raise_missing(const fc_columns *set, PyObject *name, PyObject *role);

/* Makes column specifications out of a sequence of tuples
 * (name: str, kind: int, items: int, nullable: bool, utc: bool, texts: tuple[str, ...] | None),
 * `kind` being an fc_column_kind; a seventh element, if there is one, is the flags (int:
 * FC_COLUMN_LISTED, _DATE, _NESTED). Everything is copied into `arena`, ready for fc_layout_new.
 * 0, or -1 with an exception (TypeError, ValueError naming the column; MemoryError). */
int fc_py_column_specs(PyObject *sequence, fc_arena *arena, fc_column_spec **specs,
                       uint32_t *count);
/* The same as a new layout (one reference), or NULL with an exception. */
fc_layout *fc_py_layout_new(PyObject *sequence);

/* Writes a Python value into cell `row`, the validity bit included: None is null; bool, int, float,
 * str, datetime, date as the column's kind wants (for CODE a text of the dictionary; for items > 1
 * a sequence of that length). An OBJECT cell takes a reference of its own and gives back what it
 * had. The caller has reserved the row. 0, or -1 with TypeError/ValueError/OverflowError. */
int fc_py_column_put(fc_columns *set, uint32_t column, int64_t row, PyObject *value);

/* Releases the references of OBJECT cells (all of them up to the capacity: also those of a row not
 * yet committed) and frees the set: for a set that no Columns object owns yet. NULL is allowed. */
void fc_py_columns_discard(fc_columns *set);

#endif
