"""TEMPORARY stand-in until the real one lands."""
from typing import NamedTuple
import numpy as np
from scipy import stats
from . import _core

class DriftResult(NamedTuple):
    statistic: float
    pvalue: float | None

def adjust(p, method="bh"):
    p = np.asarray(p, float); out = p.copy(); ok = np.isfinite(p)
    if ok.any(): out[ok] = stats.false_discovery_control(p[ok])
    return out

def psi(r, c, counts=True):
    r = np.asarray(r, float); c = np.asarray(c, float); n, m, b = r.sum(), c.sum(), len(r)
    if not n or not m: return DriftResult(float("nan"), float("nan"))
    p, q = (r + .5) / (n + b / 2), (c + .5) / (m + b / 2)
    v = float(((q - p) * np.log(q / p)).sum())
    return DriftResult(v, float(stats.chi2.sf(v / (1 / n + 1 / m), max(b - 1, 1))))

def jensenshannon(r, c, counts=True):
    from scipy.spatial.distance import jensenshannon as js
    return DriftResult(float(js(np.asarray(r, float), np.asarray(c, float))), None)

def chi2(r, c, counts=True):
    t = np.array([r, c], float); t = t[:, t.sum(0) > 0]
    if t.shape[1] < 2 or not t.sum(1).all(): return DriftResult(float("nan"), float("nan"))
    x = stats.chi2_contingency(t)
    return DriftResult(float(x.statistic), float(x.pvalue))
