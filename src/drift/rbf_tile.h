/* One tile of a Gaussian kernel; included once for each SIMD level, with
 * FC_R(name), FC_TARGET, FC_WIDTH (lanes), FC_ALL(x), x in all lanes, and
 * FC_FMA(a, b, c), a b + c rounded once, in each.
 * Each value comes out of the same operations at any width. */

typedef float FC_R(lanes) __attribute__((vector_size(4 * FC_WIDTH)));
typedef uint32_t FC_R(bits) __attribute__((vector_size(4 * FC_WIDTH)));

/* 2^t for t <= 0 or so; 0 below 2^-126. Adding 1.5 2^23 leaves the nearest whole number in the last
 * bits; the rest, at most 1/2, goes through a polynomial (relative error 7e-9, on average 5e-11).
 */
FC_BODY FC_TARGET FC_R(lanes) FC_R(power)(FC_R(lanes) t) {
    FC_R(lanes) shifted = t + 0x1.8p23f, rest = t - (shifted - 0x1.8p23f);
    FC_R(lanes) p = FC_ALL(0x1.40e358p-13f);
    p = FC_FMA(p, rest, FC_ALL(0x1.5eed5cp-10f));
    p = FC_FMA(p, rest, FC_ALL(0x1.3b2e3ap-7f));
    p = FC_FMA(p, rest, FC_ALL(0x1.c6afa2p-5f));
    p = FC_FMA(p, rest, FC_ALL(0x1.ebfbdcp-3f));
    p = FC_FMA(p, rest, FC_ALL(0x1.62e430p-1f));
    p = FC_FMA(p, rest, FC_ALL(1.0f));
    FC_R(bits) large = (FC_R(bits))(t >= -126.0f);
    return (FC_R(lanes))(((FC_R(bits))p + (FC_R(bits))shifted * 0x800000u) & large);
}

/* out[i][j] = 2^(a_i b_j - half_a[i] - half_b[j]). Panels of 16 rows, value by value. */
FC_TARGET static void FC_R(tile)(const float *a, const float *half_a, const float *b,
                                 const float *half_b, size_t d, float *restrict out) {
    for (size_t i = 0; i < FC_RBF_TILE; i += ROWS) {
        const float *row = a + i / PANEL * PANEL * d + i % PANEL;
        for (size_t j = 0; j < FC_RBF_TILE; j += FC_WIDTH) {
            const float *column = b + j / PANEL * PANEL * d + j % PANEL;
            FC_R(lanes) at[ROWS], x;
            memcpy(&x, half_b + j, sizeof x);
            _Pragma("GCC unroll 8") for (int r = 0; r < ROWS; r++) at[r] = -x - half_a[i + r];
            for (size_t k = 0; k < d; k++) {
                memcpy(&x, column + k * PANEL, sizeof x);
                _Pragma("GCC unroll 8") for (int r = 0; r < ROWS; r++) at[r] =
                    FC_FMA(FC_ALL(row[k * PANEL + r]), x, at[r]);
            }
            _Pragma("GCC unroll 8") for (int r = 0; r < ROWS; r++) {
                x = FC_R(power)(at[r]);
                memcpy(out + (i + r) * FC_RBF_TILE + j, &x, sizeof x);
            }
        }
    }
}

/* columns[j] += the sum of column j: eight rows in float32, and these in float64. */
FC_TARGET static void FC_R(add)(const float *restrict k, double *restrict columns) {
    for (size_t i = 0; i < FC_RBF_TILE; i += 8) {
        const float *x = k + i * FC_RBF_TILE;
        for (size_t j = 0; j < FC_RBF_TILE; j++)
            columns[j] += ((x[j] + x[j + 64]) + (x[j + 128] + x[j + 192])) +
                          ((x[j + 256] + x[j + 320]) + (x[j + 384] + x[j + 448]));
    }
}

typedef double FC_R(wide) __attribute__((vector_size(8 * FC_WIDTH)));

/* Of one labelling: what the tile adds to the sums within both of its samples, which have the rows
 * and columns of the bits that are set, and of those that are not. `all` are the sums of the
 * columns over all rows. Sums of columns in float32, and of these, lane by lane, in float64. */
FC_TARGET static void FC_R(label)(const float *restrict k, const double *restrict all,
                                  uint64_t rows, uint64_t chosen, double out[2]) {
    enum { VECTORS = FC_RBF_TILE / FC_WIDTH };
    FC_R(lanes) sum[VECTORS], x;
    _Pragma("GCC unroll 16") for (int v = 0; v < VECTORS; v++) sum[v] = FC_ALL(0.0f);
    for (; rows; rows &= rows - 1) {
        const float *row = k + (size_t)__builtin_ctzll(rows) * FC_RBF_TILE;
        _Pragma("GCC unroll 16") for (int v = 0; v < VECTORS; v++) {
            memcpy(&x, row + v * FC_WIDTH, sizeof x);
            sum[v] += x;
        }
    }
    double picked[FC_RBF_TILE], first[8] = {0}, second[8] = {0};
    _Pragma("GCC unroll 16") for (int v = 0; v < VECTORS; v++) {
        FC_R(wide) doubles = __builtin_convertvector(sum[v], FC_R(wide));
        memcpy(picked + v * FC_WIDTH, &doubles, sizeof doubles);
    }
    for (size_t j = 0; j < FC_RBF_TILE; j += 8)
        for (size_t lane = 0; lane < 8; lane++) {
            uint64_t is = 0 - (chosen >> (j + lane) & 1); /* all bits, or none */
            double y = all[j + lane] - picked[j + lane];
            first[lane] += masked(picked[j + lane], is);
            second[lane] += masked(y, ~is);
        }
    out[0] = lanes_sum(first), out[1] = lanes_sum(second);
}

static const forms FC_R(forms) = {FC_R(tile), FC_R(add), FC_R(label)};
#undef FC_R
#undef FC_TARGET
#undef FC_WIDTH
#undef FC_FMA
#undef FC_ALL
