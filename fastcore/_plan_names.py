"""The names and the number of a plan's columns."""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from .errors import UnsupportedError


class Named:
    """The part of :class:`~fastcore.Plan` that tells how columns are called."""

    def get_feature_names_out(self: Any, input_features: Any = None) -> np.ndarray:
        """The names of the output's columns, as scikit-learn gives them."""
        if self._estimator is not None:
            return cast("np.ndarray", self._estimator.get_feature_names_out(input_features))
        assert self._recipe is not None
        if self._recipe.names_out is None:
            raise UnsupportedError("the estimator had no names for its output when it was saved")
        return np.array(self._recipe.names_out, dtype=object)

    @property
    def feature_names_in_(self: Any) -> np.ndarray:
        """The names of the fitted columns; AttributeError if it was fitted without names."""
        if self._estimator is not None:
            return cast("np.ndarray", self._estimator.feature_names_in_)
        if self._recipe is None or self._recipe.names is None:
            raise AttributeError("this plan was fitted without feature names")
        return np.array(self._recipe.names, dtype=object)

    @property
    def n_features_in_(self: Any) -> int:
        """The number of columns it was fitted on; AttributeError if it reads no matrix."""
        if self._root is not None:
            raise AttributeError(f"this plan reads {self._root}, which have no columns")
        asked = self._of_labels or (self._identity and self._estimator is not None)
        if self._recipe is not None and not asked:
            return int(self._recipe.columns)
        return int(self._estimator.n_features_in_)
