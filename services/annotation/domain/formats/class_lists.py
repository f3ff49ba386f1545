"""Files of class names: what the class numbers of YOLO rows mean, and whether rows are poses."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.annotation.domain.formats import limits
from services.annotation.domain.formats.model import FormatError
from services.annotation.domain.formats.placement import clean_label

MAX_CLASSES = 10_000
_DATASET_FILES = ("data.yaml", "data.yml")
NAME_FILES = ("classes.txt", "obj.names", *_DATASET_FILES)
"""Files that are called as tools call their class names."""
_LABEL_LIST = "labels.txt"  # of several tools, in an order that need not be that of the rows
_SUFFIXES = (".names", ".yaml", ".yml")


@dataclass(frozen=True)
class ClassList:
    """Class names by number as one file gives them.

    Attributes:
        file: The file.
        names: Label names by class number.
        has_keypoints: Whether the rows that it describes hold key points (``kpt_shape``).
    """

    file: str = ""
    names: tuple[str, ...] = ()
    has_keypoints: bool = False


def is_class_file(name: str) -> bool:
    """Whether a file lists class names for YOLO.

    >>> is_class_file("classes.txt"), is_class_file("part-17.txt")
    (True, False)
    """
    lowered = name.lower()
    return lowered in (*NAME_FILES, _LABEL_LIST) or lowered.endswith(_SUFFIXES)


def parse(data: bytes, file: str) -> ClassList:
    """Read label names from classes.txt, *.names (a name a line) or a data.yaml (`names:`).

    Args:
        data: The file.
        file: Its name; the suffix decides the format.

    Returns:
        Names by number; none of a YAML file that is about something else.

    Raises:
        FormatError: No names, too many, or an illegal one.
    """
    text = limits.read_text(data)
    if not file.lower().endswith((".yaml", ".yml")):
        return ClassList(file, _cleaned(text.rstrip().splitlines()))
    settings = limits.read_yaml(text)
    is_dataset = file.lower() in _DATASET_FILES
    if not is_dataset and not (isinstance(settings, dict) and "names" in settings):
        return ClassList(file)
    settings = limits.mapping(settings, "the file")
    names = _cleaned(_by_number(settings.get("names")))
    told = settings.get("nc")
    if isinstance(told, str) and told.isdecimal() and told.lstrip("0") != str(len(names)):
        raise FormatError(f"'nc' says {told[:20]} classes, but 'names' has {len(names)}")
    return ClassList(file, names, has_keypoints="kpt_shape" in settings)


def agreed(found: Sequence[ClassList]) -> ClassList:
    """Return what all files of class names say; a ``labels.txt`` counts where it is the only one.

    Raises:
        FormatError: Two of them differ.
    """
    named = [one for one in found if one.names]
    telling = [one for one in named if one.file.lower() != _LABEL_LIST] or named
    for other in telling[1:]:
        if other.names != telling[0].names:
            raise FormatError(
                f"{telling[0].file} and {other.file} give the classes different names or numbers;"
                " leave the wrong one out of the archive"
            )
    return next((one for one in telling if one.has_keypoints), (telling or [ClassList()])[0])


def _cleaned(names: Sequence[object]) -> tuple[str, ...]:
    if not 1 <= len(names) <= MAX_CLASSES:
        raise FormatError(f"holds {len(names)} class names; 1 to {MAX_CLASSES} are expected")
    return tuple(clean_label(name, f"class {index}") for index, name in enumerate(names))


def _by_number(names: object) -> list[object]:
    """The `names` entry of a data.yaml: a list, or a map by index; every scalar is text."""
    if isinstance(names, list):
        return names
    if not isinstance(names, dict):
        raise FormatError("'names' is neither a list nor a map")
    numbered = {
        int(index): name
        for index, name in names.items()
        if isinstance(index, str) and index.isascii() and index.isdecimal() and len(index) <= 6
    }
    if len(numbered) != len(names) or sorted(numbered) != list(range(len(numbered))):
        raise FormatError("the indices of 'names' are not 0, 1, 2 …")
    return [numbered[index] for index in range(len(numbered))]
