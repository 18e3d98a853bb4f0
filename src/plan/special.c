/* Functions of SciPy; the contract is in special.h. The quantile of the normal distribution has a
 * rational approximation in each of three ranges (S. L. Moshier, Methods and Programs for
 * Mathematical Functions, 1989; the Cephes library). The order of the operations is theirs. */
#include "plan/special.h"

#include <math.h>
#include <stddef.h>

#include "base/simd.h"
#include "plan/nudge.h"

enum { DEGREE = 8 };
/* Beyond exp(-2) from either end there is no logarithm. */
static const double EDGE = 0.13533528323661269189, ROOT_2PI = 2.50662827463100050242E0;

/* Coefficients from the highest power down; denominators begin with 1. */
static const double middle_p[5] = {-5.99633501014107895267E1, 9.80010754185999661536E1,
                                   -5.66762857469070293439E1, 1.39312609387279679503E1,
                                   -1.23916583867381258016E0};
static const double middle_q[DEGREE] = {1.95448858338141759834E0, 4.67627912898881538453E0,
                                        8.63602421390890590575E1, -2.25462687854119370527E2,
                                        2.00260212380060660359E2, -8.20372256168333339912E1,
                                        1.59056225126211695515E1, -1.18331621121330003142E0};
static const double tail_p[2][DEGREE + 1] = {
    {4.05544892305962419923E0, 3.15251094599893866154E1, 5.71628192246421288162E1,
     4.40805073893200834700E1, 1.46849561928858024014E1, 2.18663306850790267539E0,
     -1.40256079171354495875E-1, -3.50424626827848203418E-2, -8.57456785154685413611E-4},
    {3.23774891776946035970E0, 6.91522889068984211695E0, 3.93881025292474443415E0,
     1.33303460815807542389E0, 2.01485389549179081538E-1, 1.23716634817820021358E-2,
     3.01581553508235416007E-4, 2.65806974686737550832E-6, 6.23974539184983293730E-9}};
static const double tail_q[2][DEGREE] = {
    {1.57799883256466749731E1, 4.53907635128879210584E1, 4.13172038254672030440E1,
     1.50425385692907503408E1, 2.50464946208309415979E0, -1.42182922854787788574E-1,
     -3.80806407691578277194E-2, -9.33259480895457427372E-4},
    {6.02427039364742014255E0, 3.67983563856160859403E0, 1.37702099489081330271E0,
     2.16236993594496635890E-1, 1.34204006088543189037E-2, 3.28014464682127739104E-4,
     2.89247864745380683936E-6, 6.79019408009981274425E-9}};

FC_BODY double horner(double x, const double *c, int count, double sum) {
    for (int i = 0; i < count; i++) sum = sum * x + c[i];
    return sum;
}

FC_BODY double middle(double y) {
    double w = y - 0.5, square = w * w;
    double ratio = square * horner(square, middle_p + 1, 4, middle_p[0]) /
                   horner(square, middle_q + 1, DEGREE - 1, square + middle_q[0]);
    return (w + w * ratio) * ROOT_2PI;
}

/* 0 < y <= EDGE. */
static double tail(double y) {
    double x = sqrt(-2.0 * log(y)), z = 1.0 / x;
    int far = !(x < 8.0);
    double ratio = z * horner(z, tail_p[far] + 1, DEGREE, tail_p[far][0]) /
                   horner(z, tail_q[far] + 1, DEGREE - 1, z + tail_q[far][0]);
    return x - log(x) / x - ratio;
}

double fc_ndtri(double y) {
    if (y == 0) return -(double)INFINITY;
    if (y == 1) return (double)INFINITY;
    if (!(y > 0 && y < 1)) return (double)NAN;
    bool upper = y > 1.0 - EDGE;
    if (upper) y = 1.0 - y;
    if (y > EDGE) return middle(y);
    return upper ? tail(y) : -tail(y);
}

FC_BODY void middles_body(const double *restrict y, double *restrict out, size_t n) {
    for (size_t i = 0; i < n; i++) out[i] = middle(y[i]);
}
FC_SIMD_FORMS(void, middles, (const double *restrict y, double *restrict out, size_t n),
              (y, out, n))

void fc_ndtri_all(const double *y, double *out, size_t n) {
    middles(y, out, n);
    for (size_t i = 0; i < n; i++)
        if (!(y[i] > EDGE && y[i] <= 1.0 - EDGE)) out[i] = fc_ndtri(y[i]);
}

double fc_boxcox(double x, double lambda, int64_t ulps) {
    double logarithm = fc_nudge64(log(x), ulps);
    /* Below 1e-19 expm1(z) == z for every z = lambda * log(x). */
    if (fabs(lambda) < 1e-19) return logarithm;
    double z = lambda * logarithm;
    if (lambda < 0) ulps = -ulps;
    if (z < 709.78) return fc_nudge64(expm1(z), ulps) / lambda;
    return copysign(1.0, lambda) * fc_nudge64(exp(z - log(fabs(lambda))), ulps) - 1 / lambda;
}
