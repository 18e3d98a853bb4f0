/* The non-zeros of a block of rows, for sparse.c: FC_PUT_NAME is the function, FC_PUT_VALUE the
 * type of the output's values, which floats become without a question. Both are undefined at the
 * end.
 *
 * Each cell is written where the next non-zero belongs, which moves on by whether it was one: no
 * branch asks, and nothing is written past the cells that there are. */
#define FC_PUT_CELLS(cell_type)                                                                    \
    for (size_t j = 0; j < width; j++) {                                                           \
        cell_type cell = ((const cell_type *)from)[r * width + j];                                 \
        values[used] = (FC_PUT_VALUE)cell;                                                         \
        indices[used] = (int32_t)(column + j);                                                     \
        used += cell != 0;                                                                         \
    }

static void FC_PUT_NAME(fc_rows_out *out, const fc_frame *frame, size_t rows, int32_t *ends) {
    const fc_plan *plan = frame->plan;
    FC_PUT_VALUE *restrict values = out->values;
    int32_t *restrict indices = out->indices;
    size_t used = out->used;
    for (size_t r = 0; r < rows; r++) {
        size_t column = 0;
        for (uint32_t i = 0; i < plan->piece_count; column += plan->pieces[i++].width) {
            const fc_piece_spec *piece = &plan->pieces[i];
            const fc_panel *panel = &plan->panels[piece->panel];
            const void *from = frame->panel[piece->panel];
            size_t width = panel->width;
            if (panel->type == FC_PLAN_CSR) {
                const fc_csr *csr = from;
                for (size_t k = csr->heads[r]; k < csr->heads[r + 1]; k++, used++) {
                    values[used] = (FC_PUT_VALUE)csr->values[k];
                    indices[used] = (int32_t)column + csr->columns[k];
                }
            } else if (piece->onehot) {
                for (size_t j = 0; j < width; j++) {
                    int32_t at = ((const int32_t *)from)[r * width + j];
                    values[used] = 1;
                    indices[used] = (int32_t)column + (at < 0 ? 0 : at);
                    used += (uint32_t)at < piece->width;
                }
            } else if (panel->type == FC_PLAN_F64) {
                FC_PUT_CELLS(double)
            } else if (panel->type == FC_PLAN_F32) {
                FC_PUT_CELLS(float)
            } else {
                FC_PUT_CELLS(int32_t)
            }
        }
        ends[r] = (int32_t)used;
    }
    out->used = used;
}

#undef FC_PUT_CELLS
#undef FC_PUT_NAME
#undef FC_PUT_VALUE
