"""The gate: a judged version takes over when it is no worse than the one that serves."""

from services.trainer.domain.gate import Verdict, judge
from services.trainer.domain.records import version_name
from services.trainer.handlers.training_queue import TrainingQueue
from services.trainer.repository import TRAININGS, Champion, Figures, Line, Training
from shared.contracts.envelope import Event
from shared.contracts.model_events import DeploymentFailed, ModelDeployed, ModelPromoted
from shared.contracts.training_events import ReportCompleted, ReportFailed
from shared.documents.port import Collection, Documents, Edit, Query, TenantScope, Write
from shared.errors import DependencyDown
from shared.projects.directory import ProjectDirectory
from shared.runtime.tasks.table import spec_of


class Promotion:
    """Reports and deployments, as the records tell of them."""

    def __init__(
        self, documents: Documents, projects: ProjectDirectory, queue: TrainingQueue
    ) -> None:
        self._documents = documents
        self._projects = projects
        self._queue = queue

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
            event.data.model_dump(exclude={"project_id", "training_id", "version"})
        )
        refused = await self._refused(training)
        promoted, reason = (False, refused) if refused else await self._passed(training, figures)
        update = {
            "figures": figures,
            "promoted": promoted,
            "gate_reason": reason,
            "report_error": "",
        }
        events = (_promoted(training),) if promoted else ()
        await self._trainings(training.tenant).change(
            training.id, lambda stored: Write(stored.model_copy(update=update), events)
        )

    async def report_failed(self, event: Event[ReportFailed]) -> None:
        """Notes that a version could not be judged; it is not promoted."""
        training = await self._trainings(event.tenant).find(event.data.training_id)

        def edit(stored: Training) -> Training | None:
            if stored.gate_reason:  # a report has come, before this news or after it
                return None
            return _with(stored, report_error=event.data.reason)

        await self._note(training, edit)

    async def deployed(self, event: Event[ModelDeployed]) -> None:
        """Notes that a version answers on the model server."""
        training = await self._version(event.tenant, event.data.project_id, event.data.version)

        def edit(stored: Training) -> Training | None:
            if stored.deployed_at is not None:
                return None
            return _with(stored, deployed_at=event.time, deployment_error="")

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
        if not spec_of(project.task).is_trainable:
            return f"no model of the task {project.task} can be served yet"
        return ""

    async def _passed(self, training: Training, figures: Figures) -> tuple[bool, str]:
        """Crowns the version if it passes; repeating it is harmless."""
        number = training.version_number or 0
        rate = figures.average_detection_rate
        champion = (await self._queue.line(training.tenant, training.project_id)).champion
        mine = champion is not None and champion.training_id == training.id
        verdict = _verdict(rate, None if mine else champion)
        promoted = mine or (
            verdict.promoted and (champion is None or champion.version_number < number)
        )
        if promoted and not mine:
            mine_now = Champion(
                training_id=training.id, version_number=number, average_detection_rate=rate
            )
            await self._queue.change(
                training.tenant, training.project_id, lambda line: _crowned(line, mine_now)
            )
        return promoted, verdict.reason

    async def _note(self, training: Training | None, edit: Edit[Training]) -> None:
        if training is not None:
            await self._trainings(training.tenant).change(training.id, edit)

    async def _version(self, tenant: str, project_id: str, version: str) -> Training | None:
        number = version.removeprefix("V")
        if not number.isdecimal():
            return None
        found = await self._trainings(tenant).query(
            Query(where={"project_id": project_id, "version_number": int(number)}, limit=1)
        )
        return found[0] if found else None

    def _trainings(self, tenant: str) -> Collection[Training]:
        return self._documents.collection(TRAININGS, TenantScope(tenant))


def _with(training: Training, **facts: object) -> Training:
    return training.model_copy(update=facts)


def _verdict(rate: float | None, champion: Champion | None) -> Verdict:
    theirs = champion.average_detection_rate if champion else None
    return judge(rate, theirs, has_champion=champion is not None)


def _crowned(line: Line, champion: Champion) -> Line:
    """The line with its champion; a newer version that came first stays."""
    if line.champion is not None and line.champion.version_number > champion.version_number:
        return line
    return line.model_copy(update={"champion": champion})


def _promoted(training: Training) -> ModelPromoted:
    artefacts, number = training.artefacts, training.version_number
    if artefacts is None or number is None:
        raise DependencyDown(f"training {training.id} is not recorded as succeeded yet")
    return ModelPromoted(
        project_id=training.project_id,
        training_id=training.id,
        version=version_name(number),
        number=number,
        model_key=artefacts.model_key,
        model_manifest_key=artefacts.model_manifest_key,
        golden_key=artefacts.golden_key,
        test_after=training.mode == "train_and_test",
    )
