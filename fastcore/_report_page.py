"""A report as HTML: one page with everything in it, and a table for notebooks."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._report import FeatureReport, Report

#: The page stays below 300 KB: features get a row and then a picture as long as there is room,
#: drifted ones first.
_ROOM, _ROWS_ROOM = 280_000, 140_000
_MOST_BINS = 60
_TEXT = 60

_STYLE = """
:root { color-scheme: light dark; --ink: #1c2126; --faint: #5c6670; --line: #d5dae0;
  --paper: #ffffff; --old: #7a8794; --new: #2563c9; --bad: #b3261e; --good: #22753a }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ec; --faint: #9aa5b0; --line: #39424c;
  --paper: #14181c; --old: #8592a0; --new: #6ea0f5; --bad: #f28b82;
  --good: #7fd197 } }
body { margin: 0 auto; max-width: 70rem; padding: 1.5rem; color: var(--ink);
  background: var(--paper); font: 15px/1.5 system-ui, sans-serif }
h1 { font-size: 1.4rem } h2 { font-size: 1.05rem; margin: 2rem 0 .3rem }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th, td { padding: .25rem .6rem; border-bottom: 1px solid var(--line); text-align: right }
th:first-child, td:first-child { text-align: left; overflow-wrap: anywhere }
th { color: var(--faint); font-weight: 600 }
.bad { color: var(--bad); font-weight: 600 } .good { color: var(--good) }
.faint { color: var(--faint) }
.wide { overflow-x: auto } svg { width: 100%; height: auto; max-width: 46rem }
.old { fill: var(--old) } .new { fill: var(--new) }
svg text { fill: var(--faint); font: 11px system-ui, sans-serif }
"""


def _words(text: str, most: int = _TEXT) -> str:
    """Text from outside: cut, without control characters, escaped."""
    shown = "".join(c if c.isprintable() else "�" for c in text[: most + 1])
    return html.escape(shown[:most] + "…" if len(shown) > most else shown)


def _number(value: float | None) -> str:
    if value is None or math.isnan(value):
        return "-"
    return f"{value:.4g}"


def _share(value: float | None) -> str:
    return "-" if value is None or math.isnan(value) else f"{value:.1%}"


def _cells(f: FeatureReport, tests: Iterable[str]) -> str:
    verdict = '<td class="bad">drifted</td>' if f.drifted else '<td class="good">stable</td>'
    numbers = [_number(f.statistics[t].statistic) if t in f.statistics else "" for t in tests]
    more = [_number(f.threshold), _number(f.pvalue), _share(f.missing), _share(f.unseen)]
    return f"<td>{_words(f.name)}</td>{verdict}<td>{f.kind}</td>" + "".join(
        f"<td>{cell}</td>" for cell in (*numbers, *more)
    )


def _ordered(report: Report) -> list[FeatureReport]:
    """Drifted features first, the largest PSI first."""

    def key(f: FeatureReport) -> tuple[bool, float]:
        psi = f.statistics["psi"].statistic
        return not f.drifted, -psi if psi == psi else 0.0

    return sorted(report.features.values(), key=key)


def _verdict(report: Report) -> str:
    n = len(report.drifted)
    what = f"{n} of {len(report)} features drifted" if n else f"no drift in {len(report)} features"
    return f"{what}: {report.rows} rows against {report.reference_rows}"


def table(report: Report, room: int | None = None) -> str:
    """The verdict and a row a feature.

    Parameters
    ----------
    report : Report
    room : int, optional
        The bytes that the rows may take; those that do not fit are counted in one of their own.

    Returns
    -------
    str
        HTML without styles of its own.
    """
    tests = list(dict.fromkeys(t for f in report.features.values() for t in f.statistics))
    names = ["feature", "verdict", "kind", *tests, "threshold", "p", "missing", "unseen"]
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    rows: list[str] = []
    size = 0
    ordered = _ordered(report)
    for f in ordered:
        row = f"<tr>{_cells(f, tests)}</tr>"
        size += len(row.encode())
        if room is not None and size > room:
            more = f"{len(ordered) - len(rows)} more features"
            rows.append(f'<tr><td colspan="{len(names)}">{more}</td></tr>')
            break
        rows.append(row)
    return (
        f"<table><caption>{html.escape(_verdict(report))}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )


def picture(f: FeatureReport) -> str:
    """Shares of the bins in both data sets, side by side."""
    old, new = f.reference.shares[:_MOST_BINS], f.current.shares[:_MOST_BINS]
    labels = f.feature.labels[:_MOST_BINS]
    top = max([s for s in (*old.tolist(), *new.tolist()) if s == s], default=0.0) or 1.0
    step = 600 / len(labels)
    parts = []
    for i, label in enumerate(labels):
        for k, (side, share) in enumerate((("old", old[i]), ("new", new[i]))):
            if share == share and share > 0:
                height = 120 * share / top
                parts.append(
                    f'<rect class="{side}" x="{step * (i + 0.1 + 0.4 * k):.1f}" '
                    f'y="{130 - height:.1f}" width="{step * 0.38:.1f}" height="{height:.1f}">'
                    f"<title>{_words(label)}: {share:.2%}</title></rect>"
                )
        if len(labels) <= 12:
            parts.append(
                f'<text x="{step * (i + 0.5):.1f}" y="146" text-anchor="middle">'
                f"{_words(label, max(4, int(step // 7)))}</text>"
            )
    name = _words(f.name)
    return (
        f'<svg viewBox="0 0 600 150" role="img" aria-label="Distribution of {name}">'
        f"<title>Distribution of {name}: reference and current shares by bin</title>"
        + "".join(parts)
        + "</svg>"
    )


def _section(f: FeatureReport) -> str:
    sides = []
    for name, side in (("reference", f.reference), ("current", f.current)):
        cells = [str(side.rows), _share(side.missing / side.rows if side.rows else None)]
        if f.kind in ("number", "time"):
            shown = [side.minimum, side.mean, side.maximum]
            cells += [f.feature.show(v) if math.isfinite(v) else "-" for v in shown]
            cells += [_number(side.std) if f.kind == "number" else "-", str(side.infinite)]
        sides.append(
            f'<tr><th scope="row" class="faint">{name}</th>'
            + "".join(f"<td>{cell}</td>" for cell in cells)
            + "</tr>"
        )
    head = ["", "rows", "missing"]
    if f.kind in ("number", "time"):
        head += ["minimum", "mean", "maximum", "std", "infinite"]
    names = "".join(f'<th scope="col">{name}</th>' for name in head)
    results = "; ".join(
        f"{name} {_number(r.statistic)}"
        + (f" (p {_number(r.pvalue)})" if r.pvalue is not None else "")
        for name, r in f.statistics.items()
    )
    unseen = ""
    if f.unseen_values:
        listed = ", ".join(f"{_words(t)} (at least {n})" for t, n in f.unseen_values)
        unseen = f"<p>Unseen: {listed}</p>"
    look = f.sequential
    if look is not None:
        since = f"{look.since:%Y-%m-%d %H:%M:%S} UTC"
        verdict = '<span class="bad">alarm</span>' if look.alarm else "no alarm"
        unseen += (
            f"<p>All looks together: {verdict}; p {_number(look.pvalue)}, PSI {_number(look.psi)} "
            f"in {look.rows} rows since {since}</p>"
        )
    mark = ' <span class="bad">drifted</span>' if f.drifted else ""
    return (
        f"<section><h2>{_words(f.name)}{mark}</h2>{picture(f)}"
        f'<p class="faint">{results}</p>{unseen}'
        f'<div class="wide"><table><thead><tr>{names}</tr></thead>'
        f"<tbody>{''.join(sides)}</tbody></table></div></section>"
    )


def page(report: Report) -> str:
    """One page, which loads nothing from anywhere.

    Parameters
    ----------
    report : Report

    Returns
    -------
    str
        HTML of less than 300 KB, however many features there are.
    """
    verdict = _verdict(report)
    colour = "bad" if report.dataset_drifted else "good"
    head = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(verdict)}</title><style>{_STYLE}</style></head><body>"
        f'<h1>Drift report</h1><p class="{colour}">{html.escape(verdict)}</p>'
        f'<div class="wide">{table(report, _ROWS_ROOM)}</div>'
        '<p><svg viewBox="0 0 12 12" style="width:.8em" aria-hidden="true">'
        '<rect class="old" width="12" height="12"/></svg> reference '
        '<svg viewBox="0 0 12 12" style="width:.8em" aria-hidden="true">'
        '<rect class="new" width="12" height="12"/></svg> current</p>'
    )
    parts, room, left_out = [head], _ROOM - len(head.encode()), 0
    for f in _ordered(report):
        section = _section(f)
        size = len(section.encode())
        if size > room:
            left_out += 1
            continue
        room -= size
        parts.append(section)
    if left_out:
        parts.append(f'<p class="faint">{left_out} more features stand in the table only.</p>')
    parts.append("</body></html>\n")
    return "".join(parts)
