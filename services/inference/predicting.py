"""One prediction: bytes of an image in, shapes out, through Triton and the shared runtime."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from services.inference.admission import Admission
from services.inference.decoding import check_file, decode_rgb, decoded_bytes
from services.inference.domain.cutting import manifest_for
from services.inference.domain.served_shapes import to_shapes
from services.inference.errors import TilePlanMismatch
from services.inference.repository import Deployment
from services.inference.triton.client import TritonClient
from services.inference.triton.session import Circuit, TritonSession
from shared.contracts.shapes import Shape
from shared.runtime.manifest import ModelManifest
from shared.runtime.predictor import Predictor
from shared.vision.headers.header import ImageHeader
from shared.vision.tiles import TilePlan

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
    elapsed_ms: float


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask a deployed version.

    Attributes:
        prediction_id: Id of the prediction to be made.
        data: The image file.
        threshold: Lowest score; None takes the model's.
        tile_plan_hash: The plan by which the image was cut out of a larger one, if it was.
        project_grid: Rows and columns of the project's tiling option.
    """

    prediction_id: str
    data: bytes
    threshold: float | None = None
    tile_plan_hash: str | None = None
    project_grid: tuple[int, int] | None = None


class Predicting:
    """Runs predictions in a bounded pool of threads."""

    def __init__(
        self,
        client: TritonClient,
        admission: Admission,
        *,
        concurrency: int,
        retry_budget_s: float,
    ) -> None:
        """Bind the client; `on_not_ready` may be set later to wake the reconciler."""
        self._client = client
        self._admission = admission
        self.retry_budget_s = retry_budget_s
        self._circuit = Circuit()
        self._pool = ThreadPoolExecutor(concurrency, thread_name_prefix="predict")
        self._manifests: OrderedDict[str, ModelManifest] = OrderedDict()
        self.on_not_ready: Callable[[str, bool], None] = lambda _name, _broken: None

    async def ask(
        self, deployment: Deployment, question: Question, *, patient: bool = False
    ) -> Outcome:
        """Predict one image.

        Args:
            deployment: A version that is served.
            question: The image and how to look at it.
            patient: Wait in a long line instead of being turned away.

        Raises:
            NotAnImage: The bytes are no image within the limits.
            TilePlanMismatch: The image was cut by another plan than the model's.
            Busy: The line is full.
            TritonUnavailable: The model server does not answer.
            ModelNotReady: It does not serve this version at the moment.
        """
        header = check_file(question.data)
        manifest = self._cut_as_trained(deployment, question, header)
        async with (
            self._admission.line(patient=patient),
            self._admission.memory(decoded_bytes(header)),
        ):
            work = partial(self._work, deployment, manifest, question, header)
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def _work(
        self,
        deployment: Deployment,
        manifest: ModelManifest,
        question: Question,
        header: ImageHeader,
    ) -> Outcome:
        began = time.perf_counter()
        session = TritonSession(
            self._client,
            (deployment.id, deployment.number),
            circuit=self._circuit,
            budget_s=self.retry_budget_s,
            on_not_ready=self.on_not_ready,
        )
        image = decode_rgb(question.data, header)
        threshold = manifest.threshold if question.threshold is None else question.threshold
        found = Predictor(manifest, session).predict(image, threshold=threshold)
        return Outcome(
            shapes=to_shapes(question.prediction_id, found, manifest.labels),
            width=image.shape[1],
            height=image.shape[0],
            threshold=threshold,
            elapsed_ms=(time.perf_counter() - began) * 1e3,
        )

    def _cut_as_trained(
        self, deployment: Deployment, question: Question, header: ImageHeader
    ) -> ModelManifest:
        manifest = manifest_for(
            self._manifest(deployment),
            project_grid=question.project_grid,
            tile_plan_hash=question.tile_plan_hash,
        )
        if manifest is None:
            raise TilePlanMismatch(
                f"{deployment.model_version} was trained on another tile plan than this image "
                "was cut by: test the whole image, or tiles of the model's plan"
            )
        try:
            (manifest.tile_plan or TilePlan()).windows(*header.upright_size)
        except ValueError as error:
            raise TilePlanMismatch(f"the image cannot be cut as in training: {error}") from error
        return manifest

    def _manifest(self, deployment: Deployment) -> ModelManifest:
        known = self._manifests.get(deployment.id)
        if known is None:
            known = self._manifests[deployment.id] = ModelManifest.from_json(deployment.manifest)
            while len(self._manifests) > _CACHED_MANIFESTS:
                self._manifests.popitem(last=False)
        return known
