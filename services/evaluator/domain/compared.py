"""Two versions side by side for a person: figures, and what changed from one to the other."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.evaluator.domain.numbers.columns import BadSamples
from services.evaluator.domain.objects.comparison import Comparison, compare
from services.evaluator.domain.objects.equal_alarms import EqualAlarms, equal_alarms
from services.evaluator.domain.objects.evaluation import Evaluation
from services.evaluator.domain.objects.regressions import State
from services.evaluator.domain.readers.version_pairs import Stored, read_pair
from services.evaluator.domain.readers.versions import ReadVersion
from services.evaluator.domain.text.comparison import ChangedLines, changed_lines, compare_lines
from services.evaluator.domain.text.strictness import Strictness
from services.evaluator.domain.yardstick import Effort, lines_at_equal_alarms


@dataclass(frozen=True, slots=True)
class Compared:
    """A second version against a first one.

    ``states`` are of corrected images, which readers of text do not watch; ``lines`` are of
    readers alone.
    """

    found: Comparison
    point: EqualAlarms
    states: Mapping[str, State]
    lines: ChangedLines | None = None


def compared_objects(
    first: Evaluation, second: Evaluation, states: Mapping[str, State]
) -> Compared:
    """Compare what two versions found, each as it was judged."""
    point = equal_alarms(first, second)
    return Compared(compare(point.first, point.second), point, states)


def compared_lines(stored: Stored, effort: Effort, *, swapped: bool) -> Compared | None:
    """Compare what two versions read on the images that judge both; None without any.

    Args:
        stored: Their files, those of the version that was made later second.
        effort: Draws, and lines kept an image.
        swapped: Whether the one that was made later is the first of the comparison.

    Raises:
        BadSamples: A file is damaged or of another task.
    """
    pair = read_pair(stored)
    if pair is None:
        return None
    one, other = reversed(pair) if swapped else pair
    if not isinstance(one, ReadVersion) or not isinstance(other, ReadVersion):
        raise BadSamples("one of the versions reads no text")
    located, point = lines_at_equal_alarms((one, other), effort)
    cased = one.dataset.is_cased
    found = compare_lines(located, cased=cased, replicates=effort.replicates)
    names = tuple(one.dataset.images[image].name for image in one.image_ids)
    changed = changed_lines(located, Strictness(case=cased), names)
    return Compared(found, point, {}, changed)
