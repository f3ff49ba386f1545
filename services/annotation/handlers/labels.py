"""Use cases of labels: create, change, order, delete; annotations follow by event."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

from services.annotation.domain.label_rules import LabelChange, in_order, says_a_verdict
from services.annotation.handlers.label_names import LabelNames
from services.annotation.repository import (
    LABEL_ORDERS,
    LABELS,
    SERVICE,
    Label,
    LabelOrder,
    new_label,
)
from shared.callers import Caller
from shared.clock import Clock, utc_now
from shared.contracts.annotation_events import LabelDeleted, LabelRenamed, LabelRestored
from shared.contracts.envelope import Event
from shared.contracts.project_events import ProjectCreated
from shared.documents.port import (
    Collection,
    Documents,
    Not,
    Query,
    Sort,
    TenantScope,
    Where,
    Write,
)
from shared.documents.receipts import Keyed, Receipts, spent
from shared.errors import AlreadyExists, FieldError, InvalidInput, NotFound
from shared.ids import derived_id, new_id

_LISTED = 100  # of deleted labels
_RETURN_S = 5.0  # of the request that brings a label back


@dataclass(frozen=True, slots=True)
class LabelName:
    """What is asked for with a new label."""

    name: str


@dataclass(frozen=True, slots=True)
class DeletedLabel:
    """A label that may come back, and on how many images it showed, as far as that is kept."""

    label: Label
    images: int


class Labels:
    """Labels of projects over the document store."""

    def __init__(self, documents: Documents, names: LabelNames, *, clock: Clock = utc_now) -> None:
        self._documents = documents
        self._names = names
        self._clock = clock
        self._receipts = Receipts(documents, SERVICE)

    async def list_labels(self, tenant: str, project_id: str) -> list[Label]:
        """Return a project's labels in their order; those that have no place come last, by age."""
        where: Where = {"project_id": project_id, "deleted": False}
        found = [
            label async for label in self._collection(tenant).walk(Query(where=where, limit=500))
        ]
        found.sort(key=lambda label: (label.created_at, label.id))
        order = await self._orders(tenant).find(project_id)
        return in_order({label.id: label for label in found}, order.ids if order else ())

    async def order_labels(self, tenant: str, project_id: str, ids: Sequence[str]) -> list[Label]:
        """Put labels in this order; those that are not named come after them as they were.

        Raises:
            InvalidInput: One of them is no label of the project.
        """
        known = {label.id: label for label in await self.list_labels(tenant, project_id)}
        if any(one not in known for one in ids):
            fault = FieldError("ids", "names no label of this project")
            raise InvalidInput("an order names labels of the project", errors=[fault])
        ordered = in_order(known, ids)
        order = LabelOrder(id=project_id, tenant=tenant, project_id=project_id)
        kept = tuple(label.id for label in ordered)
        await self._orders(tenant).change(
            project_id, lambda old: old.model_copy(update={"ids": kept}), new=order
        )
        return ordered

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

    async def change_label(
        self,
        tenant: str,
        project_id: str,
        label_id: str,
        wish: LabelChange,
        *,
        expected: int | None,
    ) -> Label:
        """Change a label; annotations follow a new name by the event, the old one stays an alias.

        Raises:
            InvalidInput: The colour says a verdict.
            AlreadyExists: Another label has that name or key.
            NamesFollow: Annotations still follow the label that had the name.
            VersionConflict: `expected` is not the stored version.
        """
        _check_colour(wish.colour)
        asked = await self._collection(tenant).get(label_id)
        _check_lives(asked, project_id)
        name = wish.name or asked.name
        if name != asked.name and expected in (None, asked.version):
            await self._names.vacate(tenant, project_id, [name], taker=asked.id)
        await self._check_hotkey(asked, wish.hotkey)

        def changed(label: Label) -> Write[Label]:
            _check_lives(label, project_id)
            looks = {"colour": wish.colour, "hotkey": wish.hotkey, "note": wish.note}
            update = {field: value for field, value in looks.items() if value is not None}
            after = label.model_copy(update=update)
            return Write(after) if wish.name in (None, label.name) else self._renamed(after, name)

        try:
            return await self._collection(tenant).change(label_id, changed, expected=expected)
        except AlreadyExists as error:
            raise _taken(name) from error

    def _renamed(self, label: Label, name: str) -> Write[Label]:
        event = LabelRenamed(
            project_id=label.project_id, label_id=label.id, old_name=label.name, new_name=name
        )
        former = label.giving_up(self._clock())
        update = {"name": name, "unique_name": name, "former_names": former}
        return Write(label.model_copy(update=update), [event])

    async def _check_hotkey(self, label: Label, hotkey: str | None) -> None:
        """Refuse a key of another label; of two who take one at once, the first in order has it."""
        if not hotkey:
            return
        for other in await self.list_labels(label.tenant, label.project_id):
            if other.hotkey == hotkey and other.id != label.id:
                fault = FieldError("hotkey", "is another label's; choose another")
                raise AlreadyExists(f"{hotkey} is the key of {other.name!r}", errors=[fault])

    async def delete_label(
        self, author: Caller, project_id: str, label_id: str, *, expected: int | None
    ) -> None:
        """Delete a label and, by the event, all its annotations (item 68)."""

        def deleted(label: Label) -> Write[Label]:
            _check_lives(label, project_id)
            at = self._clock()
            mark = {
                "deleted": True,
                "deleted_at": at,
                "deleted_by": author.subject,
                "unique_name": f"{label.name}\x1f{label.id}",
                "former_names": label.giving_up(at),
            }
            event = LabelDeleted(project_id=project_id, label_id=label_id, name=label.name)
            return Write(label.model_copy(update=mark), [event])

        await self._collection(author.tenant).change(label_id, deleted, expected=expected)

    async def list_deleted(self, tenant: str, project_id: str) -> list[DeletedLabel]:
        """Return the labels that were deleted last, newest first, with what would come back."""
        where: Where = {"project_id": project_id, "deleted": True, "deleted_at": Not(None)}
        query = Query(where=where, sort=Sort("deleted_at", -1), limit=_LISTED)
        found = await self._collection(tenant).query(query)
        return [DeletedLabel(label, await self._names.images_without(label)) for label in found]

    async def restore_label(self, tenant: str, project_id: str, label_id: str) -> Label:
        """Let a deleted label live again, with the shapes that went with it; again, nothing more.

        Shapes that the time of a request is not enough for follow by the event. A key that another
        label took since stays with that one.

        Raises:
            NotFound: There is no such label.
            AlreadyExists: Another label has its name.
            NamesFollow: Annotations still follow the label that had the name since.
            TooManyLabels: The project has as many as it may have.
        """
        asked = await self._collection(tenant).get(label_id)
        if asked.project_id != project_id:
            raise NotFound(f"no label {label_id}")
        if asked.deleted:
            await self._names.require_room(tenant, project_id, 1)
            await self._names.vacate(tenant, project_id, [asked.name], taker=label_id)
        taken = {label.hotkey for label in await self.list_labels(tenant, project_id)}

        def restored(label: Label) -> Write[Label] | None:
            if not label.deleted:
                return None
            hotkey = "" if label.hotkey in taken else label.hotkey
            again = label.again().model_copy(update={"hotkey": hotkey})
            event = LabelRestored(project_id=project_id, label_id=label_id, name=label.name)
            return Write(again, [event])

        try:
            label = await self._collection(tenant).change(label_id, restored)
        except AlreadyExists as error:
            raise _taken(asked.name) from error
        await self._names.bring_back(label, within_s=_RETURN_S)
        return label

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

    def _orders(self, tenant: str) -> Collection[LabelOrder]:
        return self._documents.collection(LABEL_ORDERS, TenantScope(tenant))

    def _collection(self, tenant: str) -> Collection[Label]:
        return self._documents.collection(LABELS, TenantScope(tenant))


def _check_lives(label: Label, project_id: str) -> None:
    if label.deleted or label.project_id != project_id:
        raise NotFound(f"no label {label.id}")


def _check_colour(colour: str | None) -> None:
    if colour and says_a_verdict(colour):
        fault = FieldError("colour", "is near the report's red or orange; choose another")
        raise InvalidInput("red says false and orange says missed in the report", errors=[fault])


def _taken(name: str) -> AlreadyExists:
    return AlreadyExists(
        f"a label named {name!r} exists",
        errors=[FieldError("name", "is taken; choose another")],
    )
