"""The gate: a judged version takes over when it is no worse than the one that serves."""

from collections.abc import Sequence

from services.trainer.domain.gate import (
    Verdict,
    is_told,
    judge,
    unmeasured,
    unrivalled,
    with_champion,
)
from services.trainer.handlers.champions import crowned
from services.trainer.handlers.training_queue import TrainingQueue
from services.trainer.repository import TRAININGS, Champion, Figures, Line, Training
from shared.clock import Clock, utc_now
from shared.contracts.envelope import Event
from shared.contracts.model_events import DeploymentFailed, ModelDeployed, ModelPromoted
from shared.contracts.training_events import ReportCompleted, ReportFailed, VersionComparison
from shared.contracts.version_names import version_name, version_number
from shared.documents.port import Collection, Documents, Edit, Query, TenantScope, Write
from shared.errors import DependencyDown
from shared.projects.directory import ProjectDirectory


class Gate:
    """Reports and deployments, as the records tell of them."""

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

    async def report_completed(self, event: Event[ReportCompleted]) -> None:
        """Stores the figures and promotes the version if it passes; once, however often it comes.

        Raises:
            DependencyDown: The version's own success has not been heard of yet; try again.
        """
        training = await self._trainings(event.tenant).find(event.data.training_id)
        if training is None or training.gate_reason:
            return
        if training.version_number is None:
            raise DependencyDown(f"training {training.id} is not recorded as succeeded yet")
        figures = Figures.model_validate(
            event.data.model_dump(exclude={"project_id", "training_id", "version", "comparisons"})
        )
        judged = training.model_copy(update={"figures": figures})
        refused = await self._refused(training)
        if refused:
            verdict, comparison = Verdict(False, refused), None
        else:
            verdict, comparison = await self._decided(judged, event.data.comparisons)
        update = {
            "figures": figures,
            "comparison": comparison,
            "gate_reason": verdict.reason,
            "report_error": "",
        }
        await self._note(
            training,
            lambda stored: _with(stored, **update, promoted=stored.promoted or verdict.promoted),
        )

    async def report_failed(self, event: Event[ReportFailed]) -> None:
        """Notes that a version could not be judged; it is not promoted."""
        training = await self._trainings(event.tenant).find(event.data.training_id)

        def edit(stored: Training) -> Training | None:
            if stored.gate_reason:  # a report has come, before this news or after it
                return None
            return _with(stored, report_error=event.data.reason)

        await self._note(training, edit)

    async def promoted(self, event: Event[ModelPromoted]) -> None:
        """Notes on a version's record that it serves, or did, whoever wanted it."""
        training = await self._trainings(event.tenant).find(event.data.training_id)

        def edit(stored: Training) -> Training | None:
            return None if stored.promoted else _with(stored, promoted=True)

        await self._note(training, edit)

    async def deployed(self, event: Event[ModelDeployed]) -> None:
        """Notes that a version answers on the model server."""
        training = await self._version(event.tenant, event.data.project_id, event.data.version)

        def edit(stored: Training) -> Training | None:
            return _with(stored, deployed_at=stored.deployed_at or event.time, deployment_error="")

        await self._note(training, edit)

    async def deployment_failed(self, event: Event[DeploymentFailed]) -> None:
        """Notes why a version does not answer."""
        training = await self._version(event.tenant, event.data.project_id, event.data.version)
        await self._note(training, lambda stored: _with(stored, deployment_error=event.data.reason))

    async def _refused(self, training: Training) -> str:
        """Why the version must not serve, whatever its figures; empty when nothing forbids it."""
        project = await self._projects.find(training.tenant, training.project_id)
        if project is None:
            return "its project is deleted"
        return ""

    async def _decided(
        self, training: Training, comparisons: Sequence[VersionComparison]
    ) -> tuple[Verdict, VersionComparison | None]:
        """Crowns the version if it passes; repeating it is harmless.

        Whoever serves by the time of the crowning is who it was compared with, or the gate looks
        again.
        """
        while True:
            line = await self._queue.line(training.tenant, training.project_id)
            rival = line.champion
            if rival is not None and rival.training_id == training.id:
                await self._measure(training)
                return _crowned_already(line, comparisons)
            verdict, comparison = _verdict(training, rival, comparisons)
            if not verdict.promoted:
                return verdict, comparison
            now = await self._crown(training, rival, verdict.reason)
            if now.champion is not None and now.champion.training_id == training.id:
                return verdict, comparison

    async def _measure(self, training: Training) -> None:
        """Gives the version that serves the rate that was not known when it was crowned."""
        rate = training.figures.average_detection_rate if training.figures else None

        def edit(line: Line) -> Line | None:
            if line.champion is None or line.champion.training_id != training.id:
                return None
            champion = line.champion.model_copy(update={"average_detection_rate": rate})
            return line.model_copy(update={"champion": champion})

        await self._queue.change(training.tenant, training.project_id, edit)

    async def _crown(self, training: Training, rival: Champion | None, reason: str) -> Line:
        def edit(line: Line) -> Write[Line] | None:
            if line.champion != rival:
                return None
            return crowned(line, training, by="", reason=reason, at=self._clock())

        return await self._queue.change(training.tenant, training.project_id, edit)

    async def _note(self, training: Training | None, edit: Edit[Training]) -> None:
        if training is not None:
            await self._trainings(training.tenant).change(training.id, edit)

    async def _version(self, tenant: str, project_id: str, version: str) -> Training | None:
        number = version_number(version)
        if number is None:
            return None
        found = await self._trainings(tenant).query(
            Query(where={"project_id": project_id, "version_number": number}, limit=1)
        )
        return found[0] if found else None

    def _trainings(self, tenant: str) -> Collection[Training]:
        return self._documents.collection(TRAININGS, TenantScope(tenant))


def _with(training: Training, **facts: object) -> Training:
    return training.model_copy(update=facts)


def _verdict(
    training: Training, rival: Champion | None, comparisons: Sequence[VersionComparison]
) -> tuple[Verdict, VersionComparison | None]:
    """What the gate says of a version beside the one that serves, and their comparison."""
    if rival is None:
        return unrivalled(is_first=True), None
    champion = version_name(rival.version_number)
    comparison = with_champion(comparisons, champion)
    if rival.average_detection_rate is None and not is_told(comparison):
        return unrivalled(is_first=False), None
    if training.figures is None or training.figures.average_detection_rate is None:
        return unmeasured(), None
    return judge(comparison, champion=champion, task=training.recipe.task), comparison


def _crowned_already(
    line: Line, comparisons: Sequence[VersionComparison]
) -> tuple[Verdict, VersionComparison | None]:
    """What the gate said when it crowned the version that serves, or that a person did."""
    latest = line.promotions[0] if line.promotions else None
    if latest is None or latest.by:
        return Verdict(True, "it serves already"), None
    replaced = None if latest.replaced is None else version_name(latest.replaced)
    return Verdict(True, latest.reason), with_champion(comparisons, replaced)
