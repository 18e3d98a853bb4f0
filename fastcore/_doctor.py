"""A closer look at an installation: whose files lie in the ``fastcore`` folder, does it load.

Standard library only, and no import of ours at the top: it must run where fast.ai's package has
overwritten ``fastcore/__init__.py``.
"""

import base64
import hashlib
import importlib
import importlib.metadata
import platform
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

#: Libraries whose version decides what a report means; the optional ones may be absent.
LIBRARIES = ("numpy", "pydantic", "pydantic-core", "scikit-learn", "pandas", "fastapi", "uvicorn")
_OURS, _THEIRS = "fastcore-ml", "fastcore"


@dataclass
class Diagnosis:
    """What `examine` found. ``clash`` and ``broken`` are sentences, empty if all is well."""

    folder: str
    python: str = field(default_factory=platform.python_version)
    distributions: dict[str, str] = field(default_factory=dict)
    libraries: dict[str, str] = field(default_factory=dict)
    clash: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """3 for a clash of the two packages, 1 for anything else that is broken, else 0."""
        return 3 if self.clash else 1 if self.broken else 0

    def to_dict(self) -> dict[str, object]:
        """The same as plain values, for JSON."""
        return {"ok": self.exit_code == 0, **asdict(self)}


def examine() -> Diagnosis:
    """Look at the folder that the import name ``fastcore`` leads to, and at who put it there."""
    package = importlib.import_module("fastcore")
    folder = Path(next(iter(package.__path__))).resolve()
    found = Diagnosis(str(folder))
    owners = dict(_owners(folder))
    _whose(found, folder, owners)
    try:
        importlib.import_module("fastcore._identity")
    except ImportError as error:
        found.clash.insert(0, str(error))
        return found
    # Only without a clash: one is mended by installing anew, and two remedies would contradict.
    if not found.clash and _OURS in owners:
        _intact(found, owners[_OURS])
    try:
        importlib.import_module("fastcore._core")
    except Exception as error:  # whatever stops the extension from loading is the finding
        found.broken.append(f"fastcore._core does not load: {error}")
    for name in LIBRARIES:
        try:
            found.libraries[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    for name in ("numpy", "pydantic"):
        if name not in found.libraries:
            found.broken.append(f"{name} is not installed: python -m pip install {name}")
    return found


def _whose(
    found: Diagnosis, folder: Path, owners: dict[str, importlib.metadata.Distribution]
) -> None:
    """Which distributions say that they own files in `folder`; two are a clash."""
    found.distributions = {name: dist.version for name, dist in owners.items()}
    if _OURS in owners and _THEIRS in owners:
        found.clash.append(
            f"fast.ai's 'fastcore' {found.distributions[_THEIRS]} and 'fastcore-ml' "
            f"{found.distributions[_OURS]} are both installed into {folder}, so removing either "
            "breaks the other; uninstall both, then install the one you want"
        )


def _intact(found: Diagnosis, ours: importlib.metadata.Distribution) -> None:
    """Name the files that are not as they were installed."""
    changed = _overwritten(ours)
    if changed:
        found.broken.append(
            f"not as 'fastcore-ml' installed it: {', '.join(changed[:5])}"
            f"{' and others' if len(changed) > 5 else ''}; "
            "python -m pip install --force-reinstall --no-deps fastcore-ml"
        )


def _owners(folder: Path) -> Iterator[tuple[str, importlib.metadata.Distribution]]:
    """Distributions whose RECORD lists a file of `folder`; an editable one lists none."""
    seen = set()
    for dist in importlib.metadata.distributions():
        name = (dist.metadata["Name"] or "").lower().replace("_", "-")
        if name not in (_OURS, _THEIRS) or name in seen:
            continue
        init = [file for file in dist.files or [] if file.as_posix() == "fastcore/__init__.py"]
        if init and Path(str(dist.locate_file(init[0]))).resolve().parent == folder:
            seen.add(name)
            yield name, dist


def _overwritten(dist: importlib.metadata.Distribution) -> list[str]:
    """Files that are missing, or whose contents have not the hash in RECORD."""
    changed = []
    for file in dist.files or []:
        if file.hash is None or file.hash.mode not in hashlib.algorithms_guaranteed:
            continue
        try:
            digest = hashlib.new(file.hash.mode, Path(str(dist.locate_file(file))).read_bytes())
        except OSError:
            changed.append(file.as_posix())
            continue
        if base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode() != file.hash.value:
            changed.append(file.as_posix())
    return changed


def show(found: Diagnosis) -> None:
    """Print the findings for a person."""
    owners = [f"{name} {version}" for name, version in found.distributions.items()]
    libraries = [f"{name} {version}" for name, version in found.libraries.items()]
    print(f"folder         {found.folder}")
    print(f"installed by   {', '.join(owners) or 'no wheel (a checkout, or an editable install)'}")
    print(f"Python         {found.python}")
    print(f"libraries      {', '.join(libraries) or 'not looked at'}")
    for sentence in [*found.clash, *found.broken]:
        print(f"problem: {sentence}", file=sys.stderr)
    print("all is well" if found.exit_code == 0 else "see the problems")
