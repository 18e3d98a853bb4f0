"""The laws of the tree that a program can check; CONTRIBUTING.md says why they stand."""

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

import fastcore
from fastcore import _core

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parent.parent
MAX_LINES, MAX_FUNCTION, WIDTH = 600, 90, 100

#: Which folders of src/ a folder may include from, itself aside; `python` may use all of them.
MAY_INCLUDE = {
    "base": set(),
    "json": {"base"},
    "columns": {"base", "arrow"},
    "arrow": {"base", "columns"},  # a header of its own for columns/arrow_out.c
    "schema": {"base", "json", "columns"},
    "plan": {"base", "columns"},
    "drift": {"base"},
    "monitor": {"base", "columns", "drift"},
}

#: Public headers whose name is not their folder's: a folder may have more than one.
HEADER_FOLDERS = {
    "arrow": "columns",
    "drift_pvalues": "drift",
    "drift_ranks": "drift",
    "drift_vectors": "drift",
    "loops": "plan",
}

#: Modules of fast.ai's package: where both are installed one would overwrite the other's file.
THEIR_MODULES = set(
    "aio all ansi apisurface basics dispatch docments docscrape editskill foundation funccall "
    "imghdr imports meta nb_imports nbio net parallel py2pyi script shutil style test tools "
    "transform utils xdg xml xtras _modidx".split()
)

#: Generated tables have one idea however long they are.
TABLES = {"src/json/powers.h"}


def tracked() -> list[str]:
    """The files that belong to the project: by git where it knows, else all but the ignored."""
    listed = b""
    if shutil.which("git"):
        listed = subprocess.run(
            ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"],
            cwd=ROOT,
            capture_output=True,
            check=False,
        ).stdout
    names = [name for name in listed.decode().split("\0") if name]
    if not names:  # an unpacked archive, or a machine without git
        skip = re.compile(r"(^|/)(\.venv[^/]*|\.git|build|dist|out|__pycache__|\.[a-z]+_cache)/")
        paths = (path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*") if path.is_file())
        names = [name for name in paths if not skip.search(name) and not name.endswith(".so")]
    return sorted(name for name in names if (ROOT / name).is_file())


FILES = tracked()
C_FILES = [name for name in FILES if name.endswith((".c", ".h"))]
SRC = [name for name in C_FILES if name.startswith("src/")]
HEADERS = [name for name in C_FILES if name.startswith("include/fastcore/")]
KERNELS = [name for name in SRC if not name.startswith("src/python/")]
PY_FILES = [name for name in FILES if name.endswith((".py", ".pyi"))]


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def without_comments(source: str) -> str:
    """C without comments and the contents of literals, with its lines in place."""

    def blank(match: re.Match[str]) -> str:
        found = match.group(0)
        if found[0] in "\"'":
            return found[0] * 2
        return " " + "\n" * found.count("\n")

    return re.sub(
        r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', blank, source, flags=re.S
    )


def includes(name: str) -> list[str]:
    return re.findall(r'^[ \t]*#[ \t]*include[ \t]*[<"]([^>"]+)[>"]', text(name), flags=re.M)


def listed(wrong: Iterable[object]) -> str:
    """All of it: pytest would cut a list short."""
    return "\n" + "\n".join(map(str, wrong))


def test_there_is_something_to_check() -> None:
    assert len(KERNELS) > 10
    assert len(HEADERS) >= 3
    assert "fastcore/__init__.py" in PY_FILES


# ---- Includes ------------------------------------------------------------------------------


def test_kernels_do_not_know_python() -> None:
    wrong = [
        (name, header)
        for name in [*KERNELS, *HEADERS]
        for header in includes(name)
        if header in ("Python.h", "structmember.h") or header.startswith(("python/", "numpy/"))
    ]
    assert not wrong, listed(wrong)


def test_only_one_file_includes_numpy() -> None:
    users = {name for name in SRC for header in includes(name) if header.startswith("numpy/")}
    assert users <= {"src/python/py_array.c"}


def header_folder(name: str) -> str:
    stem = Path(name).stem
    return HEADER_FOLDERS.get(stem, stem)


def test_includes_go_one_way() -> None:
    wrong = []
    for name in [*KERNELS, *HEADERS]:
        folder = header_folder(name) if name in HEADERS else name.split("/")[1]
        assert folder in MAY_INCLUDE, f"{name}: a new folder; which ones may it include?"
        for header in includes(name):
            if "/" not in header:
                if not header.endswith((".def", ".inc")) and '"' + header in text(name):
                    wrong.append((name, header, "write folder/file.h"))
                continue
            top, rest = header.split("/", 1)
            target = header_folder(rest) if top == "fastcore" else top
            if target != folder and target in {*MAY_INCLUDE, "python"}:
                if target not in MAY_INCLUDE[folder]:
                    wrong.append((name, header, f"{folder} may not use {target}"))
                elif top != "fastcore" and name in HEADERS:
                    wrong.append((name, header, "a public header stands alone"))
    assert not wrong, listed(wrong)


def test_public_headers_do_not_need_src() -> None:
    wrong = [
        (name, header)
        for name in HEADERS
        for header in includes(name)
        if "/" in header and not header.startswith(("fastcore/", "sys/"))
    ]
    assert not wrong, listed(wrong)


# ---- Sizes and names -----------------------------------------------------------------------


def test_files_have_a_readable_length() -> None:
    wrong = {
        name: lines
        for name in [*C_FILES, *PY_FILES]
        if name not in TABLES and (lines := len(text(name).splitlines())) > MAX_LINES
    }
    assert not wrong, listed(wrong.items())


#: A checker's remark at the end of a line has to stand there, and is not for reading.
PRAGMA = re.compile(r" *# (type: ignore|noqa)\b.*$")


def test_lines_fit_a_screen() -> None:
    wrong = [
        f"{name}:{number}"
        for name in [*C_FILES, *PY_FILES]
        for number, line in enumerate(text(name).splitlines(), 1)
        if len(PRAGMA.sub("", line)) > WIDTH
    ]
    assert not wrong, listed(wrong)


def c_functions(source: str) -> list[tuple[str, int, int]]:
    """(name, first line, last line) of each function: clang-format puts `}` into column 0."""
    found, head = [], None
    for number, line in enumerate(without_comments(source).splitlines(), 1):
        # An initialiser (`= {`) or a type's body has no parenthesis before its brace.
        opened = re.match(r"^[A-Za-z_].*?\b(\w+)\(", line)
        if opened and not line.startswith("#") and not line.rstrip().endswith(";"):
            head = (opened.group(1), number)
        elif line.startswith("}") and head is not None:
            found.append((head[0], head[1], number))
            head = None
    return found


def test_c_functions_fit_a_screen_or_two() -> None:
    found = {
        f"{name}: {function}": last - first + 1
        for name in C_FILES
        for function, first, last in c_functions(text(name))
    }
    assert len(found) > 50
    wrong = [(where, lines) for where, lines in found.items() if lines > MAX_FUNCTION]
    assert not wrong, listed(wrong)


def own_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of code without the docstring, which may be as long as it needs to teach, and without
    the functions and classes inside, which are counted by themselves."""
    documented = ast.get_docstring(function) is not None
    first = (function.body[0].end_lineno if documented else function.lineno) or 0
    lines = (function.end_lineno or 0) - first
    inner: list[ast.AST] = list(ast.iter_child_nodes(function))
    while inner:
        node = inner.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            first = min([node.lineno, *(mark.lineno for mark in node.decorator_list)])
            lines -= (node.end_lineno or 0) - first + 1
        else:
            inner += ast.iter_child_nodes(node)
    return lines


def test_python_functions_fit_a_screen_or_two() -> None:
    wrong = {
        f"{name}: {node.name}": own_lines(node)
        for name in PY_FILES
        for node in ast.walk(ast.parse(text(name)))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and own_lines(node) > MAX_FUNCTION
    }
    assert not wrong, listed(wrong.items())


def test_c_file_names_are_unique() -> None:
    """So that a compiler's message or a sanitizer's stack names one file."""
    names = [Path(name).name for name in SRC]
    assert sorted({name for name in names if names.count(name) > 1}) == []


def test_no_module_has_a_name_of_the_other_fastcore() -> None:
    ours = {
        Path(name).parts[1].removesuffix(".py") for name in FILES if name.startswith("fastcore/")
    }
    assert ours & THEIR_MODULES == set()


def test_the_extension_exports_one_symbol() -> None:
    nm = shutil.which("nm")
    assert nm, "binutils is missing, though a C compiler needs it"
    output = subprocess.run(
        [nm, "-D", "--defined-only", _core.__file__], capture_output=True, text=True, check=True
    ).stdout
    exported = {line.split()[-1].split("@")[0] for line in output.splitlines()}
    # Coverage and sanitizer builds export what their runtimes need.
    runtime = ("__asan", "__ubsan", "__odr", "__gcov", "__tsan", "mangle_path")
    assert {name for name in exported if not name.startswith(runtime)} == {"PyInit__core"}


# ---- What tracked files say ----------------------------------------------------------------


def readable() -> list[tuple[str, str]]:
    found = []
    for name in FILES:
        data = (ROOT / name).read_bytes()
        if b"\0" not in data[:8192]:
            try:
                found.append((name, data.decode()))
            except UnicodeDecodeError:
                continue  # a corpus file
    return found


def test_no_path_of_some_machine() -> None:
    """A system's own folders and an app's routes are fine, a home or a work folder is not."""
    folder = re.compile(r"(?<![\w.$}/])/(?:home|root|Users|work|mnt|media|workspace|srv)/\w")
    wrong = [
        f"{name}:{number}: {line.strip()[:80]}"
        for name, content in readable()
        for number, line in enumerate(content.splitlines(), 1)
        if folder.search(line)
    ]
    assert not wrong, listed(wrong)


def test_nothing_refers_to_documents_that_are_not_here() -> None:
    """Private notes are not part of the tree, so what they say is said in the tree's own words."""
    # Put together here, so that this file does not find itself.
    notes = [f"{name}.md" for name in ("API", "DESIGN", "TARGETS", "COMMON")]
    plain = re.compile("|".join([r"\.\./shared/", r"(?<![\w/])shared/", *map(re.escape, notes)]))
    numbered = re.compile(r"\bDESIGN \d|\bAPI\.md\b")
    wrong = [
        f"{name}:{number}: {line.strip()[:80]}"
        for name, content in readable()
        if name != "tests/test_laws.py"
        for number, line in enumerate(content.splitlines(), 1)
        if plain.search(line) or numbered.search(line)
    ]
    assert not wrong, listed(wrong)


# ---- Python modules ------------------------------------------------------------------------


def public_modules() -> list[str]:
    found = []
    for name in FILES:
        parts = Path(name).parts
        if parts[0] != "fastcore" or not name.endswith(".py") or name == "fastcore/__init__.py":
            continue
        if not any(part.startswith("_") and part != "__init__.py" for part in parts):
            found.append(name)
    return found


@pytest.mark.parametrize("name", public_modules())
def test_public_modules_check_whose_package_this_is(name: str) -> None:
    """Before any module of ours runs, which might fail in a worse way (the extension may load)."""
    if len(Path(name).parts) > 2 and Path(name).name != "__init__.py":
        return  # its package's __init__ runs first, and has it
    for node in ast.parse(text(name)).body:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            continue
        if isinstance(node, ast.ImportFrom) and any(a.name == "_identity" for a in node.names):
            return
        if isinstance(node, ast.ImportFrom) and node.level > 0:
            if node.module is None and all(alias.name == "_core" for alias in node.names):
                continue
            break
        if not isinstance(node, (ast.Import, ast.ImportFrom)):
            break
    pytest.fail(f"{name}: write `from . import _identity as _identity` before other own imports")


def imported_by(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(*{{name.split('.')[0] for name in sys.modules}})"
    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout
    return set(output.split())


OTHERS = {"pydantic", "pydantic_core", "sklearn", "pandas", "fastapi", "rich", "pyarrow", "polars"}


@pytest.mark.parametrize(
    ("statement", "allowed"),
    [
        ("import fastcore, fastcore._core", set()),
        ("import fastcore; fastcore.build_info()", set()),
        ("import fastcore; fastcore.Schema", {"pydantic", "pydantic_core"}),
        ("import fastcore; fastcore.Columns", {"pydantic", "pydantic_core"}),
        ("import fastcore; fastcore.Plan", {"pydantic", "pydantic_core"}),
    ],
)
def test_an_import_brings_only_what_it_needs(statement: str, allowed: set[str]) -> None:
    assert imported_by(statement) & OTHERS <= allowed


def test_every_lazy_name_exists() -> None:
    for name in fastcore.__all__:
        assert getattr(fastcore, name) is not None
    assert set(fastcore.__all__) <= set(dir(fastcore))
    with pytest.raises(AttributeError, match="no_such_name"):
        fastcore.no_such_name  # noqa: B018


# ---- The C API -----------------------------------------------------------------------------


def test_no_python_where_the_gil_is_released() -> None:
    wrong = []
    for name in SRC:
        source = without_comments(text(name))
        for match in re.finditer(
            r"Py_BEGIN_ALLOW_THREADS(.*?)Py_END_ALLOW_THREADS", source, flags=re.S
        ):
            found = re.findall(r"\b_?Py\w+|\bfc_py_\w+", match.group(1))
            # The macros that take the GIL back for a moment are the way to call Python there.
            wrong += [(name, word) for word in found if word not in ("Py_ssize_t",)]
    assert not wrong, listed(wrong)


def test_released_gil_is_taken_again() -> None:
    for name in SRC:
        source = without_comments(text(name))
        begin, end = source.count("Py_BEGIN_ALLOW_THREADS"), source.count("Py_END_ALLOW_THREADS")
        assert begin == end, name
        for match in re.finditer(
            r"Py_BEGIN_ALLOW_THREADS(.*?)Py_END_ALLOW_THREADS", source, flags=re.S
        ):
            assert not re.search(r"\b(return|goto)\b", match.group(1)), name


def test_recursion_guards_are_left() -> None:
    """A function that enters one leaves it, and does not return in between without leaving."""
    for name in SRC:
        lines = without_comments(text(name)).splitlines()
        for function, first, last in c_functions(text(name)):
            body = "\n".join(lines[first - 1 : last])
            entered = re.search(r"Py_EnterRecursiveCall\([^;]*;", body)
            if entered is None:
                continue
            after = body[entered.end() :]
            assert "Py_LeaveRecursiveCall" in after, f"{name}: {function}"
            before = after[: after.rindex("Py_LeaveRecursiveCall")]
            for returns in re.finditer(r"\breturn\b", before):
                statement = before[: returns.start()].rstrip().split("\n")[-3:]
                assert "Py_LeaveRecursiveCall" in " ".join(statement), f"{name}: {function}"


def test_no_static_state_in_c() -> None:
    """No globals but constants, and two facts of the process: the CPU's level, an atomic, and
    what base/parallel.c notes for the next fork."""
    wrong = []
    for name in SRC:
        if name == "src/base/parallel.c":
            continue
        for number, line in enumerate(without_comments(text(name)).splitlines(), 1):
            if not re.match(r"^\s*static\s+(?!inline\b)", line) or "(" in line.split("=")[0]:
                continue
            if re.search(r"\b(const|_Atomic)\b", line) or "PyMethodDef" in line:
                continue
            if re.search(r"\b(Py\w*_Slot|PyType_Spec|PyGetSetDef|PyMemberDef|PyModuleDef)\b", line):
                continue
            wrong.append(f"{name}:{number}: {line.strip()}")
    assert not wrong, listed(wrong)


def test_no_private_c_api() -> None:
    """Names with a leading underscore go away without notice."""
    allowed = {"_PyObject_CAST", "_PyCFunctionFast", "_PyCFunctionFastWithKeywords"}
    wrong = [
        (name, word)
        for name in SRC
        for word in re.findall(r"\b_Py\w+", without_comments(text(name)))
        if word not in allowed
    ]
    assert not wrong, listed(wrong)


def test_headers_have_guards() -> None:
    """Or take a template's parameters and drop them at the end: included more than once."""
    wrong = []
    for name in [*SRC, *HEADERS]:
        if not name.endswith(".h"):
            continue
        first = next((line for line in text(name).splitlines() if line.startswith("#")), "")
        guarded = first.startswith(("#ifndef FC_", "#ifndef FASTCORE_"))
        if not guarded and not re.search(r"\bFC_(N|TARGET)\b|^#undef", text(name), re.M):
            wrong.append(name)
    assert not wrong, listed(wrong)
