"""Everything that is stored, as it stands: for who looks for what is still named somewhere."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Text:
    """A stored document of any collection.

    Attributes:
        collection: Its name, ``service.things``.
        body: Its fields.
        told: The bodies of its events that are not published yet.
    """

    collection: str
    body: dict[str, Any]
    told: tuple[str, ...] = ()


class Texts(Protocol):
    """A store whose documents can be read without knowing what they are."""

    def texts(self, tenant: str) -> AsyncIterator[Text]:
        """Yield every document of a tenant, those too that go once their events are out.

        Memory is constant. What is written meanwhile may be missed.
        """
        ...
