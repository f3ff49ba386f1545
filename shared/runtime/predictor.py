"""Predicts one image of any size with an exported model, the same way everywhere."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

import numpy as np

from shared.runtime.cuts import Cut, Part, cut_for
from shared.runtime.manifest import ModelManifest
from shared.runtime.pixels import Pixels
from shared.runtime.preprocess import Image, fill_input
from shared.runtime.session import TensorSession
from shared.runtime.tasks.spec import Reading, Results, View
from shared.runtime.tasks.table import spec_of
from shared.vision.strips import RowSource
from shared.vision.tiles import Window

MAX_BATCH = 8
BATCH_PIXELS = 4_000_000  # of a batch's inputs, where those are large


class Predictor:
    """A model's manifest and session together: full image in, results in full-image pixels out.

    Thread-safe as far as its session is.
    """

    def __init__(self, manifest: ModelManifest, session: TensorSession) -> None:
        """Binds the model's description to whatever runs its tensors.

        Raises:
            UnknownTask: The manifest's task is none of ours.
        """
        self.manifest = manifest
        self._reading: Reading[Results] = spec_of(manifest.task).reading
        self._session = session

    def predict(
        self,
        image_rgb: Image | RowSource,
        *,
        threshold: float | None = None,
        tile_plan_hash: str | None = None,
    ) -> Results:
        """What the model says about one image, its tiles merged.

        Args:
            image_rgb: ``(H, W, 3)`` uint8, EXIF-upright; or a source of its rows, of which only
                the windows that are being read are then in memory. Both give the same.
            threshold: The lowest score to return, in [0, 1]; None takes the manifest's threshold.
                Below the manifest's ``score_floor`` nothing is ever returned. With NMS the result
                at a threshold equals the result at a lower one cut there.
            tile_plan_hash: The plan by which the image was cut out of a larger one, if it was.

        Returns:
            Results of the manifest's task in falling order of score (`Detections`, clipped to the
            image), at most ``manifest.max_detections``; none for an image without objects.

        Raises:
            PlanRefused: The image is a tile of another plan than the model's, or cannot be cut by
                the model's own.
            ValueError: The array is not uint8 ``(H, W, 3)`` with at least one pixel.
        """
        pixels, manifest = Pixels(image_rgb), self.manifest
        cut = cut_for(manifest, *pixels.size, tile_plan_hash=tile_plan_hash)
        limit = manifest.threshold if threshold is None else threshold
        windows = pixels.of(cut.all_windows)
        merged = self._merged(cut, dict(self._found(windows, cut.inner_parts(), limit)))
        chosen = self._reading.select(merged, limit, manifest)
        if self._reading.look_closer is None:
            return chosen
        seen = self._reading.look_closer(chosen, pixels, self._session, manifest)
        return self._reading.select(seen, limit, manifest)

    def _merged(self, cut: Cut, found: dict[Window, Results]) -> Results:
        """Each tile's windows as one, then all tiles as one."""
        tiles = [self._one([found[window] for window in part], part) for part in cut.windows]
        return self._one(tiles, cut.tiles)

    def _one(self, parts: Sequence[Results], windows: Sequence[Window]) -> Results:
        if len(parts) == 1:
            return parts[0]
        return self._reading.merge(parts, windows, self.manifest)

    def _found(
        self, pixels: Iterator[tuple[Window, Image]], inner: Mapping[Window, Part], limit: float
    ) -> Iterator[tuple[Window, Results]]:
        """Results of each window in full-image pixels, in the order of the windows."""
        manifest = self.manifest
        size = manifest.input_height, manifest.input_width
        most = max(1, min(MAX_BATCH, BATCH_PIXELS // (size[0] * size[1])))
        batch = np.empty((most, *size, 3), np.uint8)
        while True:
            views: list[View] = []
            for window, part in islice(pixels, most):
                slot = batch[len(views)]
                placement = fill_input(part, slot, manifest.resize, manifest.pad_value)
                views.append(View(window, placement, limit, inner[window]))
            if not views:
                return
            outputs = self._session.run(batch[: len(views)])
            for index, view in enumerate(views):
                answer = {name: values[index] for name, values in outputs.items()}
                yield view.window, self._reading.decode(answer, view, manifest)
