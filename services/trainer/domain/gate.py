"""Champion and challenger: whether a new version takes over from the one that serves.

Both are measured by one yardstick: the same held-out images, the same truth, as many false alarms
(`shared.contracts.training_events.VersionComparison`). What is certain decides; of what is not, a
difference of less than `TOLERANCE` is taken for noise.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.contracts.training_events import ComparedFigure, VersionComparison
from shared.runtime.tasks.names import TaskName
from shared.runtime.tasks.table import spec_of

TOLERANCE = 0.01  # one held-out target in a hundred is noise, not decline
DECIDE = 2  # figures of a comparison, the first ones; those behind them are told alone
WORDS = {
    "average_detection_rate": "average detection rate",
    "map": "mAP",
    "f1": "F1",
    "mean_iou": "mean IoU",
    "exact_match": "lines read right",
    "characters": "characters read right",
    "exact_match_any_case": "lines read right, case left aside,",
    "characters_any_case": "characters read right, case left aside,",
}
OTHER_WAY = {  # the same figure where the case of letters is no mistake, or is one
    "exact_match": ("exact_match_any_case", "case left aside"),
    "characters": ("characters_any_case", "case left aside"),
    "exact_match_any_case": ("exact_match", "case counted"),
    "characters_any_case": ("characters", "case counted"),
}
OF_IMAGES = {"average_detection_rate": "accuracy"}  # a classifier detects nothing, it names images


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the challenger is promoted, and why in words for the record."""

    promoted: bool
    reason: str


def judge(
    comparison: VersionComparison | None, *, champion: str, task: TaskName | None = None
) -> Verdict:
    """Judges a challenger by its comparison with the champion, which serves.

    A figure tells whether its interval leaves 0 out. The first figure that tells decides, of those
    that may (`DECIDE`); when none does, the first one may be lower by `TOLERANCE` at most. ``task``
    says what figures are called.

    >>> judge(None, champion="V1").promoted
    False
    """
    if comparison is None:
        return Verdict(False, f"it was not compared with {champion}, which serves")
    deciding = comparison.figures[:DECIDE]
    first = next((one for one in deciding if one.difference is not None), None)
    if first is None:
        return Verdict(False, f"no held-out image judges both it and {champion}, which serves")
    sure = next((one for one in deciding if _tells(one)), None)
    names_images = task is not None and spec_of(task).labels_whole
    told = _told(sure or first, comparison, WORDS | OF_IMAGES if names_images else WORDS)
    if sure is not None and (sure.difference or 0.0) > 0:
        return Verdict(True, f"better than {champion}: {told}")
    if sure is not None:
        return Verdict(False, f"worse than {champion}: {told}")
    if (first.difference or 0.0) >= -TOLERANCE:
        return Verdict(True, f"no worse than {champion}, as far as can be told: {told}")
    return Verdict(False, f"lower than {champion}, though not surely: {told}")


def unrivalled(*, is_first: bool) -> Verdict:
    """A challenger's way is free: nothing serves, or nobody ever measured what does.

    >>> unrivalled(is_first=True).reason
    'the first version of the project'
    """
    if is_first:
        return Verdict(True, "the first version of the project")
    return Verdict(True, "the serving version was never measured")


def unmeasured() -> Verdict:
    """A challenger that no image judged, beside a champion that some did."""
    return Verdict(False, "it could not be measured: no image was held out")


def with_champion(
    comparisons: Sequence[VersionComparison], champion: str | None
) -> VersionComparison | None:
    """The comparison with the version that serves."""
    return next((one for one in comparisons if one.with_version == champion), None)


def is_told(comparison: VersionComparison | None) -> bool:
    """Whether a comparison measured anything."""
    return comparison is not None and any(one.difference is not None for one in comparison.figures)


def _tells(figure: ComparedFigure) -> bool:
    if figure.difference is None or figure.low is None or figure.high is None:
        return False
    return figure.low > 0 or figure.high < 0


def _told(figure: ComparedFigure, comparison: VersionComparison, words: Mapping[str, str]) -> str:
    before, after = f"{figure.before or 0:.1%}", f"{figure.after or 0:.1%}"
    moved = f"{100 * (figure.difference or 0):+.1f}"
    if figure.low is not None and figure.high is not None:
        moved += f" ({100 * figure.low:+.1f} … {100 * figure.high:+.1f})"
    word = words.get(figure.name, figure.name)
    told = f"{word} {after} against {before}, {moved} points, on {comparison.images} images"
    name, aside = OTHER_WAY.get(figure.name, ("", ""))
    other = next((one for one in comparison.figures if one.name == name), None)
    if other is None or other.difference is None:
        return told
    return f"{told}; {aside} {other.after or 0:.1%} against {other.before or 0:.1%}"
