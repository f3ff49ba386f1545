"""One image of the error gallery."""

from dataclasses import dataclass
from typing import Self

from services.evaluator.domain.objects.error_pages import Mark
from services.evaluator.handlers.reports import ErrorImage


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorImageAnswer:
    """An image on which the version erred; ``annotate`` opens it in the console."""

    image_id: str
    name: str
    width: int
    height: int
    annotate: str
    marks: tuple[Mark, ...]

    @classmethod
    def of(cls, image: ErrorImage, project_id: str) -> Self:
        """Show one image."""
        return cls(
            image_id=image.image_id,
            name=image.name,
            width=image.width,
            height=image.height,
            annotate=f"/projects/{project_id}/annotate/{image.image_id}",
            marks=image.marks,
        )
