"""Deployments as documents: asked for by events, read by people and by predictions."""

from collections.abc import Callable
from datetime import timedelta

from services.inference.errors import ModelNotReady, NoDeployment
from services.inference.repository import (
    ALIASES,
    DEPLOYMENTS,
    VERSIONS,
    Alias,
    Deployment,
    Version,
)
from shared.callers import Caller
from shared.clock import Clock, utc_now
from shared.contracts.envelope import Event
from shared.contracts.model_events import ModelPromoted
from shared.contracts.training_events import TrainingSucceeded
from shared.contracts.version_names import version_number
from shared.documents.port import Collection, Documents, Query, Sort, Step, TenantScope
from shared.errors import NotFound
from shared.ids import derived_id
from shared.paging import Page, PageParams, page_of
from shared.projects.directory import ProjectDirectory

TRIAL = timedelta(minutes=10)
"""How long a version that does not serve stays loaded after the last test that named it."""


def deployment_id(tenant: str, project_id: str, version: str) -> str:
    """Return the name under which a version is served: one version, one name, for ever."""
    return derived_id("deployment", tenant, project_id, version)


class Deployments:
    """The desired state of the model server."""

    def __init__(
        self, documents: Documents, projects: ProjectDirectory, *, clock: Clock = utc_now
    ) -> None:
        """Bind the store and the projects; `wake` may be set later to tell the deployer."""
        self._clock = clock
        self._documents = documents
        self._projects = projects
        self.wake: Callable[[], None] = lambda: None

    async def promoted(self, event: Event[ModelPromoted]) -> None:
        """Want a version to be served; a version promoted again (a roll-back) is wanted again."""
        data = event.data
        wanted = Deployment(
            id=deployment_id(event.tenant, data.project_id, data.version),
            tenant=event.tenant,
            project_id=data.project_id,
            training_id=data.training_id,
            model_version=data.version,
            number=data.number,
            model_key=data.model_key,
            model_manifest_key=data.model_manifest_key,
            golden_key=data.golden_key,
            test_after=data.test_after,
            promoted_at=event.time,
            order=data.order,
        )

        def again(stored: Deployment) -> Step[Deployment]:
            return wanted if not stored.version or wanted.order > stored.order else None

        await self._of(event.tenant).change(wanted.id, again, new=wanted)
        self.wake()

    async def made(self, event: Event[TrainingSucceeded]) -> None:
        """Know a version, so that it can be tested whether it is promoted or not."""
        data = event.data
        number = version_number(data.version)
        if number is None:
            return
        version = Version(
            id=deployment_id(event.tenant, data.project_id, data.version),
            tenant=event.tenant,
            project_id=data.project_id,
            training_id=data.training_id,
            name=data.version,
            number=number,
            model_key=data.model_key,
            model_manifest_key=data.model_manifest_key,
            golden_key=data.golden_key,
            manifest_key=data.manifest_key,
            predictions_key=data.predictions_key,
        )
        await self._documents.collection(VERSIONS, TenantScope(event.tenant)).ensure(version)

    async def for_test(self, tenant: str, project_id: str, version: str | None) -> str:
        """Return the name of the version that a test will ask, and see that it gets loaded.

        Raises:
            NoDeployment: Nothing serves, or no such version is known or can be served.
        """
        try:
            return (await self.answering(tenant, project_id, version)).model_version
        except ModelNotReady:
            return version or ""

    async def answering(self, tenant: str, project_id: str, version: str | None) -> Deployment:
        """Return the deployment that answers for a version, or for the project.

        A version that does not serve is loaded beside the one that does, for a while.

        Raises:
            NoDeployment: Nothing is served; the detail says how far it is.
            ModelNotReady: The version is being loaded, for this or because it was promoted.
        """
        alias = await self.alias(tenant, project_id)
        if version is None:
            if alias is None:
                raise NoDeployment(await self._why_none(tenant, project_id))
            return await self._of(tenant).get(alias.current)
        found = await self._of(tenant).find(deployment_id(tenant, project_id, version))
        if found is not None and (
            found.state == "serving" or (alias and alias.current == found.id)
        ):
            return await self._still_tried(found)
        if found is not None and found.state == "failed":
            raise NoDeployment(_how_far(found))
        if found is None or found.state == "retired":
            await self._try_out(found or await self._made(tenant, project_id, version))
        raise ModelNotReady(f"{version} is being loaded; try again in a moment")

    async def _made(self, tenant: str, project_id: str, version: str) -> Deployment:
        """Return what it would be to deploy a version that never was."""
        name = deployment_id(tenant, project_id, version)
        known = await self._documents.collection(VERSIONS, TenantScope(tenant)).find(name)
        if known is None:
            raise NoDeployment(f"no version {version} of this project is known here")
        return Deployment(
            id=name,
            tenant=tenant,
            project_id=project_id,
            training_id=known.training_id,
            model_version=version,
            number=known.number,
            model_key=known.model_key,
            model_manifest_key=known.model_manifest_key,
            golden_key=known.golden_key,
            promoted_at=self._clock(),
            state="retired",
        )

    async def _try_out(self, retired: Deployment) -> None:
        """Want a version that does not serve to be loaded for tests."""
        until = self._clock() + TRIAL
        update = {"state": "wanted", "attempts": 0, "reason": "", "trial_until": until}

        def wanted(stored: Deployment) -> Step[Deployment]:
            return stored.model_copy(update=update) if stored.state == "retired" else None

        absent = retired.model_copy(update={"version": 0})
        await self._of(retired.tenant).change(retired.id, wanted, new=absent)
        self.wake()

    async def _still_tried(self, found: Deployment) -> Deployment:
        """Keep a version on trial loaded while somebody asks it."""
        until = self._clock() + TRIAL
        if found.trial_until is None or until - found.trial_until < TRIAL / 10:
            return found

        def longer(stored: Deployment) -> Step[Deployment]:
            if stored.state != "serving" or stored.trial_until is None:
                return None
            return stored.model_copy(update={"trial_until": until})

        return await self._of(found.tenant).change(found.id, longer)

    async def alias(self, tenant: str, project_id: str) -> Alias | None:
        """Return which version answers for the project."""
        return await self._documents.collection(ALIASES, TenantScope(tenant)).find(project_id)

    async def get(self, tenant: str, project_id: str, version: str) -> Deployment:
        """Return one deployment; raise NotFound."""
        found = await self._of(tenant).find(deployment_id(tenant, project_id, version))
        if found is None:
            raise NotFound(f"no deployment of {version}")
        return found

    async def page(self, who: Caller, project_id: str, paging: PageParams) -> Page[Deployment]:
        """Return one page of a project's deployments, newest promotion first."""
        await self._projects.require(who.tenant, project_id)
        where = {"project_id": project_id}
        return await page_of(
            self._of(who.tenant), paging, where=where, sort=Sort("promoted_at", -1)
        )

    async def _why_none(self, tenant: str, project_id: str) -> str:
        query = Query(where={"project_id": project_id}, sort=Sort("promoted_at", -1), limit=1)
        newest = await self._of(tenant).query(query)
        return _how_far(newest[0]) if newest else "train a version first: none was promoted yet"

    def _of(self, tenant: str) -> Collection[Deployment]:
        return self._documents.collection(DEPLOYMENTS, TenantScope(tenant))


def _how_far(deployment: Deployment) -> str:
    version = deployment.model_version
    if deployment.state == "wanted":
        return f"{version} is being deployed; try again in a moment"
    if deployment.state == "failed":
        return f"{version} could not be deployed: {deployment.reason}"
    return f"{version} is not served any more"
