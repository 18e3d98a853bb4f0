/* Dates and times as cells: microseconds since 1970, of UTC where they are aware. */
#include "schema/fill.h"

/* Days since 1970-01-01 of a day of the proleptic Gregorian calendar (H. Hinnant,
 * "chrono-compatible low-level date algorithms"): years begin in March, so that the leap day is the
 * last. */
static int64_t days_of(int year, int month, int day) {
    int64_t y = year - (month <= 2);
    int64_t era = y / 400, of_era = y % 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

bool fc_fill_time(fc_filling *f, const fc_record_field *field, const fc_json_string *string) {
    fc_column *column = &f->set->columns[field->target];
    fc_time_parts t;
    bool date = f->schema->nodes[field->node].kind == FC_NODE_DATE;
    if (string->escaped || !(date ? fc_read_date(string->data, string->len, &t)
                                  : fc_read_datetime(string->data, string->len, &t)))
        return false;
    if (field->zone < FC_ZONES) {
        uint64_t bit = (uint64_t)1 << field->zone;
        if (t.aware)
            f->aware |= bit;
        else
            f->naive |= bit;
    } else if (t.aware != column->info->utc) {
        return false;
    }
    int64_t seconds = days_of(t.year, t.month, t.day) * 86400 + t.hour * 3600 + t.minute * 60 +
                      t.second - t.offset;
    ((int64_t *)column->values)[f->set->rows] = seconds * 1000000 + t.micro;
    return true;
}
