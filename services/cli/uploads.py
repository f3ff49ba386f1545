"""Uploading many images: a few batches at a time, what is there already only counted."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from services.cli.client import Client
from services.cli.folders import FolderImage

_BATCH_FILES = 12
_BATCH_BYTES = 24 << 20
_AT_ONCE = 2


@dataclass
class Uploaded:
    """What came of an upload: image ids by name, and why others were refused."""

    ids: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)


def upload_all(
    client: Client,
    project_id: str,
    images: Sequence[FolderImage],
    *,
    on_files: Callable[[int], object] = lambda count: None,
) -> Uploaded:
    """Upload images; those that the gallery holds under their name are not sent again.

    Args:
        client: The platform.
        project_id: The project.
        images: What to upload.
        on_files: Called with the number of files that were just settled.

    Returns:
        Ids of all that the gallery holds now, and the refused ones with their reason.
    """
    known = {
        image["name"]: image["id"]
        for image in client.pages(f"/api/gallery/projects/{project_id}/images")
    }
    uploaded = Uploaded()
    missing = []
    for image in images:
        if image.name in known:
            uploaded.ids[image.name] = known[image.name]
        else:
            missing.append(image)
    on_files(len(uploaded.ids))

    def send(batch: list[FolderImage]) -> None:
        results = client.upload_images(project_id, [(image.name, image.path) for image in batch])
        for image, result in zip(batch, results, strict=True):
            if result["image"] is not None:
                uploaded.ids[image.name] = result["image"]["id"]
            else:
                uploaded.refused[image.name] = result["problem"]["detail"]
        on_files(len(batch))

    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        list(pool.map(send, _batches(missing)))
    return uploaded


def _batches(images: Sequence[FolderImage]) -> Iterator[list[FolderImage]]:
    batch: list[FolderImage] = []
    size = 0
    for image in images:
        batch.append(image)
        size += image.path.stat().st_size
        if len(batch) >= _BATCH_FILES or size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
