"""The notebooks of docs/: run without Jupyter, and written with what they print.

    python -m tests.notebooks            shows what they print
    python -m tests.notebooks --write    writes it into them

A notebook is JSON (nbformat 4): its cells are programs that share their names. Only what they print
is kept, and compared; pictures are not.
"""

import io
import json
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent.parent / "docs"
NOTEBOOKS = sorted((DOCS / "notebooks").glob("*.ipynb"))


def load(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def programs(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def kept(notebook: dict[str, Any]) -> list[str]:
    """What each program printed when it was written."""
    texts = []
    for cell in programs(notebook):
        assert all(output["output_type"] == "stream" for output in cell["outputs"])
        texts.append("".join("".join(output["text"]) for output in cell["outputs"]))
    return texts


def run(notebook: dict[str, Any], name: str) -> tuple[list[str], dict[str, Any]]:
    """What each program prints, and the names at the end."""
    names: dict[str, Any] = {"__name__": "__main__"}
    printed = []
    for i, cell in enumerate(programs(notebook)):
        out = io.StringIO()
        with redirect_stdout(out):
            exec(compile("".join(cell["source"]), f"{name}, program {i}", "exec"), names)
        printed.append(out.getvalue())
    return printed, names


def written(notebook: dict[str, Any], printed: list[str]) -> str:
    for cell, text in zip(programs(notebook), printed, strict=True):
        stream = {"name": "stdout", "output_type": "stream", "text": text.splitlines(True)}
        cell["outputs"], cell["execution_count"] = [stream] if text else [], None
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    for path in NOTEBOOKS:
        notebook = load(path)
        printed, _ = run(notebook, path.name)
        if "--write" in sys.argv:
            path.write_text(written(notebook, printed), encoding="utf-8")
        else:
            print("\n".join(printed))
