"""Speed, measured: one module per family, run by ``python -m fastcore bench`` from a checkout."""
