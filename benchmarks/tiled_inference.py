"""Everything around a model that costs nothing, 408 windows: `-m benchmarks.tiled_inference`.

A 10000×30000 px image is read, cut into windows of 1024 px that overlap by 128, and what a constant
model says of each is merged by NMS at an IoU of 0.5. Ours reads rows and fills windows as they
come; SAHI is `get_sliced_prediction` with the same answers. `floor` only decodes.
"""

import argparse
import shutil
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.processes import compare, tell
from benchmarks.tiling import SIZES, floor, make

TILE, OVERLAP = 1024, 128
WAYS = ("floor", "loupe", "sahi")
THRESHOLD = 0.5


def answers() -> tuple[np.ndarray, np.ndarray]:
    """The same boxes for every window: some meet those of the neighbour, some do not."""
    rng = np.random.default_rng(0)
    corners = rng.uniform(0, TILE - 80, (40, 2))
    boxes = np.concatenate([corners, corners + rng.uniform(20, 80, (40, 2))], axis=1)
    return boxes.astype(np.float32), rng.uniform(0.4, 1, 40).astype(np.float32)


class FreeSession:
    """A `TensorSession` without a model."""

    def __init__(self) -> None:
        boxes, scores = answers()
        self._boxes, self._scores = boxes[None], scores[None, :, None]
        self.windows = 0

    def run(self, images: np.ndarray) -> dict[str, np.ndarray]:
        self.windows += len(images)
        return {
            "boxes": np.repeat(self._boxes, len(images), axis=0),
            "scores": np.repeat(self._scores, len(images), axis=0),
        }


def loupe(path: Path) -> None:
    from shared.hosting.allocator import keep_freed_blocks
    from shared.runtime.image_rows import FileRows
    from shared.runtime.manifest import ModelManifest
    from shared.runtime.predictor import Predictor
    from shared.vision.headers.sniff import read_header
    from shared.vision.merging import MergeRule
    from shared.vision.tiles import TilePlan

    manifest = ModelManifest(
        task="detection",
        labels=("target",),
        input_width=TILE,
        input_height=TILE,
        tile_plan=TilePlan(tile_size=(TILE, TILE), overlap_px=OVERLAP),
        merge=MergeRule(threshold=THRESHOLD),
        max_detections=1_000_000,
    )
    keep_freed_blocks()  # as the service does
    data, session = path.read_bytes(), FreeSession()
    found = Predictor(manifest, session).predict(FileRows(data, read_header(data)))
    print(f"{session.windows} windows, {len(found)} boxes")


def sahi(path: Path) -> None:
    from PIL import Image
    from sahi.models.base import DetectionModel
    from sahi.predict import get_sliced_prediction
    from sahi.prediction import ObjectPrediction

    class FreeModel(DetectionModel):
        def load_model(self) -> None:
            self.model = self
            self.windows = 0

        def perform_inference(self, image: np.ndarray) -> None:
            self.windows += 1
            boxes, scores = answers()
            self._original_predictions = list(zip(boxes.tolist(), scores.tolist(), strict=True))

        def _create_object_prediction_list_from_original_predictions(
            self, shift_amount_list=None, full_shape_list=None
        ) -> None:
            nested = bool(shift_amount_list) and isinstance(shift_amount_list[0], list)
            shift = shift_amount_list[0] if nested else shift_amount_list
            shape = full_shape_list[0] if nested else full_shape_list
            self._object_prediction_list_per_image = [
                [
                    ObjectPrediction(
                        bbox=box,
                        category_id=0,
                        category_name="target",
                        score=score,
                        shift_amount=shift,
                        full_shape=shape,
                    )
                    for box, score in self._original_predictions
                ]
            ]

    Image.MAX_IMAGE_PIXELS = None
    model = FreeModel(device="cpu")
    result = get_sliced_prediction(
        str(path),
        model,
        slice_height=TILE,
        slice_width=TILE,
        overlap_height_ratio=OVERLAP / TILE,
        overlap_width_ratio=OVERLAP / TILE,
        perform_standard_pred=False,
        postprocess_type="NMS",
        postprocess_match_metric="IOU",
        postprocess_match_threshold=THRESHOLD,
        verbose=0,
    )
    print(f"{model.windows} windows, {len(result.object_prediction_list)} boxes")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--way", choices=WAYS)
    parser.add_argument("--image", type=Path)
    parser.add_argument("--warm", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    if asked.way:
        ways = {"floor": lambda path: floor(path, path.parent), "loupe": loupe, "sahi": sahi}
        tell(ways[asked.way], asked.image, warm=asked.warm)
        return
    folder = Path(tempfile.mkdtemp(prefix="loupe-tiled-inference-"))
    try:
        path, warm = folder / "image.jpg", folder / "warm.jpg"
        width, height = SIZES["jpeg"]
        make(path, "jpeg", (width, height))
        make(warm, "jpeg", (2048, 2048))
        print(f"jpeg, {width}×{height} px, {path.stat().st_size / 1e6:.0f} MB")
        files = ["--image", str(path), "--warm", str(warm)]
        compare("benchmarks.tiled_inference", WAYS, files, rounds=asked.rounds)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
