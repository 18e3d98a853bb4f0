"""Every function of `fastcore.drift` against SciPy, NumPy and the definitions, on hard samples."""
