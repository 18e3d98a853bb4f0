"""Two packages, one import name: fast.ai's `fastcore` and ours, in the four states they can be in.

Two small wheels, theirs a stand-in with its own ``__init__.py``, ours the files of this build; pip
installs them into empty environments, one over the other, as it would for a user.
"""

import base64
import hashlib
import importlib.util
import json
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

import fastcore
from fastcore import _core
from fastcore._version import __version__

pytestmark = pytest.mark.tools

PACKAGE = Path(fastcore.__file__).resolve().parent
#: What our import needs, borrowed from this environment by links.
BORROWED = ("numpy", "pydantic", "pydantic_core", "annotated_types", "typing_inspection")

THEIRS = {
    "fastcore/__init__.py": b'__version__ = "1.8.0"\n',
    "fastcore/basics.py": b"def first(x): return next(iter(x))\n",
    "fastcore/test.py": b"from .basics import first\ndef test_eq(a, b): assert a == b\n",
    "fastcore/xtras.py": b"from . import basics\n",
}


def write_wheel(folder: Path, name: str, version: str, files: dict[str, bytes]) -> Path:
    stem = f"{name.replace('-', '_')}-{version}"
    info = f"{stem}.dist-info"
    files = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: py3-none-any\n",
    }
    record = ""
    for path, data in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        record += f"{path},sha256={digest},{len(data)}\n"
    files[f"{info}/RECORD"] = (record + f"{info}/RECORD,,\n").encode()
    wheel = folder / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, data in files.items():
            archive.writestr(path, data)
    return wheel


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("wheels")
    ours = {
        f"fastcore/{path.relative_to(PACKAGE).as_posix()}": path.read_bytes()
        for path in sorted(PACKAGE.rglob("*.py"))
    }
    ours[f"fastcore/{Path(_core.__file__).name}"] = Path(_core.__file__).read_bytes()
    return {
        "ours": write_wheel(folder, "fastcore-ml", __version__, ours),
        "theirs": write_wheel(folder, "fastcore", "1.8.0", THEIRS),
    }


class Environment:
    """An environment with Python, NumPy and pydantic, into which wheels are installed by pip."""

    def __init__(self, folder: Path) -> None:
        venv.create(folder, with_pip=False, symlinks=True)
        self.folder = folder
        self.python = folder / "bin" / "python"
        self.site = next((folder / "lib").glob("python3.*")) / "site-packages"
        for name in BORROWED:
            spec = importlib.util.find_spec(name)
            assert spec is not None
            assert spec.origin is not None
            source = Path(spec.origin).parent
            for path in (source, source.with_name(f"{name}.libs")):
                if path.is_dir():
                    (self.site / path.name).symlink_to(path, target_is_directory=True)
            for path in source.parent.glob(f"{name}-*.dist-info"):
                (self.site / path.name).symlink_to(path, target_is_directory=True)
        extensions = importlib.util.find_spec("typing_extensions")
        assert extensions is not None
        assert extensions.origin is not None
        (self.site / "typing_extensions.py").symlink_to(extensions.origin)

    def pip(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "pip", "--python", str(self.python), *arguments]
        subprocess.run([*command, "-q"], check=True, capture_output=True)

    def install(self, wheel: Path) -> None:
        self.pip("install", "--no-index", "--no-deps", str(wheel))

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        # -P and a foreign folder: the checkout's own package must not be found.
        return subprocess.run(
            [str(self.python), "-P", *arguments], cwd=self.folder, capture_output=True, text=True
        )

    def doctor(self) -> tuple[int, dict[str, object]]:
        done = self.run("-m", "fastcore", "doctor", "--json")
        return done.returncode, json.loads(done.stdout)


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    return Environment(tmp_path / "environment")


def one_sentence(text: str) -> bool:
    line = text.strip().splitlines()[-1]
    return "fast.ai's 'fastcore'" in line and "uninstall both, then install" in line


def test_only_ours(environment: Environment, wheels: dict[str, Path]) -> None:
    environment.install(wheels["ours"])
    code, found = environment.doctor()
    assert (code, found["ok"], found["clash"], found["broken"]) == (0, True, [], [])
    assert found["distributions"] == {"fastcore-ml": __version__}
    done = environment.run("-c", "import fastcore; print(fastcore.build_info()['version'])")
    assert done.stdout.strip() == __version__, done.stderr


def test_only_theirs(environment: Environment, wheels: dict[str, Path]) -> None:
    """Nothing of ours is there to speak; nothing of ours stands in their way either."""
    environment.install(wheels["theirs"])
    assert environment.run("-c", "from fastcore.test import test_eq; test_eq(1, 1)").returncode == 0
    done = environment.run("-c", "import fastcore.schema")
    assert done.stderr.strip().splitlines()[-1].startswith("ModuleNotFoundError")


def test_ours_over_theirs(environment: Environment, wheels: dict[str, Path]) -> None:
    """Ours works; theirs is broken, and removing either would break the other: doctor says so."""
    environment.install(wheels["theirs"])
    environment.install(wheels["ours"])
    assert environment.run("-c", "import fastcore; fastcore.build_info()").returncode == 0
    code, found = environment.doctor()
    assert code == 3
    assert found["distributions"] == {"fastcore": "1.8.0", "fastcore-ml": __version__}
    assert found["broken"] == []
    assert isinstance(found["clash"], list)
    assert len(found["clash"]) == 1
    assert one_sentence(found["clash"][0])
    # Their modules are still there, and none of ours has replaced one.
    for name, data in THEIRS.items():
        if name != "fastcore/__init__.py":
            assert (environment.site / name).read_bytes() == data


def test_theirs_over_ours(environment: Environment, wheels: dict[str, Path]) -> None:
    environment.install(wheels["ours"])
    environment.install(wheels["theirs"])
    for statement in (
        "import fastcore.errors",
        "import fastcore.explanation",
        "from fastcore import schema",
        "import fastcore.serve",
        "import fastcore.demo",
    ):
        done = environment.run("-c", statement)
        assert done.returncode == 1
        assert done.stderr.strip().splitlines()[-1].startswith("ImportError: "), done.stderr
        assert one_sentence(done.stderr)
    for command in ("info", "demo", "bench"):
        done = environment.run("-m", "fastcore", command)
        assert done.returncode == 3, done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
        assert one_sentence(done.stderr)
    done = environment.run("-m", "fastcore", "doctor")
    assert done.returncode == 3
    assert all(one_sentence(line) for line in done.stderr.strip().splitlines()), done.stderr
    code, found = environment.doctor()
    assert (code, found["broken"]) == (3, [])
    assert found["distributions"] == {"fastcore": "1.8.0", "fastcore-ml": __version__}


def test_theirs_over_ours_then_removed(environment: Environment, wheels: dict[str, Path]) -> None:
    """What remains is a folder without ``__init__.py``; it says what happened and the remedy."""
    environment.install(wheels["ours"])
    environment.install(wheels["theirs"])
    environment.pip("uninstall", "-y", "fastcore")
    done = environment.run("-c", "import fastcore.errors")
    assert one_sentence(done.stderr)
    assert "is gone" in done.stderr
    assert environment.run("-m", "fastcore", "info").returncode == 3
    code, _ = environment.doctor()
    assert code == 3
    # And the remedy works.
    environment.pip("uninstall", "-y", "fastcore-ml")
    environment.install(wheels["ours"])
    assert environment.doctor()[0] == 0


def test_a_changed_file_is_named(environment: Environment, wheels: dict[str, Path]) -> None:
    environment.install(wheels["ours"])
    (environment.site / "fastcore" / "errors.py").write_text("changed = True\n")
    code, found = environment.doctor()
    assert code == 1
    assert isinstance(found["broken"], list)
    assert "fastcore/errors.py" in found["broken"][0]
