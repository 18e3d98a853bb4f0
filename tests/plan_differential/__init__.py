"""Plans against scikit-learn on any number of generated pipelines and inputs.

    python -m tests.plan_differential --pipelines 10000 --seed 7

A seed and a number make one *case*: a pipeline, what it is fitted on, and inputs for it. What
differs is made smaller and printed.
"""
