/* The last resort of number conversion: integers of up to 4,096 bits on the stack.
 *
 * Why that is enough: a point halfway between two doubles has at most 768 significant decimal
 * digits, so behind the first DIGITS of a literal it only matters whether a non-zero digit
 * follows. 801 digits are 2,661 bits; the other side is at most a 54-bit mantissa times
 * 5**(801 + 343), 2,711 bits. Both sides are about equally large before they are compared, so
 * the shift on one of them leads no further than the other one's size and 64 bits. */
#include "json/number_exact.h"

enum { LIMBS = 64, DIGITS = 800 };

__extension__ typedef unsigned __int128 u128;

typedef struct big {
    uint64_t limb[LIMBS]; /* lowest first */
    int used;             /* no leading zero limbs */
} big;

/* x = x * factor + add */
static void big_mul_add(big *x, uint64_t factor, uint64_t add) {
    u128 carry = add;
    for (int i = 0; i < x->used; i++) {
        carry += (u128)x->limb[i] * factor;
        x->limb[i] = (uint64_t)carry;
        carry >>= 64;
    }
    if (carry && x->used < LIMBS) x->limb[x->used++] = (uint64_t)carry;
}

static void big_mul_power_of_five(big *x, int power) {
    static const uint64_t five27 = 7450580596923828125u; /* the largest power in 64 bits */
    for (; power >= 27; power -= 27) big_mul_add(x, five27, 0);
    uint64_t rest = 1;
    while (power-- > 0) rest *= 5;
    big_mul_add(x, rest, 0);
}

static void big_shift(big *x, int bits) {
    int limbs = bits / 64, low = bits % 64;
    if (!x->used || x->used + limbs + 1 > LIMBS) return; /* cannot be; see the head of the file */
    for (int i = x->used - 1; i >= 0; i--) x->limb[i + limbs] = x->limb[i];
    for (int i = 0; i < limbs; i++) x->limb[i] = 0;
    x->used += limbs;
    if (low) {
        x->limb[x->used] = 0;
        for (int i = x->used; i > 0; i--) {
            x->limb[i] = x->limb[i] << low | x->limb[i - 1] >> (64 - low);
        }
        x->limb[0] <<= low;
        x->used += x->limb[x->used] != 0;
    }
}

static int big_compare(const big *a, const big *b) {
    if (a->used != b->used) return a->used < b->used ? -1 : 1;
    for (int i = a->used - 1; i >= 0; i--) {
        if (a->limb[i] != b->limb[i]) return a->limb[i] < b->limb[i] ? -1 : 1;
    }
    return 0;
}

/* |number| = *digits * 10**(what is returned), or just above it by less than one digit when the
 * text is longer: a 1 is then put behind the digits, for what was dropped. */
static int64_t read_digits(const fc_json_number *number, big *digits) {
    const char *at = number->text + number->negative, *end = number->text + number->len;
    /* The scanner counted the exponent for the digits that it kept: go on from there. */
    int64_t exponent = number->exponent;
    int count = 0, chunk_len = 0;
    uint64_t chunk = 0, scale = 1;
    bool sticky = false;
    for (; at < end; at++) {
        unsigned digit = (unsigned)(unsigned char)*at - '0';
        if (*at == '.') continue;
        if (digit > 9) break; /* the exponent */
        if (count == 0 && digit == 0) continue;
        if (count >= DIGITS) {
            sticky |= digit != 0;
            continue;
        }
        count++;
        if (count > 19) exponent--;
        chunk = chunk * 10 + digit;
        scale *= 10;
        if (++chunk_len == 18) {
            big_mul_add(digits, scale, chunk);
            chunk = 0, scale = 1, chunk_len = 0;
        }
    }
    big_mul_add(digits, scale, chunk);
    if (sticky) {
        big_mul_add(digits, 10, 1);
        exponent--;
    }
    return exponent;
}

int fc_number_compare(const fc_json_number *number, uint64_t mantissa, int exponent) {
    big left = {.used = 0}, right = {.limb = {mantissa}, .used = mantissa != 0};
    int power = (int)read_digits(number, &left);
    /* left * 5**power * 2**power against right * 2**exponent: clear the denominators. */
    if (power >= 0) {
        big_mul_power_of_five(&left, power);
    } else {
        big_mul_power_of_five(&right, -power);
    }
    if (power > exponent) {
        big_shift(&left, power - exponent);
    } else {
        big_shift(&right, exponent - power);
    }
    return big_compare(&left, &right);
}
