"""The demo's images: generated, or the user's own, in three parts: train, judge, unseen."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from services.cli.folders import Folder, FolderImage, NoData, read_folder
from services.cli.synthetic.dataset import write_dataset

_UNSEEN_SHARE = 0.15
_MOST_UNSEEN = 40
_COMPLETE = "complete"


@dataclass(frozen=True)
class DemoData:
    """A folder and its two sides."""

    folder: Folder
    project: tuple[FolderImage, ...]
    unseen: tuple[FolderImage, ...]


def generated_folder(root: Path, *, seed: int, on_image: Callable[[str], None]) -> Path:
    """Generate the default images once; a rerun after a crash makes what is missing.

    Returns:
        Their folder.
    """
    folder = root / f"generated-{seed}"
    if not (folder / _COMPLETE).exists():
        write_dataset(folder, seed=seed, on_image=on_image)
        (folder / _COMPLETE).touch()
    return folder


def open_data(root: Path) -> DemoData:
    """Read a folder and put some images by that the project does not see before the test.

    Those in a folder `unseen` are taken where there is one; else about 15 % of the training images
    (by the hash of their name), 40 at most. Images without labels are left out: nobody could tell
    whether what a model says of them is right.

    Raises:
        NoData: Too few labelled images.
    """
    folder = read_folder(root)
    labelled = _labelled(folder)
    unseen = [image for image in labelled if image.unseen]
    if not unseen:
        free = [image for image in labelled if image.split in (None, "train")]
        wanted = min(_MOST_UNSEEN, round(_UNSEEN_SHARE * len(free)))
        unseen = sorted(free, key=_hash)[: max(1, wanted)]
    taken = {image.name for image in unseen}
    project = [image for image in labelled if image.name not in taken]
    if len(project) < 2:
        raise NoData(f"{root} holds {len(labelled)} labelled images; at least three are needed")
    hidden = tuple(replace(image, split=None) for image in unseen)
    return DemoData(folder, tuple(project), hidden)


def _labelled(folder: Folder) -> Sequence[FolderImage]:
    if folder.collections:  # what they describe is known to the platform only
        return folder.images
    return [image for image in folder.images if image.name in folder.own_labels]


def _hash(image: FolderImage) -> str:
    return hashlib.sha256(image.name.encode()).hexdigest()
