"""How a detector does on held-out images while it still learns: for a person, it decides nothing.

The images go through the predictor that production uses, and teach nothing.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch
from torch import nn

from services.trainer.domain.detector.judging import targets_found
from services.trainer.domain.detector.truths import Truth
from services.trainer.domain.training.validation import Validation
from services.trainer.process.dataset import stored_image
from shared.contracts.snapshot import SnapshotImage
from shared.runtime.manifest import ModelManifest
from shared.runtime.predictor import Predictor
from shared.runtime.preprocess import Image
from shared.runtime.session import ImageBatch, Tensors
from shared.runtime.tasks.table import spec_of

MOST_IMAGES = 24
MOST_PIXELS = 24_000_000  # of all of them, kept in memory
SHARE = 0.05  # of the training's time, at most


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
        found = [value.cpu().numpy() for value in values]
        return dict(zip(self._outputs, found, strict=True))


class LiveJudge:
    """Looks at a few held-out images now and then."""

    def __init__(
        self,
        manifest: ModelManifest,
        images: Sequence[SnapshotImage],
        files: Mapping[str, Path],
        *,
        truth_of: Callable[[SnapshotImage, Sequence[str]], Truth],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Chooses the first images with targets, as many as memory and time allow.

        Args:
            manifest: How the network looks at images.
            images: Held-out ones.
            files: File of each image, by image id.
            truth_of: The truth of an image, by the labels.
            clock: Seconds.
        """
        self._manifest, self._clock = manifest, clock
        self._outputs = spec_of(manifest.task).output_names
        self._shown: list[tuple[SnapshotImage, Image, Truth]] = []
        self._due = clock()
        left = MOST_PIXELS
        for image in images:
            truth, size = truth_of(image, manifest.labels), image.width * image.height
            if len(truth.labels) and size <= left and len(self._shown) < MOST_IMAGES:
                left -= size
                pixels = stored_image(files[image.image_id], image)
                self._shown.append((image, pixels, truth))

    def look(self, network: nn.Module) -> Validation | None:
        """The share of targets that the network finds; None where it is not yet time again.

        Args:
            network: As it would be exported; put into evaluation mode.
        """
        began = self._clock()
        if not self._shown or began < self._due:
            return None
        predictor = Predictor(self._manifest, TorchSession(network, self._outputs))
        found = 0
        for image, pixels, truth in self._shown:
            rows = predictor.predict(pixels, tile_plan_hash=image.plan_hash).columns()
            found += targets_found(truth, rows["box"], rows["label"])
        ended = self._clock()
        self._due = ended + (ended - began) / SHARE
        return Validation.of_share(found, sum(len(truth.labels) for _, _, truth in self._shown))
