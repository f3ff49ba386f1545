"""Documents with a field of every kind, for the suites of the document port."""

from enum import StrEnum
from typing import Any, ClassVar

from pydantic import Field

from shared.contracts.envelope import EventBody
from shared.documents.port import CollectionSpec, Document, Index, TenantScope


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Thing(Document):
    name: str = ""
    code: str | None = None
    size: float | None = None
    colour: Colour = Colour.RED
    good: bool = True
    labels: tuple[str, ...] = ()
    tally: dict[str, int] = Field(default_factory=dict)
    points: tuple[tuple[tuple[float, ...], ...], ...] = ()
    place: dict[str, int] = Field(default_factory=dict)


class ThingChanged(EventBody):
    type: ClassVar[str] = "thing.changed"
    topic: ClassVar[str] = "thing"
    source: ClassVar[str] = "test"
    example: ClassVar[dict[str, Any]] = {"step": 1}

    step: int
    by_label: dict[str, int] = Field(default_factory=dict)


THINGS = CollectionSpec(
    "test.things",
    Thing,
    (Index(("name",)), Index(("code",), unique=True), Index(("colour", "size"))),
)

ACME, OTHER = TenantScope("acme"), TenantScope("other")


def thing(number: int, tenant: str = "acme", **fields: Any) -> Thing:
    return Thing(id=f"T{number:04d}", tenant=tenant, **fields)
