"""The gate: a judged version takes over when it is no worse than the one that serves."""

from services.trainer.domain.gate import judge
from services.trainer.domain.records import version_name
from services.trainer.lines import Lines
from services.trainer.repository import TRAININGS, Champion, Figures, Line, Training
from shared.clock import Clock, utc_now
from shared.contracts.envelope import Event
from shared.contracts.model_events import DeploymentFailed, ModelDeployed, ModelPromoted
from shared.contracts.training_events import ReportCompleted, ReportFailed
from shared.documents.port import Collection, Documents, Query, TenantScope
from shared.errors import DependencyDown


class Promotion:
    """Reports and deployments, as the records tell of them."""

    def __init__(self, documents: Documents, lines: Lines, *, clock: Clock = utc_now) -> None:
        self._documents = documents
        self._lines = lines
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
            event.data.model_dump(exclude={"project_id", "training_id", "version"})
        )
        await self._judge(training, figures)

    async def report_failed(self, event: Event[ReportFailed]) -> None:
        """Notes that a version could not be judged; it is not promoted."""
        training = await self._trainings(event.tenant).find(event.data.training_id)
        if training is None or training.report_error == event.data.reason:
            return
        update = {"report_error": event.data.reason}
        await self._trainings(event.tenant).replace(training.model_copy(update=update))

    async def deployed(self, event: Event[ModelDeployed]) -> None:
        """Notes that a version answers on the model server."""
        training = await self._version(event.tenant, event.data.project_id, event.data.version)
        if training is None or training.deployed_at is not None:
            return
        update = {"deployed_at": event.time, "deployment_error": ""}
        await self._trainings(event.tenant).replace(training.model_copy(update=update))

    async def deployment_failed(self, event: Event[DeploymentFailed]) -> None:
        """Notes why a version does not answer."""
        training = await self._version(event.tenant, event.data.project_id, event.data.version)
        if training is None or training.deployment_error == event.data.reason:
            return
        update = {"deployment_error": event.data.reason}
        await self._trainings(event.tenant).replace(training.model_copy(update=update))

    async def _judge(self, training: Training, figures: Figures) -> None:
        """First the line's champion, then the record with its event; repeating it is harmless."""
        number = training.version_number or 0
        rate = figures.average_detection_rate
        before = await self._lines.get(training.tenant, training.project_id)
        champion = before.champion
        mine = champion is not None and champion.training_id == training.id
        verdict = judge(
            rate,
            champion.average_detection_rate if champion and not mine else None,
            has_champion=champion is not None and not mine,
        )
        promoted = mine or (
            verdict.promoted and (champion is None or champion.version_number < number)
        )
        if promoted and not mine:
            mine_now = Champion(
                training_id=training.id, version_number=number, average_detection_rate=rate
            )
            await self._lines.change(
                training.tenant, training.project_id, lambda line: _crowned(line, mine_now)
            )
        events = [_promoted(training)] if promoted else []
        update = {"figures": figures, "promoted": promoted, "gate_reason": verdict.reason}
        await self._trainings(training.tenant).replace(
            training.model_copy(update=update), events=events
        )

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
