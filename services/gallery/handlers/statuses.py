"""The status and label column of images, as annotations and predictions tell."""

from contextlib import suppress
from typing import Any

from services.gallery.domain.status import status_of
from services.gallery.repository import IMAGES, Image
from shared.contracts.annotation_events import AnnotationReviewed, AnnotationSaved
from shared.contracts.envelope import Event
from shared.contracts.model_events import PredictionCompleted
from shared.documents.port import Collection, Documents, TenantScope
from shared.errors import NotFound


class Statuses:
    """Keeps images in step with what is known of them."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    async def follow_annotation(self, event: Event[AnnotationSaved]) -> None:
        """Keep status and label column in step with the newest annotation."""
        annotated = event.data.annotated

        def follow(image: Image) -> Image | None:
            if event.sequence <= image.annotation_sequence:
                return None
            return image.model_copy(
                update={
                    **_reviewed(image, event),
                    "annotated": annotated,
                    "labels": event.data.labels if annotated else (),
                    "annotation_sequence": event.sequence,
                    "status": status_of(annotated=annotated, tested=image.tested_by is not None),
                }
            )

        with suppress(NotFound):
            await self._images(event.tenant).change(event.data.image_id, follow)

    async def follow_review(self, event: Event[AnnotationReviewed]) -> None:
        """Keep in step with what was said last of the annotation."""

        def follow(image: Image) -> Image | None:
            return image.model_copy(update=told) if (told := _reviewed(image, event)) else None

        with suppress(NotFound):
            await self._images(event.tenant).change(event.data.image_id, follow)

    async def follow_prediction(self, event: Event[PredictionCompleted]) -> None:
        """Mark a tested image; of several predictions, in any order, the latest one counts."""

        def follow(image: Image) -> Image | None:
            known = (image.tested_at, image.tested_by or "")
            if known[0] is not None and known >= (event.time, event.data.version):
                return None
            return image.model_copy(
                update={
                    "tested_by": event.data.version,
                    "tested_at": event.time,
                    "status": status_of(annotated=image.annotated, tested=True),
                }
            )

        with suppress(NotFound):
            await self._images(event.tenant).change(event.data.image_id, follow)

    def _images(self, tenant: str) -> Collection[Image]:
        return self._documents.collection(IMAGES, TenantScope(tenant))


def _reviewed(
    image: Image, event: Event[AnnotationSaved] | Event[AnnotationReviewed]
) -> dict[str, Any]:
    """What an event changes of an image's review; nothing where a later one was heard."""
    if event.sequence <= image.review_sequence:
        return {}
    review = event.data.review
    return {
        "review": None if review == "draft" else review,
        "review_sequence": event.sequence,
    }
