"""The certificate: the exported file, through the SDK's own code, beside the reported answers."""

import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from services.inference.domain.accuracy import Tally, drawn, rows_of, tally, told
from services.inference.domain.accuracy_change import (
    MOST_LOSS,
    AccuracyChange,
    agreement,
    changes,
    verdict,
)
from services.inference.errors import CertificateRefused
from services.inference.repository import Certified
from shared.contracts.prediction_columns import PredictionColumns
from shared.contracts.snapshot import Snapshot, SnapshotImage
from shared.runtime.tasks.table import spec_of
from shared.sdk.comparison import Columns, Difference, Limits
from shared.sdk.image_files import ImageUnreadable, read_image
from shared.sdk.model import Model
from shared.sdk.verification import Asked, asked_again, columns_to_json, said

MOST_IMAGES = 100
MOST_PIXELS = 50_000_000  # of one image, which is wholly in memory
LIMITS = Limits()
_TOLD = 3


@dataclass(frozen=True, slots=True)
class CertificateQuestion:
    """An image and what the reported model said of it, down to ``threshold``."""

    image: SnapshotImage
    reported: Columns
    threshold: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What the exported file says of it.

    Attributes:
        question: What was asked.
        difference: To what was reported.
        tallies: How the answer counts.
    """

    question: CertificateQuestion
    difference: Difference
    tallies: "Tallies"

    def as_case(self, name: str, shown: int) -> dict[str, Any]:
        """Return what the bundle tells of an image that it holds under ``name``.

        ``shown`` results are at or above the model's own threshold.
        """
        return {
            "image": name,
            "threshold": self.question.threshold,
            "tile_plan_hash": self.question.image.plan_hash,
            "columns": columns_to_json(self.question.reported),
            "shown": shown,
        }


@dataclass(frozen=True, slots=True)
class Tallies:
    """Two answers about an image, at the model's operating point, as they count.

    Attributes:
        reported: The reported answer beside what people drew.
        exported: The exported file's answer beside the same.
        between: The exported file's answer beside the reported one.
        is_judged: Whether what people drew is the whole truth: it fits the image, and no region is
            ignored.
    """

    reported: Tally
    exported: Tally
    between: Tally
    is_judged: bool

    @classmethod
    def of(cls, model: Model, question: CertificateQuestion, answer: Columns) -> "Tallies":
        """Count two answers."""
        image, task = question.image, spec_of(model.task).name
        size, rows = (image.height, image.width), len(rows_of(task, model.labels))
        before, after = (
            told(task, columns, size, model.threshold) for columns in (question.reported, answer)
        )
        between = tally(after, before, rows)
        try:
            truth = drawn(task, image, model.labels)
            judged = tally(before, truth, rows), tally(after, truth, rows)
        except ValueError:  # a shape that does not fit its image: by it nothing is judged
            return cls(between, between, between, is_judged=False)
        return cls(*judged, between, is_judged=not image.ignore_regions)


def questions(snapshot: Snapshot, predictions: PredictionColumns) -> list[CertificateQuestion]:
    """Choose images that judged the version: all, or `MOST_IMAGES` of them by their dataset's hash.

    Left out are images that do not fit into memory, and those on which a classifier was judged with
    some regions painted over.
    """
    images = _held_out(snapshot)
    whole = spec_of(snapshot.task).labels_whole
    header = predictions.header
    found = [
        CertificateQuestion(images[name], predictions.of_image(place), header.threshold)
        for place, name in enumerate(header.image_ids)
        if name in images and _is_fit(images[name], whole)
    ]
    if len(found) <= MOST_IMAGES:
        return found
    return random.Random(snapshot.dataset_hash).sample(found, MOST_IMAGES)


def count_held_out(snapshot: Snapshot, predictions: PredictionColumns) -> int:
    """Count the images that judged the version."""
    return len(_held_out(snapshot).keys() & set(predictions.header.image_ids))


def _held_out(snapshot: Snapshot) -> dict[str, SnapshotImage]:
    """Images that only judge, by id; stored predictions tell of corrected ones, which train."""
    return {image.image_id: image for image in snapshot.images if image.split == "test"}


def _is_fit(image: SnapshotImage, whole: bool) -> bool:  # the fact of the task
    return image.width * image.height <= MOST_PIXELS and not (whole and image.ignore_regions)


def answer(model: Model, question: CertificateQuestion, file: bytes) -> Answer:
    """Ask the exported file.

    Raises:
        CertificateRefused: It cannot answer.
    """
    asked = Asked(question.reported, question.threshold, question.image.plan_hash)
    try:
        apart, columns = asked_again(model, read_image(file), asked, LIMITS)
        return Answer(question, apart, Tallies.of(model, question, columns))
    except (ImageUnreadable, ValueError) as error:
        raise CertificateRefused(
            f"{question.image.name} cannot be predicted by the exported file: {error}"
        ) from error


def shown(model: Model, question: CertificateQuestion, file: bytes) -> int:
    """Count the results of an image that was asked about, at the model's own threshold."""
    plan = question.image.plan_hash
    return len(model.results(read_image(file), threshold=model.threshold, tile_plan_hash=plan))


def summary(
    answers: Sequence[Answer], held_out: int, labels: Sequence[str], *, is_exact: bool
) -> Certified:
    """Return the certificate's figures.

    Args:
        answers: Of the exported file.
        held_out: How many images judged the version.
        labels: Names of the rows of the answers' tallies.
        is_exact: Whether each answer must be the reported one; else F1 alone decides.

    Raises:
        CertificateRefused: Answers, or F1, are over the limits.
    """
    if not answers:
        raise CertificateRefused("no held-out image is left on which the export could be checked")
    if is_exact:
        _require_equal(answers)
    judged = [one.tallies for one in answers if one.tallies.is_judged]
    found = changes(labels, [one.reported for one in judged], [one.exported for one in judged])
    if not is_exact:
        _require_kept(found)
    differences = [one.difference for one in answers]
    return Certified(
        held_out=held_out,
        images=len(answers),
        results=sum(one.results for one in differences),
        score=max(one.score for one in differences),
        box_px=max(one.box_px for one in differences),
        mask_iou=min(one.mask_iou for one in differences),
        agreement=agreement([one.tallies.between for one in answers]),
        degraded=not is_exact and verdict(found) == "degraded",
        accuracy=tuple(found),
    )


def _require_equal(answers: Sequence[Answer]) -> None:
    wrong = [one for one in answers if not one.difference.within(LIMITS)]
    if wrong:
        first = "; ".join(
            f"{one.question.image.name}: {said(one.difference)}" for one in wrong[:_TOLD]
        )
        raise CertificateRefused(
            f"the exported file answers otherwise than the reported model on {len(wrong)} of"
            f" {len(answers)} images: {first}"
        )


def _require_kept(found: Sequence[AccuracyChange]) -> None:
    if not found:
        raise CertificateRefused("no held-out image shows a label by which 8 bits could be judged")
    lost = [one for one in found if verdict([one]) == "lost"]
    if lost:
        first = "; ".join(
            f"{one.label or 'all labels'}: {one.reported:.3f} → {one.exported:.3f}"
            f" ({one.low:+.3f} … {one.high:+.3f})"
            for one in lost[:_TOLD]
        )
        raise CertificateRefused(f"in 8 bits the model loses more than a point of F1: {first}")


def certificate(answers: Sequence[Answer], figures: Certified, *, is_exact: bool) -> dict[str, Any]:
    """Return the certificate as the bundle holds it: the figures, the limits, every image."""
    return {
        "limits": asdict(LIMITS) if is_exact else {"loss_of_f1": MOST_LOSS},
        **figures.model_dump(),
        "of_images": [
            {
                "image_id": one.question.image.image_id,
                "name": one.question.image.name,
                **asdict(one.difference),
                "agreement": agreement([one.tallies.between]),
            }
            for one in answers
        ],
    }
