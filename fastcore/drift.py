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
    ks_2samp,
    linf,
    psi,
    total_variation,
)
from ._drift_sequential import SequentialTest
from ._drift_vectors import lsdd, mahalanobis, mmd, pca_reconstruction
from ._reference import Reference
from ._report import FeatureReport, Report
from .monitor import Monitor

__all__ = [
    "DriftResult",
    "FeatureReport",
    "Monitor",
    "Reference",
    "Report",
    "SequentialTest",
    "adjust",
    "chi2",
    "cramers_v",
    "fisher_exact",
    "g_test",
    "hellinger",
    "jensenshannon",
    "kl_divergence",
    "ks_2samp",
    "linf",
    "lsdd",
    "mahalanobis",
    "mmd",
    "pca_reconstruction",
    "psi",
    "total_variation",
    "ztest_proportions",
]
