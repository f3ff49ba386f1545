"""The language of a request, and every text of the server in it.

Whoever refuses or reports says so in English; that text is what is stored, logged and told in
events. At the door, where an answer is rendered, :func:`told` finds the template that the text was
made of and says it in the language that the caller asked for. The catalogues `zh-CN/*.json` map
templates (``{}`` for what is filled in, ``{#}`` for a number) to templates (``{0}``, ``{1}``, …
for the same).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator

Language = Literal["en", "zh-CN"]

_FOLDER = Path(__file__).parent / "zh-CN"
_SPEAKS: dict[str, Language] = {"zh": "zh-CN", "en": "en"}
_MAX_DEPTH = 4  # texts within texts
_MAX_TEXT = 4000
_SPOKEN: ContextVar[Language] = ContextVar("language", default="en")


def language_of(accepted: str) -> Language:
    """Return what of `Accept-Language` (RFC 9110, 12.5.4) is spoken here; English when nothing is.

    >>> language_of("zh-TW, en;q=0.8"), language_of("fr, en;q=0.3, zh;q=0.5"), language_of("fr")
    ('zh-CN', 'zh-CN', 'en')
    """
    best: tuple[float, Language] = (0.0, "en")
    for part in accepted[:1000].split(","):
        tag, _, weight = part.partition(";")
        primary = tag.strip().lower().split("-")[0]
        quality = _quality(weight)
        if primary in _SPEAKS and quality > best[0]:
            best = (quality, _SPEAKS[primary])
    return best[1]


def _quality(weight: str) -> float:
    name, _, value = weight.strip().partition("=")
    try:
        return float(value) if name.strip() == "q" else 1.0
    except ValueError:
        return 0.0


def spoken() -> Language:
    """Return the language of the request that is being answered."""
    return _SPOKEN.get()


@contextmanager
def speaking(language: Language) -> Iterator[None]:
    """Answer in `language` inside the block."""
    token = _SPOKEN.set(language)
    try:
        yield
    finally:
        _SPOKEN.reset(token)


def told(text: str) -> str:
    """Return a text of the server in the language of the request; unknown ones as they are.

    >>> with speaking("zh-CN"):
    ...     told("no image 7"), told("shapes.0: the shape has no area"), told("7")
    ('没有图像 7', 'shapes.0：该形状没有面积', '7')
    """
    return text if spoken() == "en" else _translated(text, _MAX_DEPTH)


Told = Annotated[str, AfterValidator(told)]
"""A text of an answer that comes in the language of the request."""


def _translated(text: str, depth: int) -> str:
    if depth == 0 or len(text) > _MAX_TEXT:
        return text
    catalogue = catalogue_of("zh-CN")
    first = text.split(" ", 1)[0]
    for template in catalogue.get(first, catalogue[""]):
        values = template.values(text)
        if values is not None:
            return template.words.format(
                *(
                    value if template.is_name(place) else _translated(value, depth - 1)
                    for place, value in enumerate(values)
                )
            )
    return text


@dataclass(frozen=True)
class Template:
    """An English text around what is filled in, and the same in another language.

    A ``numbered`` one, the place of a record, takes a number only.
    """

    pieces: tuple[str, ...]
    words: str
    numbered: bool = False

    def is_name(self, place: int) -> bool:
        """Whether what fills a place is a name, which no language changes: it stands in brackets.

        >>> Template(("", " (", ") has no area"), "").is_name(1)
        True
        """
        return self.pieces[place].endswith("(") and self.pieces[place + 1].startswith(")")

    def values(self, text: str) -> list[str] | None:
        """Return what fills this template to make `text`, in order; None when nothing does.

        In time that grows with the text alone: each piece is looked for once, the first that comes.
        """
        first, *others = self.pieces
        if not others:
            return [] if text == first else None
        if not text.startswith(first) or not text.endswith(others[-1]):
            return None
        values: list[str] = []
        place, end = len(first), len(text) - len(others[-1])
        for piece in others[:-1]:
            found = text.find(piece, place, end)
            if found < 0:
                return None
            values.append(text[place:found])
            place = found + len(piece)
        last = text[place:end]
        if place > end or (self.numbered and not last.isdigit()):
            return None
        return [*values, last]


@cache
def catalogue_of(_language: Literal["zh-CN"]) -> Mapping[str, Sequence[Template]]:
    """Return the templates by the first word of a text (empty: any other), longest first."""
    found: dict[str, list[Template]] = {}
    for english, words in texts().items():
        pieces = tuple(english.replace("{#}", "{}").split("{}"))
        head, blank, _ = pieces[0].partition(" ")
        fixed = head if blank or len(pieces) == 1 else ""
        found.setdefault(fixed, []).append(Template(pieces, words, "{#}" in english))
    for head in found.keys() - {""}:
        found[head] += found[""]
    for templates in found.values():
        templates.sort(key=lambda template: -sum(map(len, template.pieces)))
    return found


def texts() -> dict[str, str]:
    """Return every English template with its Chinese one."""
    found: dict[str, str] = {}
    for path in sorted(_FOLDER.glob("*.json")):
        found.update(json.loads(path.read_text(encoding="utf-8")))
    return found
