"""What a person does with versions: promote one with a reason, go back, and read what was done."""

from services.trainer.errors import ServesAlready
from services.trainer.handlers.champions import crowned
from services.trainer.handlers.training_queue import TrainingQueue
from services.trainer.repository import TRAININGS, Line, Training
from shared.callers import Caller
from shared.clock import Clock, utc_now
from shared.contracts.version_names import version_number
from shared.documents.port import Documents, Query, TenantScope, Write
from shared.errors import NotFound
from shared.projects.directory import ProjectDirectory


class Versions:
    """Promotions by hand. The gate never undoes one: it judges later versions against it."""

    def __init__(
        self,
        documents: Documents,
        projects: ProjectDirectory,
        queue: TrainingQueue,
        *,
        clock: Clock = utc_now,
    ) -> None:
        self._documents = documents
        self._projects = projects
        self._queue = queue
        self._clock = clock

    async def promote(self, who: Caller, project_id: str, version: str, *, reason: str) -> Line:
        """Makes any version serve, whatever the gate said of it; an earlier one is a roll-back.

        The version that serves can be promoted again only where it could not be deployed.

        Raises:
            NotFound: No such project or version.
            ServesAlready: It serves.
        """
        await self._projects.require(who.tenant, project_id)
        training = await self._version(who.tenant, project_id, version)

        def edit(line: Line) -> Write[Line]:
            serves = line.champion is not None and line.champion.training_id == training.id
            if serves and not training.deployment_error:
                raise ServesAlready(f"{version} serves already")
            return crowned(line, training, by=who.subject, reason=reason, at=self._clock())

        return await self._queue.change(who.tenant, project_id, edit)

    async def line(self, who: Caller, project_id: str) -> Line:
        """The project's line: which version serves, and the promotions before."""
        await self._projects.require(who.tenant, project_id)
        return await self._queue.line(who.tenant, project_id)

    async def _version(self, tenant: str, project_id: str, version: str) -> Training:
        number = version_number(version)
        trainings = self._documents.collection(TRAININGS, TenantScope(tenant))
        query = Query(where={"project_id": project_id, "version_number": number}, limit=1)
        found = await trainings.query(query) if number is not None else []
        if not found:
            raise NotFound(f"no version {version}")
        return found[0]
