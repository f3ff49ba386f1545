"""What a version's look at annotated images tells of their labels.

A version learnt from most of these labels, the wrong ones included: it smooths over a few errors in
many, and repeats those that are the rule. What is found is a question to a person.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from services.annotation.domain.coverages import Coverages, Floats, Placed
from services.annotation.domain.extents import extent_of
from services.annotation.domain.label_checks import Finding, Rule
from services.annotation.domain.label_rules import Moved, follow
from services.annotation.domain.snapshots import AnnotatedImage
from shared.contracts.opinions import Opinions
from shared.contracts.shapes import Shape, Task
from shared.ids import derived_id
from shared.vision import boxes

Place = tuple[float, float, float, float]
SURE = 0.4
"""Score from which a version's word counts against a person's."""
MEETS_IOU = 0.5
"""Two outlines of one object, as detectors are judged."""
LOOSE_IOU = (0.3, 0.6)
"""A version that knows the object, and an outline that is not the object's."""
FREE_SHARE = 0.3
"""What nobody annotated is covered by annotations to less than this."""
LEFT_OUT_SHARE = 0.5


@dataclass(frozen=True)
class Opinion:
    """What a version that knows ``labels`` found, by image, best first; and when it looked.

    ``number`` counts the looks at a project.
    """

    number: int
    version: str
    made_at: datetime
    labels: frozenset[str]
    found: Mapping[str, tuple[Shape, ...]]

    @classmethod
    def of(cls, opinions: Opinions, moved: Moved, *, number: int, made_at: datetime) -> "Opinion":
        """Return what was stored, under the names that labels have now."""
        names = (moved.get(label, label) for label in opinions.labels)
        return cls(
            number=number,
            version=opinions.version,
            made_at=made_at,
            labels=frozenset(name for name in names if name is not None),
            found={one.image_id: follow(one.shapes, moved) for one in opinions.images},
        )

    def places_of(self, finding_id: str) -> Iterator[tuple[str, Place]]:
        """Yield the image and the box of what is told as ``missing`` under an id."""
        for image_id, shapes in self.found.items():
            for shape in shapes:
                if shape.kind != "image" and missing_id(image_id, shape.id) == finding_id:
                    yield image_id, extent_of(shape)[0]


def compare(images: Sequence[AnnotatedImage], opinion: Opinion, task: Task) -> Iterator[Finding]:
    """Yield where a version and the annotations differ, image by image.

    Images that it did not look at are passed over. Where annotated objects and the version's are
    parts of one area (semantic segmentation), no outline is told as loose.
    """
    for image in images:
        found = opinion.found.get(image.image_id)
        if found is None:
            continue
        sure = tuple(shape for shape in found if (shape.score or 0.0) >= SURE)
        yield from _classes(image, sure, opinion)
        yield from _Compared.of(image, sure, opinion).findings(task)


def _classes(image: AnnotatedImage, sure: Sequence[Shape], opinion: Opinion) -> Iterator[Finding]:
    """Of labels of whole images: a version that is sure of another one."""
    said = [shape for shape in sure if shape.kind == "image"]
    told = [shape for shape in image.shapes if shape.kind == "image"]
    if not said or not told or said[0].label in {shape.label for shape in told}:
        return
    known = [shape for shape in told if shape.label in opinion.labels]
    if known:
        yield _of_shape("mislabelled", image, known[0], said[0], said[0].score or 0.0)


@dataclass(frozen=True)
class _Compared:
    """Placed annotations (N) and the version's shapes (M) of an image, and what they share."""

    image: AnnotatedImage
    drawn: Placed
    said: Placed
    coverages: Coverages
    labels: frozenset[str]

    @classmethod
    def of(cls, image: AnnotatedImage, sure: Sequence[Shape], opinion: Opinion) -> "_Compared":
        size = (image.height, image.width)
        drawn, said = Placed.of(image.shapes, size), Placed.of(sure, size)
        return cls(image, drawn, said, Coverages.of(drawn, said), opinion.labels)

    def findings(self, task: Task) -> Iterator[Finding]:
        if not self.said.shapes:
            return
        if task == "semantic_segmentation":
            yield from self._areas()
        else:
            yield from self._objects(outlines=task != "ocr")
        yield from self._missing()

    def _objects(self, *, outlines: bool) -> Iterator[Finding]:
        scores, alike = self._scores(), self._alike()
        meeting = self.coverages.iou >= MEETS_IOU
        drawn = (meeting & alike).any(axis=0)  # of two objects in one place each is its own
        for row, shape in enumerate(self.drawn.shapes):
            same, meets = alike[row], meeting[row]
            other = _best(scores, meets & ~same & ~drawn)
            mine = _best(scores, meets & same)
            if other is not None and (mine is None or scores[other] > scores[mine]):
                if shape.label in self.labels:
                    yield self._differs("mislabelled", row, other, scores[other])
            elif mine is not None and _reads_otherwise(shape, self.said.shapes[mine]):
                yield self._differs("misread", row, mine, scores[mine])
            elif outlines and (loose := self._loose(row, same)) is not None:
                yield self._differs("loose", row, loose, float(self.coverages.iou[row, loose]))

    def _loose(self, row: int, same: NDArray[np.bool_]) -> int | None:
        """The version's outline of the object that an annotation outlines otherwise."""
        nearest = _best(self.coverages.iou[row], same)
        low, high = LOOSE_IOU
        if nearest is None or not low <= self.coverages.iou[row, nearest] < high:
            return None
        return nearest if int(self.coverages.iou[:, nearest].argmax()) == row else None

    def _areas(self) -> Iterator[Finding]:
        """Of pixels that have labels: an annotated area that the version gives to another one."""
        alike = self._alike()
        for row, shape in enumerate(self.drawn.shapes):
            same = alike[row]
            covered = self.coverages.of_first[row]
            other = _best(covered, ~same)
            if other is None or shape.label not in self.labels:
                continue
            if covered[other] >= MEETS_IOU and covered[same].sum() < FREE_SHARE:
                yield self._differs("mislabelled", row, other, self._scores()[other])

    def _missing(self) -> Iterator[Finding]:
        """What the version found where nobody drew, each place once."""
        ignored = self._ignored()
        free = (self.coverages.of_second.sum(axis=0) < FREE_SHARE) & (
            self.coverages.iou.max(axis=0, initial=0) < FREE_SHARE
        )
        told: list[int] = []
        for column in np.flatnonzero(free & ~ignored):
            box = self.said.boxes_xyxy[[column]]
            before = self.said.boxes_xyxy[told]
            if (boxes.iou_matrix(box, before) < MEETS_IOU).all():
                told.append(int(column))
                yield self._left_out(int(column))

    def _alike(self) -> NDArray[np.bool_]:
        """Whether an annotation and the version's shape have one label, ``(N, M)``."""
        labels = [shape.label for shape in self.said.shapes]
        alike = [[label == shape.label for label in labels] for shape in self.drawn.shapes]
        return np.array(alike, np.bool_).reshape(len(alike), len(labels))

    def _scores(self) -> Floats:
        return np.array([shape.score or 0.0 for shape in self.said.shapes], np.float64)

    def _ignored(self) -> NDArray[np.bool_]:
        """Which of the version's shapes lie in ignore regions by half or more, ``(M,)``."""
        regions = [
            Shape(label="ignored", kind="polygon", points=region.points)
            for region in self.image.ignore_regions
        ]
        covered = Coverages.of(self.said, Placed.of(regions, self.said.size)).of_first
        ignored: NDArray[np.bool_] = covered.sum(axis=1) >= LEFT_OUT_SHARE
        return ignored

    def _left_out(self, column: int) -> Finding:
        x1, y1, x2, y2 = self.said.boxes_xyxy[column].tolist()
        shape = self.said.shapes[column]
        return Finding(
            id=missing_id(self.image.image_id, shape.id),
            rule="missing",
            label=shape.label,
            figure=round(shape.score or 0.0, 3),
            image_id=self.image.image_id,
            image_name=self.image.name,
            place=(x1, y1, x2, y2),
        )

    def _differs(self, rule: Rule, row: int, column: int, figure: float) -> Finding:
        x1, y1, x2, y2 = self.said.boxes_xyxy[column].tolist()
        shape, other = self.drawn.shapes[row], self.said.shapes[column]
        return _of_shape(rule, self.image, shape, other, figure, place=(x1, y1, x2, y2))


def _best(values: Floats, among: NDArray[np.bool_]) -> int | None:
    """The index of the highest value among some; None where there are none above 0."""
    kept = np.where(among, values, 0.0)
    best = int(kept.argmax()) if kept.size else 0
    return best if kept.size and kept[best] > 0 else None


def _reads_otherwise(shape: Shape, other: Shape) -> bool:
    """Whether two lines say different things; letter case and spaces are no difference."""
    first, second = ("".join((text or "").split()).casefold() for text in (shape.text, other.text))
    return bool(first) and bool(second) and first != second


def _of_shape(
    rule: Rule,
    image: AnnotatedImage,
    shape: Shape,
    other: Shape,
    figure: float,
    *,
    place: Place | None = None,
) -> Finding:
    said = (shape.text, other.text) if rule == "misread" else (shape.label, other.label)
    return Finding(
        id=derived_id(rule, image.image_id, shape.id),
        rule=rule,
        label=said[0] or "",
        figure=round(float(figure), 3),
        image_id=image.image_id,
        image_name=image.name,
        other_label=said[1] or "",
        shape_ids=(shape.id,),
        place=place,
    )


def missing_id(image_id: str, shape_id: str) -> str:
    """Return the id of the finding that nobody annotated what a version calls ``shape_id``."""
    return derived_id("missing", image_id, shape_id)


def is_at(finding: Finding, places: Sequence[Place]) -> bool:
    """Tell whether a finding is at one of some places, as two boxes of one object are."""
    if finding.place is None or not places:
        return False
    overlaps = boxes.iou_matrix(boxes.as_boxes([finding.place]), boxes.as_boxes(places))
    return bool((overlaps >= MEETS_IOU).any())
