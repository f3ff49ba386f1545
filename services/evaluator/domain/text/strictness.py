"""What counts as a mistake of reading: the case of letters and white space do, or do not."""

from dataclasses import dataclass

from shared.runtime.letter_case import in_one_case


@dataclass(frozen=True, slots=True)
class Strictness:
    """Whether a letter of the other case, and a space left out or added, are mistakes."""

    case: bool = True
    spaces: bool = True

    def shown(self, text: str) -> str:
        """The signs of a text that are compared.

        >>> Strictness(spaces=False).shown("10 kg")
        '10kg'
        """
        return text if self.spaces else "".join(text.split())

    def told(self, text: str) -> str:
        """One sign for each of those, alike where it is no mistake to read one as the other.

        >>> Strictness(case=False).told("10 Kg")
        '10 kg'
        """
        return self.shown(text) if self.case else in_one_case(self.shown(text))


EVERY = tuple(Strictness(case, spaces) for case in (True, False) for spaces in (True, False))
