"""Every example in README and docs runs, and what it says it prints is what it prints.

A ```` ```python ```` block with ``>>>`` lines is a doctest; one without is a program, run as it
stands. The blocks of one page share their names, in order. A block whose fence says
``python no-run`` is a sketch (an app that would start a server, say) and must at least compile.
"""

import doctest
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
FENCE = re.compile(r"^```python([^\n]*)\n(.*?)^```$", flags=re.M | re.S)


def blocks(page: Path) -> list[tuple[int, str, str]]:
    """(line, what the fence says, code) of each Python block."""
    text = page.read_text(encoding="utf-8")
    return [
        (text.count("\n", 0, match.start()) + 2, match.group(1).strip(), match.group(2))
        for match in FENCE.finditer(text)
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_examples_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    # The pages say what compiled objects answer, also where the suite runs on the originals.
    monkeypatch.delenv("FASTCORE_DISABLE", raising=False)
    names: dict[str, object] = {"__name__": "__main__"}
    runner = doctest.DocTestRunner(optionflags=OPTIONS, verbose=False)
    report: list[str] = []
    for line, says, code in blocks(page):
        assert says in ("", "no-run"), f"{page.name}:{line}: ```python {says}"
        where = f"{page.name}:{line}"
        if ">>>" not in code:
            # Padded, so that a traceback has the page's line.
            program = compile("\n" * (line - 1) + code, str(page), "exec")
            if says != "no-run":
                exec(program, names)
            continue
        test = doctest.DocTestParser().get_doctest(code, names, where, str(page), line - 1)
        test.globs = names  # shared: the parser copies
        runner.run(test, out=report.append, clear_globs=False)
    assert runner.failures == 0, "".join(report)


def test_links_lead_somewhere() -> None:
    wrong = []
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            if "://" not in target and not (page.parent / target).exists():
                wrong.append(f"{page.name}: {target}")
    assert not wrong, wrong


def test_design_names_files_that_exist() -> None:
    """A page that walks through the tree goes stale with the first renamed file."""
    folders = ("src", "include", "fastcore", "docs", "tests", "benchmarks")
    there = {path.name for folder in folders for path in (ROOT / folder).rglob("*.*")}
    text = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(?:[\w./]*/)?(\w+\.(?:c|h|def|py))`", text))
    assert len(named) > 40
    assert named <= there, named - there


def test_readme_has_what_a_newcomer_needs() -> None:
    """CI takes the two commands from here; the snippet is short enough to be read."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    head = "\n".join(text.splitlines()[:40])
    assert 'pip install -e ".[demo]" && python -m fastcore demo' in head
    assert 'pip install -e ".[test]" && pytest' in head
    assert "fast.ai" in head
    first = next(code for _, says, code in blocks(ROOT / "README.md") if says == "")
    assert len([line for line in first.splitlines() if line.strip()]) <= 20


def test_docstring_examples_run() -> None:
    """Those of the modules that are fastcore's public face."""
    import importlib

    for name in (
        *("_build", "_config", "errors", "explanation", "columns", "schema", "plan"),
        *("serve._inline", "serve.route"),
    ):
        module = importlib.import_module(f"fastcore.{name}")
        names = {**vars(module), "__name__": "__main__"}
        names.pop("annotations", None)  # `from __future__` here is not in the user's program
        found = doctest.testmod(module, globs=names, optionflags=OPTIONS)
        assert found.failed == 0, name
