"""Whose ``fastcore`` is this? Every public submodule imports this module first.

fast.ai's ``fastcore`` has the same import name, and installers overwrite one package's files with
the other's without a word. Then ``fastcore/__init__.py`` is theirs and the rest may be ours.
"""

import fastcore

if getattr(fastcore, "__distribution__", None) != "fastcore-ml":
    raise ImportError(
        f"{fastcore.__file__} belongs to fast.ai's 'fastcore', not to 'fastcore-ml': both have the "
        "import name fastcore and the later installation overwrote the other; uninstall both, then "
        "install the one you want (python -m pip uninstall fastcore fastcore-ml; "
        "python -m pip install fastcore-ml)"
    )
