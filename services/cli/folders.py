"""A user's folder of images and labels, as the platform wants it: flat, with unique names."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp")
UNSEEN_FOLDER = "unseen"
_LISTS = {
    "train": "train",
    "trainval": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
}
_CLASS_FILES = ("classes.txt", "labels.txt", "obj.names", "data.yaml", "data.yml")
_NUMBERS = re.compile(r"^\s*\d+(\s+[-+.\deE]+){4,}\s*$")


class NoData(Exception):
    """The folder holds nothing to work with; the text says what is missing."""


@dataclass(frozen=True)
class FolderImage:
    """One image: its path, its unique name on the platform, and the split it is listed in."""

    path: Path
    name: str
    split: str | None
    unseen: bool = False

    @property
    def stem(self) -> str:
        """Return the name without its suffix."""
        return PurePosixPath(self.name).stem


@dataclass(frozen=True)
class Folder:
    """What a folder holds.

    Attributes:
        root: The folder.
        images: Every image, by path.
        own_labels: The label file of each image that has one of its own, by image name.
        collections: COCO and CreateML files, each describing many images.
        class_files: Names of YOLO's classes.
        lone_labels: Label files (labelme, VOC, YOLO) whose image is not there.
    """

    root: Path
    images: tuple[FolderImage, ...]
    own_labels: Mapping[str, Path] = field(default_factory=dict)
    collections: tuple[Path, ...] = ()
    class_files: tuple[Path, ...] = ()
    lone_labels: tuple[Path, ...] = ()


def read_folder(root: Path) -> Folder:
    """Look through a folder, whatever its layout.

    Understood are: labels beside the images or in a twin folder (`labels/`, `Annotations/`), splits
    by list files (`train.txt`, `ImageSets/Main/test.txt`) or by folders (`images/train/`), COCO and
    CreateML files anywhere. Images in a folder called `unseen` are kept for the test.

    Raises:
        NoData: There is no folder, no image, or no label file.
    """
    if not root.is_dir():
        raise NoData(f"{root} is not a folder")
    files = [path for path in sorted(root.rglob("*")) if path.is_file() and not _hidden(path, root)]
    paths = [path for path in files if path.suffix.lower() in IMAGE_SUFFIXES]
    if not paths:
        raise NoData(f"{root} holds no image ({', '.join(IMAGE_SUFFIXES)})")
    names = _unique_names(paths, root)
    lists = [path for path in files if _is_list(path)]
    listed = _read_lists(lists)
    images = tuple(
        FolderImage(
            path,
            names[path],
            _split_of(path, root, listed),
            UNSEEN_FOLDER in path.relative_to(root).parts[:-1],
        )
        for path in paths
    )
    labels = [path for path in files if path not in lists and path.suffix in (".json", ".xml")]
    class_files = tuple(path for path in files if _is_class_file(path))
    labels += [
        path
        for path in files
        if path.suffix == ".txt" and path not in lists and path not in class_files
    ]
    own = _match(images, labels)
    taken = set(own.values())
    rest = tuple(path for path in labels if path.suffix == ".json" and path not in taken)
    stems = {path.stem for path in paths}
    lone = tuple(path for path in labels if path.suffix != ".json" and path.stem not in stems)
    if not own and not rest:
        raise NoData(f"{root} holds images but no label file (labelme, VOC, YOLO, COCO, CreateML)")
    return Folder(root, images, own, rest, class_files, lone)


def _hidden(path: Path, root: Path) -> bool:
    return any(part.startswith((".", "__")) for part in path.relative_to(root).parts)


def _unique_names(paths: Sequence[Path], root: Path) -> dict[Path, str]:
    """File names, with their folders in front where a base name occurs twice."""
    stems = Counter(path.stem for path in paths)
    return {
        path: path.name
        if stems[path.stem] == 1
        else "_".join(path.relative_to(root).with_suffix("").parts) + path.suffix
        for path in paths
    }


def _is_class_file(path: Path) -> bool:
    return path.name.lower() in _CLASS_FILES or path.suffix == ".names"


def _is_list(path: Path) -> bool:
    if path.suffix.lower() != ".txt" or path.stem.lower() not in _LISTS:
        return False
    lines = [line for line in path.read_text(errors="replace").splitlines() if line.strip()]
    return bool(lines) and not any(_NUMBERS.match(line) for line in lines[:20])


def _read_lists(lists: Sequence[Path]) -> dict[str, str]:
    """Split by base name; a list that holds an image out wins, `trainval` loses to `train`."""
    order = ("trainval", "train", "validation", "valid", "val", "test")
    listed: dict[str, str] = {}
    for path in sorted(lists, key=lambda path: order.index(path.stem.lower())):
        for line in path.read_text(errors="replace").splitlines():
            for text in (line.strip(), *line.split()[:1]):
                name = PurePosixPath(text.replace("\\", "/")).name
                stem = PurePosixPath(name)
                is_file = stem.suffix.lower() in IMAGE_SUFFIXES
                if name:
                    listed[stem.stem if is_file else name] = _LISTS[path.stem.lower()]
    return listed


def _split_of(path: Path, root: Path, listed: Mapping[str, str]) -> str | None:
    if listed:
        return listed.get(path.stem)
    folders = [part.lower() for part in path.relative_to(root).parts[:-1]]
    return next((_LISTS[part] for part in reversed(folders) if part in _LISTS), None)


def _match(images: Sequence[FolderImage], labels: Sequence[Path]) -> dict[str, Path]:
    """The label file of each image: the same base name, the nearest folder first."""
    by_stem: dict[str, list[Path]] = {}
    for path in labels:
        by_stem.setdefault(path.stem, []).append(path)
    matched = {}
    for image in images:
        found = by_stem.get(image.path.stem, [])
        if found:
            matched[image.name] = min(found, key=lambda path: (_distance(image.path, path), path))
    return matched


def _distance(image: Path, label: Path) -> int:
    """How many folder names differ; `images` and its twins count as the same."""
    first, second = set(_plain(image)), set(_plain(label))
    return len(first ^ second)


def _plain(path: Path) -> Iterator[str]:
    twins = ("images", "labels", "jpegimages", "annotations", "img", "xml")
    return (part for part in path.parent.parts if part.lower() not in twins)
