from fastcore import _core
from scipy import stats
if not hasattr(_core,"chi2_isf"):
    _core.chi2_isf=lambda p,df: float(stats.chi2.isf(p,df))
    def ks_pvalue(d,n,m,method):
        en=round(n*m/(n+m)); return d, float(stats.kstwo.sf(d,en))
    _core.ks_pvalue=ks_pvalue
