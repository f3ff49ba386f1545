"""How a model does on images that teach nothing while it still learns.

It tells a person and decides nothing, unless images are held back to end the training early. They
go through the predictor that production uses.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from services.trainer.domain.detector.judging import targets_found
from services.trainer.domain.detector.truths import Truth
from services.trainer.domain.history import Preview
from services.trainer.domain.training.export import WrittenGraph
from services.trainer.domain.training.validation import Validation
from services.trainer.process.dataset import judged_image
from services.trainer.process.previews import preview_of
from shared.contracts.snapshot import SnapshotImage
from shared.runtime.manifest import ModelManifest
from shared.runtime.onnx_session import OnnxSession
from shared.runtime.predictor import Predictor
from shared.runtime.preprocess import Image
from shared.runtime.session import ImageBatch, Tensors, TensorSession
from shared.runtime.tasks.table import spec_of

PREVIEWS = 6
MOST_IMAGES = 24
MOST_PIXELS = 24_000_000  # of all of them, kept in memory
SHARE = 0.05  # of the training's time, at most

TruthOf = Callable[[SnapshotImage, Sequence[str]], Truth]


class TorchSession:
    """A `TensorSession` over a network that is exported later."""

    def __init__(self, network: nn.Module, outputs: Sequence[str]) -> None:
        """Binds the network, from uint8 ``(B, H, W, 3)`` to the outputs of these names."""
        self._device = next(network.parameters()).device
        self._network, self._outputs = network.eval().to(self._device), outputs

    @torch.inference_mode()
    def run(self, images: ImageBatch) -> Tensors:
        """See `TensorSession`."""
        values = self._network(torch.from_numpy(images).to(self._device))
        several = values if isinstance(values, tuple) else (values,)
        found = [value.cpu().numpy() for value in several]
        return dict(zip(self._outputs, found, strict=True))


@dataclass(frozen=True, slots=True)
class Look:
    """What one look showed.

    Attributes:
        validation: The share of targets found; None where the task has a figure of its own.
        previews: What is found on each of the few images that are shown; none before it is time.
    """

    validation: Validation | None
    previews: tuple[Preview, ...]


class LiveJudge:
    """Looks at a few held-out images now and then, always at the same."""

    def __init__(
        self,
        manifest: ModelManifest,
        images: Sequence[SnapshotImage],
        files: Mapping[str, Path],
        *,
        truth_of: TruthOf | None = None,
        threads: int = 0,
        always: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Chooses the first images with targets, as many as memory and time allow.

        Args:
            manifest: How the network looks at images.
            images: Held-out ones.
            files: File of each image, by image id.
            truth_of: Of a detector, the truth of an image by the labels: then more images than
                are shown are looked at, and the targets that are found are counted.
            threads: Of a graph that is written, see `OnnxSession`.
            always: Whether it counts whenever it is asked, whatever that costs; it shows what is
                found no more often than otherwise.
            clock: Seconds.
        """
        self._manifest, self._threads, self._clock = manifest, threads, clock
        self._always = always
        self._outputs = spec_of(manifest.task).output_names
        self._shown: list[tuple[SnapshotImage, Image, Truth | None]] = []
        self._due = clock()
        most, left = PREVIEWS if truth_of is None else MOST_IMAGES, MOST_PIXELS
        for image in images:
            truth = None if truth_of is None else truth_of(image, manifest.labels)
            targets, size = len(image.shapes if truth is None else truth.labels), _pixels(image)
            if targets and size <= left and len(self._shown) < most:
                left -= size
                pixels = judged_image(files[image.image_id], image, manifest.task)
                self._shown.append((image, pixels, truth))

    def look(self, network: nn.Module) -> Look | None:
        """What the network finds; None where it is not yet time again, or no image is there.

        Args:
            network: As it would be exported; put into evaluation mode.
        """
        began = self._clock()
        shows = began >= self._due
        if not self._shown or not (shows or self._always):
            return None
        predictor = Predictor(self._manifest, self._session(network))
        found, targets, previews = 0, 0, list[Preview]()
        for image, pixels, truth in self._shown:
            results = predictor.predict(pixels, tile_plan_hash=image.plan_hash)
            if truth is not None:
                rows = results.columns()
                found += targets_found(truth, rows["box"], rows["label"])
                targets += len(truth.labels)
            if shows and len(previews) < PREVIEWS:
                previews.append(preview_of(image, results, self._manifest))
        ended = self._clock()
        if shows:
            self._due = ended + (ended - began) / SHARE
        validation = Validation.of_share(found, targets) if targets else None
        return Look(validation, tuple(previews))

    def last_look(self, predictor: Predictor) -> tuple[Preview, ...]:
        """What the exported model finds on the images that are shown."""
        return tuple(
            preview_of(
                image, predictor.predict(pixels, tile_plan_hash=image.plan_hash), self._manifest
            )
            for image, pixels, _ in self._shown[:PREVIEWS]
        )

    def _session(self, network: nn.Module) -> TensorSession:
        if isinstance(network, WrittenGraph):
            return OnnxSession(network.written(), threads=self._threads)
        return TorchSession(network, self._outputs)


def may_be_shown(image: SnapshotImage) -> bool:
    """Whether memory holds it, were it the only one."""
    return _pixels(image) <= MOST_PIXELS


def _pixels(image: SnapshotImage) -> int:
    return image.width * image.height
