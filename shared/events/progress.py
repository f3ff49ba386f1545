"""What a consumer began and did not finish: so a message that kills the process is found."""

from collections.abc import Sequence

from shared.documents.port import CollectionSpec, Document, Documents, TenantScope
from shared.events.port import Delivery

_PLATFORM = TenantScope("-platform-")


class Began(Document):
    """The messages of one partition that were handed to handlers last; ``starts`` counts tries."""

    low: int
    high: int
    starts: int


def progress_spec(service: str) -> CollectionSpec[Began]:
    """Return the collection in which ``service`` keeps its marks."""
    return CollectionSpec(f"{service}.began", Began)


class Progress:
    """Marks of one service's consumers, one a partition."""

    def __init__(self, documents: Documents, service: str) -> None:
        self._marks = documents.collection(progress_spec(service), _PLATFORM)

    async def begin(self, batch: Sequence[Delivery]) -> tuple[int, int]:
        """Mark ``batch``, of one partition, as begun; return (messages to handle now, starts).

        After a start that was never finished only one message is handled at a time, so that
        ``starts`` counts for the very message that does not let the process live.
        """
        partition = batch[0].partition
        mark_id = f"{partition.topic}-{partition.number}"
        mark = await self._marks.find(mark_id)
        low = batch[0].offset
        again = mark is not None and mark.low <= low <= mark.high
        size = 1 if again else len(batch)
        # In the middle of an unfinished batch a message may have been started once already.
        starts = 2 if again else 1
        if again and mark is not None and mark.low == low:
            starts = mark.starts + 1
        new = Began(
            id=mark_id,
            tenant=_PLATFORM.tenant,
            version=mark.version if mark else 0,
            low=low,
            high=max(batch[size - 1].offset, mark.high if again and mark else 0),
            starts=starts,
        )
        await (self._marks.replace(new) if mark else self._marks.insert(new))
        return size, starts

    async def finish(self, batch: Sequence[Delivery]) -> None:
        """Nothing of ``batch`` is unfinished any more (a pause is a finish, too)."""
        partition = batch[0].partition
        mark = await self._marks.find(f"{partition.topic}-{partition.number}")
        if mark is not None and mark.high >= batch[0].offset:
            await self._marks.replace(mark.model_copy(update={"low": -1, "high": -1, "starts": 0}))
