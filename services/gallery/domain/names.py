"""Names of images: what a person may call a file (reliability S11)."""

from services.gallery.domain.refusals import ImageNameInvalid
from shared.contracts.names import file_name, has_unseen

MAX_NAME = 128
_LOST = "\ufffd"  # stands where bytes were no UTF-8


def clean_name(raw: str) -> str:
    r"""Return the name to keep: without folders, in NFC, without blanks at its ends.

    Raises:
        ImageNameInvalid: nothing is left, over 128 characters, invisible or lost ones.

    >>> clean_name(r"C:\shots\part 17.JPG")
    'part 17.JPG'
    """
    name = file_name(raw)
    if not name or name in {".", ".."}:
        raise ImageNameInvalid("the file has no name")
    if len(name) > MAX_NAME:
        raise ImageNameInvalid(f"the file's name has over {MAX_NAME} characters")
    if _LOST in name:
        raise ImageNameInvalid("the file's name is not UTF-8 text: parts of it are lost")
    if has_unseen(name):
        raise ImageNameInvalid("the file's name has invisible or control characters")
    return name


def tile_name(parent_name: str, row: int, column: int) -> str:
    """Return the name of a tile: its parent's with its row-major place, counted from one.

    >>> tile_name("board.png", 0, 1)
    'board_r1c2.png'
    """
    stem, dot, suffix = parent_name.rpartition(".")
    return f"{stem or suffix}_r{row + 1}c{column + 1}{dot if stem else ''}{suffix if stem else ''}"
