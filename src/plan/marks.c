/* Words whose first bits belong to the same column are added up bit by bit in bytes, sixty-four at
 * a time; the contract is in marks.h. */
#include "plan/marks.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { MOST_ROUNDS = 255, FEW_WORDS = 4 };

static void one_by_one(fc_marks *marks, uint64_t word, size_t at) {
    for (; word; word &= word - 1)
        marks->counts[(at + (size_t)__builtin_ctzll(word)) % marks->width]++;
}

static size_t common_divisor(size_t a, size_t b) {
    while (b) {
        size_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* sums[64 w + i] += bit i of every word whose number is w modulo `period`. */
static void spread(const uint64_t *words, size_t count, size_t period, uint8_t *sums) {
    for (size_t w = 0; w < period && w < count; w++, sums += 64)
        for (size_t k = 0; k < 8; k++) {
            uint64_t sum;
            memcpy(&sum, sums + 8 * k, 8);
            for (size_t i = w; i < count; i += period) {
                /* Eight bits to eight bytes: each is picked in its byte, and made a one. */
                uint64_t bits = words[i] >> 8 * k & 255, ones;
                bits = bits * 0x0101010101010101u & 0x8040201008040201u;
                ones = ((bits + 0x7F7F7F7F7F7F7F7Fu) | bits) >> 7 & 0x0101010101010101u;
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
                ones = __builtin_bswap64(ones);
#endif
                sum += ones;
            }
            memcpy(sums + 8 * k, &sum, 8);
        }
}

#if defined(__x86_64__)
__attribute__((target("avx512f,avx512bw"))) static void
spread_avx512(const uint64_t *words, size_t count, size_t period, uint8_t *sums) {
    for (size_t w = 0; w < period && w < count; w++, sums += 64) {
        __m512i sum = _mm512_loadu_si512(sums);
        for (size_t i = w; i < count; i += period)
            sum = _mm512_sub_epi8(sum, _mm512_movm_epi8((__mmask64)words[i]));
        _mm512_storeu_si512(sums, sum);
    }
}
#endif

static void spread_any(const uint64_t *words, size_t count, size_t period, uint8_t *sums) {
#if defined(__x86_64__)
    if (fc_cpu_current() == FC_CPU_AVX512) {
        spread_avx512(words, count, period, sums);
        return;
    }
#endif
    spread(words, count, period, sums);
}

size_t fc_marks_bytes(size_t width) {
    return sizeof(fc_marks) + 64 * (width / common_divisor(64, width));
}

fc_marks *fc_marks_place(void *memory, size_t width) {
    fc_marks *marks = memory;
    size_t period = width / common_divisor(64, width);
    memset(marks, 0, sizeof *marks + 64 * period);
    marks->width = width;
    marks->period = period;
    return marks;
}

void fc_marks_flush(fc_marks *marks) {
    if (!marks->rounds) return;
    size_t width = marks->width, bytes = 64 * marks->period;
    uint16_t found[FC_MARKS_WIDTH] = {0}; /* at most 64 rows of 255 */
    for (size_t at = 0; at < bytes; at += width)
        for (size_t j = 0; j < width; j++) found[j] = (uint16_t)(found[j] + marks->sums[at + j]);
    for (size_t j = 0, k = marks->column; j < width; j++, k = k + 1 < width ? k + 1 : 0)
        marks->counts[k] += found[j];
    memset(marks->sums, 0, bytes);
    marks->rounds = 0;
}

void fc_marks_add(fc_marks *marks, const uint64_t *bits, size_t first, size_t end, size_t column) {
    size_t whole = first ? 0 : end / 64, done = 0, most = MOST_ROUNDS * marks->period;
    if (whole > FEW_WORDS && whole <= most) {
        size_t rounds = (whole - 1) / marks->period + 1;
        if (marks->column != column || marks->rounds + rounds > MOST_ROUNDS) fc_marks_flush(marks);
        marks->column = column;
        marks->rounds += rounds;
        spread_any(bits, whole, marks->period, marks->sums);
        done = whole;
    }
    for (size_t at = 64 * done; at < end; at += 64) {
        uint64_t word = bits[at / 64];
        if (at + 64 <= first) continue;
        if (first > at) word &= ~(uint64_t)0 << (first - at);
        if (end - at < 64) word &= ((uint64_t)1 << (end - at)) - 1;
        one_by_one(marks, word, column + at);
    }
}
