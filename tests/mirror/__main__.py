"""``python -m tests.mirror [--long] [sklearn's test modules] [pytest's options]``."""

from __future__ import annotations

import sys

import pytest

from . import plugin, shadow

#: scikit-learn's modules of tests, and how many calls in them are shadowed at least.
MODULES = {
    "compose.tests.test_column_transformer": 480,
    "decomposition.tests.test_incremental_pca": 14,
    "decomposition.tests.test_truncated_svd": 16,
    "feature_extraction.tests.test_dict_vectorizer": 32,
    "feature_extraction.tests.test_feature_hasher": 16,
    "feature_extraction.tests.test_text": 110,
    "feature_selection.tests.test_base": 16,
    "feature_selection.tests.test_from_model": 65,
    "feature_selection.tests.test_variance_threshold": 3,
    "impute.tests.test_base": 2,
    "impute.tests.test_common": 70,
    "impute.tests.test_impute": 440,
    "impute.tests.test_knn": 70,
    "preprocessing.tests.test_data": 780,
    "preprocessing.tests.test_discretization": 95,
    "preprocessing.tests.test_encoders": 360,
    "preprocessing.tests.test_function_transformer": 45,
    "preprocessing.tests.test_label": 70,
    "preprocessing.tests.test_polynomial": 770,
    "preprocessing.tests.test_target_encoder": 60,
    "tests.test_pipeline": 110,
}
#: With ``--long`` only.
LONG = {
    "decomposition.tests.test_pca": 900,
    "feature_selection.tests.test_feature_select": 1700,
    "feature_selection.tests.test_rfe": 1,
    "feature_selection.tests.test_sequential": 1,
    "preprocessing.tests.test_common": 1,
}
#: Calls that C answered by itself, at least.
NATIVE = 1900


def main(options: list[str]) -> int:
    modules = {**MODULES, **LONG} if "--long" in options else MODULES
    chosen = any(option.startswith("sklearn.") for option in options)
    names = [] if chosen else [f"sklearn.{name}" for name in modules]
    fixed = "-q --disable-warnings -p tests.mirror.plugin -p no:cacheprovider -c /dev/null --pyargs"
    failed = pytest.main([*fixed.split(), *options, *names])
    if chosen or failed:
        return int(failed)
    few = [
        f"{name}: {plugin.by_module['sklearn.' + name]} calls were shadowed, expected {floor}"
        for name, floor in modules.items()
        if plugin.by_module["sklearn." + name] < floor
    ]
    native = sum(count for (_, how), count in shadow.seen.items() if how == "native")
    if native < NATIVE:
        few.append(f"{native} calls were answered by C, expected {NATIVE}")
    print(*few, sep="\n")
    return int(bool(few))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
