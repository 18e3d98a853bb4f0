"""The pictures of the demo's page: SVG text whose colours are the page's own variables.

matplotlib draws with stand-in colours, which are then replaced by CSS variables: so one picture
suits a light and a dark page.
"""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from ._replay import ROUTES, Series

#: Stand-in colour to CSS variable.
COLOURS = {
    "#010101": "--ink",
    "#020202": "--muted",
    "#030303": "--line",
    "#040404": "--ordinary",
    "#050505": "--fastcore",
    "#060606": "--stage0",
    "#070707": "--stage1",
    "#080808": "--stage2",
    "#090909": "--stage3",
}
INK, MUTED, LINE, ORDINARY, FASTCORE, *STAGES = COLOURS
OF_ROUTE = dict(zip(ROUTES, (ORDINARY, FASTCORE), strict=True))
STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "fastcore",
    "font.size": 11,
    "text.color": INK,
    "axes.edgecolor": LINE,
    "axes.labelcolor": MUTED,
    "xtick.color": LINE,
    "xtick.labelcolor": MUTED,
    "ytick.color": LINE,
    "ytick.labelcolor": INK,
}


def flights(rows: int) -> str:
    """``1 flight``, ``1,000 flights``."""
    return f"{rows:,} flight{'' if rows == 1 else 's'}"


def milliseconds(value: float) -> str:
    """Three digits are enough to compare by."""
    return f"{value:.0f} ms" if value >= 100 else f"{value:.3g} ms"


def _svg(figure: Figure) -> str:
    text = io.StringIO()
    figure.savefig(text, format="svg", transparent=True, metadata={"Date": None})
    picture = text.getvalue()
    picture = picture[picture.index("<svg") :]
    for colour, variable in COLOURS.items():
        picture = picture.replace(colour, f"var({variable})")
    return picture


def _bare(axes: Axes, *keep: str) -> None:
    for name, spine in axes.spines.items():
        spine.set_visible(name in keep)


def latencies(all_series: Sequence[Series]) -> str:
    """Both routes' latencies on one logarithmic scale, a row for each size of request."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(8.6, 0.8 + 1.25 * len(all_series)), layout="constrained")
        axes = figure.subplots()
        everything = np.concatenate([np.array(s.seconds[r]) for s in all_series for r in ROUTES])
        low, high = np.log10(everything.min() * 700), np.log10(everything.max() * 1400)
        edges = np.linspace(low, high, 241)
        middle = 10 ** ((edges[1:] + edges[:-1]) / 2)
        kernel = np.exp(-0.5 * (np.arange(-12, 13) / 3.0) ** 2)
        for level, series in enumerate(reversed(all_series)):
            axes.axhline(level, color=LINE, lw=0.8, zorder=0)
            for route in ROUTES:
                counts, _ = np.histogram(np.log10(np.array(series.seconds[route]) * 1e3), edges)
                height = np.convolve(counts, kernel, mode="same")
                height = level + 0.68 * height / height.max()
                colour = OF_ROUTE[route]
                axes.fill_between(middle, level, height, color=colour, alpha=0.28, lw=0)
                axes.plot(middle, height, color=colour, lw=1.4)
                half = series.percentile(route, 50)
                axes.plot([half, half], [level, level + 0.68], color=colour, lw=1)
                label = f"{route} {milliseconds(half)}"
                axes.text(half, level + 0.73, label, color=colour, ha="center", fontsize=10)
        axes.set_xscale("log")
        axes.set_xlim(10**low, 10**high)
        axes.set_ylim(-0.06, len(all_series) - 0.02)
        axes.set_yticks(range(len(all_series)), [flights(s.rows) for s in reversed(all_series)])
        axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
        axes.xaxis.set_minor_formatter(FuncFormatter(lambda x, _: ""))
        axes.set_xlabel("milliseconds from sending a request to having its answer")
        axes.tick_params(axis="y", length=0)
        _bare(axes, "bottom")
        return _svg(figure)


def ratios(all_series: Sequence[Series]) -> str:
    """How many times as long the ordinary route takes, at the median and at the 99th percentile."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(8.6, 0.5 + 0.78 * len(all_series)), layout="constrained")
        axes = figure.subplots()
        widest = max(series.ratio(share) for series in all_series for share in (50, 99))
        for level, series in enumerate(reversed(all_series)):
            for offset, share, alpha in ((0.19, 50, 1.0), (-0.19, 99, 0.55)):
                value, at = series.ratio(share), level + offset
                axes.barh(at, value, 0.34, color=FASTCORE, alpha=alpha, lw=0)
                text = f"{value:.1f}x  p{share}"
                axes.text(value + widest * 0.01, at, text, va="center", fontsize=10)
        axes.axvline(1, color=MUTED, lw=1, ls=(0, (3, 3)))
        axes.set_xlim(0, widest * 1.14)
        axes.set_yticks(range(len(all_series)), [flights(s.rows) for s in reversed(all_series)])
        axes.set_xticks([])
        axes.tick_params(axis="y", length=0)
        _bare(axes)
        return _svg(figure)


def stages(parts: Mapping[str, Mapping[str, float]]) -> str:
    """Where the milliseconds of a big request go: a bar of stages for each route."""
    names = list(dict.fromkeys(name for times in parts.values() for name in times))
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(8.6, 2.1), layout="constrained")
        axes = figure.subplots()
        longest = max(sum(times.values()) for times in parts.values())
        for level, route in enumerate(reversed(ROUTES)):
            left = 0.0
            for name, value in parts[route].items():
                axes.barh(level, value, 0.5, left, color=STAGES[names.index(name)], lw=0)
                left += value
            axes.text(left + longest * 0.01, level, milliseconds(left), va="center", fontsize=10)
        for name, colour in zip(names, STAGES, strict=False):
            axes.barh(0, 0, color=colour, label=name)
        legend: Any = axes.legend(
            ncols=len(names), loc="lower left", bbox_to_anchor=(0, 1), frameon=False, fontsize=10
        )
        legend.set_in_layout(True)
        axes.set_xlim(0, longest * 1.12)
        axes.set_yticks(range(len(ROUTES)), list(reversed(ROUTES)))
        axes.set_xticks([])
        axes.tick_params(axis="y", length=0)
        _bare(axes)
        return _svg(figure)
