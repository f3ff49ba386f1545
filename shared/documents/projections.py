"""Read models: what a service remembers of other services' things, newest always."""

from typing import TypeVar

from shared.documents.port import Collection, Document
from shared.errors import AlreadyExists, NotFound, VersionConflict

_RACES = 50


class Projection(Document):
    """A remembered thing; ``sequence`` is the version of the original that it was made from."""

    sequence: int


P = TypeVar("P", bound=Projection)


async def remember(collection: Collection[P], new: P) -> bool:
    """Store ``new`` unless something as new is there; return whether it was stored.

    Events may come late, twice and out of order: the highest sequence always wins.
    """
    for _ in range(_RACES):
        known = await collection.find(new.id)
        if known is not None and known.sequence >= new.sequence:
            return False
        try:
            if known is None:
                await collection.insert(new.model_copy(update={"version": 0}))
            else:
                await collection.replace(new.model_copy(update={"version": known.version}))
        except (AlreadyExists, VersionConflict, NotFound):
            continue
        return True
    raise VersionConflict(f"{new.id} changes too fast")
