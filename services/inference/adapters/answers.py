"""The answers of deployed versions: bytes of an image in, shapes out, through Triton."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from services.inference.adapters.admission import Admission
from services.inference.adapters.files import ForeignFiles
from services.inference.adapters.pixels import (
    check_cut,
    check_data,
    check_file,
    foreign_bytes,
    held_bytes,
    read_pixels,
)
from services.inference.adapters.triton.client import TritonClient
from services.inference.adapters.triton.session import Circuit, TritonSession
from services.inference.errors import NotAnImage, TilePlanMismatch
from services.inference.repository import Deployment
from shared.contracts.result_shapes import to_shapes
from shared.contracts.shapes import Shape
from shared.runtime.cuts import Cut, PlanRefused, cut_for
from shared.runtime.image_rows import FileRows, RowsUnreadable
from shared.runtime.images import RgbPixels
from shared.runtime.manifest import ModelManifest
from shared.runtime.predictor import Predictor
from shared.vision.headers.header import ImageHeader

_CACHED_MANIFESTS = 64


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one image.

    Attributes:
        shapes: Boxes in falling order of score, in pixels of the upright image.
        width: Width of the upright image.
        height: Its height.
        threshold: The score down to which shapes are kept.
        elapsed_ms: Time of decoding and predicting, waiting in line not counted.
    """

    shapes: tuple[Shape, ...]
    width: int
    height: int
    threshold: float
    elapsed_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask a deployed version.

    Attributes:
        prediction_id: Id of the prediction to be made.
        image: A file from outside, by its path, or what reads one of the gallery, which was decoded
            before and is plain.
        threshold: Lowest score; None takes the model's.
        tile_plan_hash: The plan by which the image was cut out of a larger one; None says that it
            is a whole one, which is then cut as the model's images were.
    """

    prediction_id: str
    image: Path | Callable[[], Awaitable[bytes]]
    threshold: float | None = None
    tile_plan_hash: str | None = None


class Answers:
    """Runs predictions in a bounded pool of threads."""

    def __init__(
        self,
        client: TritonClient,
        admission: Admission,
        files: ForeignFiles,
        *,
        concurrency: int,
        retry_budget_s: float,
    ) -> None:
        """Bind the client; `on_not_ready` may be set later to wake the reconciler."""
        self._client = client
        self._admission = admission
        self._files = files
        self.retry_budget_s = retry_budget_s
        self._circuit = Circuit()
        self._pool = ThreadPoolExecutor(concurrency, thread_name_prefix="predict")
        self._manifests: OrderedDict[str, ModelManifest] = OrderedDict()
        self.on_not_ready: Callable[[str, bool], None] = lambda _name, _broken: None

    async def ask(
        self, deployment: Deployment, question: Question, *, patient: bool = False
    ) -> Outcome:
        """Predict one image, which is read once its turn has come.

        Args:
            deployment: A version that is served.
            question: The image and how to look at it.
            patient: Wait in a long line instead of being turned away.

        Raises:
            NotAnImage: The file is no image within the limits.
            NotFound: The gallery's file is gone.
            NoSpaceLeft: There is no room for the pixels of a file from outside.
            TilePlanMismatch: The image was cut by another plan than the model's.
            Busy: The line is full.
            TritonUnavailable: The model server does not answer.
            ModelNotReady: It does not serve this version at the moment.
        """
        async with self._admission.line(patient=patient):
            if isinstance(question.image, Path):
                return await self._ask_of_file(deployment, question, question.image)
            return await self._ask_of_kept(deployment, question, await question.image())

    async def _ask_of_file(self, deployment: Deployment, question: Question, path: Path) -> Outcome:
        header = await asyncio.to_thread(check_file, path)
        cut = self._cut_as_trained(deployment, question, header)
        async with self._admission.memory(foreign_bytes(header, cut)):
            began = time.perf_counter()
            async with self._files.opened(path, header) as pixels:
                outcome = await self._run(deployment, question, lambda: pixels)
        return _timed(outcome, began)

    async def _ask_of_kept(
        self, deployment: Deployment, question: Question, data: bytes
    ) -> Outcome:
        header = check_data(data)
        cut = self._cut_as_trained(deployment, question, header)
        async with self._admission.memory(held_bytes(header, cut)):
            began = time.perf_counter()
            outcome = await self._run(deployment, question, partial(read_pixels, data, header, cut))
        return _timed(outcome, began)

    async def _run(
        self, deployment: Deployment, question: Question, read: Callable[[], RgbPixels | FileRows]
    ) -> Outcome:
        work = partial(self._work, deployment, question, read)
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def _work(
        self, deployment: Deployment, question: Question, read: Callable[[], RgbPixels | FileRows]
    ) -> Outcome:
        manifest = self._manifest(deployment)
        session = TritonSession(
            self._client,
            (deployment.id, deployment.number),
            circuit=self._circuit,
            budget_s=self.retry_budget_s,
            on_not_ready=self.on_not_ready,
        )
        image = read()
        threshold = manifest.threshold if question.threshold is None else question.threshold
        try:
            found = Predictor(manifest, session).predict(
                image, threshold=threshold, tile_plan_hash=question.tile_plan_hash
            )
        except RowsUnreadable as error:
            raise NotAnImage(str(error)) from error
        height, width = (
            image.shape[:2] if isinstance(image, np.ndarray) else (image.height, image.width)
        )
        return Outcome(
            shapes=to_shapes(question.prediction_id, found, manifest.labels),
            width=width,
            height=height,
            threshold=threshold,
        )

    def _cut_as_trained(
        self, deployment: Deployment, question: Question, header: ImageHeader
    ) -> Cut:
        manifest = self._manifest(deployment)
        try:
            cut = cut_for(manifest, *header.upright_size, tile_plan_hash=question.tile_plan_hash)
        except PlanRefused as error:
            raise TilePlanMismatch(
                f"{deployment.model_version} cannot test this image: {error}; test the whole "
                f"image, or tiles of plan {manifest.learnt_plan.hash}"
            ) from error
        check_cut(header, cut, is_tile=question.tile_plan_hash is not None)
        return cut

    def _manifest(self, deployment: Deployment) -> ModelManifest:
        known = self._manifests.get(deployment.id)
        if known is None:
            known = self._manifests[deployment.id] = ModelManifest.from_json(deployment.manifest)
            while len(self._manifests) > _CACHED_MANIFESTS:
                self._manifests.popitem(last=False)
        return known


def _timed(outcome: Outcome, began: float) -> Outcome:
    return replace(outcome, elapsed_ms=(time.perf_counter() - began) * 1e3)
