"""Retraining by event: images that change are remembered, timers decide, the queue keeps order.

Everything the decision needs lies in documents, so a restart forgets nothing; the events' handlers
only remember the change and ask for a look, whatever their number or order.
"""

import asyncio
from datetime import datetime, timedelta

from services.trainer.domain.retraining_policy import Backlog, RetrainingPolicy, decide
from services.trainer.handlers.quota import RETRY_S, TrainingQuota
from services.trainer.handlers.recipes import Chosen, Recipes
from services.trainer.handlers.training_queue import TrainingQueue, placed
from services.trainer.repository import LINES, Line, Order
from shared.callers import Caller
from shared.clock import Clock, format_time, utc_now
from shared.contracts.annotation_events import AnnotationSaved, CorrectionSaved
from shared.contracts.envelope import Event
from shared.documents.port import (
    Documents,
    EveryTenant,
    Not,
    Query,
    Range,
    Sort,
    TenantScope,
    Where,
)
from shared.errors import NotFound, VersionConflict
from shared.ids import new_id
from shared.images.directory import ImageDirectory, ImageView
from shared.projects.directory import ProjectDirectory
from shared.runtime.tasks.names import TaskName
from shared.runtime.tasks.table import spec_of

LOOK_EVERY_S = 0.5
LOOK_LEASE_S = 30.0  # far longer than a look takes; asking for one meanwhile is not in vain
HEAL_EVERY_LOOKS = 20


class Retraining:
    """The policy of every project, over the document store."""

    def __init__(
        self,
        documents: Documents,
        projects: ProjectDirectory,
        images: ImageDirectory,
        queue: TrainingQueue,
        recipes: Recipes,
        quota: TrainingQuota,
        *,
        clock: Clock = utc_now,
    ) -> None:
        self._documents = documents
        self._projects = projects
        self._images = images
        self._queue = queue
        self._recipes = recipes
        self._quota = quota
        self._clock = clock

    async def policy(self, who: Caller, project_id: str) -> Line:
        """The project's line with its policy; raises NotFound."""
        await self._projects.require(who.tenant, project_id)
        return await self._queue.line(who.tenant, project_id)

    async def set_policy(
        self, who: Caller, project_id: str, policy: RetrainingPolicy, *, expected: int | None
    ) -> Line:
        """Stores a policy; what waits is looked at again under another one.

        Raises:
            VersionConflict: Somebody else changed it since ``expected``.
        """
        await self._projects.require(who.tenant, project_id)

        def edit(line: Line) -> Line:
            if line.policy == policy:
                return line
            return line.model_copy(update={"policy": policy, "due_at": self._clock()})

        return await self._queue.change(who.tenant, project_id, edit, expected=expected)

    async def annotation_saved(self, event: Event[AnnotationSaved]) -> None:
        """An annotation changed, as the directory knows by now; the policy may count it."""
        line = await self._queue.line(event.tenant, event.data.project_id)
        if line.policy.count_annotations:  # for known news, too: a kill may have come in between
            await self._ask_for_a_look(event.tenant, event.data.project_id)

    async def correction_saved(self, event: Event[CorrectionSaved]) -> None:
        """A person corrected an image, as the directory knows by now; it counts once."""
        if not await self._images.is_deleted(event.tenant, event.data.image_id):
            await self._ask_for_a_look(event.tenant, event.data.project_id)

    async def watch(self) -> None:
        """Looks at due projects until cancelled; now and then heals lines left half-way."""
        looks, before = 0, self._clock()
        while True:
            if looks % HEAL_EVERY_LOOKS == 0:
                await self._queue.advance_all()
            if not looks or self._clock() < before:
                await self.look_again()  # a clock that was ahead set timers that are far away
            before = self._clock()
            await self.look_at_due()
            looks += 1
            await asyncio.sleep(LOOK_EVERY_S)

    async def look_again(self) -> None:
        """Makes every timer due now; the looks set them anew."""
        lines = self._documents.collection(LINES, EveryTenant())
        async for line in lines.walk(Query(where={"due_at": Not(None)})):
            await self._ask_for_a_look(line.tenant, line.id)

    async def look_at_due(self) -> int:
        """Decides for every project whose timer is due; returns how many trainings fired."""
        lines = self._documents.collection(LINES, EveryTenant())
        due: Where = {"due_at": Range(lte=format_time(self._clock()))}
        fired = 0
        async for line in lines.walk(Query(where=due, sort=Sort("due_at"))):
            try:
                fired += await self._look(line)
            except NotFound:  # the line went with its project
                continue
        return fired

    async def _look(self, seen: Line) -> bool:
        """Decides for one project; returns whether a training fired.

        The look is taken first, so that whoever asks for another one while it counts is seen: his
        look stays due, and this one decides nothing. One that ends half-way is taken again after a
        while.
        """
        taken_to = self._clock() + timedelta(seconds=LOOK_LEASE_S)
        lines = self._documents.collection(LINES, TenantScope(seen.tenant))
        try:
            await lines.change(
                seen.id,
                lambda line: line.model_copy(update={"due_at": taken_to}),
                expected=seen.version,
            )
        except VersionConflict:  # somebody else looks, or asks for another look
            return False
        project = await self._projects.find(seen.tenant, seen.id)
        task = project.task if project else None
        fired = False

        async def decided(line: Line) -> Line:
            nonlocal fired
            fired = False
            if line.due_at != taken_to:
                return line
            now = self._clock()
            decision = decide(
                line.policy,
                await self._backlog(line, task),
                training_waits=line.waiting is not None or task is None,
                now=now,
                not_before=line.not_before,
            )
            line = line.model_copy(update={"due_at": decision.due_at, "held_back": None})
            if not decision.fire or task is None:
                return line
            if (refusal := await self._quota.refusal(line.tenant)) is not None:
                again = now + timedelta(seconds=RETRY_S)
                return line.model_copy(update={"due_at": again, "held_back": refusal.quota})
            fired = True
            chosen = await self._recipes.default(line.tenant, line.id, task)
            return placed(line, _order(line.policy, chosen, now), now)

        await lines.change(seen.id, decided)
        if fired:
            await self._queue.advance(seen.tenant, seen.id)
        return fired

    async def _backlog(self, line: Line, task: TaskName | None) -> Backlog:
        """What a training would learn beside what earlier ones did."""
        images = self._images.of(line.tenant)
        kind = "annotated" if line.policy.count_annotations else "corrected"
        field = f"{kind}_at"
        rounds = Range(gte=line.counted)
        where: Where = {"project_id": line.id, "deleted": False, f"{kind}_round": rounds}
        if task is not None and spec_of(task).labels_whole:  # no negatives: those teach none
            where = {**where, "labelled": Not(False)}
        waiting = await images.count(where)
        if not waiting:
            return Backlog(0)
        first, last = [
            (await images.query(Query(where=where, sort=Sort(field, direction), limit=1)))[0]
            for direction in (1, -1)
        ]
        return Backlog(waiting, _time(first, field), _time(last, field))

    async def _ask_for_a_look(self, tenant: str, project_id: str) -> None:
        """Makes the project due now, with one write a look however many changes there are."""
        now = self._clock()

        def edit(line: Line) -> Line:
            if line.due_at is not None and line.due_at <= now:
                return line
            return line.model_copy(update={"due_at": now})

        await self._queue.change(tenant, project_id, edit)


def _order(policy: RetrainingPolicy, chosen: Chosen, now: datetime) -> Order:
    """A training by the project's recipe; the policy may give it another time.

    That goes before epochs that the project's recipe names, too; those of the operator stay.
    """
    time: dict[str, float | None] = {}
    if policy.budget_s is not None:
        time = {"budget_s": policy.budget_s}
        if chosen.source.kind == "project":
            time["epochs"] = None
    return Order(
        training_id=new_id(),
        mode="train",
        trigger="policy",
        recipe=chosen.recipe.model_copy(update=time),
        recipe_from=chosen.source,
        requested_at=now,
    )


def _time(image: ImageView, field: str) -> datetime | None:
    return image.annotated_at if field == "annotated_at" else image.corrected_at
