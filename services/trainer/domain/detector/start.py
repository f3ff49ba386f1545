"""A detector's start: weights of a whole detector that knows objects, but not which ones.

Trained by `tools/pretrain` on generated scenes with one score, "an object". A new detector takes
its backbone, pyramid and head, and begins every label's score as that one.
"""

import math
import re
from collections.abc import Mapping

from torch import Tensor

from services.trainer.domain.detector.network import Detector

STRIDES = (4, 8, 16, 32)  # levels of a start, of which a detector takes its own
_LEVEL = re.compile(r"(pyramid\.(?:inner|layer)_blocks|(?:score|box)_branch\.norms)\.(\d+)\.")
_COUNTER = "num_batches_tracked"


def begin_from(
    detector: Detector, start: Mapping[str, Tensor], *, beside: str | None = None
) -> None:
    """Gives a new detector the weights of a start; call it before its backbone is frozen.

    Args:
        detector: Of the start's backbone and channels; any of its levels, any labels.
        start: State dict of a `Detector` with the levels `STRIDES` and one label, any precision.
        beside: Name of a child that no start knows, which keeps its weights.

    Raises:
        ValueError: A tensor is missing or has another shape.
    """
    own = detector.state_dict()
    for name, value in own.items():
        if name.endswith(_COUNTER) or (beside and name.startswith(f"{beside}.")):
            continue
        given = start.get(_name_in_start(name, detector.shape.strides))
        if given is not None and name.startswith("score."):
            given = _for_labels(name, given, detector.shape.labels)
        if given is None or given.shape != value.shape:
            raise ValueError(f"the start does not fit the detector, first at {name!r}")
        value.copy_(given)


def _name_in_start(name: str, strides: tuple[int, ...]) -> str:
    """The name of the same tensor where the pyramid begins at stride 4.

    >>> _name_in_start("pyramid.inner_blocks.0.0.weight", (8, 16, 32))
    'pyramid.inner_blocks.1.0.weight'
    """
    found = _LEVEL.match(name)
    if found is None:
        return name
    level = STRIDES.index(strides[int(found[2])])
    return f"{found[1]}.{level}.{name[found.end() :]}"


def _for_labels(name: str, given: Tensor, labels: int) -> Tensor:
    """The one score as that of each label; an object is as likely one of them as any other."""
    rows = given.repeat(labels, *[1] * (given.ndim - 1))
    return rows - math.log(labels) if name == "score.bias" else rows
