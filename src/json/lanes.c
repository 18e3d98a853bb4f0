/* The vector forms' constants; see json/lanes.h. */
#include "json/lanes.h"

#define EIGHT(c) c, c, c, c, c, c, c, c
#define ALL(c) {EIGHT(c), EIGHT(c), EIGHT(c), EIGHT(c)}

const fc_lanes fc_json_lanes = {
    .ramp = {-16, -15, -14, -13, -12, -11, -10, -9, -8, -7, -6, -5, -4, -3, -2, -1,
             0,   1,   2,   3,   4,   5,   6,   7,  8,  9,  10, 11, 12, 13, 14, 15},
    .front = {EIGHT(-1), EIGHT(-1), EIGHT(0), EIGHT(0)},
    .to_low = ALL(0x80 - '0'),
    .last_digit = ALL(0x80 + 9),
    .zero = ALL('0'),
    .quote = ALL('"'),
    .slash = ALL('\\'),
    .control = ALL(0x1F),
};

const uint8_t fc_digits_most[256] = {['0'] = 1,   ['1'] = 255, ['2'] = 255, ['3'] = 255,
                                     ['4'] = 255, ['5'] = 255, ['6'] = 255, ['7'] = 255,
                                     ['8'] = 255, ['9'] = 255};
