"""How the gallery tells of an image."""

from services.gallery.repository import Image
from shared.contracts.image_events import ImageUploaded


def uploaded_event(image: Image) -> ImageUploaded:
    """Return the event that tells of a new image or tile."""
    return ImageUploaded(
        project_id=image.project_id,
        image_id=image.id,
        name=image.name,
        blob_key=image.blob_key,
        sha256=image.sha256,
        content_type=image.content_type,
        size_bytes=image.size_bytes,
        width=image.width,
        height=image.height,
        uploaded_at=image.uploaded_at,
        parent_id=image.parent_id,
        row=image.row,
        column=image.column,
        offset_x=image.offset_x,
        offset_y=image.offset_y,
        plan_hash=image.plan_hash,
        orientation=image.orientation,
        looks=image.looks or "",
    )
