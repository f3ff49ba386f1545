"""Use cases of labels: create, rename, delete; annotations follow by event."""

import contextlib
import time
from collections.abc import Iterable
from dataclasses import dataclass

from services.annotation.domain.drafts import AnnotationDraft
from services.annotation.domain.label_rules import rename, stays_annotated, without_label
from services.annotation.handlers.annotation_store import AnnotationStore, Revision
from services.annotation.handlers.images import Images
from services.annotation.repository import LABELS, SERVICE, Annotation, Label
from shared.callers import Caller
from shared.clock import Clock, utc_now
from shared.contracts.annotation_events import LabelDeleted, LabelRenamed
from shared.contracts.envelope import Event
from shared.contracts.project_events import ProjectCreated
from shared.documents.port import Collection, Documents, Has, Query, TenantScope, Where, Write
from shared.documents.receipts import Keyed, Receipts, spent
from shared.errors import AlreadyExists, DependencyDown, FieldError, NotFound
from shared.ids import derived_id, new_id

_BUDGET_S = 15.0  # of one delivery; an event that is not done comes again and goes on


@dataclass(frozen=True, slots=True)
class LabelName:
    """What is asked for with a new label."""

    name: str


class Labels:
    """Labels of projects over the document store."""

    def __init__(
        self,
        documents: Documents,
        store: AnnotationStore,
        images: Images,
        *,
        clock: Clock = utc_now,
    ) -> None:
        self._documents = documents
        self._store = store
        self._images = images
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
        try:
            return await self._collection(tenant).insert(
                self._new(tenant, project_id, name, label_id)
            )
        except AlreadyExists as error:
            raise _taken(name) from error

    async def ensure(self, tenant: str, project_id: str, names: Iterable[str]) -> list[str]:
        """Create the labels among `names` that do not exist; return those, in order."""
        known = {label.name for label in await self.list_labels(tenant, project_id)}
        missing = [name for name in dict.fromkeys(names) if name not in known]
        for name in missing:
            try:
                await self._collection(tenant).insert(self._new(tenant, project_id, name, new_id()))
            except AlreadyExists:
                continue  # somebody else made it a moment ago
        return missing

    async def rename_label(
        self, tenant: str, project_id: str, label_id: str, name: str, *, expected: int | None
    ) -> Label:
        """Rename a label; annotations follow by the event.

        Raises:
            AlreadyExists: Another label has that name.
            VersionConflict: `expected` is not the stored version.
        """

        def renamed(label: Label) -> Write[Label] | None:
            _check_lives(label, project_id)
            if label.name == name:
                return None
            event = LabelRenamed(
                project_id=project_id, label_id=label_id, old_name=label.name, new_name=name
            )
            new = label.model_copy(update={"name": name, "unique_name": name})
            return Write(new, [event])

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
            mark = {"deleted": True, "unique_name": f"{label.name}\x1f{label.id}"}
            event = LabelDeleted(project_id=project_id, label_id=label_id, name=label.name)
            return Write(label.model_copy(update=mark), [event])

        await self._collection(tenant).change(label_id, deleted, expected=expected)

    async def seed(self, event: Event[ProjectCreated]) -> None:
        """Create the labels that were typed when the project was made."""
        data = event.data
        for position, name in enumerate(data.labels):
            label_id = derived_id(data.project_id, "label", str(position), name)
            try:
                await self._collection(event.tenant).insert(
                    self._new(event.tenant, data.project_id, name, label_id)
                )
            except AlreadyExists:
                continue

    async def renamed(self, event: Event[LabelRenamed]) -> None:
        """Give annotations the label's new name."""
        data = event.data
        names = {data.old_name: data.new_name}
        if await self._lives(event.tenant, data.project_id, data.old_name):
            return  # a new label took the old name since: these shapes are its own

        def follow(annotation: Annotation) -> AnnotationDraft:
            shapes = rename(annotation.shapes, names)
            return AnnotationDraft(
                shapes,
                annotation.ignore_regions,
                annotation.annotated,
                reason="label_renamed",
                prediction_id=annotation.prediction_id,
            )

        await self._follow(event.tenant, data.project_id, data.old_name, follow)

    async def deleted(self, event: Event[LabelDeleted]) -> None:
        """Remove the annotations of a deleted label."""
        data = event.data
        if await self._lives(event.tenant, data.project_id, data.name):
            return  # a new label took the name since: these shapes are its own

        def follow(annotation: Annotation) -> AnnotationDraft:
            shapes = without_label(annotation.shapes, data.name)
            return AnnotationDraft(
                shapes,
                annotation.ignore_regions,
                annotation.annotated and stays_annotated(annotation.shapes, shapes),
                reason="label_deleted",
                prediction_id=annotation.prediction_id,
            )

        await self._follow(event.tenant, data.project_id, data.name, follow)

    async def _follow(self, tenant: str, project_id: str, name: str, follow: Revision) -> None:
        """Rewrite every annotation that shows `name`; too many for one go are done in several."""
        deadline = time.monotonic() + _BUDGET_S
        where: Where = {"project_id": project_id, "labels": Has(name)}
        author = Caller.system(tenant)
        async for annotation in self._store.annotations(tenant).walk(Query(where=where, limit=500)):
            if time.monotonic() > deadline:
                raise DependencyDown("annotations still follow their label; going on soon")
            with contextlib.suppress(NotFound):  # the image was deleted meanwhile
                image = await self._images.require(tenant, project_id, annotation.id)
                await self._store.revise(author, image, follow)

    async def _lives(self, tenant: str, project_id: str, name: str) -> bool:
        where = {"project_id": project_id, "unique_name": name}
        return await self._collection(tenant).count(where) > 0

    def _new(self, tenant: str, project_id: str, name: str, label_id: str) -> Label:
        return Label(
            id=label_id,
            tenant=tenant,
            project_id=project_id,
            name=name,
            unique_name=name,
            created_at=self._clock(),
        )

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
