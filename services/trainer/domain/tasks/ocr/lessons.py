"""Which lines teach, which only validate, and which teach nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.trainer.domain.tasks.ocr.alphabet import MOST_NEW, Alphabet, steps_needed
from services.trainer.domain.tasks.ocr.samples import Line
from services.trainer.domain.training.ports import NothingToTrain
from shared.runtime.letter_case import tells_case

STEP_PX = 8  # of a line
FEWEST_HELD_OUT = 8  # lines; fewer tell nothing
HELD_OUT_OF = 5  # one line in so many validates where no image does
MOST_JUDGED = 500  # lines that validate after each epoch


@dataclass(frozen=True)
class Lessons:
    """The lines of a training.

    Attributes:
        taught: Lines to learn from, at least one.
        rows: The rows of the signs of each.
        validating: Lines that only tell how good the network is.
        alphabet: All signs that the network reads.
        too_long: Names of images with a text that is longer than the steps of its line.
        unknown: How many lines have a sign that is beyond the bound of new ones.
        own_lines: Whether lines of images that teach validate, since no image does.
        left_out: How many lines would teach, too, but for the time and memory that it takes.
        is_cased: Whether the texts of all lines tell the case of letters.
    """

    taught: tuple[Line, ...]
    rows: tuple[list[int], ...]
    validating: tuple[Line, ...]
    alphabet: Alphabet
    too_long: tuple[str, ...]
    unknown: int
    own_lines: bool
    left_out: int
    is_cased: bool

    @classmethod
    def of(cls, lines: Sequence[Line], stock: Sequence[str], *, most: int = 10_000) -> "Lessons":
        """Sorts the lines; of more than ``most`` to learn from, as many teach, evenly drawn.

        Raises:
            NothingToTrain: No line can be learnt from.
        """
        alphabet = Alphabet.of(stock, [one.text for one in lines if not one.validates])
        fitting = [one for one in lines if steps_needed(one.text) <= one.image.shape[1] // STEP_PX]
        long = sorted({one.source for one in lines} if not fitting else _sources(lines, fitting))
        known = [one for one in fitting if one.validates or alphabet.rows(one.text) is not None]
        teaching = [one for one in known if not one.validates]
        validating = [one for one in known if one.validates]
        if not teaching:
            raise NothingToTrain(_why_none(long))
        own = not validating and len(teaching) >= HELD_OUT_OF * FEWEST_HELD_OUT
        if own:
            validating = teaching[::HELD_OUT_OF]
            teaching = [one for place, one in enumerate(teaching) if place % HELD_OUT_OF]
        taught = _drawn(teaching, most)
        return cls(
            taught=taught,
            rows=tuple(alphabet.rows(one.text) or [] for one in taught),
            validating=_drawn(validating, MOST_JUDGED),
            alphabet=alphabet,
            too_long=tuple(long),
            unknown=len(fitting) - len(known),
            own_lines=own,
            left_out=len(teaching) - len(taught),
            is_cased=tells_case(one.text for one in lines),
        )

    def told(self) -> tuple[str, ...]:
        """What a person should know of it."""
        says = []
        if self.alphabet.added:
            new = " ".join(self.alphabet.signs[-self.alphabet.added :])
            says.append(f"signs that were not known before are learnt: {new}")
        if self.too_long:
            names = ", ".join(self.too_long[:3]) + (", …" if len(self.too_long) > 3 else "")
            says.append(
                "lines with a text longer than there is room for in their rectangle teach nothing;"
                f" look at their rectangles in {names}"
            )
        if self.unknown:
            says.append(
                f"{self.unknown} lines teach nothing: their texts have signs beyond the"
                f" {MOST_NEW} most frequent ones that are new"
            )
        if self.left_out:
            says.append(
                f"{len(self.taught)} lines teach and {self.left_out} more do not, since there is no"
                " time or no memory to look at all; a longer budget takes more, up to about 65,000"
                " of usual length"
            )
        if self.own_lines:
            says.append(
                f"no image validates, so one line in {HELD_OUT_OF} does; annotate more images"
            )
        return tuple(says)


def _drawn(lines: Sequence[Line], most: int) -> tuple[Line, ...]:
    """At most so many lines, evenly from the first to the last."""
    if len(lines) <= most:
        return tuple(lines)
    return tuple(lines[place * len(lines) // most] for place in range(most))


def _sources(lines: Sequence[Line], fitting: Sequence[Line]) -> set[str]:
    fits = {id(one) for one in fitting}
    return {one.source for one in lines if id(one) not in fits}


def _why_none(too_long: Sequence[str]) -> str:
    if too_long:
        return (
            "every text is longer than there is room for in the rectangle of its line, first in"
            f" {too_long[0]}: draw each rectangle around its whole line"
        )
    return "no line with a text teaches; write down what the lines say"
