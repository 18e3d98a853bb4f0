"""The command line: ``python -m fastcore demo | bench | info | doctor | explain MODULE:OBJECT``.

Exit codes: 0 done; 1 the command failed, or found something unequal or broken; 2 wrong usage;
3 the import name ``fastcore`` is in conflict with fast.ai's package; 130 interrupted.
"""

import argparse
import importlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

CODES = """exit codes: 0 done; 1 failed, unequal or broken; 2 wrong usage;
3 the import name is in conflict with fast.ai's fastcore; 130 interrupted"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m fastcore",
        description="Request validation, feature preprocessing and drift statistics, in C.",
        epilog=CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    # The two commands with options of their own parse them themselves, --help included.
    commands.add_parser("demo", add_help=False, help="flights from JSON to a score, two ways")
    commands.add_parser("bench", add_help=False, help="the benchmarks; needs a checkout")
    info = commands.add_parser("info", help="what this build is made of")
    doctor = commands.add_parser("doctor", help="whose files these are, and whether they load")
    explain = commands.add_parser("explain", help="what runs natively in a type or a pipeline")
    explain.add_argument(
        "object",
        metavar="MODULE:OBJECT",
        help="a type, a Schema, a Plan or a fitted scikit-learn estimator; "
        "MODULE is found from the current folder",
    )
    for command in (info, doctor, explain):
        command.add_argument("--json", action="store_true", help="one JSON object, nothing else")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments; default ``sys.argv[1:]``.

    Returns
    -------
    int
        The exit code (see the module).
    """
    parser = _parser()
    options, rest = parser.parse_known_args(argv)
    if rest and options.command not in ("demo", "bench"):
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    try:
        if options.command == "doctor":
            return _doctor(options.json)
        try:
            importlib.import_module("fastcore._identity")
        except ImportError as error:
            return _fail(str(error), code=3)
        if options.command == "demo":
            return _demo(rest)
        if options.command == "bench":
            return _bench(rest)
        if options.command == "info":
            return _info(options.json)
        return _explain(options.object, options.json)
    except KeyboardInterrupt:
        return 130


def _fail(sentence: str, code: int = 1) -> int:
    print(f"fastcore: {sentence}", file=sys.stderr)
    return code


def _doctor(as_json: bool) -> int:
    from fastcore import _doctor as doctor

    found = doctor.examine()
    if as_json:
        print(json.dumps(found.to_dict(), indent=1))
    else:
        doctor.show(found)
    return found.exit_code


def _demo(arguments: list[str]) -> int:
    try:
        return int(importlib.import_module("fastcore.demo").main(arguments) or 0)
    except ImportError as error:  # its sentence names the extra to install
        return _fail(str(error))


def _bench(arguments: list[str]) -> int:
    checkout = Path(__file__).resolve().parent.parent
    if not (checkout / "benchmarks" / "run.py").is_file():
        return _fail(
            "bench needs a checkout of the project: the benchmarks are not part of the wheel "
            "(git clone, pip install -e '.[bench]', then python -m fastcore bench)"
        )
    sys.path.insert(0, str(checkout))
    return int(importlib.import_module("benchmarks.run").main(arguments) or 0)


def _info(as_json: bool) -> int:
    import fastcore

    info = fastcore.build_info()
    if as_json:
        print(json.dumps(info, indent=1))
    else:
        _table("fastcore", [(key, _plain(value)) for key, value in info.items()])
    return 0


def _explain(name: str, as_json: bool) -> int:
    module_name, colon, path = name.partition(":")
    if not (module_name and colon and path):
        return _fail(f"explain: expected MODULE:OBJECT, got {name!r}", code=2)
    try:
        found: Any = importlib.import_module(module_name)
        for part in path.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        return _fail(f"explain: {name}: {error}")
    try:
        explanation = _explanation(found)
    except (TypeError, ValueError, ImportError, RuntimeError) as error:
        # UnsupportedError is a TypeError; what pydantic has no schema for is a RuntimeError.
        return _fail(f"explain: {name}: {str(error).splitlines()[0]}")
    if as_json:
        print(json.dumps(explanation.to_dict(), indent=1, default=str))
        return 0
    rows = [
        (str(node.path), str(node.kind), "native" if node.native else "original", node.reason or "")
        for node in explanation
    ]
    _table(name, rows, ("path", "kind", "runs", "reason"))
    return 0


def _explanation(found: Any) -> Any:
    """Of a Schema or Plan its own; a fitted estimator becomes a plan; all else is a type."""
    import fastcore

    if hasattr(found, "explain") and not isinstance(found, type):
        return found.explain()
    if not isinstance(found, type) and hasattr(found, "transform") and hasattr(found, "fit"):
        return fastcore.Plan.from_sklearn(found).explain()
    return fastcore.Schema(found).explain()


def _plain(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _table(title: str, rows: Sequence[tuple[str, ...]], head: tuple[str, ...] = ()) -> None:
    """A table by rich where it is installed, else by spaces."""
    try:
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text
    except ImportError:
        lines = [head, *rows] if head else list(rows)
        widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
        for line in lines:
            cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
            print("  ".join(cells).rstrip())
        return
    table = Table(title=title, title_justify="left", show_header=bool(head))
    for name in head or [""] * len(rows[0]):
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    Console().print(table)


if __name__ == "__main__":
    raise SystemExit(main())
