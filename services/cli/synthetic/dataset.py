"""The demo's default data set: which pictures there are, and writing them as a labelme folder.

The three parts are deliberately unlike. The `train` list hardly holds the dark anodised surface
(light stains, dark scratches) nor dim lighting; the held-out `test` list holds some of both; the
`unseen` pictures of the test step hold many. So the first version is good on what it has seen and
leaves something to correct, and the corrected pictures are just what it lacked.
"""

import base64
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from services.cli.synthetic.scenes import SceneSpec, SyntheticImage, render_scene
from services.cli.synthetic.surfaces import SURFACES

SMALL_SIZE = (640, 480)
LARGE_SIZE = (4000, 3000)
_JPEG_QUALITY = 92
_DEFECT_COUNT_SHARES = (0.1, 0.25, 0.3, 0.2, 0.15)  # 0..4 defects on a small picture


@dataclass(frozen=True)
class PartPlan:
    """How many pictures of which mix one part holds.

    Attributes:
        small: Number of 640x480 pictures.
        large: Number of 4000x3000 pictures.
        anodised_share: Share of the dark surface, 0..1.
        dim_share: Share of badly lit pictures, 0..1.
    """

    small: int
    large: int
    anodised_share: float
    dim_share: float


@dataclass(frozen=True)
class DatasetPlan:
    """The three parts of a generated data set, by the name of their list."""

    train: PartPlan = PartPlan(small=150, large=3, anodised_share=0.04, dim_share=0.03)
    test: PartPlan = PartPlan(small=60, large=2, anodised_share=0.12, dim_share=0.10)
    unseen: PartPlan = PartPlan(small=50, large=3, anodised_share=0.40, dim_share=0.25)


def plan_scenes(plan: DatasetPlan, *, seed: int) -> list[SceneSpec]:
    """List every picture of a data set.

    Args:
        plan: Sizes and mixes of the parts.
        seed: Same seed, same list.

    Returns:
        Specs in the order train, test, unseen; names are unique.
    """
    specs: list[SceneSpec] = []
    parts = {"train": plan.train, "test": plan.test, "unseen": plan.unseen}
    for number, (split, part) in enumerate(parts.items()):
        rng = np.random.default_rng([seed, number])
        specs += [
            _plan_scene(f"{split}_{index:04d}", split, part, index, rng)
            for index in range(part.small + part.large)
        ]
    return specs


def _plan_scene(
    stem: str, split: str, part: PartPlan, index: int, rng: np.random.Generator
) -> SceneSpec:
    large = index >= part.small
    others = [kind for kind in SURFACES if kind != "anodised"]
    kind = others[int(rng.integers(len(others)))]
    rank = (index % part.small + 0.5) / part.small if part.small else 0.5
    if not large and rank < part.anodised_share:  # exact shares: small parts must not drift
        kind = "anodised"
    dim = rng.random() < part.dim_share
    level = rng.uniform(0.5, 0.7) if dim else rng.uniform(0.85, 1.12)
    count = int(rng.integers(10, 17) if large else rng.choice(5, p=_DEFECT_COUNT_SHARES))
    width, height = LARGE_SIZE if large else SMALL_SIZE
    suffix = ".png" if not large and index % 25 == 7 else ".jpg"
    return SceneSpec(f"{stem}{suffix}", split, kind, width, height, float(level), count, large)


def generate_images(plan: DatasetPlan, *, seed: int) -> Iterator[SyntheticImage]:
    """Render a data set picture by picture.

    Args:
        plan: Sizes and mixes of the parts.
        seed: Same seed, same pixels, whatever order or machine.

    Yields:
        Pictures in the order of `plan_scenes`.
    """
    for index, spec in enumerate(plan_scenes(plan, seed=seed)):
        yield render_scene(spec, rng=_scene_rng(seed, index))


def _scene_rng(seed: int, index: int) -> np.random.Generator:
    return np.random.default_rng([seed, 1000 + index])


def write_dataset(
    folder: Path,
    *,
    seed: int,
    plan: DatasetPlan | None = None,
    shape_kind: str = "box",
    on_image: Callable[[str], None] = lambda name: None,
) -> list[str]:
    """Write a data set as labelme files, with `train.txt` and `test.txt` beside them.

    Layout: `<folder>/*.jpg|png + *.json`, `<folder>/{train,test}.txt` with one base name a line,
    and the pictures of the last part in `<folder>/unseen/` with their truth.

    Args:
        folder: Target, made when missing. A picture is written before its JSON, so a rerun after
            a crash only makes what is missing.
        seed: Same seed, same bytes.
        plan: Sizes and mixes of the parts; the demo's when None.
        shape_kind: `box`, `polygon`, `mask` (defects) or `text` (date codes, label is the text).
        on_image: Called with each file name once it is complete; may be called from a thread.

    Returns:
        The file names of all pictures, unseen ones as `unseen/<name>`.
    """
    specs = plan_scenes(plan or DatasetPlan(), seed=seed)
    (folder / "unseen").mkdir(parents=True, exist_ok=True)
    for split in ("train", "test"):
        stems = [Path(spec.name).stem for spec in specs if spec.split == split]
        (folder / f"{split}.txt").write_text("".join(f"{stem}\n" for stem in stems))

    def write(index: int) -> str:
        spec = specs[index]
        name = f"unseen/{spec.name}" if spec.split == "unseen" else spec.name
        if not (folder / name).with_suffix(".json").exists():
            image = render_scene(spec, rng=_scene_rng(seed, index))
            _write_image(folder / name, image, shape_kind)
        on_image(name)
        return name

    # Large pictures first, so that both threads end together.
    order = sorted(range(len(specs)), key=lambda index: -specs[index].width)
    with ThreadPoolExecutor(max_workers=2) as pool:
        names = dict(zip(order, pool.map(write, order), strict=True))
    return [names[index] for index in range(len(specs))]


def _write_image(path: Path, image: SyntheticImage, shape_kind: str) -> None:
    pixels_bgr = cv2.cvtColor(image.pixels_rgb, cv2.COLOR_RGB2BGR)
    options = [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY] if path.suffix == ".jpg" else []
    encoded = cv2.imencode(path.suffix, pixels_bgr, options)[1]
    path.write_bytes(encoded.tobytes())
    partial = path.with_suffix(".json.part")
    partial.write_text(json.dumps(to_labelme(image, shape_kind=shape_kind)))
    partial.replace(path.with_suffix(".json"))


def to_labelme(image: SyntheticImage, *, shape_kind: str) -> dict[str, Any]:
    """Describe a picture the way labelme 5 does.

    Args:
        image: The rendered picture.
        shape_kind: `box`, `polygon`, `mask` or `text`.

    Returns:
        A JSON-ready object; `shapes` is empty for a negative image.
    """
    if shape_kind == "text":
        shapes = [_shape(code.text, "rectangle", _corners(code.box)) for code in image.date_codes]
    elif shape_kind == "polygon":
        shapes = [_shape(d.label, "polygon", d.polygon.tolist()) for d in image.defects]
    elif shape_kind == "mask":
        shapes = []
        for d in image.defects:
            x1, y1, x2, y2 = d.box  # labelme's mask corners are inclusive
            shape = _shape(d.label, "mask", [[x1, y1], [x2 - 1, y2 - 1]])
            png = cv2.imencode(".png", d.mask.astype(np.uint8) * 255)[1]
            shapes.append({**shape, "mask": base64.b64encode(png.tobytes()).decode()})
    else:
        shapes = [_shape(d.label, "rectangle", _corners(d.box)) for d in image.defects]
    return {
        "version": "5.7.0",
        "flags": {},
        "shapes": shapes,
        "imagePath": image.spec.name,
        "imageData": None,
        "imageHeight": image.spec.height,
        "imageWidth": image.spec.width,
    }


def _corners(box: tuple[int, int, int, int]) -> list[list[float]]:
    return [[float(box[0]), float(box[1])], [float(box[2]), float(box[3])]]


def _shape(label: str, shape_type: str, points: object) -> dict[str, Any]:
    return {
        "label": label,
        "points": points,
        "group_id": None,
        "description": "",
        "shape_type": shape_type,
        "flags": {},
        "mask": None,
    }
