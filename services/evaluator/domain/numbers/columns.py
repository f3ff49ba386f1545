"""Columns of numbers as every part of an evaluation holds them, and the one refusal."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.errors import InvalidInput

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Columns = tuple[Any, ...]
"""Several columns handed to, or back from, a compiled loop at once."""


class BadSamples(InvalidInput):
    """Truths or detections that no metric is defined for."""

    code = "bad-evaluation-input"
    title = "The truths or predictions cannot be evaluated"
