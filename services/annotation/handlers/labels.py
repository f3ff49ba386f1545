"""Use cases of labels: create, rename, delete; annotations follow by event."""

import contextlib
from dataclasses import dataclass

from services.annotation.handlers.label_names import LabelNames
from services.annotation.repository import LABELS, SERVICE, Label, new_label
from shared.clock import Clock, utc_now
from shared.contracts.annotation_events import LabelDeleted, LabelRenamed
from shared.contracts.envelope import Event
from shared.contracts.project_events import ProjectCreated
from shared.documents.port import Collection, Documents, Query, TenantScope, Where, Write
from shared.documents.receipts import Keyed, Receipts, spent
from shared.errors import AlreadyExists, FieldError, NotFound
from shared.ids import derived_id, new_id


@dataclass(frozen=True, slots=True)
class LabelName:
    """What is asked for with a new label."""

    name: str


class Labels:
    """Labels of projects over the document store."""

    def __init__(self, documents: Documents, names: LabelNames, *, clock: Clock = utc_now) -> None:
        self._documents = documents
        self._names = names
        self._clock = clock
        self._receipts = Receipts(documents, SERVICE)

    async def list_labels(self, tenant: str, project_id: str) -> list[Label]:
        """Return a project's labels, oldest first."""
        where: Where = {"project_id": project_id, "deleted": False}
        found = [
            label async for label in self._collection(tenant).walk(Query(where=where, limit=500))
        ]
        return sorted(found, key=lambda label: (label.created_at, label.id))

    async def get_label(self, tenant: str, project_id: str, label_id: str) -> Label:
        """Return one label; raise NotFound."""
        label = await self._collection(tenant).get(label_id)
        _check_lives(label, project_id)
        return label

    async def create_label(
        self, tenant: str, project_id: str, name: str, *, key: str | None = None
    ) -> Label:
        """Create a label; with a key, only once.

        Raises:
            AlreadyExists: The name is taken.
            NamesFollow: Annotations still follow the label that had the name.
            TooManyLabels: The project has as many as it may have.
            KeyReused: The key came with another name before.
            KeySpent: The label that the key made was deleted.
        """
        if key is None:
            return await self._make(tenant, project_id, name, new_id())
        label_id = derived_id(project_id, "label-key", key)
        label = await self._receipts.make_once(
            Keyed(tenant, label_id, LabelName(name), project_id),
            things=self._collection(tenant),
            make=lambda: self._make(tenant, project_id, name, label_id),
        )
        if label.deleted:
            raise spent()
        return label

    async def _make(self, tenant: str, project_id: str, name: str, label_id: str) -> Label:
        await self._names.require_room(tenant, project_id, 1)
        await self._names.vacate(tenant, project_id, [name])
        try:
            label = new_label(tenant, project_id, name, label_id=label_id, at=self._clock())
            return await self._collection(tenant).insert(label)
        except AlreadyExists as error:
            raise _taken(name) from error

    async def rename_label(
        self, tenant: str, project_id: str, label_id: str, name: str, *, expected: int | None
    ) -> Label:
        """Rename a label; annotations follow by the event, and the old name stays as an alias.

        Raises:
            AlreadyExists: Another label has that name.
            NamesFollow: Annotations still follow the label that had it.
            VersionConflict: `expected` is not the stored version.
        """

        def renamed(label: Label) -> Write[Label] | None:
            _check_lives(label, project_id)
            if label.name == name:
                return None
            event = LabelRenamed(
                project_id=project_id, label_id=label_id, old_name=label.name, new_name=name
            )
            former = label.giving_up(self._clock())
            update = {"name": name, "unique_name": name, "former_names": former}
            return Write(label.model_copy(update=update), [event])

        asked = await self._collection(tenant).get(label_id)
        renamed(asked)
        if expected in (None, asked.version):
            await self._names.vacate(tenant, project_id, [name], taker=asked.name)
        try:
            return await self._collection(tenant).change(label_id, renamed, expected=expected)
        except AlreadyExists as error:
            raise _taken(name) from error

    async def delete_label(
        self, tenant: str, project_id: str, label_id: str, *, expected: int | None
    ) -> None:
        """Delete a label and, by the event, all its annotations (item 68)."""

        def deleted(label: Label) -> Write[Label]:
            _check_lives(label, project_id)
            mark = {
                "deleted": True,
                "unique_name": f"{label.name}\x1f{label.id}",
                "former_names": label.giving_up(self._clock()),
            }
            event = LabelDeleted(project_id=project_id, label_id=label_id, name=label.name)
            return Write(label.model_copy(update=mark), [event])

        await self._collection(tenant).change(label_id, deleted, expected=expected)

    async def seed(self, event: Event[ProjectCreated]) -> None:
        """Create the labels that were typed when the project was made."""
        data = event.data
        for position, name in enumerate(data.labels):
            label_id = derived_id(data.project_id, "label", str(position), name)
            label = new_label(
                event.tenant, data.project_id, name, label_id=label_id, at=self._clock()
            )
            with contextlib.suppress(AlreadyExists):
                await self._collection(event.tenant).insert(label)

    def _collection(self, tenant: str) -> Collection[Label]:
        return self._documents.collection(LABELS, TenantScope(tenant))


def _check_lives(label: Label, project_id: str) -> None:
    if label.deleted or label.project_id != project_id:
        raise NotFound(f"no label {label.id}")


def _taken(name: str) -> AlreadyExists:
    return AlreadyExists(
        f"a label named {name!r} exists",
        errors=[FieldError("name", "is taken; choose another")],
    )
