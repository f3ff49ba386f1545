"""Use cases of checking labels: what is probably wrong, and what a person said is no error."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from services.annotation.domain.label_checks import RULES, Finding, Rule, check
from services.annotation.domain.look_alikes import check_looks
from services.annotation.domain.second_opinions import Opinion, Place, compare, is_at
from services.annotation.domain.snapshots import AnnotatedImage, splits_of
from services.annotation.handlers.second_opinions import KnownOpinions
from services.annotation.handlers.snapshots import Snapshots
from services.annotation.repository import DISMISSALS, Dismissal
from shared.callers import Caller
from shared.documents.port import Collection, Documents, Query, TenantScope
from shared.ids import derived_id
from shared.projects.directory import ProjectDirectory, ProjectView

MOST_LISTED = 200
"""Of each rule: a list of work for a person, who checks again once it is done."""
AT_ONCE = 2
"""Checks of a process; others wait: each holds all annotations of a project in memory."""


@dataclass(frozen=True)
class LabelCheck:
    """What is probably wrong with a project's labels.

    Attributes:
        images: How many annotated images were looked at.
        findings: Worst first, at most ``MOST_LISTED`` of each rule.
        counts: All findings by rule, those that are not listed included.
        dismissed: How many of those found a person said are no errors; they are not counted.
        opinion: The version's that is among them; None where none looked yet.
        seen: How many of the images it looked at.
    """

    images: int
    findings: tuple[Finding, ...]
    counts: dict[Rule, int]
    dismissed: int
    opinion: Opinion | None = None
    seen: int = 0


class LabelChecks:
    """Looks at all annotations of a project at once."""

    def __init__(
        self,
        documents: Documents,
        *,
        projects: ProjectDirectory,
        snapshots: Snapshots,
        opinions: KnownOpinions,
    ) -> None:
        self._documents = documents
        self._projects = projects
        self._snapshots = snapshots
        self._opinions = opinions
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def check(self, tenant: str, project_id: str) -> LabelCheck:
        """Check a project's labels as a training would see them; raise NotFound."""
        project = await self._projects.require(tenant, project_id)
        query = Query(where={"project_id": project_id}, limit=500)
        async with self._slots:
            images = await self._snapshots.annotated(tenant, project_id)
            opinion = await self._opinions.find(tenant, project_id)
            dismissed = [one async for one in self._dismissals(tenant).walk(query)]
            return await asyncio.to_thread(_checked, project, images, opinion, dismissed)

    async def dismiss(self, author: Caller, project_id: str, finding_id: str) -> None:
        """Remember that a finding is no error; raise NotFound for the project."""
        await self._projects.require(author.tenant, project_id)
        async with self._slots:
            opinion = await self._opinions.find(author.tenant, project_id)
            # An id for each of 200,000 shapes: others must not wait for that.
            image_id, place = await asyncio.to_thread(_place_of, finding_id, opinion)
        dismissal = Dismissal(
            id=derived_id(project_id, "dismissal", finding_id),
            tenant=author.tenant,
            project_id=project_id,
            author=author.subject,
            finding_id=finding_id,
            image_id=image_id,
            place=place,
        )
        await self._dismissals(author.tenant).ensure(dismissal)

    async def forget(self, author: Caller, project_id: str) -> None:
        """Take every word back that something is no error; raise NotFound for the project."""
        await self._projects.require(author.tenant, project_id)
        while await self._dismissals(author.tenant).clear({"project_id": project_id}):
            pass

    def _dismissals(self, tenant: str) -> Collection[Dismissal]:
        return self._documents.collection(DISMISSALS, TenantScope(tenant))


def _checked(
    project: ProjectView,
    images: Sequence[AnnotatedImage],
    opinion: Opinion | None,
    dismissals: Sequence[Dismissal],
) -> LabelCheck:
    splits = splits_of(project.id, project.task, images, tile_plan=project.tile_plan)
    told = compare(images, opinion, project.task) if opinion else ()
    found = {one.id: one for one in chain(check(images), check_looks(images, splits), told)}
    gone = _dismissed(found.values(), dismissals)
    left = [finding for key, finding in found.items() if key not in gone]
    counts = Counter(finding.rule for finding in left)
    listed = [
        finding
        for rule in RULES
        for finding in islice((one for one in left if one.rule == rule), MOST_LISTED)
    ]
    seen = sum(image.image_id in opinion.found for image in images) if opinion else 0
    return LabelCheck(len(images), tuple(listed), dict(counts), len(gone), opinion, seen)


def _place_of(finding_id: str, opinion: Opinion | None) -> tuple[str, Place | None]:
    """The image and the place of what a version found and nobody drew; none of other findings."""
    return next(opinion.places_of(finding_id), ("", None)) if opinion else ("", None)


def _dismissed(findings: Iterable[Finding], dismissals: Sequence[Dismissal]) -> set[str]:
    """The ids of the findings that somebody said are no errors, of this version or another one."""
    ids = {one.finding_id for one in dismissals}
    places: dict[str, list[Place]] = {}
    for one in dismissals:
        if one.place is not None:
            places.setdefault(one.image_id, []).append(one.place)
    return {
        one.id
        for one in findings
        if one.id in ids or (one.rule == "missing" and is_at(one, places.get(one.image_id, ())))
    }
