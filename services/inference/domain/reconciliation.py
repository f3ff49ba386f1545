"""Which models Triton must load and unload so that it serves what is desired."""

from collections.abc import Mapping
from dataclasses import dataclass

ServedKey = tuple[str, int]
"""Triton's name of a model and its version number."""


@dataclass(frozen=True, slots=True)
class Changes:
    """Names to load and names to unload, each sorted."""

    load: tuple[str, ...]
    unload: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.load or self.unload)


def plan_changes(
    desired: Mapping[str, int],
    ready: frozenset[ServedKey],
    *,
    spared: frozenset[str] = frozenset(),
) -> Changes:
    """Compare desired models (name → number) with those that are READY.

    A model that is ready under another number than the desired one is loaded again. Names in
    ``spared`` (deployments under way) are neither loaded nor unloaded.

    >>> plan_changes({"a": 1, "b": 2}, frozenset({("b", 2), ("c", 1)}))
    Changes(load=('a',), unload=('c',))
    """
    load = sorted(name for name, number in desired.items() if (name, number) not in ready)
    unload = sorted({name for name, _ in ready if name not in desired} - spared)
    return Changes(tuple(load), tuple(unload))
