/* Functions of SciPy that plans compute themselves, operation by operation as SciPy does. */
#ifndef FC_PLAN_SPECIAL_H
#define FC_PLAN_SPECIAL_H

#include <stddef.h>
#include <stdint.h>

/* The quantile of the standard normal distribution: scipy.special.ndtri. NaN outside [0, 1]. */
double fc_ndtri(double y);
/* The same of `n` values; `out` is not `y`. */
void fc_ndtri_all(const double *y, double *out, size_t n);
/* scipy.special.boxcox of a positive x, or NaN: (x^lambda - 1) / lambda, or log(x). What the C
 * library's functions give is moved by `ulps` (nudge.h), upwards in the result. */
double fc_boxcox(double x, double lambda, int64_t ulps);

#endif
