"""Where in an archive its label files lie: in folders that people and tools put around them all.

The formats' own marks tell: files that are called as images are, else files of class names,
JSON that begins like labels, XML and what lies in a data set's own folders. A note beside the
folder is no mark.
"""

import itertools
import re
from collections.abc import Callable, Iterable, Sequence

from services.annotation.domain.formats.class_lists import NAME_FILES
from shared.contracts.names import file_name

_DATASET_FOLDERS = frozenset(
    (
        *("annotations", "annotation", "labels", "images", "jpegimages", "imagesets"),
        *("data", "obj"),  # darknet's
        *("main", "default", "train", "valid", "val", "validation", "test"),
        *("train2017", "val2017", "test2017"),  # of COCO's pictures
        *("obj_train_data", "obj_valid_data", "obj_test_data"),
    )
)
"""Folders in which tools lay out a data set; any other is a mistake of the one who packed it."""
_DOTA_FOLDER = "labeltxt"  # with a version behind it
_LABEL_FILES = (".json", ".xml", ".txt")
_CLASS_FILES = (".yaml", ".yml", ".names")
_KEYS = re.compile(rb'"(?:images?|imagefilename|annotations|categories|items|shapes)"\s*:')
_MOST_BEGUN = 200  # files that are looked into
_DEEPEST = 8  # folders around all; below, a stranger's path may have thousands


def is_own(folder: str) -> bool:
    """Whether a folder is one in which tools lay out a data set.

    >>> is_own("Labels"), is_own("labelTxt-v1.5"), is_own("line 3")
    (True, True, False)
    """
    name = folder.lower()
    return name in _DATASET_FOLDERS or name.startswith(_DOTA_FOLDER)


def around(
    paths: Sequence[str], is_known: Callable[[str], bool], begins: Callable[[str], bytes]
) -> str:
    """Return the folders, slash included, that lie around all label files.

    Args:
        paths: Files with their folders, separated by slashes.
        is_known: Whether a file is called as an image is.
        begins: Gives a file's first bytes; asked of JSON, where no file is called as an image is.

    Returns:
        All up to the last folder that is none of a data set's own; nothing where there is none.

    >>> files = ["set/labels/a.txt", "set/data.yaml", "notes.txt"]
    >>> around(files, lambda name: name == "a.txt", lambda path: b"")
    'set/'
    """
    folders = sorted(path.split("/", _DEEPEST)[:-1] for path in _marks(paths, is_known, begins))
    names = zip(folders[0], folders[-1], strict=False) if folders else ()
    common = [
        name
        for name, _ in itertools.takewhile(
            lambda pair: pair[0] == pair[1] and not _is_outside(pair[0]), names
        )
    ]
    while common and is_own(common[-1]):
        common.pop()
    return "".join(f"{name}/" for name in common)


def _is_outside(folder: str) -> bool:
    """Whether a path that begins with a folder leads out of the archive."""
    return folder in ("", "..") or folder.endswith(":")


def _marks(
    paths: Iterable[str], is_known: Callable[[str], bool], begins: Callable[[str], bytes]
) -> list[str]:
    """Paths that tell where label files lie, by the strongest mark that there is."""
    files = [
        path
        for path in paths
        if path.lower().endswith((*_LABEL_FILES, *_CLASS_FILES)) and not _is_readme(path)
    ]
    of_images = [p for p in files if p.lower().endswith(_LABEL_FILES) and is_known(file_name(p))]
    if of_images:
        return of_images
    documents = [path for path in files if path.lower().endswith(".json")][:_MOST_BEGUN]
    others = {path for path in documents if not _KEYS.search(begins(path))}
    return [path for path in files if _is_of_a_format(path) and path not in others] or files


def _is_of_a_format(path: str) -> bool:
    *folders, name = path.lower().split("/")
    return (
        name in NAME_FILES
        or not name.endswith((".txt", ".yaml", ".yml"))
        or any(map(is_own, folders))
    )


def _is_readme(path: str) -> bool:
    name = file_name(path).lower()
    return name.startswith("readme") and name.endswith(".txt")  # as Roboflow adds them
