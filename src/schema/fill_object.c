/* Cells that are objects: where their values stand is noted, and the glue makes them when the whole
 * document has been read. */
#include "schema/fill.h"

fc_status fc_fill_note(fc_filling *f, const fc_record_field *field, const char *start,
                       const char *end, const char *data) {
    fc_fill *out = f->out;
    if (out->span_count == out->span_size) {
        size_t size = out->span_size ? out->span_size * 2 : 16, bytes;
        if (!fc_size_mul(size, sizeof *out->spans, &bytes)) return FC_ENOMEM;
        void *grown = out->alloc->resize(out->alloc->ctx, out->spans, bytes);
        if (!grown) return FC_ENOMEM;
        out->spans = grown;
        out->span_size = size;
    }
    out->spans[out->span_count++] = (fc_span){.column = field->target,
                                              .node = field->node,
                                              .start = (size_t)(start - data),
                                              .end = (size_t)(end - data),
                                              .record.row = f->set->rows};
    return FC_OK;
}

void fc_fill_settle(fc_filling *f, const char *end, const char *data) {
    fc_fill *out = f->out;
    if (f->bad) out->span_count = f->row_spans;
    for (size_t i = f->row_spans; i < out->span_count; i++)
        out->spans[i].record = (fc_refusal){f->set->rows, f->set->rows,
                                            (size_t)(f->record_start - data), (size_t)(end - data)};
    f->row_spans = out->span_count;
}
