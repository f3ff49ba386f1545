"""A model in the hands of its user: image in, typed results out."""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shared.runtime.manifest import ManifestError, ModelManifest
from shared.runtime.onnx_session import OnnxSession
from shared.runtime.predictor import Predictor
from shared.runtime.preprocess import Image
from shared.runtime.session import TensorSession
from shared.runtime.tasks.names import ShapeKind
from shared.runtime.tasks.spec import Drawn, Results
from shared.runtime.tasks.table import UnknownTask
from shared.sdk.bundle import MANIFEST, MODEL, Bundle, BundleError
from shared.sdk.image_files import read_image
from shared.vision.masks import from_text, to_dense


@dataclass(frozen=True, slots=True)
class Found:
    """One result.

    Attributes:
        label: Its label.
        score: In [0, 1].
        kind: ``box``, ``mask``, ``polygon`` (a line of text) or ``image`` (the label is that of the
            whole image).
        points: Corners of a box, ``((x1, y1), (x2, y2))`` in pixels of the upright image; the four
            of a line of text, from its upper left clockwise.
        mask_size: Height and width of a mask's image; None for another kind.
        mask_counts: COCO's compressed run-length code of a mask; empty for another kind.
        text: What a line of text says; None for another kind.
    """

    label: str
    score: float
    kind: ShapeKind
    points: tuple[tuple[float, float], ...] = ()
    mask_size: tuple[int, int] | None = None
    mask_counts: str = ""
    text: str | None = None

    @property
    def box(self) -> tuple[float, float, float, float] | None:
        """``x1, y1, x2, y2`` in pixels of the upright image; None for another kind."""
        if self.kind != "box":
            return None
        (left, top), (right, bottom) = self.points
        return left, top, right, bottom

    def pixels(self) -> NDArray[np.bool_]:
        """Return a mask's pixels, ``(H, W)``; raise ValueError for another kind."""
        if self.mask_size is None:
            raise ValueError(f"a {self.kind} has no pixels of its own")
        return np.asarray(to_dense(from_text(self.mask_counts), *self.mask_size), np.bool_)


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model says about one image.

    Attributes:
        found: The results at or above the threshold, best first.
        threshold: The threshold that was used.
        width: Of the upright image, in pixels.
        height: Of the upright image, in pixels.
        elapsed_ms: Time that predicting took, without reading the file.
    """

    found: tuple[Found, ...]
    threshold: float
    width: int
    height: int
    elapsed_ms: float


class Model:
    """A model of a bundle. Many threads may use one at the same time."""

    def __init__(
        self, manifest: ModelManifest, session: TensorSession, *, fingerprint: str = ""
    ) -> None:
        self.manifest = manifest
        self.fingerprint = fingerprint
        self._predictor = Predictor(manifest, session)

    @classmethod
    def load(
        cls, bundle: Path | str | Bundle, *, threads: int = 0, fingerprint: str | None = None
    ) -> "Model":
        """Load the model of a bundle that is whole and as it was signed.

        Args:
            bundle: Its zip or folder.
            threads: Threads of one prediction; 0 leaves the choice to ONNX Runtime.
            fingerprint: That of the platform's key, as its console shows it. None accepts any key:
                the bundle is then known to be whole, and not whose it is.

        Raises:
            BundleError: It was changed, signed by another key, or is none that can be used here.
        """
        read = bundle if isinstance(bundle, Bundle) else Bundle.read(bundle)
        if faults := read.faults(fingerprint):
            raise BundleError("; ".join(faults))
        return cls.unchecked(read, threads=threads)

    @classmethod
    def unchecked(cls, bundle: Bundle, *, threads: int = 0) -> "Model":
        """Load a bundle whatever its signature says, in order to look at it; see :meth:`load`."""
        try:
            manifest = ModelManifest.from_json(bundle.files[MANIFEST])
            session = OnnxSession(bundle.files[MODEL], threads=threads)
            return cls(manifest, session, fingerprint=bundle.fingerprint)
        except BundleError:
            raise
        except UnknownTask as error:
            raise BundleError(f"{MANIFEST} has a task that is not known here: {error}") from error
        except KeyError as error:
            raise BundleError(f"the bundle has no {error.args[0]}") from error
        except ManifestError as error:
            raise BundleError(str(error)) from error
        except Exception as error:  # onnxruntime has no class of its own to name
            raise BundleError(f"{MODEL} cannot be loaded: {error}") from error

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the labels."""
        return self.manifest.labels

    @property
    def task(self) -> str:
        """The name of the task, such as ``detection``."""
        return self.manifest.task

    @property
    def version(self) -> str:
        """The version's name in its project, such as ``V3``."""
        return self.manifest.version

    @property
    def threshold(self) -> float:
        """The operating point: the threshold of :meth:`predict` where none is named."""
        return self.manifest.threshold

    def predict(
        self, image: Image | Path | str | bytes, *, threshold: float | None = None
    ) -> Prediction:
        """Say what is in one image; large ones are cut by the platform's plan.

        Args:
            image: ``(H, W, 3)`` uint8 RGB pixels, a JPEG, PNG or BMP file, or its bytes.
            threshold: Lowest score to return, in [0, 1]; None takes the model's operating point.

        Raises:
            ImageUnreadable: The file is no image that can be read.
            ValueError: Pixels of another kind, a threshold outside [0, 1], or an image that the
                model's tile plan cannot cut.
        """
        limit = self.threshold if threshold is None else threshold
        if not 0 <= limit <= 1:
            raise ValueError(f"a threshold is in [0, 1], not {threshold}")
        pixels = image if isinstance(image, np.ndarray) else read_image(image)
        began = time.perf_counter()
        results = self.results(pixels, threshold=limit)
        return Prediction(
            found=tuple(self._found(one) for one in results.drawn()),
            threshold=limit,
            width=pixels.shape[1],
            height=pixels.shape[0],
            elapsed_ms=(time.perf_counter() - began) * 1000,
        )

    def results(
        self, pixels: Image, *, threshold: float, tile_plan_hash: str | None = None
    ) -> Results:
        """Return results as the platform stores them: columns of numbers, see `predict`.

        ``tile_plan_hash`` names the plan by which the image was cut out of a larger one.
        """
        return self._predictor.predict(pixels, threshold=threshold, tile_plan_hash=tile_plan_hash)

    def _found(self, one: Drawn) -> Found:
        return Found(
            label=self.labels[one.label_index],
            score=one.score,
            kind=one.kind,
            points=one.points,
            mask_size=None if one.mask is None else one.mask.size,
            mask_counts="" if one.mask is None else one.mask.counts,
            text=one.text,
        )
