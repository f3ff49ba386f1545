"""The versions that served: what an accepted proposal may name."""

from collections.abc import Sequence
from functools import partial

from services.annotation.repository import VERSIONS, VersionView
from shared.contracts.envelope import Event
from shared.contracts.model_events import ModelDeployed
from shared.contracts.shapes import Shape
from shared.documents.hearing import until
from shared.documents.port import Collection, Documents, TenantScope
from shared.documents.projections import remember
from shared.errors import FieldError, InvalidInput
from shared.ids import derived_id

WAIT_S = 1.0
"""Whoever accepts what a version proposes has waited for its answer: the news of it is not far."""


class KnownVersions:
    """The versions of all projects that answered for theirs, as this service knows them."""

    def __init__(self, documents: Documents, *, wait_s: float = WAIT_S) -> None:
        self._documents = documents
        self._wait_s = wait_s

    async def require(self, tenant: str, project_id: str, shapes: Sequence[Shape]) -> None:
        """Check that the versions which proposed shapes are the project's own.

        One that serves since a moment ago may not have been heard of, so an unknown one is waited
        for.

        Raises:
            InvalidInput: A shape names a version that never served this project.
        """
        places = {shape.proposed_by: place for place, shape in enumerate(shapes)}
        versions = self._collection(tenant)
        for version, place in places.items():
            if version is None:
                continue
            find = partial(versions.find, _id_of(tenant, project_id, version))
            if await until(find, wait_s=self._wait_s) is None:
                message = f"no version {version} of this project has served"
                field = f"shapes.{place}.proposed_by"
                raise InvalidInput(f"{field}: {message}", errors=[FieldError(field, message)])

    async def deployed(self, event: Event[ModelDeployed]) -> None:
        """Take note of a version."""
        data = event.data
        view = VersionView(
            id=_id_of(event.tenant, data.project_id, data.version),
            tenant=event.tenant,
            sequence=event.sequence,
            project_id=data.project_id,
            name=data.version,
        )
        await remember(self._collection(event.tenant), view)

    def _collection(self, tenant: str) -> Collection[VersionView]:
        return self._documents.collection(VERSIONS, TenantScope(tenant))


def _id_of(tenant: str, project_id: str, version: str) -> str:
    return derived_id("version", tenant, project_id, version)
