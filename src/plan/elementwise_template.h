/* The kernel of element-wise lists, for one type of values and one SIMD level.
 *
 * FC_T      the type; FC_I the signed integer of its size
 * FC_BYTES  of a vector
 * FC_TARGET attribute of functions
 * FC_N(x)   the name x of this instance
 * and the primitives FC_M (mask type), nan, le, ge, gt, equal, pick (where the mask is set: yes),
 * FC_ACC (what remembers infinities), acc_new, acc_inf, acc_not, acc_bad, stream, FC_QUICK (0 or
 * 1). */

typedef FC_T FC_N(loose) __attribute__((vector_size(FC_BYTES), aligned(sizeof(FC_T)), may_alias));

static inline FC_TARGET __attribute__((always_inline)) FC_N(vector) FC_N(load)(const FC_T *at) {
    return *(const FC_N(loose) *)(const void *)at;
}

#define FC_LANE_COUNT (FC_BYTES / sizeof(FC_T))
#define FC_EACH(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7)
#define FC_C(k) FC_N(load)(c + (k) * FC_LANE_COUNT)
#define FC_SECOND(k) FC_N(load)(second + (k) * FC_LANE_COUNT)

/* Operations in double on float32 values: rare, so by way of memory and the compiler's vectors. */
#define FC_WIDE(OP)                                                                                \
    {                                                                                              \
        const double *wide = (const double *)op->c + phase;                                        \
        FC_EACH(FC_SPILL)                                                                          \
        for (size_t i = 0; i < FC_LANE_VECTORS * FC_LANE_COUNT; i++)                               \
            spilled[i] = (FC_T)((double)spilled[i] OP wide[i]);                                    \
        FC_EACH(FC_UNSPILL)                                                                        \
        break;                                                                                     \
    }
#define FC_SPILL(k) *(FC_N(loose) *)(void *)(spilled + (k) * FC_LANE_COUNT) = v##k;
#define FC_UNSPILL(k) v##k = FC_N(load)(spilled + (k) * FC_LANE_COUNT);

#define FC_READ(k) FC_N(vector) v##k = FC_N(load)(x + (k) * FC_LANE_COUNT);
#define FC_WRITE(k) *(FC_N(loose) *)(void *)(y + (k) * FC_LANE_COUNT) = v##k;
#define FC_STREAM(k) FC_N(stream)(y + (k) * FC_LANE_COUNT, v##k);
#define FC_NO_INF(k) bad = FC_N(acc_inf)(bad, v##k);
#define FC_FINITE(k) bad = FC_N(acc_not)(bad, FC_N(equal)(v##k - v##k, zero));
#define FC_FILL(k) v##k = FC_N(pick)(FC_N(nan)(v##k), FC_C(k), v##k);
#define FC_FILL_MARK(k)                                                                            \
    {                                                                                              \
        FC_M missing = FC_N(nan)(v##k);                                                            \
        FC_N(mark)(marks, k, missing);                                                             \
        v##k = FC_N(pick)(missing, FC_C(k), v##k);                                                 \
    }
#define FC_REPLACE(k) v##k = FC_N(pick)(FC_N(equal)(v##k, FC_SECOND(k)), FC_C(k), v##k);
#define FC_ADD(k) v##k += FC_C(k);
#define FC_SUB(k) v##k -= FC_C(k);
#define FC_MUL(k) v##k *= FC_C(k);
#define FC_DIV(k) v##k /= FC_C(k);
#define FC_AT_LEAST(k) v##k = FC_N(pick)(FC_N(le)(v##k, FC_C(k)), FC_C(k), v##k);
#define FC_AT_MOST(k) v##k = FC_N(pick)(FC_N(ge)(v##k, FC_C(k)), FC_C(k), v##k);
#define FC_ABOVE(k) v##k = FC_N(pick)(FC_N(gt)(v##k, FC_C(k)), one, zero);

static FC_TARGET unsigned FC_N(run)(const fc_lane_op *ops, const fc_stretch *stretch) {
    size_t period = stretch->period;
    const size_t group = FC_LANE_VECTORS * FC_LANE_COUNT;
    const FC_N(vector) zero = {0}, one = zero + 1;
    FC_T spilled[FC_LANE_MOST];
    FC_ACC bad = FC_N(acc_new)();
#if FC_QUICK
    FC_N(range) range = FC_N(range_new)();
#endif
    /* What is stored past the caches goes to four places in turn, a quarter of the stretch from
     * each other, which memory takes in sooner than one after the other; and what they read is
     * asked for in advance, as the processor does not look that far ahead. */
    size_t turns = stretch->stream ? stretch->groups / FC_LANE_PLACES : 0;
    size_t phases[FC_LANE_PLACES];
    for (size_t i = 0; i < FC_LANE_PLACES; i++)
        phases[i] = turns ? (stretch->phase + i * turns * group) % period : stretch->phase;
    for (size_t g = 0; g < stretch->groups; g++) {
        /* What no quarter has goes on where the last one ends. */
        bool turn = g < FC_LANE_PLACES * turns;
        size_t place = turn ? g % FC_LANE_PLACES : FC_LANE_PLACES - 1;
        size_t at = (turn ? place * turns + g / FC_LANE_PLACES : g) * group;
        const FC_T *x = (const FC_T *)stretch->x + at;
        FC_T *y = (FC_T *)stretch->y + at;
        size_t phase = phases[place];
        for (size_t i = 0; turns && i < group * sizeof(FC_T); i += 64)
            __builtin_prefetch((const void *)((uintptr_t)x + FC_LANE_AHEAD + i));
        FC_EACH(FC_READ)
        for (const fc_lane_op *op = ops; op->kind != FC_LANE_END; op++) {
            const FC_T *c = (const FC_T *)op->c + phase;
            switch (op->kind) {
            case FC_LANE_NO_INF: FC_EACH(FC_NO_INF) break;
            case FC_LANE_FINITE: FC_EACH(FC_FINITE) break;
            case FC_LANE_FILL: FC_EACH(FC_FILL) break;
            case FC_LANE_FILL_MARK: {
                uint8_t *marks = stretch->marks + at / 8;
                FC_EACH(FC_FILL_MARK)
                break;
            }
            case FC_LANE_REPLACE: {
                const FC_T *second = (const FC_T *)op->second + phase;
                FC_EACH(FC_REPLACE)
                break;
            }
            case FC_LANE_ADD: FC_EACH(FC_ADD) break;
            case FC_LANE_SUB: FC_EACH(FC_SUB) break;
            case FC_LANE_MUL: FC_EACH(FC_MUL) break;
            case FC_LANE_DIV: FC_EACH(FC_DIV) break;
            case FC_LANE_AT_LEAST: FC_EACH(FC_AT_LEAST) break;
            case FC_LANE_AT_MOST: FC_EACH(FC_AT_MOST) break;
            case FC_LANE_ABOVE: FC_EACH(FC_ABOVE) break;
            case FC_LANE_WIDE_ADD: FC_WIDE(+)
            case FC_LANE_WIDE_SUB: FC_WIDE(-)
            case FC_LANE_WIDE_MUL: FC_WIDE(*)
            case FC_LANE_WIDE_DIV: FC_WIDE(/)
#if FC_QUICK
            case FC_LANE_QUICK_DIV: {
                const FC_T *second = (const FC_T *)op->second + phase;
                const FC_T *low = (const FC_T *)op->low + phase;
                FC_EACH(FC_QUICK_DIV)
                break;
            }
#endif
            default: break;
            }
        }
        if (stretch->stream) {
            FC_EACH(FC_STREAM)
        } else {
            FC_EACH(FC_WRITE)
        }
        phase += group;
        while (phase >= period) phase -= period;
        phases[place] = phase;
    }
    unsigned found = FC_N(acc_bad)(bad) ? FC_LANES_REFUSED : 0;
#if FC_QUICK
    if (!FC_N(range_sure)(&range)) found |= FC_LANES_UNSURE;
#endif
    return found;
}

#undef FC_LANE_COUNT
#undef FC_EACH
#undef FC_C
#undef FC_SECOND
#undef FC_WIDE
#undef FC_SPILL
#undef FC_UNSPILL
#undef FC_READ
#undef FC_WRITE
#undef FC_STREAM
#undef FC_NO_INF
#undef FC_FINITE
#undef FC_FILL
#undef FC_FILL_MARK
#undef FC_REPLACE
#undef FC_ADD
#undef FC_SUB
#undef FC_MUL
#undef FC_DIV
#undef FC_AT_LEAST
#undef FC_AT_MOST
#undef FC_ABOVE
#undef FC_T
#undef FC_I
#undef FC_BYTES
#undef FC_N
#undef FC_M
#undef FC_ACC
#undef FC_QUICK
