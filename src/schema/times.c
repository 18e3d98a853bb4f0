/* Texts in the one form in which programs write dates, times and UUIDs; others are the original's.
 */
#include "fastcore/schema.h"

/* `count` digits as a number, or -1. */
static int digits(const char *at, int count) {
    int value = 0;
    for (int i = 0; i < count; i++) {
        if (at[i] < '0' || at[i] > '9') return -1;
        value = value * 10 + (at[i] - '0');
    }
    return value;
}

static int days_in(int year, int month) {
    static const int8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap);
}

bool fc_read_date(const char *text, size_t len, fc_time_parts *out) {
    if (len != 10 || text[4] != '-' || text[7] != '-') return false;
    *out = (fc_time_parts){
        .year = digits(text, 4), .month = digits(text + 5, 2), .day = digits(text + 8, 2)};
    return out->year >= 1 && out->month >= 1 && out->month <= 12 && out->day >= 1 &&
           out->day <= days_in(out->year, out->month);
}

static bool read_zone(const char *text, size_t len, fc_time_parts *out) {
    if (!len) return true;
    out->aware = true;
    if (len == 1) return *text == 'Z' || *text == 'z';
    if (len != 6 || (*text != '+' && *text != '-') || text[3] != ':') return false;
    int hours = digits(text + 1, 2), minutes = digits(text + 4, 2);
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return false;
    out->offset = (hours * 60 + minutes) * (*text == '-' ? -60 : 60);
    return true;
}

bool fc_read_datetime(const char *text, size_t len, fc_time_parts *out) {
    if (len < 19 || !fc_read_date(text, 10, out)) return false;
    if (text[10] != 'T' && text[10] != 't' && text[10] != ' ') return false;
    if (text[13] != ':' || text[16] != ':') return false;
    out->hour = digits(text + 11, 2);
    out->minute = digits(text + 14, 2);
    out->second = digits(text + 17, 2);
    if (out->hour < 0 || out->hour > 23 || out->minute < 0 || out->minute > 59 || out->second < 0 ||
        out->second > 59)
        return false;
    size_t at = 19;
    if (at < len && text[at] == '.') {
        int unit = 100000;
        for (at++; at < len && text[at] >= '0' && text[at] <= '9'; at++, unit /= 10)
            out->micro += (text[at] - '0') * unit; /* the seventh digit and on: unit is 0 */
        if (at == 20 || at > 26) return false;
    }
    return read_zone(text + at, len - at, out);
}

bool fc_read_uuid(const char *text, size_t len, char out[33]) {
    if (len != 36) return false;
    for (size_t i = 0; i < 36; i++) {
        char c = text[i];
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (c != '-') return false;
            continue;
        }
        bool hex = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'f');
        if (!hex) return false;
        *out++ = c;
    }
    *out = 0;
    return true;
}
