/* Arrow's way in: an Arrow schema as the columns that it becomes. */
#include <stdio.h>
#include <stdlib.h>

#include "columns/arrow_in.h"

static bool read_plain(const char *format, fc_arrow_type *type) {
    static const char letters[] = "nbcCsSiIlLefguU"; /* in the order of fc_arrow_type */
    const char *at = format[0] ? strchr(letters, format[0]) : NULL;
    if (!strcmp(format, "vu")) *type = FC_ARROW_VIEW;
    if (!strcmp(format, "vu")) return true;
    if (!at || format[1]) return false;
    *type = (fc_arrow_type)(at - letters);
    return true;
}

static bool read_time(const char *format, fc_arrow_field *field) {
    field->multiply = field->divide = 1;
    field->type = FC_ARROW_I64;
    if (!strcmp(format, "tdD")) {
        field->type = FC_ARROW_I32;
        field->multiply = 86400000000;
        field->flags |= FC_COLUMN_DATE;
    } else if (!strcmp(format, "tdm")) {
        field->multiply = 1000;
        field->flags |= FC_COLUMN_DATE;
    } else if (!strncmp(format, "ts", 2) && format[2] && format[3] == ':') {
        switch (format[2]) {
        case 's': field->multiply = 1000000; break;
        case 'm': field->multiply = 1000; break;
        case 'u': break;
        case 'n': field->divide = 1000; break;
        default: return false;
        }
        field->utc = format[4] != 0;
    } else {
        return false;
    }
    field->kind = FC_COLUMN_TIME;
    return true;
}

static fc_column_kind kind_of(fc_arrow_type type) {
    switch (type) {
    case FC_ARROW_BOOL: return FC_COLUMN_BOOL;
    case FC_ARROW_I8:
    case FC_ARROW_U8:
    case FC_ARROW_I16:
    case FC_ARROW_U16:
    case FC_ARROW_I32: return FC_COLUMN_INT32;
    case FC_ARROW_U32:
    case FC_ARROW_I64:
    case FC_ARROW_U64: return FC_COLUMN_INT64;
    case FC_ARROW_F16:
    case FC_ARROW_F32: return FC_COLUMN_FLOAT32;
    case FC_ARROW_NULL: /* nothing but missing values: NaN */
    case FC_ARROW_F64: return FC_COLUMN_FLOAT64;
    default: return FC_COLUMN_STRING;
    }
}

/* `of` is "", or says what is of this type. */
static fc_status refuse(char *error, const fc_arrow_field *field, const char *of,
                        const char *format) {
    snprintf(
        error, FC_ARROW_ERROR,
        "column '%.150s': no column can hold %sthe Arrow type '%.100s'; cast it or leave it out",
        field->name, of, format);
    return FC_EREFUSED;
}

static bool is_list(const char *format, uint32_t *items) {
    if (strncmp(format, "+w:", 3) != 0) return false;
    char *end;
    long n = strtol(format + 3, &end, 10);
    *items = (uint32_t)n;
    return end != format + 3 && !*end && n > 0 && n <= 1 << 20;
}

/* What a field that is no struct becomes. */
static fc_status read_type(const struct ArrowSchema *schema, fc_arrow_field *field, char *error) {
    const char *format = schema->format;
    field->items = 1;
    if (schema->dictionary) {
        const struct ArrowSchema *values = schema->dictionary;
        if (!values->format || !read_plain(format, &field->type) || field->type < FC_ARROW_I8 ||
            field->type > FC_ARROW_U64)
            return fc_arrow_fail(error, field->name, "a dictionary that is none");
        field->dictionary = true;
        if (values->dictionary || !read_plain(values->format, &field->value) ||
            field->value == FC_ARROW_NULL)
            return refuse(error, field, "a dictionary of ", values->format);
        field->kind = fc_arrow_is_text(field->value) ? FC_COLUMN_CODE : kind_of(field->value);
        return FC_OK;
    }
    if (is_list(format, &field->items)) {
        bool one = schema->n_children == 1 && schema->children;
        const struct ArrowSchema *child = one ? schema->children[0] : NULL;
        if (!child || !child->format)
            return fc_arrow_fail(error, field->name, "a list without the type of its items");
        field->listed = true;
        field->flags |= FC_COLUMN_LISTED;
        if (child->dictionary || !read_plain(child->format, &field->type) ||
            field->type == FC_ARROW_NULL || fc_arrow_is_text(field->type))
            return refuse(error, field, "a list of ", child->format);
        field->kind = kind_of(field->type);
        return FC_OK;
    }
    if (read_plain(format, &field->type))
        field->kind = kind_of(field->type);
    else if (!read_time(format, field))
        return refuse(error, field, "", format);
    return schema->n_children ? fc_arrow_fail(error, field->name, "children, of a type without any")
                              : FC_OK;
}

static fc_status add_field(fc_arrow_fields *self, const fc_arrow_field *field, char *error) {
    if (self->count == FC_ARROW_MAX_COLUMNS)
        return fc_arrow_fail(error, field->name, "more columns than there can be");
    if (self->count == self->room) {
        uint32_t room = self->room * 2 + 16;
        fc_arrow_field *fields =
            self->alloc->resize(self->alloc->ctx, self->fields, room * sizeof *fields);
        if (!fields) return FC_ENOMEM;
        self->fields = fields, self->room = room;
    }
    self->fields[self->count++] = *field;
    return FC_OK;
}

/* One level of the walk through nested structs, without recursion. */
typedef struct level {
    const struct ArrowSchema *schema;
    int64_t next;
    size_t name_len; /* of the dotted name up to here */
} level;

enum { MAX_NAME = 4096 };

static fc_status append_name(char *name, size_t *len, const char *part, char *error) {
    size_t more = strlen(part);
    if (*len + more + 2 > MAX_NAME) return fc_arrow_fail(error, name, "a name that is too long");
    if (*len) name[(*len)++] = '.';
    memcpy(name + *len, part, more + 1);
    *len += more;
    if (fc_utf8_valid(part, more)) return FC_OK;
    return fc_arrow_fail(error, "?", "a name that is no UTF-8");
}

static fc_status read_leaf(fc_arrow_fields *self, const struct ArrowSchema *schema,
                           const level *levels, int depth, const char *name, size_t len,
                           char *error) {
    fc_arrow_field field = {.depth = (uint32_t)depth, .name_len = len};
    field.name = fc_arena_text(self->arena, name, len);
    uint32_t *path = fc_arena_zeros(self->arena, (size_t)depth, sizeof *path);
    if (!field.name || !path) return FC_ENOMEM;
    int64_t *children = fc_arena_zeros(self->arena, (size_t)depth, sizeof *children);
    if (!children) return FC_ENOMEM;
    for (int i = 0; i < depth; i++) {
        path[i] = (uint32_t)(levels[i].next - 1);
        children[i] = levels[i].schema->n_children;
    }
    field.path = path;
    field.children = children;
    if (depth > 1) field.flags = FC_COLUMN_NESTED;
    FC_TRY(read_type(schema, &field, error));
    return add_field(self, &field, error);
}

static fc_status walk(fc_arrow_fields *self, const struct ArrowSchema *top, char *error) {
    level levels[FC_ARROW_MAX_DEPTH];
    char name[MAX_NAME];
    int depth = 1;
    /* Of all nodes, not only of columns: structs that share children are walked once for each way.
     */
    uint32_t left = FC_ARROW_MAX_COLUMNS;
    if (!top->format || strcmp(top->format, "+s") != 0) {
        snprintf(error, FC_ARROW_ERROR,
                 "expected rows (an Arrow struct type), got the Arrow type '%.100s'",
                 top->format ? top->format : "");
        return FC_EREFUSED;
    }
    levels[0] = (level){top, 0, 0};
    self->children = top->n_children;
    while (depth) {
        level *here = &levels[depth - 1];
        if (here->schema->n_children < 0)
            return fc_arrow_fail(error, "?", "a negative number of children");
        if (here->next >= here->schema->n_children) {
            depth--;
            continue;
        }
        const struct ArrowSchema *child =
            here->schema->children ? here->schema->children[here->next] : NULL;
        here->next++;
        if (!left--) return fc_arrow_fail(error, "?", "more columns than there can be");
        if (!child || !child->format || !child->release)
            return fc_arrow_fail(error, "?", "a field of the schema is missing");
        size_t len = here->name_len;
        const char *part = child->name ? child->name : "";
        FC_TRY(append_name(name, &len, part, error));
        /* The dots of a nested column's name separate the levels, and nothing else may. */
        bool nested = depth > 1 || !strcmp(child->format, "+s");
        if (nested && (!*part || strchr(part, '.')))
            return fc_arrow_fail(error, name,
                                 "a struct, or a field of one, whose name is empty or has a dot");
        if (strcmp(child->format, "+s") != 0) {
            FC_TRY(read_leaf(self, child, levels, depth, name, len, error));
        } else if (depth == FC_ARROW_MAX_DEPTH) {
            return fc_arrow_fail(error, name, "structs nested too deeply");
        } else {
            levels[depth++] = (level){child, 0, len};
        }
    }
    return FC_OK;
}

/* Texts are told apart by the table that is there for dictionaries. */
static fc_status check_names(const fc_arrow_fields *self, uint64_t seed, char *error) {
    fc_arrow_texts seen = {.alloc = self->alloc, .seed = seed};
    fc_status status = FC_OK;
    for (uint32_t i = 0; i < self->count && status == FC_OK; i++) {
        const fc_arrow_field *field = &self->fields[i];
        int32_t code;
        status = fc_arrow_texts_add(&seen, field->name, field->name_len, &code);
        if (status == FC_OK && (uint32_t)code != i)
            status = fc_arrow_fail(error, field->name, "two columns of one name");
    }
    fc_arrow_texts_free(&seen);
    return status;
}

fc_status fc_arrow_read_schema(fc_arrow_fields *self, const struct ArrowSchema *top, uint64_t seed,
                               char *error) {
    FC_TRY(walk(self, top, error));
    return check_names(self, seed, error);
}
