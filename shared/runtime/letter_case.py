"""Capitals and small letters: whether texts tell them apart, and texts without the difference."""

from collections.abc import Iterable


def tells_case(texts: Iterable[str]) -> bool:
    """Whether the case of letters can be judged by texts that people wrote.

    It cannot where all letters that come in two cases are of one: then nothing shows whether that
    is how they are printed, or how somebody likes to write. Texts without such letters tell it.

    >>> tells_case(["TOTAL", "5 KG"]), tells_case(["Total"]), tells_case(["10.00", "日期"])
    (False, True, True)
    """
    small = capital = False
    for text in texts:
        small = small or text.upper() != text
        capital = capital or text.lower() != text
        if small and capital:
            return True
    return small == capital


def in_one_case(text: str) -> str:
    """A text with as many signs, letters of either case alike.

    >>> in_one_case("Straße İI"), len(in_one_case("İ"))
    ('straße İi', 1)
    """
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(sign.lower() if len(sign.lower()) == 1 else sign for sign in text)
