"""Makes the wheel `loupe-sdk` of the modules that production runs; it is not in the wheel itself.

``shared/sdk`` becomes ``loupe_sdk``, and what it needs of ``shared`` becomes ``loupe_sdk.house``:
the same text but for the names of modules. The wheel's layout is that of the binary distribution
format (packaging.python.org, "Binary distribution format"): a zip with a record of hashes.
"""

import ast
import base64
import hashlib
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

from shared.release import VERSION

ROOT = Path(__file__).parents[1]
PACKAGE, HOUSE = "loupe_sdk", "loupe_sdk.house"
NAME = f"{PACKAGE}-{VERSION}-py3-none-any.whl"
NEEDS = ("numpy>=2.1,<3", "onnxruntime>=1.20,<2", "opencv-python-headless>=4.10,<6")
_INFO = f"{PACKAGE}-{VERSION}.dist-info"
_SINCE = (1980, 1, 1, 0, 0, 0)  # of every file: the same sources make the same bytes
_OWN = "shared.sdk"
_LEFT_OUT = (f"{_OWN}.wheel",)
_MODULE = re.compile(r"\bshared\.(?=[a-z])")
_METADATA = f"""Metadata-Version: 2.1
Name: loupe-sdk
Version: {VERSION}
Summary: Predict with a model of Loupe, with the platform's own code.
Requires-Python: >=3.11
{{needs}}
Description-Content-Type: text/markdown

Unpack nothing: `Model.load("bundle.zip").predict("image.jpg")`; on the command line
`loupe-sdk predict | verify | bench | serve`. The guide is with the platform: docs/guides/sdk.md.
"""
_WHEEL = "Wheel-Version: 1.0\nGenerator: loupe\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
_ENTRY = f"[console_scripts]\nloupe-sdk = {PACKAGE}.command:main\n"


def build_wheel(folder: Path) -> Path:
    """Write the wheel into ``folder`` and return its path; equal sources give equal bytes."""
    files = {_path_of(name): _renamed(text) for name, text in sorted(modules().items())}
    files[f"{PACKAGE}/py.typed"] = ""
    files[f"{PACKAGE}/house/__init__.py"] = '"""What the SDK shares with the platform."""\n'
    needs = "\n".join(f"Requires-Dist: {need}" for need in NEEDS)
    files[f"{_INFO}/METADATA"] = _METADATA.format(needs=needs)
    files[f"{_INFO}/WHEEL"] = _WHEEL
    files[f"{_INFO}/entry_points.txt"] = _ENTRY
    record = [f"{name},sha256={_hash(text)},{len(text.encode())}" for name, text in files.items()]
    files[f"{_INFO}/RECORD"] = "\n".join([*record, f"{_INFO}/RECORD,,"]) + "\n"
    target = folder / NAME
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name, _SINCE), text, zipfile.ZIP_DEFLATED)
    return target


def modules() -> dict[str, str]:
    """The text of each module that the SDK is made of, by name: its own, and what they import."""
    found: dict[str, str] = {}
    waiting = [_name_of(path) for path in sorted((ROOT / "sdk").rglob("*.py"))]
    while waiting:
        name = waiting.pop()
        path = _file_of(name)
        if name in found or name in _LEFT_OUT or path is None:
            continue
        found[name] = path.read_text(encoding="utf-8")
        waiting += _parents(name)
        waiting += [each for each in _imports(found[name]) if each.startswith("shared.")]
    return found


def _imports(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{each.name}" for each in node.names)


def _parents(name: str) -> Iterator[str]:
    parts = name.split(".")
    yield from (".".join(parts[:end]) for end in range(2, len(parts)))


def _file_of(name: str) -> Path | None:
    place = ROOT.parent.joinpath(*name.split("."))
    for path in (place.with_suffix(".py"), place / "__init__.py"):
        if path.is_file():
            return path
    return None


def _name_of(path: Path) -> str:
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _path_of(name: str) -> str:
    place = _renamed(f"{name}.").rstrip(".").replace(".", "/")
    is_package = (ROOT.parent.joinpath(*name.split("."))).is_dir()
    return f"{place}/__init__.py" if is_package else f"{place}.py"


def _renamed(text: str) -> str:
    """A text with the wheel's names of modules.

    >>> _renamed("from shared.sdk.model import Model; import shared.vision.boxes")
    'from loupe_sdk.model import Model; import loupe_sdk.house.vision.boxes'
    """
    own = re.sub(r"\bshared\.sdk\b", PACKAGE, text)
    return _MODULE.sub(f"{HOUSE}.", own)


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
