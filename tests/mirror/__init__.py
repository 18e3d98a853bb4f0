"""scikit-learn's own tests as a mirror: each ``transform`` is done by a compiled plan as well.

Run as a program: ``python -m tests.mirror``, or ``--long`` for all modules.
"""
