"""A report's pictures, by matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ._report import FeatureReport, Report


def plot(report: Report, name: str | None) -> Figure:
    """See `Report.plot`."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError("plot() needs matplotlib: pip install 'fastcore-ml[plot]'") from error
    if name is not None and name not in report.features:
        raise KeyError(f"no feature {name!r}; there are {', '.join(report.features)}")
    # A figure of its own: pyplot would keep it, and choose a backend for the whole process.
    figure = Figure(figsize=(8, 3.5), layout="constrained")
    if name is None:
        _all(report, figure)
    else:
        _one(report.features[name], figure)
    return figure


def _plain(text: str) -> str:
    """Text from outside: matplotlib reads mathematics between dollar signs."""
    shown = "".join(c if c.isprintable() else " " for c in text[:40])
    return shown.replace("$", r"\$")


def _one(f: FeatureReport, figure: Figure) -> None:
    axes = figure.subplots()
    at = np.arange(len(f.feature.labels))
    axes.bar(at - 0.2, np.nan_to_num(f.reference.shares), 0.4, label="reference", color="#7a8794")
    axes.bar(at + 0.2, np.nan_to_num(f.current.shares), 0.4, label="current", color="#2563c9")
    axes.set_xticks(at, [_plain(label) for label in f.feature.labels], rotation=30, ha="right")
    axes.set_ylabel("share of values")
    psi = f.statistics["psi"].statistic
    verdict = "drifted" if f.drifted else "stable"
    axes.set_title(f"{_plain(f.name)}: {verdict}, PSI {psi:.3f} (threshold {f.threshold:.3f})")
    axes.set_xlabel(_tests(f), fontsize="small")
    axes.legend()


def _tests(f: FeatureReport) -> str:
    """The tests in one line: statistic, and p where there is one."""
    shown = []
    for name, (statistic, p) in f.statistics.items():
        shown.append(f"{name} {statistic:.3g}" + ("" if p is None else f" (p {p:.2g})"))
    return ", ".join(shown)


def _all(report: Report, figure: Figure) -> None:
    axes = figure.subplots()
    features = list(report.features.values())
    at = np.arange(len(features))
    psi = [f.statistics["psi"].statistic for f in features]
    colours = ["#b3261e" if f.drifted else "#7a8794" for f in features]
    axes.bar(at, np.nan_to_num(psi), color=colours)
    limits = [f.threshold if np.isfinite(f.threshold) else np.nan for f in features]
    axes.scatter(at, limits, marker="_", color="black", label="threshold")
    axes.set_xticks(at, [_plain(f.name) for f in features], rotation=30, ha="right")
    axes.set_ylabel("PSI")
    axes.set_title(f"{len(report.drifted)} of {len(report)} features drifted")
    axes.legend()
