"""Deployments as documents: asked for by events, read by people and by predictions."""

from collections.abc import Callable

from services.inference.errors import NoDeployment
from services.inference.repository import ALIASES, DEPLOYMENTS, Alias, Deployment
from shared.callers import Caller
from shared.contracts.envelope import Event
from shared.contracts.model_events import ModelPromoted
from shared.documents.port import Collection, Documents, Query, Sort, Step, TenantScope
from shared.errors import NotFound
from shared.ids import derived_id
from shared.paging import Page, PageParams, page_of
from shared.projects.directory import ProjectDirectory


def deployment_id(tenant: str, project_id: str, version: str) -> str:
    """Return the name under which a version is served: one version, one name, for ever."""
    return derived_id("deployment", tenant, project_id, version)


class Deployments:
    """The desired state of the model server."""

    def __init__(self, documents: Documents, projects: ProjectDirectory) -> None:
        """Bind the store and the projects; `wake` may be set later to tell the deployer."""
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

    async def answering(self, tenant: str, project_id: str, version: str | None) -> Deployment:
        """Return the deployment that answers for a version, or for the project.

        Raises:
            NoDeployment: Nothing is served; the detail says how far it is.
        """
        alias = await self.alias(tenant, project_id)
        if version is None:
            if alias is None:
                raise NoDeployment(await self._why_none(tenant, project_id))
            return await self._of(tenant).get(alias.current)
        found = await self._of(tenant).find(deployment_id(tenant, project_id, version))
        if found is None:
            raise NoDeployment(f"{version} of this project was never promoted")
        if found.state != "serving" and (alias is None or alias.current != found.id):
            raise NoDeployment(_how_far(found))
        return found

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
