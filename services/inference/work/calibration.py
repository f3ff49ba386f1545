"""A version in 8-bit integers: calibrated on images that trained it, made by a guarded child."""

import hashlib
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from services.inference.errors import CertificateRefused
from services.inference.process.quantiser import MODEL, QUANTISED, VIEWS
from services.inference.work.artefacts import VersionFiles
from services.inference.work.certification import MOST_PIXELS
from shared.blobs.content import read_content
from shared.blobs.port import Blobs
from shared.contracts.snapshot import Snapshot, SnapshotImage
from shared.disk import room_on_disk
from shared.errors import NotFound
from shared.guarded.limits import Limits
from shared.guarded.pool import GuardedPool, TooCostly
from shared.images.directory import ImageDirectory
from shared.jobs.job import Progress
from shared.jobs.worker import Lease
from shared.runtime.golden import Golden
from shared.runtime.onnx_session import OnnxSession
from shared.runtime.predictor import Predictor
from shared.runtime.session import ImageBatch, Tensors
from shared.sdk.image_files import ImageUnreadable, read_image

MOST_IMAGES = 64
MOST_VIEW_BYTES = 128 << 20  # of all of the model's inputs together
_MODULE = "services.inference.process.quantiser"
_LIMITS = Limits(8 << 30, cpu_s=7200, wall_s=7200.0)

View = NDArray[np.uint8]


class _Watched:
    """A session that keeps what it is asked: the model's inputs, as production makes them."""

    def __init__(self, session: OnnxSession) -> None:
        self._session = session
        self.views: list[View] = []

    def run(self, images: ImageBatch) -> Tensors:
        self.views.extend(np.array(images))
        return self._session.run(images)


class Calibration:
    """Makes the integer model of a version."""

    def __init__(self, blobs: Blobs, images: ImageDirectory) -> None:
        """Bind the stores; a child is started for each model and ends with it."""
        self._blobs = blobs
        self._images = images
        self._pool = GuardedPool(_MODULE, workers=1, limits=_LIMITS, keep=False)

    async def quantised(
        self, lease: Lease, artefacts: VersionFiles, snapshot: Snapshot, folder: Path
    ) -> VersionFiles:
        """Return the version with its convolutions in 8 bits, and its own golden answer.

        Raises:
            CertificateRefused: No image that trained is left, or there is nothing to turn.
            DependencyDown: No child starts.
        """
        views = await self._views(lease, artefacts, snapshot)
        await lease.report(Progress(stage="quantising"))
        await lease.in_thread(_write, folder, artefacts.onnx, views)
        try:
            (told,) = await self._pool.ask({"folder": str(folder)})
        except TooCostly as error:
            raise CertificateRefused(f"turning the model into 8 bits takes {error}") from error
        if "reason" in told:
            raise CertificateRefused(f"the model cannot be turned into 8 bits: {told['reason']}")
        if not told["quantised"]:
            raise CertificateRefused("the model has no convolution that 8 bits could make smaller")
        return await lease.in_thread(_renewed, artefacts, folder / QUANTISED)

    async def _views(self, lease: Lease, artefacts: VersionFiles, snapshot: Snapshot) -> list[View]:
        watched = _Watched(await lease.in_thread(OnnxSession, artefacts.onnx))
        predictor = Predictor(artefacts.manifest, watched)
        most = max(1, MOST_VIEW_BYTES // artefacts.golden.image[0].nbytes)
        for image in _chosen(snapshot):
            await lease.report(Progress(stage="calibrating"))
            if await self._images.is_deleted(lease.job.tenant, image.image_id):
                continue
            try:
                file = await read_content(self._blobs, image.blob_key)
                await lease.in_thread(_look, predictor, image, file)
            except (NotFound, ImageUnreadable):
                continue
            if len(watched.views) >= most:
                break
        if not watched.views:
            raise CertificateRefused("no image that trained the version is left to calibrate on")
        return watched.views[:most]


def _chosen(snapshot: Snapshot) -> list[SnapshotImage]:
    """Images that trained, drawn by the dataset's hash."""
    fit = [
        image
        for image in snapshot.images
        if image.split == "train" and image.width * image.height <= MOST_PIXELS
    ]
    return random.Random(snapshot.dataset_hash).sample(fit, min(len(fit), MOST_IMAGES))


def _look(predictor: Predictor, image: SnapshotImage, file: bytes) -> None:
    predictor.predict(read_image(file), tile_plan_hash=image.plan_hash)


def _write(folder: Path, onnx: bytes, views: list[View]) -> None:
    with room_on_disk():
        (folder / MODEL).write_bytes(onnx)
        np.save(folder / VIEWS, np.stack(views))


def _renewed(artefacts: VersionFiles, path: Path) -> VersionFiles:
    onnx = path.read_bytes()
    session = OnnxSession(onnx)
    manifest = replace(artefacts.manifest, model_sha256=hashlib.sha256(onnx).hexdigest())
    each = [Golden(one.image, session.run(one.image)) for one in artefacts.golden.each()]
    golden = Golden(each[0].image, each[0].outputs, tuple(each[1:]))
    return VersionFiles(onnx, manifest, golden)
