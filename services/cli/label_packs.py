"""Packing a folder's label files into the archive that the platform imports: flat, at its root."""

import io
import json
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from services.cli.folders import Folder, FolderImage


def pack_labels(folder: Folder, images: Sequence[FolderImage]) -> bytes:
    """Zip the labels of some images, with the lists of their splits.

    Args:
        folder: The folder.
        images: Whose labels to take; the others' stay out, from files that describe many too.

    Returns:
        The archive's bytes.
    """
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in folder.class_files:
            if path.name not in archive.namelist():
                archive.write(path, path.name)
        for image in images:
            label = folder.own_labels.get(image.name)
            if label is not None:
                archive.write(label, f"{image.stem}{label.suffix}")
        for number, path in enumerate(folder.collections):
            reduced = reduce_collection(path, images)
            if reduced is not None:
                archive.writestr(f"collection_{number}.json", json.dumps(reduced))
        for split in ("train", "val", "test"):
            names = [image.name for image in images if image.split == split]
            if names:
                archive.writestr(f"{split}.txt", "".join(f"{name}\n" for name in names))
    return target.getvalue()


def reduce_collection(path: Path, images: Iterable[FolderImage]) -> Any:  # noqa: ANN401  JSON is any
    """Keep the entries of some images of a COCO or CreateML file, under the platform's names.

    Args:
        path: The file.
        images: The images to keep.

    Returns:
        The smaller document; None when it is no such file or nothing of it is wanted. What cannot
        be read is handed on as it is: the platform's report says what is wrong with it.
    """
    try:
        document = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return path.read_text(errors="replace")
    wanted = list(images)
    if isinstance(document, dict) and isinstance(document.get("images"), list):
        return _reduce_coco(document, path, wanted)
    if isinstance(document, list):
        kept = [
            {**entry, "image": image.name}
            for entry in document
            if isinstance(entry, dict)
            and (image := _image_of(str(entry.get("image", "")), path, wanted)) is not None
        ]
        return kept or None
    return None


def _reduce_coco(
    document: dict[str, Any], path: Path, wanted: Sequence[FolderImage]
) -> dict[str, Any] | None:
    kept = []
    for entry in document["images"]:
        name = entry.get("file_name", "") if isinstance(entry, dict) else ""
        image = _image_of(str(name), path, wanted)
        if image is not None:
            kept.append({**entry, "file_name": image.name})
    if not kept:
        return None
    ids = {json.dumps(entry.get("id")) for entry in kept}
    annotations = [
        item
        for item in document.get("annotations", [])
        if isinstance(item, dict) and json.dumps(item.get("image_id")) in ids
    ]
    categories = document.get("categories", [])
    return {"images": kept, "annotations": annotations, "categories": categories}


def _image_of(
    file_name: str, collection: Path, images: Sequence[FolderImage]
) -> FolderImage | None:
    """The image that an entry means; of several with its base name the one its file stands for."""
    wanted = PurePosixPath(file_name.replace("\\", "/"))
    same = [image for image in images if image.path.name == wanted.name]
    if len(same) <= 1:
        return same[0] if same else None
    ending = [i for i in same if i.path.as_posix().endswith(f"/{wanted.as_posix()}")]
    if len(ending) == 1:
        return ending[0]
    # `instances_val.json` speaks of the images in the folder `val`; one beside `a.jpg` of that.
    nearest = [
        image
        for image in same
        if image.path.parent.name in collection.stem or image.path.parent == collection.parent
    ]
    return nearest[0] if len(nearest) == 1 else None
