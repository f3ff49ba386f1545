"""Second opinions: the version that serves is asked about images that people annotated."""

from dataclasses import dataclass

from services.inference.handlers.deployments import Deployments
from services.inference.repository import SECOND_OPINIONS, SecondOpinion
from shared.callers import Caller
from shared.documents.port import Collection, Documents, TenantScope
from shared.errors import NotFound
from shared.ids import derived_id
from shared.jobs.job import FINAL, Job
from shared.jobs.queue import JobQueue
from shared.projects.directory import ProjectDirectory

SECOND_OPINION = "second_opinion"


@dataclass(frozen=True, slots=True)
class LastLook:
    """How far the last look is, and which version would look now.

    Attributes:
        serving: The version that serves; empty where none does.
        asked: What was asked for last; None where nobody asked yet.
        job: The work on it.
    """

    serving: str
    asked: SecondOpinion | None = None
    job: Job | None = None

    @property
    def is_under_way(self) -> bool:
        """Tell whether the work goes on."""
        return self.job is not None and self.job.state not in FINAL


class SecondOpinions:
    """The looks of versions at annotated images, one of a project at a time."""

    def __init__(
        self,
        documents: Documents,
        *,
        jobs: JobQueue,
        projects: ProjectDirectory,
        deployments: Deployments,
    ) -> None:
        """Bind the stores and what is known of projects and deployments."""
        self._documents = documents
        self._jobs = jobs
        self._projects = projects
        self._deployments = deployments

    async def look(self, who: Caller, project_id: str) -> LastLook:
        """Tell how far the last look is; raise NotFound for the project."""
        await self._projects.require(who.tenant, project_id)
        alias = await self._deployments.alias(who.tenant, project_id)
        serving = alias.model_version if alias else ""
        asked = await self._of(who.tenant).find(project_id)
        return LastLook(serving, *(await self._queued(asked) if asked else ()))

    async def ask(self, who: Caller, project_id: str) -> LastLook:
        """Have the version that serves look; a look that is under way goes on instead.

        Raises:
            NotFound: No such project.
            NoDeployment: Nothing is served.
        """
        before = await self.look(who, project_id)
        if before.is_under_way:
            return before
        version = await self._deployments.for_test(who.tenant, project_id, None)
        last = before.asked.job_id if before.asked else ""

        def again(now: SecondOpinion) -> SecondOpinion | None:
            if now.job_id != last:  # somebody else asked meanwhile
                return None
            number = now.number + 1
            facts = {"number": number, "job_id": derived_id(SECOND_OPINION, now.id, str(number))}
            by = {"model_version": version, "created_by": who.subject}
            return now.model_copy(update={**facts, **by})

        new = SecondOpinion(
            id=project_id, tenant=who.tenant, project_id=project_id, model_version=version
        )
        asked = await self._of(who.tenant).change(project_id, again, new=new)
        look = LastLook(before.serving, *await self._queued(asked))
        if last and last != asked.job_id:
            await self._jobs.drop(who.tenant, last)
        return look

    async def cancel(self, who: Caller, project_id: str) -> None:
        """Stop the look that is under way; what an earlier one found stays.

        Raises:
            NotFound: No such project, or nobody asked yet.
            Forbidden: Somebody else asked, and the caller is no engineer.
        """
        found = await self.look(who, project_id)
        if found.asked is None:
            raise NotFound("no version was asked for a second opinion yet")
        who.check_own(found.asked.created_by)
        await self._jobs.cancel(who.tenant, found.asked.job_id)

    async def _queued(self, asked: SecondOpinion) -> tuple[SecondOpinion, Job]:
        """Return a look and the work on it; what a kill kept from the queue is queued now."""
        found = await self._jobs.find(asked.tenant, asked.job_id)
        if found is not None:
            return asked, found
        now = await self._of(asked.tenant).get(asked.id)
        if now.job_id != asked.job_id:  # its job went, as somebody asked for another look
            return await self._queued(now)
        payload = {
            "project_id": asked.project_id,
            "version": asked.model_version,
            "number": asked.number,
        }
        return asked, await self._jobs.enqueue(
            asked.tenant, SECOND_OPINION, asked.job_id, payload=payload
        )

    def _of(self, tenant: str) -> Collection[SecondOpinion]:
        return self._documents.collection(SECOND_OPINIONS, TenantScope(tenant))
