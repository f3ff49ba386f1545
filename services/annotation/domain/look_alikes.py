"""Pictures that are nearly the same: annotated differently, or on both sides of the split.

Each picture is told once for a rule, beside the most similar one. Exact in all that differ in
``MOST_BITS`` or less, unless more than ``NEIGHBOURS`` pictures share a band of bits, as they may
before a fixed camera.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.annotation.domain.formats.model import Split
from services.annotation.domain.label_checks import Finding, Rule
from services.annotation.domain.snapshots import AnnotatedImage, Picture
from shared.ids import derived_id

BITS = 256
MOST_BITS = 16
"""Differ after another JPEG quality, half the size, brightness by 12 % or noise; a picture taken
again of the same thing differs in more."""
NEIGHBOURS = 32
PARTNERS = 128
"""Pairs a picture, on average; before a fixed camera 100 are met."""
_AT_ONCE = 10_000  # pairs that are numbers of Python at a time
_BANDS = np.array_split(np.arange(BITS), MOST_BITS + 1)  # of two that differ less, one is equal


@dataclass(frozen=True)
class _Annotated:
    """A whole picture with what is annotated on it, or on all of its tiles."""

    picture: Picture
    labels: tuple[tuple[str, int], ...]
    split: Split | None

    @property
    def said(self) -> str:
        """Its labels with their numbers, as a person reads them; empty for a negative."""
        return ", ".join(f"{label} × {count}" for label, count in self.labels)


def check_looks(images: Sequence[AnnotatedImage], splits: Mapping[str, Split]) -> Iterator[Finding]:
    """Yield what pictures that are nearly the same tell against each other.

    Args:
        images: Annotated images, in any order; those without looks are passed by.
        splits: Split by id of those that a dataset would have.
    """
    found = _pictures(images, splits)
    told: set[tuple[Rule, int]] = set()
    for first, second, bits in alike([one.picture.looks for one in found]):
        one, other = found[first], found[second]
        if one.labels != other.labels and ("alike", second) not in told:
            told.add(("alike", second))
            yield _finding("alike", other, one, bits, (other.said, one.said))
        if one.split and other.split and (one.split == "train") != (other.split == "train"):
            held, taught = (second, first) if one.split == "train" else (first, second)
            if ("leaked", held) not in told:
                told.add(("leaked", held))
                yield _finding("leaked", found[held], found[taught], bits, ("", ""))


def alike(looks: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """Yield pairs of looks that are nearly the same: places ``i < j`` and bits that differ.

    Most similar first, then by place, ``PARTNERS * n`` at most. Time grows as ``n log n`` and
    memory as ``n``, whatever the looks.
    """
    if len(looks) < 2:
        return
    packed = np.stack([np.frombuffer(bytes.fromhex(one), np.uint8) for one in looks])
    bits = np.unpackbits(packed, axis=1)
    words = packed.view(">u8").astype(np.uint64)
    found = np.zeros(0, np.int64)
    for start in range(0, len(_BANDS), 4):  # a pair with all bands in common is met in each
        met = [_beside(words, bits[:, band]) for band in _BANDS[start : start + 4]]
        found = np.unique(np.concatenate([found, *met]))[: PARTNERS * len(looks)]
    for start in range(0, len(found), _AT_ONCE):
        pairs, place = np.divmod(found[start : start + _AT_ONCE], len(looks))
        distance, first = np.divmod(pairs, len(looks))
        yield from zip(first.tolist(), place.tolist(), distance.tolist(), strict=True)


def _beside(words: NDArray[np.uint64], band: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Pairs among ``n`` looks that have a band in common, each ``(bits * n + i) * n + j``."""
    key = band @ (1 << np.arange(band.shape[1]))
    order = np.lexsort((*words.T[::-1], key))
    found = [np.zeros(0, np.int64)]
    for step in range(1, min(NEIGHBOURS, len(order) - 1) + 1):
        left, right = order[:-step], order[step:]
        same = key[left] == key[right]
        if not same.any():
            break
        left, right = left[same], right[same]
        differ = np.bitwise_count(words[left] ^ words[right]).sum(axis=1, dtype=np.int64)
        first, second = np.minimum(left, right), np.maximum(left, right)
        codes = (differ * len(order) + first) * len(order) + second
        found.append(codes[differ <= MOST_BITS])
    return np.concatenate(found)


def _pictures(images: Sequence[AnnotatedImage], splits: Mapping[str, Split]) -> list[_Annotated]:
    groups: dict[str, list[AnnotatedImage]] = {}
    for image in sorted(images, key=lambda image: (image.picture.name, image.image_id)):
        if image.picture.looks:
            groups.setdefault(image.group, []).append(image)
    return [
        _Annotated(
            members[0].picture,
            tuple(sorted(Counter(s.label for image in members for s in image.shapes).items())),
            splits.get(members[0].image_id),
        )
        for members in groups.values()
    ]


def _finding(
    rule: Rule, one: _Annotated, other: _Annotated, bits: int, labels: tuple[str, str]
) -> Finding:
    return Finding(
        id=derived_id(rule, one.picture.id, other.picture.id, *labels),
        rule=rule,
        label=labels[0],
        figure=round(1 - bits / BITS, 3),
        image_id=one.picture.id,
        image_name=one.picture.name,
        other_label=labels[1],
        other_image_id=other.picture.id,
        other_image_name=other.picture.name,
    )
