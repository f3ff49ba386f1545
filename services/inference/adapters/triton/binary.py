"""Finds the real ``tritonserver`` that the ``nvidia-pytriton`` wheel carries.

Only files of the wheel are used; the package itself is never imported (it is installed without
its dependencies).
"""

import ctypes.util
import platform
import sys
import sysconfig
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from services.inference.errors import TritonUnavailable

_STUB = "triton_python_backend_stub"


@dataclass(frozen=True, slots=True)
class TritonFiles:
    """Where the server, its Python backend and its libraries lie.

    Attributes:
        server: The ``tritonserver`` executable.
        backend_files: Files that must stand together in the backend's folder.
        libraries: Folder of the bundled shared libraries.
        site_packages: Folder from which ``model.py`` imports numpy and onnxruntime.
    """

    server: Path
    backend_files: tuple[Path, ...]
    libraries: Path
    site_packages: Path


@dataclass(frozen=True, slots=True)
class PythonRuntime:
    """How the backend's stub finds its interpreter.

    Attributes:
        library_folder: Folder of ``libpython``; None where the system's loader knows it.
        search_path: ``PATH`` of the stub, by which libpython finds its standard library.
    """

    library_folder: Path | None
    search_path: str

    @property
    def needed(self) -> tuple[Path, ...]:
        """What whoever runs the stub must be able to read."""
        own = (Path(sys.base_prefix), Path(sysconfig.get_path("stdlib")))
        if self.library_folder is None:
            return own
        # By the interpreter on the search path, where its environment's pyvenv.cfg may stand above.
        found = Path(sys.executable)
        return (*own, self.library_folder, Path(sys.prefix), found.parent, found)


def check_platform(system: str, machine: str) -> None:
    """Raise TritonUnavailable with one clear line unless this is x86-64 Linux."""
    if system != "Linux" or machine not in ("x86_64", "AMD64"):
        raise TritonUnavailable(
            f"the embedded Triton runs on x86-64 Linux only, this is {machine} {system}: "
            "set LOUPE_INFERENCE_TRITON_URL to a Triton server elsewhere"
        )


def find_triton(site_packages: Path | None = None) -> TritonFiles:
    """Locate the wheel's files for the running Python.

    Args:
        site_packages: Where to look; None asks the import system.

    Raises:
        TritonUnavailable: Not x86-64 Linux, the wheel is missing, or it has no stub for this
            Python version. The message is one line that says what to do.
    """
    check_platform(platform.system(), platform.machine())
    root = site_packages or _installed_root()
    home = root / "pytriton" / "tritonserver"
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    files = TritonFiles(
        server=home / "bin" / "tritonserver",
        backend_files=(
            home / "backends" / "python" / "libtriton_python.so",
            home / "backends" / "python" / "triton_python_backend_utils.py",
            home / "python_backend_stubs" / version / _STUB,
        ),
        libraries=root / "nvidia_pytriton.libs",
        site_packages=root,
    )
    for path in (files.server, *files.backend_files, files.libraries):
        if not path.exists():
            raise TritonUnavailable(
                f"{path} is missing: install the model server with "
                "`uv pip install --no-deps nvidia-pytriton==0.7.0`"
            )
    return files


def _installed_root() -> Path:
    spec = find_spec("pytriton")
    if spec is None or not spec.submodule_search_locations:
        raise TritonUnavailable(
            "the Triton binary is missing: install the model server with "
            "`uv pip install --no-deps nvidia-pytriton==0.7.0`"
        )
    return Path(next(iter(spec.submodule_search_locations))).parent


def find_python_runtime() -> PythonRuntime:
    """Find the ``libpython`` that the stub links to.

    The stub starts its interpreter in isolated mode: environment variables are ignored, and the
    standard library is found by looking for ``python3`` on ``PATH``. So the interpreter's own
    folder comes first when its own libpython is used, the system's when the system's is.

    Raises:
        TritonUnavailable: No libpython of this version is on the machine.
    """
    name = f"libpython{sys.version_info.major}.{sys.version_info.minor}.so.1.0"
    folders = (sysconfig.get_config_var("LIBDIR"), f"{sys.base_prefix}/lib")
    for folder in folders:
        if folder and (Path(folder) / name).exists():
            own = Path(sys.executable).parent
            return PythonRuntime(Path(folder), f"{own}:/usr/bin:/bin")
    if ctypes.util.find_library(name.removeprefix("lib").removesuffix(".so.1.0")):
        return PythonRuntime(None, "/usr/bin:/bin")
    raise TritonUnavailable(
        f"{name} is missing: install it (Debian: apt install {name.removesuffix('.so.1.0')}) "
        "or run Loupe with a Python that has it, such as uv's"
    )
