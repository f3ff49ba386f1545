"""Which images only tell how good a network is, where an image has labels of its own."""

import hashlib
from collections.abc import Sequence, Set

from shared.contracts.snapshot import SnapshotImage

VALIDATION_SHARE = 0.2


def validating(images: Sequence[SnapshotImage], labels: Sequence[Set[int]]) -> list[bool]:
    """Which images only validate: those that a list names, else about a fifth.

    Groups never part. Without a list a group keeps its side whatever comes or goes, but for one:
    a label never loses its last group in training. Such a group, and images of a list that came
    later, may validate what goes on from a version that they taught; that figure chooses between
    the floor and the network, and judges no version.

    Args:
        images: All that a version may learn from.
        labels: Of each image, none of one without a target.
    """
    if any(image.split == "val" for image in images):
        return [image.split == "val" for image in images]
    shares = [_hash_share(image.group) for image in images]
    taken = [share < VALIDATION_SHARE for share in shares]
    for label in sorted(frozenset().union(*labels)):
        own = [row for row, there in enumerate(labels) if label in there]
        if all(taken[row] for row in own):
            group = images[max(own, key=lambda row: shares[row])].group
            taken = [out and image.group != group for image, out in zip(images, taken, strict=True)]
    return taken


def _hash_share(group: str) -> float:
    digest = hashlib.sha256(f"validation\x1f{group}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
