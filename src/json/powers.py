"""Writes powers.h: the powers of ten that a double can need, to 128 bits.

Run ``python src/json/powers.py > src/json/powers.h``. An entry is the 128 highest bits of 5**q,
rounded towards zero, so that 5**q lies in [entry, entry + 1) * 2**(floor(log2(5**q)) - 127): a
product with it is a lower bound, short by less than one part in 2**127.
"""

SMALLEST, LARGEST = -342, 308


def power(q: int) -> int:
    """Return the 128 highest bits of 5**q."""
    five = 5 ** abs(q)
    bits = five.bit_length()
    if q < 0:
        return (1 << (bits + 127)) // five
    return five >> (bits - 128) if bits > 128 else five << (128 - bits)


def main() -> None:
    print("/* Written by powers.py; do not edit. The 128 highest bits of 5**q, high word first. */")
    print("#ifndef FASTCORE_JSON_POWERS_H")
    print("#define FASTCORE_JSON_POWERS_H")
    print()
    print("/* Included once, by number_double.c; number_round.h declares it. */")
    print('#include "json/number_round.h"')
    print()
    print(
        f"_Static_assert(FC_POWER_MIN == {SMALLEST} && FC_POWER_MAX == {LARGEST}, "
        '"as number_round.h says");'
    )
    print()
    print("const uint64_t fc_power_of_five[FC_POWER_MAX - FC_POWER_MIN + 1][2] = {")
    for q in range(SMALLEST, LARGEST + 1):
        value = power(q)
        assert value.bit_length() == 128, q
        print(f"    {{0x{value >> 64:016x}u, 0x{value & (2**64 - 1):016x}u}}, /* {q} */")
    print("};")
    print()
    print("#endif")


if __name__ == "__main__":
    main()
