"""Which images train and which are held out: by list, else by group and hash, never leaking."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.annotation.domain.formats.model import Split

HELD_OUT_SHARE = 0.3  # O7: 30 of 100


@dataclass(frozen=True)
class SplitCandidate:
    """What decides an image's split.

    Attributes:
        image_id: The image.
        group: Images of one group never part: tiles share their parent, copies their content.
        listed: The split that an imported list gave, or None.
        corrected: Whether a person corrected it after a test.
        labels: Label names on it.
    """

    image_id: str
    group: str
    listed: Split | None
    corrected: bool
    labels: frozenset[str]


def assign_splits(candidates: Sequence[SplitCandidate], *, salt: str) -> dict[str, Split]:
    """Give every image its split.

    1. A corrected image trains, and so does its whole group: what taught must not judge.
    2. A list is honoured; a group with a listed member follows it, held-out members first.
    3. Where a list holds images out, unlisted groups train: only lists change what judges.
    4. Without such lists about 30 % of the groups are held out by the hash of their name: an image
       never changes sides when others come or go. The only group that shows some label trains.
    5. Both sides get at least one group where there are two.

    Args:
        candidates: Annotated images, in any order.
        salt: The project's id, so that projects with the same images differ.

    Returns:
        Split by image id.
    """
    members: dict[str, list[SplitCandidate]] = {}
    for candidate in candidates:
        members.setdefault(candidate.group, []).append(candidate)
    forced = {group: _forced(found) for group, found in members.items()}
    has_gate = any(split in ("test", "val") for split in forced.values())
    free = sorted(group for group, split in forced.items() if split is None)
    drawn = _train_all(free) if has_gate else _draw(free, members, salt, forced)
    return {
        candidate.image_id: forced[candidate.group] or drawn[candidate.group]
        for candidate in candidates
    }


def _forced(found: Sequence[SplitCandidate]) -> Split | None:
    if any(candidate.corrected for candidate in found):
        return "train"
    listed = {candidate.listed for candidate in found}
    order: tuple[Split, ...] = ("test", "val", "train")
    return next((split for split in order if split in listed), None)


def _train_all(groups: Sequence[str]) -> dict[str, Split]:
    return dict.fromkeys(groups, "train")


def _draw(
    free: Sequence[str],
    members: Mapping[str, Sequence[SplitCandidate]],
    salt: str,
    forced: Mapping[str, Split | None],
) -> dict[str, Split]:
    groups_of_label = Counter(
        label for found in members.values() for label in {n for c in found for n in c.labels}
    )
    rank = {group: _hash_share(salt, group) for group in free}
    only = {
        group
        for group in free
        if any(groups_of_label[label] == 1 for c in members[group] for label in c.labels)
    }
    drawn: dict[str, Split] = {
        group: "test" if rank[group] < HELD_OUT_SHARE and group not in only else "train"
        for group in free
    }
    has_train = "train" in forced.values()
    if len(free) + has_train < 2:
        return drawn
    eligible = [group for group in free if group not in only] or list(free)
    if "test" not in drawn.values():
        drawn[min(eligible, key=lambda group: rank[group])] = "test"
    if not has_train and "train" not in drawn.values():
        drawn[max(free, key=lambda group: rank[group])] = "train"
    return drawn


def _hash_share(salt: str, group: str) -> float:
    digest = hashlib.sha256(f"{salt}\x1f{group}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
