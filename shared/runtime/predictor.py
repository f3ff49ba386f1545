"""Predicts one image of any size with an exported model, the same way everywhere."""

from collections.abc import Iterator, Sequence

import numpy as np

from shared.runtime.detections import Detections
from shared.runtime.manifest import ModelManifest
from shared.runtime.postprocess import candidates, drop_empty, suppress
from shared.runtime.preprocess import Image, fill_input
from shared.runtime.seams import merge_windows
from shared.runtime.session import TensorSession
from shared.vision.boxes import clip, translate
from shared.vision.tiles import TilePlan, Window

MAX_BATCH = 8


class Predictor:
    """A model's manifest and session together: full image in, detections in full-image pixels out.

    Thread-safe as far as its session is.
    """

    def __init__(self, manifest: ModelManifest, session: TensorSession) -> None:
        """Binds the model's description to whatever runs its tensors."""
        self.manifest = manifest
        self._session = session
        self._plan = manifest.tile_plan or TilePlan()

    def predict(self, image_rgb: Image, *, threshold: float | None = None) -> Detections:
        """Finds the objects of one image, its tiles merged.

        Args:
            image_rgb: ``(H, W, 3)`` uint8, EXIF-upright.
            threshold: The lowest score to return, in [0, 1]; None takes the manifest's threshold.
                Below the manifest's ``score_floor`` nothing is ever returned. The result at a
                threshold equals the result at a lower one cut there.

        Returns:
            Detections in falling order of score, clipped to the image, at most
            ``manifest.max_detections``; none for an image without objects.

        Raises:
            ValueError: The array is not uint8 ``(H, W, 3)`` with at least one pixel.
        """
        check_image(image_rgb)
        height, width = image_rgb.shape[:2]
        windows = self._plan.windows(width, height)
        parts = list(self._window_detections(image_rgb, windows))
        merged = parts[0] if len(parts) == 1 else merge_windows(parts, windows, self.manifest)
        limit = self.manifest.threshold if threshold is None else threshold
        return merged.take(np.arange(min(len(merged), self.manifest.max_detections))).above(limit)

    def _window_detections(self, image: Image, windows: Sequence[Window]) -> Iterator[Detections]:
        """Detections of each window in full-image pixels, in the order of the windows."""
        manifest = self.manifest
        for start in range(0, len(windows), MAX_BATCH):
            group = windows[start : start + MAX_BATCH]
            batch = np.empty((len(group), manifest.input_height, manifest.input_width, 3), np.uint8)
            placements = [
                fill_input(crop(image, window), slot, manifest.resize, manifest.pad_value)
                for window, slot in zip(group, batch, strict=True)
            ]
            outputs = self._session.run(batch)
            for index, (window, placement) in enumerate(zip(group, placements, strict=True)):
                found = candidates(
                    outputs["boxes"][index],
                    outputs["scores"][index],
                    score_floor=manifest.score_floor,
                )
                boxes = clip(placement.to_image(found.boxes_xyxy), window.width, window.height)
                boxes = translate(boxes, window.x, window.y)
                placed = drop_empty(Detections(boxes, found.scores, found.label_indices))
                yield suppress(placed, manifest.nms_iou_threshold)


def crop(image: Image, window: Window) -> Image:
    """A view of the window's pixels, nothing is copied."""
    rows = slice(window.y, window.y + window.height)
    return image[rows, window.x : window.x + window.width]


def check_image(image_rgb: Image) -> None:
    """Raises ValueError unless the array is uint8 ``(H, W, 3)`` with at least one pixel."""
    if image_rgb.dtype != np.uint8 or image_rgb.ndim != 3 or image_rgb.shape[2] != 3:
        raise ValueError(
            f"an image must be uint8 (H, W, 3), not {image_rgb.dtype} {image_rgb.shape}"
        )
    if image_rgb.size == 0:
        raise ValueError("an image must have at least one pixel")
