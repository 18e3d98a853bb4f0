"""Drift: how current data differ from the data a model was fitted on."""

from . import _identity as _identity  # isort: split

from ._drift_categorical import cramers_v, fisher_exact, ztest_proportions
from ._drift_functions import (
    DriftResult,
    adjust,
    chi2,
    g_test,
    hellinger,
    jensenshannon,
    kl_divergence,
    linf,
    psi,
    total_variation,
)
from ._drift_means import (
    energy_distance,
    epps_singleton_2samp,
    ttest_ind,
    wasserstein_distance,
)
from ._drift_ranks import ks_2samp, kuiper_2samp, mannwhitneyu
from ._drift_sequential import SequentialTest
from ._drift_squares import anderson_ksamp, bws_test, cramervonmises_2samp
from ._drift_vectors import lsdd, mahalanobis, mmd, pca_reconstruction
from ._reference import Reference
from ._report import FeatureReport, Report
from ._report_segments import SegmentReport, Segments
from .monitor import Monitor

__all__ = [
    "DriftResult",
    "FeatureReport",
    "Monitor",
    "Reference",
    "Report",
    "SegmentReport",
    "Segments",
    "SequentialTest",
    "adjust",
    "anderson_ksamp",
    "bws_test",
    "chi2",
    "cramers_v",
    "cramervonmises_2samp",
    "energy_distance",
    "epps_singleton_2samp",
    "fisher_exact",
    "g_test",
    "hellinger",
    "jensenshannon",
    "kl_divergence",
    "ks_2samp",
    "kuiper_2samp",
    "linf",
    "lsdd",
    "mahalanobis",
    "mannwhitneyu",
    "mmd",
    "pca_reconstruction",
    "psi",
    "total_variation",
    "ttest_ind",
    "wasserstein_distance",
    "ztest_proportions",
]
