"""Whose ``fastcore`` is this? Every public submodule imports this module first.

fast.ai's ``fastcore`` has the same import name, and installers overwrite one package's files with
the other's without a word. Then ``fastcore/__init__.py`` is theirs and the rest may be ours.
"""

import fastcore

if getattr(fastcore, "__distribution__", None) != "fastcore-ml":
    # Without __init__.py the folder is a namespace package, which has no file.
    whose = (
        f"{fastcore.__file__} belongs to fast.ai's 'fastcore', not to 'fastcore-ml': both have "
        "the import name fastcore and the later installation overwrote the other"
        if getattr(fastcore, "__file__", None)
        else "fastcore/__init__.py of 'fastcore-ml' is gone, as when fast.ai's 'fastcore', which "
        "has the same import name, was installed over it and then removed"
    )
    raise ImportError(
        f"{whose}; uninstall both, then install the one you want (python -m pip uninstall "
        "fastcore fastcore-ml; python -m pip install fastcore-ml)"
    )
