"""Champion and challenger: whether a new version takes over from the one that serves."""

from dataclasses import dataclass

TOLERANCE = 0.01  # of the detection rate: one held-out target in a hundred is noise, not decline


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the challenger is promoted, and why in words for the record."""

    promoted: bool
    reason: str


def judge(challenger: float | None, champion: float | None, *, has_champion: bool) -> Verdict:
    """Compares average detection rates in [0, 1]; None means that nothing was held out.

    >>> judge(0.9, None, has_champion=False).promoted
    True
    >>> judge(0.80, 0.95, has_champion=True).reason
    'its average detection rate 80.0 % is below the serving 95.0 %'
    >>> judge(None, 0.95, has_champion=True).promoted
    False
    """
    if not has_champion:
        return Verdict(True, "the first version of the project")
    if champion is None:
        return Verdict(True, "the serving version was never measured")
    if challenger is None:
        return Verdict(False, "it could not be measured: no image was held out")
    ours, theirs = f"{challenger:.1%}", f"{champion:.1%}"
    ours, theirs = ours.replace("%", " %"), theirs.replace("%", " %")
    if challenger < champion - TOLERANCE:
        return Verdict(False, f"its average detection rate {ours} is below the serving {theirs}")
    return Verdict(True, f"its average detection rate is {ours}, the serving version's {theirs}")
