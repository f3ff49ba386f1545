"""The work on exports: certify a version's file, sign it, store it."""

import asyncio
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from services.inference.adapters.bundles import as_json, fresh_seed, signed, write_zip
from services.inference.domain.accuracy import rows_of
from services.inference.domain.export_facts import facts_of, notice_of, precision_of
from services.inference.errors import CertificateRefused, UnservableModel
from services.inference.handlers.deployments import deployment_id
from services.inference.repository import EXPORT_KEYS, EXPORTS, VERSIONS, Export, ExportKey
from services.inference.work.artefacts import VersionFiles, read_artefacts
from services.inference.work.calibration import Calibration
from services.inference.work.certification import (
    Answer,
    CertificateQuestion,
    answer,
    certificate,
    count_held_out,
    questions,
    shown,
    summary,
)
from shared.blobs.content import hash_of, put_by_hash, read_content
from shared.blobs.port import Blobs
from shared.contracts.prediction_columns import PredictionColumns
from shared.contracts.snapshot import Snapshot
from shared.documents.port import Collection, Documents, TenantScope
from shared.errors import NotFound
from shared.ids import derived_id
from shared.images.directory import ImageDirectory
from shared.jobs.job import Progress
from shared.jobs.worker import Lease
from shared.projects.directory import ProjectDirectory
from shared.runtime.tasks.table import spec_of
from shared.sdk.bundle import (
    CERTIFICATE,
    EXPECTED,
    GOLDEN,
    MANIFEST,
    MODEL,
    NOTICE,
    Bundle,
    BundleError,
)
from shared.sdk.model import Model
from shared.sdk.verification import verify
from shared.sdk.wheel import build_wheel

MOST_SHOWN = 8
MOST_SHOWN_BYTES = 4 << 20  # of all images in a bundle
_CERTIFIED_PERCENT = 90.0


@dataclass(slots=True)
class _Asked:
    """What was asked so far: the answers, and the images that will travel with the bundle."""

    answers: list[Answer]
    shown: dict[str, tuple[Answer, bytes]]

    def add(self, one: Answer, file: bytes) -> None:
        self.answers.append(one)
        taken = sum(len(data) for _, data in self.shown.values())
        if len(self.shown) < MOST_SHOWN and taken + len(file) <= MOST_SHOWN_BYTES:
            suffix = Path(one.question.image.name).suffix.lower() or ".img"
            self.shown[f"images/{len(self.shown) + 1}{suffix}"] = one, file


@dataclass(frozen=True, slots=True)
class _Material:
    """All that an export is made of, and the key that signs it."""

    artefacts: VersionFiles
    snapshot: Snapshot
    reported: PredictionColumns
    facts: Mapping[str, Any]
    seed: str = field(repr=False)

    def files(self) -> dict[str, bytes]:
        manifest = self.artefacts.manifest
        return {
            MODEL: self.artefacts.onnx,
            MANIFEST: manifest.to_json().encode(),
            NOTICE: notice_of(manifest).encode(),
            GOLDEN: self.artefacts.golden.to_bytes(),
        }

    def signed(self, files: Mapping[str, bytes]) -> Bundle:
        return signed(files, self.facts, self.seed)


class ExportWork:
    """Makes one export; one of a killed worker is begun anew."""

    def __init__(
        self,
        documents: Documents,
        blobs: Blobs,
        *,
        projects: ProjectDirectory,
        images: ImageDirectory,
        staging: Path,
    ) -> None:
        """``staging`` is a folder for files on their way."""
        self._documents = documents
        self._blobs = blobs
        self._projects = projects
        self._images = images
        self._staging = staging
        self._calibration = Calibration(blobs, images)

    async def work(self, lease: Lease) -> None:
        """Make the leased export.

        Raises:
            CertificateRefused: The file answers otherwise than the reported model.
            UnservableModel: The version's artefacts are damaged.
            LoupeError: It cannot go on, or not now.
        """
        export = await self._exports(lease.job.tenant).get(lease.job.id)
        await lease.report(Progress(stage="reading"))
        folder = self._staging / f"{export.id}-{lease.job.attempt}"
        try:
            await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
            update = await self._made(lease, export, folder)
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        await self._exports(export.tenant).change(
            export.id, lambda current: current.model_copy(update=update)
        )
        await lease.report(Progress(percent=100.0, stage="done"))

    async def _made(self, lease: Lease, export: Export, folder: Path) -> dict[str, object]:
        """Make the file and store it; return what the export tells of it."""
        material = await self._read(lease, export)
        is_exact = precision_of(export.target) == "float32"
        if not is_exact:
            artefacts = await self._calibration.quantised(
                lease, material.artefacts, material.snapshot, folder
            )
            material = replace(material, artefacts=artefacts)
        files = await lease.in_thread(material.files)
        model = await lease.in_thread(_loaded, material, files)
        asked = await self._ask(lease, model, questions(material.snapshot, material.reported))
        held_out = count_held_out(material.snapshot, material.reported)
        rows = rows_of(spec_of(model.task).name, model.labels)
        figures = summary(asked.answers, held_out, rows, is_exact=is_exact)
        files[CERTIFICATE] = as_json(certificate(asked.answers, figures, is_exact=is_exact))
        await lease.report(Progress(percent=_CERTIFIED_PERCENT, stage="packing"))
        if export.target == "sdk":
            files |= await lease.in_thread(_extras, model, asked, folder)
        bundle = await lease.in_thread(material.signed, files)
        stored = await self._store(lease, export, bundle, folder / "bundle.zip")
        return {**stored, "fingerprint": bundle.fingerprint, "certificate": figures}

    async def _read(self, lease: Lease, export: Export) -> "_Material":
        scope = TenantScope(export.tenant)
        project = await self._projects.require(export.tenant, export.project_id)
        name = deployment_id(export.tenant, export.project_id, export.model_version)
        version = await self._documents.collection(VERSIONS, scope).get(name)
        artefacts = await read_artefacts(self._blobs, version)
        snapshot = await self._blobs.read(version.manifest_key)
        reported = await self._blobs.read(version.predictions_key)
        return _Material(
            artefacts=artefacts,
            snapshot=await lease.in_thread(Snapshot.model_validate_json, snapshot),
            reported=await lease.in_thread(PredictionColumns.from_bytes, reported),
            facts=facts_of(
                artefacts.manifest, target=export.target, project=(project.id, project.name)
            ),
            seed=(await self._key(export.tenant)).seed,
        )

    async def _ask(self, lease: Lease, model: Model, wanted: list[CertificateQuestion]) -> _Asked:
        """Ask the exported file about each image that is still there.

        The dataset keeps the files of images that people deleted since: those do not leave.
        """
        asked = _Asked([], {})
        for done, question in enumerate(wanted):
            percent = _CERTIFIED_PERCENT * done / len(wanted)
            await lease.report(
                Progress(percent=percent, stage="certifying", figures={"images": float(done)})
            )
            if await self._images.is_deleted(lease.job.tenant, question.image.image_id):
                continue
            try:
                file = await read_content(self._blobs, question.image.blob_key)
            except NotFound:  # removed by hand, or damaged
                continue
            asked.add(await lease.in_thread(answer, model, question, file), file)
        return asked

    async def _store(
        self, lease: Lease, export: Export, bundle: Bundle, path: Path
    ) -> dict[str, object]:
        """Store the file as a user will get it, after he could check it himself."""
        await lease.in_thread(write_zip, bundle, path)
        try:
            checked = await lease.in_thread(verify, path)
        except BundleError as error:
            raise CertificateRefused(f"the exported file fails its own check: {error}") from error
        if not checked.is_sound:
            raise CertificateRefused(
                f"the exported file fails its own check: {'; '.join(checked.faults[:3])}"
            )
        sha256 = await asyncio.to_thread(hash_of, path)
        size = (await asyncio.to_thread(path.stat)).st_size
        key = await put_by_hash(
            self._blobs, path, tenant=export.tenant, project_id=export.project_id, sha256=sha256
        )
        return {"blob_key": key, "sha256": sha256, "size_bytes": size}

    async def _key(self, tenant: str) -> ExportKey:
        """The tenant's key, made when it is needed first."""
        keys = self._documents.collection(EXPORT_KEYS, TenantScope(tenant))
        name = derived_id("export-key", tenant)
        known = await keys.find(name)
        return known or await keys.ensure(ExportKey(id=name, tenant=tenant, seed=fresh_seed()))

    def _exports(self, tenant: str) -> Collection[Export]:
        return self._documents.collection(EXPORTS, TenantScope(tenant))


def _loaded(material: _Material, files: Mapping[str, bytes]) -> Model:
    """The model as its user loads it; raise UnservableModel where its artefacts do not allow it."""
    try:
        return Model.load(material.signed(files))
    except BundleError as error:
        raise UnservableModel(f"an artefact is damaged: {error}") from error


def _extras(model: Model, asked: _Asked, folder: Path) -> dict[str, bytes]:
    """What an SDK bundle holds beside the model: images with their answers, and the SDK."""
    cases = [
        one.as_case(name, shown(model, one.question, file))
        for name, (one, file) in asked.shown.items()
    ]
    wheel = build_wheel(folder)
    images = {name: file for name, (_, file) in asked.shown.items()}
    return {**images, EXPECTED: as_json({"images": cases}), wheel.name: wheel.read_bytes()}
