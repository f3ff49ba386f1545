"""Events of annotations, corrections and labels."""

from typing import Any, ClassVar, Literal

from shared.contracts.envelope import EXAMPLE_ID, EventBody

ReviewState = Literal["draft", "submitted", "accepted", "returned"]
"""Where an annotation stands: worked on, handed in, found good, sent back to be worked on."""


class AnnotationSaved(EventBody):
    """An image's annotation changed; ``labels`` has one entry per shape (empty: a negative).

    ``annotated`` is false when the annotation was taken away. Target sizes are in pixels of the
    image.
    """

    type: ClassVar[str] = "annotation.saved"
    topic: ClassVar[str] = "annotation"
    source: ClassVar[str] = "annotation"
    consumers: ClassVar[tuple[str, ...]] = (
        "gallery", "tiling", "trainer", "inference", "annotation",
    )  # fmt: skip
    example: ClassVar[dict[str, Any]] = {
        "project_id": EXAMPLE_ID,
        "image_id": EXAMPLE_ID,
        "labels": ["scratch", "scratch"],
        "annotated": True,
        "image_area": 307200,
        "target_areas": [144.0, 900.0],
        "target_sides": [12.0, 30.0],
    }

    project_id: str
    image_id: str
    labels: tuple[str, ...]
    annotated: bool = True
    image_area: int = 0
    target_areas: tuple[float, ...] = ()
    target_sides: tuple[float, ...] = ()
    author: str = ""
    review: ReviewState = "draft"


class AnnotationReviewed(EventBody):
    """Somebody handed an annotation in, accepted it or returned it; it is drawn as it was."""

    type: ClassVar[str] = "annotation.reviewed"
    topic: ClassVar[str] = "annotation"
    source: ClassVar[str] = "annotation"
    consumers: ClassVar[tuple[str, ...]] = ("gallery",)
    example: ClassVar[dict[str, Any]] = {
        "project_id": EXAMPLE_ID,
        "image_id": EXAMPLE_ID,
        "review": "accepted",
        "author": "key-1",
    }

    project_id: str
    image_id: str
    review: ReviewState
    author: str


class CorrectionSaved(EventBody):
    """A person corrected a tested image, which is an annotated one from now on."""

    type: ClassVar[str] = "correction.saved"
    topic: ClassVar[str] = "annotation"
    source: ClassVar[str] = "annotation"
    consumers: ClassVar[tuple[str, ...]] = ("trainer", "inference")
    example: ClassVar[dict[str, Any]] = {
        "project_id": EXAMPLE_ID,
        "image_id": EXAMPLE_ID,
        "prediction_id": EXAMPLE_ID,
        "author": "key-1",
    }

    project_id: str
    image_id: str
    prediction_id: str
    author: str


class LabelRenamed(EventBody):
    """A label has a new name; annotations follow."""

    type: ClassVar[str] = "label.renamed"
    topic: ClassVar[str] = "label"
    source: ClassVar[str] = "annotation"
    consumers: ClassVar[tuple[str, ...]] = ("annotation",)
    example: ClassVar[dict[str, Any]] = {
        "project_id": EXAMPLE_ID,
        "label_id": EXAMPLE_ID,
        "old_name": "scrach",
        "new_name": "scratch",
    }

    project_id: str
    label_id: str
    old_name: str
    new_name: str


class LabelRestored(EventBody):
    """A deleted label is there again; the shapes that went with it come back."""

    type: ClassVar[str] = "label.restored"
    topic: ClassVar[str] = "label"
    source: ClassVar[str] = "annotation"
    consumers: ClassVar[tuple[str, ...]] = ("annotation",)
    example: ClassVar[dict[str, Any]] = {
        "project_id": EXAMPLE_ID,
        "label_id": EXAMPLE_ID,
        "name": "stain",
    }

    project_id: str
    label_id: str
    name: str


class LabelDeleted(EventBody):
    """A label is gone, and with it all its annotations."""

    type: ClassVar[str] = "label.deleted"
    topic: ClassVar[str] = "label"
    source: ClassVar[str] = "annotation"
    consumers: ClassVar[tuple[str, ...]] = ("annotation",)
    example: ClassVar[dict[str, Any]] = {
        "project_id": EXAMPLE_ID,
        "label_id": EXAMPLE_ID,
        "name": "stain",
    }

    project_id: str
    label_id: str
    name: str
