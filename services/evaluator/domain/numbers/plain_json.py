"""Arrays and nan become what JSON knows."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from math import isfinite
from typing import Any

import numpy as np


def plain(value: Any) -> Any:  # noqa: ANN401 - any tree of dicts, sequences, dataclasses, arrays
    """Copy a tree into plain JSON values; nan and infinities become None.

    >>> plain({"a": np.array([1.0, np.nan])})
    {'a': [1.0, None]}
    """
    if isinstance(value, np.ndarray):
        return _array(value)
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not isfinite(value):
        return None
    return value


def _array(values: np.ndarray) -> list[Any]:
    if values.dtype.kind != "f" or np.isfinite(values).all():
        out: list[Any] = values.tolist()
        return out
    boxed = values.astype(object)
    boxed[~np.isfinite(values)] = None
    return list(boxed.tolist())
