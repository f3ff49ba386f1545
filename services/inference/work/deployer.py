"""Brings promoted versions onto the model server, and the alias to them once they are proven."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from functools import partial

from services.inference.adapters.triton.client import TritonClient
from services.inference.adapters.triton.model_store import ModelStore
from services.inference.domain.model_config import ServedModel
from services.inference.errors import GoldenMismatch, ModelNotReady, UnservableModel
from services.inference.repository import (
    ALIASES,
    DEPLOYMENTS,
    Alias,
    Deployment,
    DeploymentState,
)
from services.inference.work.artefacts import VersionFiles, read_artefacts
from services.inference.work.reconciler import Wanted
from shared.blobs.port import Blobs
from shared.clock import utc_now
from shared.contracts.model_events import DeploymentFailed, ModelDeployed
from shared.documents.port import Documents, EveryTenant, Query, Step, TenantScope, Write
from shared.errors import DependencyDown, LoupeError, NotFound, VersionConflict
from shared.runtime.golden import all_differences
from shared.runtime.manifest import ModelManifest
from shared.telemetry import logger

MAX_ATTEMPTS = 3
MOST_TRIALS = 2  # versions of a project that are loaded for tests alone

log = logger(__name__)


class Deployer:
    """Every step may be repeated, so a process killed between two of them just goes on."""

    def __init__(
        self,
        documents: Documents,
        blobs: Blobs,
        store: ModelStore,
        client: TritonClient,
        *,
        keep_versions: int = 2,
    ) -> None:
        """Bind the stores; ``keep_versions`` of a project stay loaded, the alias's included."""
        self._documents = documents
        self._deployments = documents.collection(DEPLOYMENTS, EveryTenant())
        self._blobs = blobs
        self._store = store
        self._client = client
        self._keep = keep_versions

    async def wanted(self) -> Wanted:
        """What the reconciler must keep loaded, and what it must leave to `settle`."""
        serving = await self._in_state("serving")
        under_way = await self._in_state("wanted")
        return Wanted(
            {deployment.id: deployment.number for deployment in serving},
            frozenset(deployment.id for deployment in under_way),
        )

    async def ensure_published(self, name: str) -> None:
        """Put a model back into the repository when it is missing or damaged there."""
        if not await asyncio.to_thread(self._store.is_intact, name):
            deployment = await self._deployments.get(name)
            await self._publish(deployment, await read_artefacts(self._blobs, deployment))

    async def settle(self) -> None:
        """Deploy what is wanted, promotions first, the oldest before; then sweep what nobody needs.

        Raises:
            DependencyDown: A store or Triton does not answer; the rest waits for the next pass.
        """
        wanted = await self._in_state("wanted")
        for deployment in sorted(wanted, key=lambda one: one.trial_until is not None):
            again: Deployment | None = deployment
            while again is not None:
                again = await self._settle_one(again)
        await self._sweep()

    async def _settle_one(self, deployment: Deployment) -> Deployment | None:
        """Try once; return the deployment when it is to be tried again."""
        try:
            artefacts = await read_artefacts(self._blobs, deployment)
            await self._publish(deployment, artefacts)
            deployment = await self._note_manifest(deployment, artefacts.manifest)
            await asyncio.to_thread(self._client.load, deployment.id)
            await asyncio.to_thread(self._check, deployment, artefacts)
        except ModelNotReady as error:
            return await self._count_failure(deployment, error)
        except DependencyDown:
            raise
        except LoupeError as error:
            await self._fail(deployment, error.detail)
        else:
            await self._go_live(deployment)
        return None

    async def _publish(self, deployment: Deployment, artefacts: VersionFiles) -> None:
        manifest = artefacts.manifest
        model = ServedModel(
            name=deployment.id,
            number=deployment.number,
            input_width=manifest.input_width,
            input_height=manifest.input_height,
            label_count=len(manifest.labels),
            sides_are_free=artefacts.task.sides_are_free,
            outputs=artefacts.outputs,
            tile_plan_hash=manifest.learnt_plan.hash,
        )
        sha256 = manifest.model_sha256 or deployment.model_key.rsplit("/", 1)[-1]
        await asyncio.to_thread(self._store.publish, model, artefacts.onnx, sha256=sha256)

    def _check(self, deployment: Deployment, artefacts: VersionFiles) -> None:
        """What Triton loaded must name the manifest's tile plan and give the golden answer."""
        served = (deployment.id, deployment.number)
        plan_hash = self._client.plan_hash(served)
        if plan_hash and plan_hash != artefacts.manifest.learnt_plan.hash:
            raise UnservableModel("the model server has it under another tile plan")
        ask = partial(self._client.infer, served)
        if found := all_differences(artefacts.golden, ask, artefacts.outputs):
            raise GoldenMismatch("the golden check differs: " + "; ".join(found))

    async def _note_manifest(self, deployment: Deployment, manifest: ModelManifest) -> Deployment:
        """Store `model.json` with the deployment before the alias can lead anybody to it."""
        text = manifest.to_json()
        if deployment.manifest == text:
            return deployment
        own = self._documents.collection(DEPLOYMENTS, TenantScope(deployment.tenant))
        return await own.replace(deployment.model_copy(update={"manifest": text}))

    async def _go_live(self, deployment: Deployment) -> None:
        """Move the alias first; a crash before the second write only repeats both."""
        if deployment.trial_until is None:
            await self._move_alias(deployment)
        update = {"state": "serving", "reason": "", "deployed_at": utc_now()}
        await self._write(deployment.model_copy(update=update))
        log.info("version deployed", tenant=deployment.tenant, version=deployment.model_version)

    async def _move_alias(self, deployment: Deployment) -> None:
        """Point the project at ``deployment`` unless it was promoted before the current one."""
        event = ModelDeployed(project_id=deployment.project_id, version=deployment.model_version)
        first = Alias(
            id=deployment.project_id,
            tenant=deployment.tenant,
            current=deployment.id,
            model_version=deployment.model_version,
            promoted_at=deployment.promoted_at,
            order=deployment.order,
            number=deployment.number,
        )

        def moved(stored: Alias) -> Step[Alias]:
            if not stored.version:
                return Write(first, [event])
            if stored.rank >= deployment.rank:
                return None
            if stored.current == deployment.id:
                return Write(stored.model_copy(update={"order": deployment.order}), [event])
            before = (stored.current, *stored.previous)
            kept = tuple(name for name in before if name != deployment.id)[: self._keep - 1]
            return Write(first.model_copy(update={"previous": kept}), [event])

        aliases = self._documents.collection(ALIASES, TenantScope(deployment.tenant))
        await aliases.change(first.id, moved, new=first)

    async def _sweep(self) -> None:
        """Retire what no alias names any more; the reconciler then unloads it."""
        serving = await self._in_state("serving")  # read before the aliases, which move first
        aliases = self._documents.collection(ALIASES, EveryTenant())
        named: set[str] = set()
        async for alias in aliases.walk():
            named |= {alias.current, *alias.previous}
        kept = named | _on_trial(serving, utc_now())
        for deployment in serving:
            if deployment.id not in kept:
                await self._write(deployment.model_copy(update={"state": "retired"}))
        for name in self._store.names():
            known = await self._deployments.find(name)
            if known is None or known.state in ("retired", "failed"):
                await asyncio.to_thread(self._client.unload, name)
                await asyncio.to_thread(self._store.remove, name)

    async def _count_failure(self, deployment: Deployment, error: LoupeError) -> Deployment | None:
        """Give up after some attempts; before that, take it off so that the next one is fresh."""
        await asyncio.to_thread(self._client.unload, deployment.id)
        if deployment.attempts + 1 >= MAX_ATTEMPTS:
            await self._fail(deployment, error.detail)
            return None
        counted = deployment.model_copy(update={"attempts": deployment.attempts + 1})
        return await self._write(counted)

    async def _fail(self, deployment: Deployment, reason: str) -> None:
        """Note why; of a version on trial no record is told, which was not asked to serve."""
        log.error("version not deployed", version=deployment.model_version, reason=reason)
        event = DeploymentFailed(
            project_id=deployment.project_id, version=deployment.model_version, reason=reason[:500]
        )
        failed = deployment.model_copy(update={"state": "failed", "reason": reason[:500]})
        await self._write(failed, event if deployment.trial_until is None else None)

    async def _write(
        self, deployment: Deployment, event: DeploymentFailed | None = None
    ) -> Deployment | None:
        """Store the new state; None when somebody else was first and the next pass must look."""
        own = self._documents.collection(DEPLOYMENTS, TenantScope(deployment.tenant))
        try:
            return await own.replace(deployment, events=[event] if event else [])
        except (VersionConflict, NotFound):
            log.info("deployment changed meanwhile", deployment=deployment.id)
            return None

    async def _in_state(self, state: DeploymentState) -> list[Deployment]:
        """All deployments in a state, the first promoted first."""
        found = [each async for each in self._deployments.walk(Query(where={"state": state}))]
        return sorted(found, key=lambda deployment: deployment.rank)


def _on_trial(serving: Sequence[Deployment], now: datetime) -> set[str]:
    """The versions that stay loaded for tests: of each project the last few that were asked for."""
    tried: dict[str, list[tuple[datetime, str]]] = {}
    for deployment in serving:
        if deployment.trial_until is not None and deployment.trial_until > now:
            asked = (deployment.trial_until, deployment.id)
            tried.setdefault(deployment.project_id, []).append(asked)
    return {name for each in tried.values() for _, name in sorted(each)[-MOST_TRIALS:]}
