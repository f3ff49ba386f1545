"""The predictions that were made of images: what a correction may name."""

from services.annotation.repository import PREDICTIONS, PredictionView
from shared.contracts.envelope import Event
from shared.contracts.model_events import PredictionCompleted
from shared.documents.hearing import WAIT_S, heard_of
from shared.documents.port import Collection, Documents, TenantScope
from shared.documents.projections import remember
from shared.errors import FieldError, InvalidInput
from shared.images.directory import ImageView


class KnownPredictions:
    """The predictions of all projects as this service knows them."""

    def __init__(self, documents: Documents, *, wait_s: float = WAIT_S) -> None:
        self._documents = documents
        self._wait_s = wait_s

    async def require(self, image: ImageView, prediction_id: str) -> None:
        """Check that a prediction is one of this image.

        One made a moment ago may not have been heard of, so an unknown one is waited for.

        Raises:
            InvalidInput: There is none, or it is another image's.
        """
        predictions = self._collection(image.tenant)
        view = await heard_of(
            image.tenant,
            prediction_id,
            lambda: predictions.find(prediction_id),
            wait_s=self._wait_s,
        )
        if view is None or view.image_id != image.id:
            message = f"no prediction of the image {image.name!r} has this id"
            raise InvalidInput(
                f"prediction_id: {message}", errors=[FieldError("prediction_id", message)]
            )

    async def completed(self, event: Event[PredictionCompleted]) -> None:
        """Take note of a prediction."""
        data = event.data
        view = PredictionView(
            id=data.prediction_id,
            tenant=event.tenant,
            sequence=event.sequence,
            project_id=data.project_id,
            image_id=data.image_id,
            made_at=event.time,
        )
        await remember(self._collection(event.tenant), view)

    def _collection(self, tenant: str) -> Collection[PredictionView]:
        return self._documents.collection(PREDICTIONS, TenantScope(tenant))
