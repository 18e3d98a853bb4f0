"""A report's page, table and plots."""

import io
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from fastcore.drift import Reference, Report
from tests.monitor_data import reference, rows

VOID = {"meta", "br"}
HOSTILE = "<script>alert('x')</script>\"&\x00\x1b‮" + "y" * 500


class Parsed(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attributes: object) -> None:
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: object) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def drifted() -> Report:
    return reference().compare(rows(500, 3, shift=2.0))


def test_a_page_has_everything_and_loads_nothing() -> None:
    report = drifted()
    text = report.to_html()
    parsed = Parsed(text)
    assert not re.search(r"https?://|src=|<script|@import|url\(|<link", text)
    assert "prefers-color-scheme: dark" in text
    assert parsed.tags.count("section") == len(report)
    assert "1 of 6 features drifted" in parsed.text or "2 of 6 features drifted" in parsed.text
    for f in report.features.values():
        assert f.name in parsed.text
        assert f"{f.statistics['psi'].statistic:.4g}" in parsed.text
    Parsed(report._repr_html_())


def test_it_is_written_to_a_file(tmp_path) -> None:  # type: ignore[no-untyped-def]
    report = drifted()
    text = report.to_html(tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == text
    with pytest.raises(OSError, match="No such file"):
        report.to_html(tmp_path / "none" / "page.html")


def test_names_and_texts_from_outside_are_harmless() -> None:
    words = np.array([HOSTILE, "a$b$", "c"] * 100, object)
    fitted = Reference.fit({HOSTILE: words, "$x_y$": np.arange(300.0)})
    report = fitted.compare({HOSTILE: np.array([HOSTILE + "2"] * 50, object), "$x_y$": np.ones(50)})
    text = report.to_html()
    parsed = Parsed(text)
    assert "<script" not in text
    assert "\x00" not in text
    assert "\x1b" not in text
    assert "‮" not in text
    assert "<script>alert('x')</script>" in parsed.text
    for name in (HOSTILE, "$x_y$", None):
        report.plot(name).savefig(io.BytesIO(), format="png")


def test_it_stays_below_300_kb() -> None:
    data = {f"feature {i}": np.random.default_rng(i).normal(size=500) for i in range(300)}
    fitted = Reference.fit(data, bins=20, sample=50)
    text = fitted.compare({name: values + 3 for name, values in data.items()}).to_html()
    assert len(text.encode()) < 300_000
    assert "more features stand in the table only" in text
    Parsed(text)


def test_the_table_leaves_room_too() -> None:
    """Each of these characters takes up to six when escaped, in a thousand names of a hundred."""
    data = {f"{i}" + "'\"<&>" * 20: np.arange(9.0) for i in range(1000)}
    report = Reference.fit(data).compare(data, ["kl_divergence", "hellinger", "linf", "g_test"])
    text = report.to_html()
    assert len(text.encode()) < 300_000
    Parsed(text)
    (left,) = re.findall(r"<td colspan=\"13\">(\d+) more features</td>", text)
    assert text.count("<tr><td>") + int(left) == 1000


@pytest.mark.parametrize("n", [0, 1, 5])
def test_nothing_to_show_is_shown(n: int) -> None:
    fitted = Reference.fit({"x": np.full(9, np.nan), "t": np.array([None] * 9, object)})
    report = fitted.compare({"x": np.full(n, np.nan), "t": np.array([None] * n, object)})
    Parsed(report.to_html())
    for name in ("x", "t", None):
        report.plot(name).savefig(io.BytesIO(), format="png")


def test_plots() -> None:
    report = drifted()
    axes = report.plot("x").axes[0]
    heights = [bar.get_height() for bar in axes.patches]
    bins = len(report["x"].feature.labels)
    np.testing.assert_allclose(heights[:bins], report["x"].reference.shares)
    np.testing.assert_allclose(heights[bins:], report["x"].current.shares)
    assert "x: drifted, PSI" in axes.get_title()
    bars = report.plot().axes[0].patches
    assert [bar.get_height() for bar in bars] == [
        f.statistics["psi"].statistic for f in report.features.values()
    ]
    with pytest.raises(KeyError, match="no feature 'no'"):
        report.plot("no")
