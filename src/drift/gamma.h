/* Parts of the gamma function that binomial and gamma probabilities share: what is left when the
 * large terms, which would cancel, are taken out. */
#ifndef FASTCORE_DRIFT_GAMMA_H
#define FASTCORE_DRIFT_GAMMA_H

/* ln(Gamma(a) / (sqrt(2 pi / a) (a / e)^a)), a >= 10: Stirling's series. */
double fc_gamma_stirling(double a);
/* m - ln(1 + m) without cancellation, m > -1. */
double fc_gamma_excess(double m);

#endif
