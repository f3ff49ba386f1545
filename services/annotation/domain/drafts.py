"""What an annotation shall become."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.annotation.domain.formats.model import Split
from services.annotation.domain.history import Reason
from shared.contracts.shapes import IgnoreRegion, Shape


@dataclass(frozen=True)
class AnnotationDraft:
    """What an image's annotation shall be; `split` and `whole_version` None keep what it has.

    ``import_id`` is the import that it comes of, ``restores`` the step whose outcome it is again,
    ``gone`` the deleted labels whose shapes go (name → id).
    """

    shapes: tuple[Shape, ...]
    ignore_regions: tuple[IgnoreRegion, ...] = ()
    annotated: bool = True
    split: Split | None = None
    reason: Reason = "saved"
    prediction_id: str | None = None
    whole_version: int | None = None
    import_id: str = ""
    restores: str = ""
    gone: Mapping[str, str] = field(default_factory=dict)
