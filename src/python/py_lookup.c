/* Fields whose values can be found in several ways, or below other keys: alias choices, alias
 * paths, and aliases beside names. */
#include <string.h>

#include "python/py_program.h"

/* The value of the key in the object, or 0; `*twice` is set if it has two. */
static uint32_t value_of(const fc_tape *tape, uint32_t object, PyObject *part, bool *twice) {
    const fc_tape_node *nodes = tape->nodes;
    Py_ssize_t len;
    const char *text = PyUnicode_AsUTF8AndSize(part, &len); /* kept in it since it was loaded */
    uint32_t child = object + 1, found = 0;
    for (uint64_t i = 0; text && i < nodes[object].as.count; i++) {
        fc_json_string key = fc_tape_string(tape, &nodes[child]);
        bool equal = key.escaped ? fc_json_string_equal(&key, text, (size_t)len)
                                 : key.len == (size_t)len && !memcmp(key.data, text, key.len);
        if (equal) {
            *twice |= found != 0;
            found = child + 1;
        }
        child = nodes[child + 1].next;
    }
    return found;
}

/* The item at the place of the array, counted from its end if negative, or 0. */
static uint32_t item_of(const fc_tape *tape, uint32_t array, PyObject *part) {
    const fc_tape_node *nodes = tape->nodes;
    long long count = (long long)nodes[array].as.count, place = PyLong_AsLongLong(part);
    if (place < 0) place += count;
    if (place < 0 || place >= count) return 0;
    uint32_t child = array + 1;
    while (place-- > 0) child = nodes[child].next;
    return child;
}

/* What the way leads to from the value of its first key; 0 where it ends in something else. */
static uint32_t follow(const fc_tape *tape, const fc_py_way *way, uint32_t at, bool *twice) {
    for (Py_ssize_t i = 1; at && i < PyTuple_GET_SIZE(way->parts); i++) {
        PyObject *part = PyTuple_GET_ITEM(way->parts, i);
        bool named = PyUnicode_Check(part);
        if (tape->nodes[at].kind != (named ? FC_JSON_OBJECT : FC_JSON_ARRAY)) return 0;
        at = named ? value_of(tape, at, part, twice) : item_of(tape, at, part);
    }
    return at;
}

bool fc_py_lookup_find(const fc_build *build, const fc_py_lookup *lookup, uint32_t fields,
                       uint32_t object, bool skips, uint32_t *at, uint32_t *way, uint32_t *places,
                       bool *extra) {
    const fc_tape *tape = build->tape;
    memset(places, 0, lookup->first.count * sizeof *places);
    uint32_t child = object + 1, next = 0;
    for (uint64_t i = 0; i < tape->nodes[object].as.count; i++) {
        fc_json_string key = fc_tape_string(tape, &tape->nodes[child]);
        int32_t number = fc_keys_find(&lookup->first, &key, next);
        if (number < 0) {
            *extra = true;
        } else {
            if (places[number]) return false;
            places[number] = child + 1;
            next = (uint32_t)number + 1;
        }
        child = tape->nodes[child + 1].next;
    }
    bool twice = false;
    for (uint32_t f = 0; f < fields; f++) {
        for (uint32_t w = lookup->starts[f]; w < lookup->starts[f + 1] && !at[f]; w++) {
            const fc_py_way *tried = &lookup->ways[w];
            at[f] = follow(tape, tried, places[tried->first], &twice);
            way[f] = w;
        }
    }
    if (twice || skips) return !twice;
    /* A key that led to no field is another one to some versions of the original. */
    for (uint32_t f = 0; f < fields; f++)
        if (at[f]) places[lookup->ways[way[f]].first] = 0;
    for (uint32_t i = 0; i < lookup->first.count; i++)
        if (places[i]) return false;
    return true;
}

const fc_path *fc_py_lookup_path(const fc_py_way *way, const fc_path *path, fc_path *chain) {
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(way->parts); i++) {
        PyObject *part = PyTuple_GET_ITEM(way->parts, i);
        bool named = PyUnicode_Check(part);
        chain[i] = (fc_path){path, named ? part : NULL, named ? 0 : PyLong_AsSsize_t(part)};
        path = &chain[i];
    }
    return path;
}

static int load_parts(PyObject *parts) {
    Py_ssize_t count = parts ? PyTuple_GET_SIZE(parts) : 0;
    for (Py_ssize_t i = 0; i < count && count <= FC_WAY_PARTS; i++) {
        PyObject *part = PyTuple_GET_ITEM(parts, i);
        if (PyUnicode_Check(part) ? !PyUnicode_AsUTF8AndSize(part, NULL)
                                  : PyLong_AsSsize_t(part) == -1 && PyErr_Occurred())
            return -1;
    }
    return count && count <= FC_WAY_PARTS ? 0 : (misshapen(), -1);
}

int fc_py_lookup_load(fc_arena *arena, PyObject *tuple, fc_py_model *model) {
    if (!tuple || tuple == Py_None) return tuple ? 0 : -1;
    PyObject *first = tuple_item(tuple, 0), *fields = first ? tuple_item(tuple, 1) : NULL;
    if (!fields) return -1;
    Py_ssize_t count = PyTuple_GET_SIZE(fields), total = 0;
    if (count != PyTuple_GET_SIZE(model->names)) return misshapen(), -1;
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *ways = tuple_item(fields, i);
        if (!ways) return -1;
        total += PyTuple_GET_SIZE(ways);
    }
    fc_py_lookup *lookup = fc_arena_zeros(arena, 1, sizeof *lookup);
    if (!lookup) return no_memory();
    lookup->starts = fc_arena_zeros(arena, (size_t)count + 1, sizeof *lookup->starts);
    lookup->ways = fc_arena_zeros(arena, (size_t)total + 1, sizeof *lookup->ways);
    if (!lookup->starts || !lookup->ways) return no_memory();
    if (fc_py_load_keys(arena, first, &lookup->first) < 0) return -1;
    uint32_t next = 0;
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *ways = PyTuple_GET_ITEM(fields, i);
        for (Py_ssize_t w = 0; w < PyTuple_GET_SIZE(ways); w++, next++) {
            PyObject *way = PyTuple_GET_ITEM(ways, w);
            if (index_item(way, 0, lookup->first.count, &lookup->ways[next].first) < 0) return -1;
            lookup->ways[next].parts = tuple_item(way, 1);
            if (load_parts(lookup->ways[next].parts) < 0) return -1;
        }
        lookup->starts[i + 1] = next;
    }
    model->lookup = lookup;
    return 0;
}
