"""Names that people give: one rule for files, one for labels, whatever door they come by."""

import unicodedata

_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}  # controls, bidi and zero-width marks, …


def file_name(path: str) -> str:
    r"""Return a file's own name as it is kept: no folders, normal form C, no blanks at its ends.

    A path may be written on any system; what has no name gives an empty one.

    >>> file_name(r"C:\shots\part 17.JPG "), file_name("x/e\u0301.png"), file_name("x/")
    ('part 17.JPG', 'é.png', '')
    """
    return unicodedata.normalize("NFC", path.replace("\\", "/").rsplit("/", 1)[-1]).strip()


def has_unseen(name: str) -> bool:
    r"""Tell whether a name holds invisible or control characters; blanks of any kind are none.

    >>> has_unseen("划痕\u3000深.png"), has_unseen("a\u200b.png")
    (False, True)
    """
    return any(unicodedata.category(character) in _UNSEEN for character in name)


def folded(name: str) -> str:
    r"""Return the key by which names are sorted, searched and told apart whatever their case.

    >>> folded("Part.JPG"), folded("e\u0301") == folded("\u00c9")
    ('part.jpg', True)
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def label_name(value: str) -> str:
    """Return a label's name as it is stored and compared.

    Normal form C, every blank of any kind (class Zs) as a plain one, none at the ends.

    Raises:
        ValueError: Blank, or with invisible or control characters.

    >>> label_name(" 划痕\u3000深 "), label_name("e\u0301")
    ('划痕 深', 'é')
    """
    text = unicodedata.normalize("NFC", value)
    text = "".join(" " if unicodedata.category(c) == "Zs" else c for c in text).strip()
    if not text or has_unseen(text):
        raise ValueError("must be printable and not blank")
    return text
