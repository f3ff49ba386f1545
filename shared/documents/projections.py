"""Read models: what a service remembers of other services' things, newest always."""

from typing import TypeVar

from shared.documents.port import Collection, Document


class Projection(Document):
    """A remembered thing; ``sequence`` is the version of the original that it was made from."""

    sequence: int


P = TypeVar("P", bound=Projection)


async def remember(collection: Collection[P], new: P) -> P:
    """Store ``new`` unless something as new is there; return what is stored.

    Events may come late, twice and out of order: the highest sequence always wins.
    """

    def newest(known: P) -> P | None:
        return None if known.version and known.sequence >= new.sequence else new

    return await collection.change(new.id, newest, new=new)
