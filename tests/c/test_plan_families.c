/* Every family: the fuzz corpus of plans (tests/fuzz/plan_corpus.py makes it), each plan built and
 * run in every form while each allocation fails in turn. */
#include <dirent.h>

#include "failing.h"
#include "harness.h"
#include "plan_fixture.h"

static const char folder[] = "../fuzz/corpus/plan";
enum { MOST_BYTES = 1 << 16, MOST_FAILURES = 400 };

static size_t read_seed(const char *name, uint8_t *out) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (!file) return 0;
    size_t size = fread(out, 1, MOST_BYTES, file);
    fclose(file);
    return size;
}

/* Calls `use` with each seed; how many there were. */
static int each_seed(void (*use)(const char *name, const plan_fixture *f)) {
    static uint8_t data[MOST_BYTES];
    DIR *entries = opendir(folder);
    CHECK(entries);
    int count = 0;
    for (struct dirent *entry; entries && (entry = readdir(entries));) {
        if (entry->d_name[0] == '.') continue;
        size_t size = read_seed(entry->d_name, data);
        CHECK_FOR(size && size < MOST_BYTES, "%s", entry->d_name);
        plan_fixture *f = plan_fixture_make(data, size);
        use(entry->d_name, f);
        plan_fixture_free(f);
        count++;
    }
    if (entries) closedir(entries);
    return count;
}

/* Room for the output of one plan in every form. */
typedef struct room {
    double *values;
    int32_t *indices, *indptr;
} room;

static room room_for(const plan_fixture *f, size_t width) {
    size_t cells = f->rows * width + 1;
    return (room){plan_block(cells * sizeof(double)), plan_block(cells * sizeof(int32_t)),
                  plan_block((f->rows + 1) * sizeof(int32_t))};
}

static void room_free(room *r) {
    free(r->values);
    free(r->indices);
    free(r->indptr);
}

static fc_status first_of(fc_status before, fc_status now) {
    return before != FC_OK ? before : now;
}

/* Dense, with strides, and both sparse forms; what went wrong first. */
static fc_status run_forms(const plan_fixture *f, const fc_plan *plan, room *r) {
    size_t width = fc_plan_width(plan), rows = f->rows, used;
    fc_plan_found *found;
    fc_status status = fc_plan_run(plan, f->sources, rows, FC_SOURCE_F64, r->values,
                                   (ptrdiff_t)(width * sizeof *r->values), 1);
    status =
        first_of(status, fc_plan_run_strided(plan, f->sources, rows, FC_PLAN_F32, r->values,
                                             sizeof(float), (ptrdiff_t)(rows * sizeof(float)), 1));
    status = first_of(status, fc_plan_find_csr(plan, f->sources, rows, FC_SOURCE_F64, r->indptr, 1,
                                               &found, &used));
    if (found) fc_plan_found_take(found, r->values, r->indices);
    fc_plan_found_free(found);
    if (fc_plan_row_bound(plan) <= width)
        status = first_of(status, fc_plan_run_csr(plan, f->sources, rows, FC_SOURCE_F64, r->values,
                                                  r->indices, r->indptr, 1));
    return status;
}

static int refused;

static void runs(const char *name, const plan_fixture *f) {
    const char *why;
    fc_plan *plan;
    CHECK_FOR(fc_plan_new(&fc_alloc_libc, &f->spec, &plan, &why) == FC_OK, "%s: %s", name, why);
    if (!plan) return;
    room r = room_for(f, fc_plan_width(plan));
    fc_status status = run_forms(f, plan, &r);
    CHECK_FOR(status == FC_OK || status == FC_EREFUSED, "%s: %d", name, (int)status);
    refused += status == FC_EREFUSED;
    room_free(&r);
    fc_plan_free(plan);
}

static void every_plan_runs(void) {
    refused = 0;
    int count = each_seed(runs);
    CHECK_FOR(count > 50 && refused <= count / 10, "%d of %d refused", refused, count);
}

static void fails(const char *name, const plan_fixture *f) {
    const char *why;
    for (int k = 0; k < MOST_FAILURES; k++) {
        failing state = {.fail_at = k};
        fc_alloc alloc = failing_alloc(&state);
        fc_plan *plan;
        fc_status status = fc_plan_new(&alloc, &f->spec, &plan, &why);
        if (plan) {
            room r = room_for(f, fc_plan_width(plan));
            status = run_forms(f, plan, &r);
            room_free(&r);
        }
        fc_plan_free(plan);
        CHECK_FOR(state.held == 0, "%s: %d blocks held after failure %d", name, state.held, k);
        bool met = state.calls > k;
        CHECK_FOR(!met || status == FC_ENOMEM || status == FC_EREFUSED, "%s: %d", name, k);
        if (!met) return;
    }
    CHECK_FOR(false, "%s: allocations without end", name);
}

static void every_allocation_may_fail(void) { each_seed(fails); }

static const harness_test tests[] = {TEST(every_plan_runs), TEST(every_allocation_may_fail)};
TEST_MAIN(tests)
