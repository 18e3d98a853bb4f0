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

/* HH:MM:SS, up to six digits of a second, a zone or none. */
static bool read_clock(const char *text, size_t len, fc_time_parts *out) {
    if (len < 8 || text[2] != ':' || text[5] != ':') return false;
    out->hour = digits(text, 2);
    out->minute = digits(text + 3, 2);
    out->second = digits(text + 6, 2);
    if (out->hour < 0 || out->hour > 23 || out->minute < 0 || out->minute > 59 || out->second < 0 ||
        out->second > 59)
        return false;
    size_t at = 8;
    if (at < len && text[at] == '.') {
        int unit = 100000;
        for (at++; at < len && text[at] >= '0' && text[at] <= '9'; at++, unit /= 10)
            out->micro += (text[at] - '0') * unit; /* the seventh digit and on: unit is 0 */
        if (at == 9 || at > 15) return false;
    }
    return read_zone(text + at, len - at, out);
}

bool fc_read_time(const char *text, size_t len, fc_time_parts *out) {
    *out = (fc_time_parts){0};
    return read_clock(text, len, out);
}

bool fc_read_datetime(const char *text, size_t len, fc_time_parts *out) {
    if (len < 19 || !fc_read_date(text, 10, out)) return false;
    if (text[10] != 'T' && text[10] != 't' && text[10] != ' ') return false;
    return read_clock(text + 11, len - 11, out);
}

/* Reads up to `most` digits, at least one; the place behind them, or NULL. */
static const char *read_count(const char *at, const char *end, int most, int64_t *out) {
    const char *start = at;
    for (*out = 0; at < end && *at >= '0' && *at <= '9'; at++) {
        if (at - start == most) return NULL;
        *out = *out * 10 + (*at - '0');
    }
    return at == start ? NULL : at;
}

bool fc_read_duration(const char *text, size_t len, fc_duration *out) {
    static const struct {
        char unit;
        int digits; /* so few that no sum leaves what the original can hold */
        int64_t size;
    } parts[] = {{'Y', 6, 365}, {'D', 8, 1}, {'H', 6, 3600}, {'M', 5, 60}, {'S', 6, 1}};
    enum { FIRST_OF_TIME = 2, PARTS = 5 };
    const char *at = text, *end = text + len;
    bool negative = at < end && *at == '-', time = false, some = false;
    *out = (fc_duration){0};
    at += negative;
    if (at == end || *at++ != 'P') return false;
    for (int next = 0; at < end; next++) {
        if (*at == 'T' && !time) {
            time = true;
            some = false;
            next = FIRST_OF_TIME;
            at++;
        }
        int64_t count;
        if (!(at = read_count(at, end, 8, &count))) return false;
        const char *whole = at;
        if (at < end && *at == '.') {
            int64_t unit = 100000;
            for (at++; at < end && *at >= '0' && *at <= '9'; at++, unit /= 10)
                out->micros += (*at - '0') * unit;
            if (at == whole + 1 || at > whole + 7) return false;
        }
        while (next < (time ? PARTS : FIRST_OF_TIME) && (at == end || *at != parts[next].unit))
            next++;
        if (next == (time ? PARTS : FIRST_OF_TIME)) return false;
        if (at != whole && parts[next].unit != 'S') return false;
        int64_t limit = 1;
        for (int i = 0; i < parts[next].digits; i++) limit *= 10;
        if (count >= limit) return false;
        *(time ? &out->seconds : &out->days) += count * parts[next].size;
        some = true;
        at++;
    }
    if (negative) {
        out->days = -out->days;
        out->seconds = -out->seconds;
        out->micros = -out->micros;
    }
    return some;
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
