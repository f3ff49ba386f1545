"""What a consumer began and did not finish: so a message that kills the process is found.

Before a batch goes to its handlers its mark is stored. A mark that *another run* left unfinished is
the trace of a death; from then on the messages of that batch are suspects, which are handled one
at a time, so that ``starts`` counts for the very message that does not let the process live.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from shared.documents.port import CollectionSpec, Document, Documents, TenantScope
from shared.errors import DependencyDown, VersionConflict
from shared.events.port import Delivery, Partition
from shared.ids import new_id
from shared.telemetry import logger

_PLATFORM = TenantScope("-platform-")
_NOTHING = {"low": -1, "high": -1, "starts": 0}

log = logger(__name__)


class Began(Document):
    """The messages of one partition that were handed to handlers last.

    ``starts`` counts tries of message ``low`` by ``run`` and the runs that died before it.
    Messages up to ``until`` are suspects. Message ``slow_at`` ran into its deadline ``slow`` times.
    """

    low: int = -1
    high: int = -1
    starts: int = 0
    run: str = ""
    until: int = -1
    slow_at: int = -1
    slow: int = 0

    def died_at(self, offset: int, run: str) -> bool:
        """Tell whether another run began with ``offset`` and left no word of its end."""
        return self.run != run and self.low <= offset <= self.high

    def suspects(self, offset: int, run: str) -> bool:
        """Tell whether ``offset`` may be what killed a run."""
        return offset <= self.until or self.died_at(offset, run)


class Started(NamedTuple):
    """How many messages may be handled now, and for the how-manieth time the first of them."""

    size: int
    starts: int


def progress_spec(service: str) -> CollectionSpec[Began]:
    """Return the collection in which ``service`` keeps its marks."""
    return CollectionSpec(f"{service}.began", Began)


class Marks:
    """Marks of one service's consumers, one a partition; this object is one run.

    The last mark of each partition is kept in memory, so that a batch costs one write and no read.
    """

    def __init__(self, documents: Documents, service: str) -> None:
        self._marks = documents.collection(progress_spec(service), _PLATFORM)
        self._run = new_id()
        self._known: dict[Partition, Began] = {}

    async def begin(self, batch: Sequence[Delivery], *, alone: bool) -> Started:
        """Mark ``batch``, of one partition, as begun; return what of it to handle now.

        That is all of it, or one message where the first is a suspect, or nothing where the first
        turns out to be a suspect and is not ``alone``. Raises DependencyDown.
        """
        first = batch[0]

        def begun(mark: Began) -> Began | None:
            is_left = mark.suspects(first.offset, self._run) and not alone
            return None if is_left else self._begun(mark, batch)

        mark = await self._change(first.partition, begun)
        if mark.suspects(first.offset, self._run) and not alone:
            return Started(0, 0)
        return Started(sum(delivery.offset <= mark.high for delivery in batch), mark.starts)

    async def finish(self, partition: Partition) -> None:
        """Nothing that this run began is unfinished any more: a pause is a finish, too.

        A store that is down does not matter: this run knows it, and a later one would only take
        the messages for suspects.
        """
        mark = self._known.get(partition)
        if mark is None or mark.run != self._run:
            return
        try:
            await self._change(partition, lambda m: _over(m) if m.run == self._run else None)
        except DependencyDown as error:
            self._known[partition] = _over(mark)
            log.warning("mark.not_finished", topic=partition.topic, cause=error.detail)

    async def overran(self, delivery: Delivery) -> int:
        """Note that ``delivery`` ran into its deadline; return how often it did so far."""
        offset = delivery.offset

        def slower(mark: Began) -> Began:
            slow = mark.slow + 1 if mark.slow_at == offset else 1
            return mark.model_copy(update={"slow_at": offset, "slow": slow})

        return (await self._change(delivery.partition, slower)).slow

    def _begun(self, mark: Began, batch: Sequence[Delivery]) -> Began:
        low = batch[0].offset
        died = mark.died_at(low, self._run)
        until = max(mark.until, mark.high) if died else mark.until
        suspect = low <= until
        starts = 1
        if mark.low == low:
            starts = mark.starts + 1 if died else mark.starts
        elif suspect:
            starts = 2  # in the middle of an unfinished batch it may have been started already
        high = low if suspect else batch[-1].offset
        update = {"low": low, "high": high, "starts": starts, "run": self._run, "until": until}
        return mark.model_copy(update=update)

    async def _change(self, partition: Partition, edit: Callable[[Began], Began | None]) -> Began:
        """Give a partition's mark its next state; raise DependencyDown."""
        mark_id = f"{partition.topic}-{partition.number}"
        new = Began(id=mark_id, tenant=_PLATFORM.tenant)
        known = self._known.get(partition)
        try:
            mark = await self._marks.change(mark_id, edit, new=new, known=known)
        except VersionConflict as race:
            raise DependencyDown(race.detail) from race
        self._known[partition] = mark
        return mark


def _over(mark: Began) -> Began:
    return mark.model_copy(update=_NOTHING)
