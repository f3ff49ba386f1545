"""A figure is nan where nothing defines it; JSON, which has no nan, says null."""

from collections.abc import Mapping
from dataclasses import Field as Part
from dataclasses import fields
from math import isfinite
from typing import Annotated, Any, ClassVar, Protocol

from numpy.typing import NDArray
from pydantic import BeforeValidator, Field, WithJsonSchema


class _Dataclass(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Part[Any]]]


def known(value: float) -> float | None:
    """Write a figure for JSON: nan and infinities as None.

    >>> known(0.5), known(float("nan"))
    (0.5, None)
    """
    return value if isfinite(value) else None


def _figure(value: object) -> object:
    return float("nan") if value is None else value


_READ = BeforeValidator(_figure)
_SCHEMA = WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "null"}]})
ABSENT = Field(exclude_if=lambda value: value is None)
"""A field of JSON that is not there at all where its value is None."""
Figure = Annotated[float, _READ, _SCHEMA]
"""A number, in JSON null where it is nan or infinite."""
SomeFigure = Annotated[float | None, _READ, _SCHEMA, ABSENT]
"""A figure that some reports do not have: None there, and no field of JSON."""


def by_name(part: _Dataclass) -> Mapping[str, Any]:
    """Fields of a dataclass by their names, in order, as they are."""
    return {one.name: getattr(part, one.name) for one in fields(part)}


def rows_of(table: NDArray[Any]) -> tuple[tuple[Any, ...], ...]:
    """Rows of an array as plain numbers.

    >>> import numpy as np
    >>> rows_of(np.eye(2, dtype=np.int64))
    ((1, 0), (0, 1))
    """
    return tuple(map(tuple, table.tolist()))
