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
_SHOWN = 5


@dataclass(frozen=True)
class DemoData:
    """A folder and its two sides.

    Attributes:
        folder: What the folder holds.
        project: Images that the project gets.
        unseen: Images that it does not see before the test.
        left_out: Names of images without labels, and of label files without an image.
    """

    folder: Folder
    project: tuple[FolderImage, ...]
    unseen: tuple[FolderImage, ...]
    left_out: tuple[str, ...] = ()

    def words(self) -> str:
        """One line on what was left out; empty when nothing was.

        >>> DemoData(Folder(Path(), ()), (), (), ("a.jpg", "b.xml")).words()
        '2 files are left out, their image or their label is missing: a.jpg, b.xml'
        """
        if not self.left_out:
            return ""
        shown = ", ".join(self.left_out[:_SHOWN])
        more = f" and {len(self.left_out) - _SHOWN} more" if len(self.left_out) > _SHOWN else ""
        return (
            f"{len(self.left_out)} files are left out, their image or their label is missing: "
            f"{shown}{more}"
        )


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
    whether what a model says of them is right. A good part has a label file without shapes.

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
    known = {image.name for image in labelled}
    bare = [image.name for image in folder.images if image.name not in known]
    lone = [path.name for path in folder.lone_labels]
    return DemoData(folder, tuple(project), hidden, tuple(bare + lone))


def _labelled(folder: Folder) -> Sequence[FolderImage]:
    if folder.collections:  # what they describe is known to the platform only
        return folder.images
    return [image for image in folder.images if image.name in folder.own_labels]


def _hash(image: FolderImage) -> str:
    return hashlib.sha256(image.name.encode()).hexdigest()
