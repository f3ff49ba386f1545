"""Plants errors into a real set's labels and prints what the check of labels finds of them.

Run from the repository's root:

    python -m benchmarks.label_checks --data <det_bccd or tiny_deeppcb>

Of each kind, as many errors as 5 % of the boxes (``few``: each label also under a misspelt name);
every kind is planted into the set as it was, seeded. Precision counts a finding as wrong unless it
was planted; what the check finds in the set as it is, without any planting, is printed beside it:
real errors of the set lower the precision. Prints one JSON object.
"""

import argparse
import json
import random
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from defusedxml.ElementTree import parse

from services.annotation.domain.label_checks import Rule, check
from services.annotation.domain.snapshots import AnnotatedImage
from shared.contracts.shapes import Shape

SHARE = 0.05
Places = set[str]
"""Ids of planted shapes, or planted labels."""
Planted = tuple[list[AnnotatedImage], Places]


def read(data: Path) -> list[AnnotatedImage]:
    """Return the images of a set in Pascal VOC, or else with a labelme file beside each image."""
    found = sorted((data / "Annotations").glob("*.xml"))
    if found:
        return [_of_voc(path) for path in found]
    return [_of_labelme(path) for path in sorted((data / "images").glob("*.json"))]


def _of_labelme(path: Path) -> AnnotatedImage:
    told = json.loads(path.read_text())
    shapes = []
    for number, item in enumerate(told["shapes"]):
        xs, ys = zip(*item["points"], strict=True)
        shapes.append(
            _box(f"{path.stem}-{number}", item["label"], (min(xs), min(ys), max(xs), max(ys)))
        )
    return _image(path, told["imageWidth"], told["imageHeight"], shapes)


def _of_voc(path: Path) -> AnnotatedImage:
    root = parse(path).getroot()
    shapes = []
    for number, item in enumerate(root.iter("object")):
        x1, y1, x2, y2 = (float(item.find(f"bndbox/{k}").text) for k in _CORNERS)
        if x2 > x1 and y2 > y1:
            label = item.find("name").text
            shapes.append(_box(f"{path.stem}-{number}", label, (x1, y1, x2, y2)))
    width, height = (int(root.find(f"size/{name}").text) for name in ("width", "height"))
    return _image(path, width, height, shapes)


def _image(path: Path, width: int, height: int, shapes: list[Shape]) -> AnnotatedImage:
    return AnnotatedImage(
        image_id=path.stem,
        name=path.name,
        blob_key="",
        sha256=path.stem,
        width=width,
        height=height,
        shapes=tuple(shapes),
        ignore_regions=(),
        listed=None,
        corrected=False,
        parent_id=None,
        exif_device=None,
    )


_CORNERS = ("xmin", "ymin", "xmax", "ymax")
Box = tuple[float, float, float, float]


def _box(name: str, label: str, box: Box) -> Shape:
    return Shape(id=name, label=label, kind="box", points=(box[:2], box[2:]))


def _jittered(shape: Shape, rng: random.Random, share: float) -> Box:
    """Each side moved by up to a share of the box's length along it, evenly drawn."""
    (x1, y1), (x2, y2) = shape.points
    wide, high = x2 - x1, y2 - y1
    dx, dy = (
        (lambda: rng.uniform(-share, share) * wide),
        (lambda: rng.uniform(-share, share) * high),
    )
    return x1 + dx(), y1 + dy(), x2 + dx(), y2 + dy()


def _clicked(shape: Shape, image: AnnotatedImage, rng: random.Random) -> Box:
    x, y = rng.uniform(0, image.width - 9), rng.uniform(0, image.height - 9)
    return x, y, x + rng.uniform(1, 9), y + rng.uniform(1, 9)


def _shifted(shape: Shape, image: AnnotatedImage, rng: random.Random) -> Box:
    (x1, y1), (x2, y2) = shape.points
    by = image.width - x1 - (x2 - x1) * rng.uniform(0, 0.7)
    return x1 + by, y1, x2 + by, y2


def _added(
    images: list[AnnotatedImage], rng: random.Random, make: Callable[..., tuple[Box, str]]
) -> Planted:
    """Draw one more shape after 5 % of those there are; the places are what must be found."""
    places: Places = set()
    planted = []
    for image in images:
        more = []
        for shape in image.shapes:
            if rng.random() >= SHARE:
                continue
            box, label = make(shape, image, rng)
            more.append(_box(f"{shape.id}-planted", label, box))
            places.add(more[-1].id)
        planted.append(replace(image, shapes=(*image.shapes, *more)))
    return planted, places


def plant(rule: Rule, images: list[AnnotatedImage], rng: random.Random) -> Planted:
    labels = sorted({shape.label for image in images for shape in image.shapes})
    if rule == "few":
        planted = [replace(image, shapes=_misspelt(image.shapes, rng)) for image in images]
        names = {shape.label for image in planted for shape in image.shapes} - set(labels)
        return planted, names
    make: dict[Rule, Callable[..., tuple[Box, str]]] = {
        "tiny": lambda s, i, r: (_clicked(s, i, r), s.label),
        "outside": lambda s, i, r: (_shifted(s, i, r), s.label),
        "twice": lambda s, i, r: (_jittered(s, r, 0.02), s.label),
        "contradicting": lambda s, i, r: (
            _jittered(s, r, 0.05),
            r.choice([one for one in labels if one != s.label]),
        ),
    }
    return _added(images, rng, make[rule])


def _misspelt(shapes: tuple[Shape, ...], rng: random.Random) -> tuple[Shape, ...]:
    return tuple(
        shape.model_copy(update={"label": f"{shape.label}s"}) if rng.random() < 0.002 else shape
        for shape in shapes
    )


def measure(rule: Rule, images: list[AnnotatedImage]) -> dict[str, float | int]:
    planted, places = plant(rule, images, random.Random(0))
    found = [one for one in check(planted) if one.rule == rule]
    told = [{one.label, *one.shape_ids} for one in found]
    hits = {place for place in places if any(place in names for names in told)}
    right = sum(bool(names & places) for names in told)
    return {
        "planted": len(places),
        "recall": round(len(hits) / len(places), 3) if places else 1.0,
        "precision": round(right / len(found), 3) if found else 1.0,
        "found_without_planting": sum(one.rule == rule for one in check(images)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    images = read(parser.parse_args().data)
    began = time.perf_counter()
    list(check(images))
    seconds = time.perf_counter() - began
    rules: tuple[Rule, ...] = ("tiny", "outside", "twice", "contradicting", "few")
    print(
        json.dumps(
            {
                "images": len(images),
                "shapes": sum(len(image.shapes) for image in images),
                "seconds_of_one_check": round(seconds, 3),
                **{rule: measure(rule, images) for rule in rules},
            },
            indent=1,
        )
    )


if __name__ == "__main__":
    main()
