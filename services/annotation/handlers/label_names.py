"""The names on annotations: missing labels are made, renamed and deleted ones are followed.

Whoever writes an annotation looks at its labels once more after the write: a label that was renamed
or deleted in between was, at that time, followed on everything but this.
"""

import contextlib
import math
import time
from collections.abc import Collection as Names
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from services.annotation.domain.drafts import AnnotationDraft
from services.annotation.domain.label_rules import (
    MAX_LABELS,
    GivenUp,
    follow,
    moved_names,
    no_room,
    stays_annotated,
    undefined,
)
from services.annotation.errors import NamesFollow, TooManyLabels
from services.annotation.handlers.annotation_store import AnnotationStore
from services.annotation.handlers.label_returns import LabelReturns
from services.annotation.repository import LABELS, Annotation, Label, new_label
from shared.callers import Caller
from shared.clock import Clock, utc_now
from shared.contracts.annotation_events import LabelDeleted, LabelRenamed, LabelRestored
from shared.contracts.envelope import Event
from shared.contracts.shapes import Shape
from shared.documents.port import Collection, Documents, Has, In, Query, TenantScope, Where
from shared.errors import AlreadyExists, DependencyDown, Forbidden, NotFound
from shared.ids import new_id
from shared.images.directory import ImageDirectory, ImageView

_VACATE_S = 10.0  # of one request that gives a label a name
_BUDGET_S = 15.0  # of one delivery; an event that is not done comes again and goes on
_PAGE = 500
_EARLIEST = datetime.min.replace(tzinfo=UTC)


class LabelNames:
    """What the label names on annotations mean."""

    def __init__(
        self,
        documents: Documents,
        store: AnnotationStore,
        images: ImageDirectory,
        *,
        clock: Clock = utc_now,
    ) -> None:
        self._documents = documents
        self._store = store
        self._images = images
        self._clock = clock
        self._returns = LabelReturns(documents, store)
        self._reached: dict[str, str] = {}

    async def aliases(self, tenant: str, project_id: str, names: Names[str]) -> dict[str, str]:
        """Return the names among `names` that labels had before they were renamed, with the new."""
        moved = await self._moved(tenant, project_id, names)
        return {old: one.now for old, one in moved.items() if one.now is not None}

    async def ensure(self, tenant: str, project_id: str, names: Iterable[str]) -> list[str]:
        """Create the labels among `names` that do not exist; return those, in order.

        A name that a label had before is an alias of that label and makes no other.
        """
        missing = await self.missing(tenant, project_id, names)
        for name in missing:
            label = new_label(tenant, project_id, name, label_id=new_id(), at=self._clock())
            with contextlib.suppress(AlreadyExists):  # somebody else made it a moment ago
                await self._labels(tenant).insert(label)
        return missing

    async def missing(self, tenant: str, project_id: str, names: Iterable[str]) -> list[str]:
        """Return the names that no label has, in order."""
        wanted = list(dict.fromkeys(names))
        aliases = await self.aliases(tenant, project_id, wanted)
        living = await self._living(tenant, project_id, wanted)
        return [name for name in wanted if name not in living and name not in aliases]

    async def adopt(
        self, author: Caller, project_id: str, shapes: Sequence[Shape]
    ) -> tuple[Shape, ...]:
        """Return shapes under the names that their labels have now; missing labels are made."""
        names = {shape.label: None for shape in shapes}
        adopted = follow(shapes, await self.aliases(author.tenant, project_id, names))
        await self.take(author, project_id, (shape.label for shape in adopted))
        return adopted

    async def take(self, author: Caller, project_id: str, names: Iterable[str]) -> None:
        """Create the labels among `names` that do not exist, before anything says their names.

        Raises:
            Forbidden: One does not exist, and the author is no engineer.
            NamesFollow: Annotations still follow a label that had one of the names.
            TooManyLabels: The project has no room for them.
        """
        tenant = author.tenant
        missing = await self.missing(tenant, project_id, names)
        if missing and not author.may("engineer"):
            raise Forbidden(undefined(missing))
        await self.require_room(tenant, project_id, len(missing))
        await self.vacate(tenant, project_id, missing)
        await self.ensure(tenant, project_id, missing)

    async def has_room(self, tenant: str, project_id: str, wanted: int) -> bool:
        """Whether a project may have so many more labels."""
        living: Where = {"project_id": project_id, "deleted": False}
        return not wanted or await self._labels(tenant).count(living) + wanted <= MAX_LABELS

    async def require_room(self, tenant: str, project_id: str, wanted: int) -> None:
        """Raise TooManyLabels where :meth:`has_room` is false."""
        if not await self.has_room(tenant, project_id, wanted):
            raise TooManyLabels(no_room(wanted))

    async def keep(self, image: ImageView, annotation: Annotation) -> Annotation:
        """Make labels anew that were deleted since an annotation named them; follow renamed ones.

        Returns:
            The annotation as it is stored then.
        """
        await self.ensure(image.tenant, image.project_id, annotation.labels)
        return await self.settle(image, annotation)

    async def keep_all(self, tenant: str, project_id: str, names: Names[str]) -> None:
        """Do the same after writing many annotations that named labels."""
        await self.ensure(tenant, project_id, names)
        for old, new in (await self.aliases(tenant, project_id, names)).items():
            await self._settle_all(tenant, project_id, GivenUp(old, _EARLIEST, new))

    async def vacate(
        self, tenant: str, project_id: str, names: Names[str], *, taker: str = ""
    ) -> None:
        """Have annotations follow the labels that gave up names, before other labels take them.

        Two labels that swap their names would else take over each other's shapes: those say names,
        and one that has not followed yet would mean the label that has the name by then. A label
        that takes its own name back (its id is `taker`) waits for nobody.

        Raises:
            NamesFollow: There are too many for one request; another one goes on.
        """
        deadline = time.monotonic() + _VACATE_S
        for name, given_up in (await self._moved(tenant, project_id, names)).items():
            if given_up.label_id == taker:
                continue
            told = replace(given_up, at=_EARLIEST)
            left = deadline - time.monotonic()
            if not await self._settle_all(tenant, project_id, told, within_s=left):
                raise NamesFollow(
                    f"annotations that say {name!r} still follow the label that was called so;"
                    " try again in a moment"
                )

    async def settle(
        self, image: ImageView, annotation: Annotation, told: GivenUp | None = None
    ) -> Annotation:
        """Follow labels that were renamed or deleted since an annotation named them.

        Args:
            image: The annotation's image.
            annotation: The annotation as it was read or written last.
            told: What an event says of a name of which no label knows anything.

        Returns:
            The annotation as it is stored then.

        Raises:
            NotFound: The image was deleted meanwhile.
        """
        author = Caller.system(image.tenant)

        async def edit(old: Annotation) -> AnnotationDraft | None:
            moved = await self._moved(old.tenant, old.project_id, old.labels, told)
            return _following(old, moved) if moved else None

        while await self._moved(image.tenant, image.project_id, annotation.labels, told):
            annotation = await self._store.revise(author, image, edit)
            # A label that lives again by now found its shapes still here, and brought none back.
            annotation = await self._returns.bring_back(image) or annotation
        return annotation

    async def renamed(self, event: Event[LabelRenamed]) -> None:
        """Give annotations the label's new name."""
        data = event.data
        told = GivenUp(data.old_name, _EARLIEST, data.new_name, data.label_id)
        await self._follow(event, event.data.project_id, told)

    async def deleted(self, event: Event[LabelDeleted]) -> None:
        """Remove the annotations of a deleted label."""
        told = GivenUp(event.data.name, _EARLIEST, None, event.data.label_id)
        await self._follow(event, event.data.project_id, told)

    async def images_without(self, label: Label) -> int:
        """Return from how many images a deleted label's shapes went, as far as that is kept."""
        return await self._store.count_without(label)

    async def restored(self, event: Event[LabelRestored]) -> None:
        """Bring the shapes of a label back that is there again.

        What came back shows no more by a query: so that images without end come to one all the
        same, the next delivery goes on where this one's time was over.
        """
        label = await self._labels(event.tenant).find(event.data.label_id)
        if label is None or await self.bring_back(label, within_s=_BUDGET_S, goes_on=event.id):
            self._reached.pop(event.id, None)
            return
        raise DependencyDown("annotations still follow their label; going on soon")

    async def bring_back(self, label: Label, *, within_s: float, goes_on: str = "") -> bool:
        """Put a label's shapes back on every image; return whether the time was enough for all.

        Under a name in ``goes_on`` it is known, to this process, where that ended.
        """
        deadline = time.monotonic() + within_s
        async for step in self._store.steps_without(label, after=self._reached.get(goes_on, "")):
            if time.monotonic() > deadline:
                return False
            with contextlib.suppress(NotFound):  # the image was deleted meanwhile
                image = await self._images.require(label.tenant, label.project_id, step.image_id)
                annotation = await self._returns.bring_back(image)
                if annotation is not None:
                    await self.settle(image, annotation)
            if goes_on:
                self._reached[goes_on] = step.id
        return True

    async def _follow(self, event: Event[Any], project_id: str, told: GivenUp) -> None:
        if not await self._settle_all(event.tenant, project_id, told, within_s=_BUDGET_S):
            raise DependencyDown("annotations still follow their label; going on soon")

    async def _settle_all(
        self, tenant: str, project_id: str, told: GivenUp, *, within_s: float = math.inf
    ) -> bool:
        """Settle every annotation that shows a name; return whether the time was enough for all.

        Where a new label took the name since, they are its own and stay.
        """
        deadline = time.monotonic() + within_s
        if not await self._moved(tenant, project_id, [told.name], told):
            return True
        where: Where = {"project_id": project_id, "labels": Has(told.name)}
        async for annotation in self._store.annotations(tenant).walk(
            Query(where=where, limit=_PAGE)
        ):
            if time.monotonic() > deadline:
                return False
            with contextlib.suppress(NotFound):  # the image was deleted meanwhile
                image = await self._images.require(tenant, project_id, annotation.id)
                await self.settle(image, annotation, told)
        return True

    async def _moved(
        self, tenant: str, project_id: str, names: Names[str], told: GivenUp | None = None
    ) -> dict[str, GivenUp]:
        living = await self._living(tenant, project_id, names)
        if all(name in living for name in names):
            return {}
        given_up = [] if told is None else [told]
        where: Where = {"project_id": project_id}
        async for label in self._labels(tenant).walk(Query(where=where, limit=_PAGE)):
            given_up += _given_up(label)
        # A label may have taken one of the names meanwhile: it is looked at last.
        return moved_names(names, await self._living(tenant, project_id, names), given_up)

    async def _living(self, tenant: str, project_id: str, names: Names[str]) -> set[str]:
        living: set[str] = set()
        wanted = sorted(names)
        for start in range(0, len(wanted), _PAGE):
            some = In(wanted[start : start + _PAGE])
            where: Where = {"project_id": project_id, "unique_name": some}
            found = await self._labels(tenant).query(Query(where=where, limit=_PAGE))
            living |= {label.name for label in found}
        return living

    def _labels(self, tenant: str) -> Collection[Label]:
        return self._documents.collection(LABELS, TenantScope(tenant))


def _given_up(label: Label) -> Iterator[GivenUp]:
    now = None if label.deleted else label.name
    if label.deleted:  # by an earlier release, perhaps, which did not say when
        yield GivenUp(label.name, label.created_at, None, label.id)
    for former in label.former_names:
        yield GivenUp(former.name, former.until, now, label.id)


def _following(annotation: Annotation, moved: Mapping[str, GivenUp]) -> AnnotationDraft:
    shapes = follow(annotation.shapes, {name: one.now for name, one in moved.items()})
    gone = {name: one.label_id for name, one in moved.items() if one.now is None}
    return AnnotationDraft(
        shapes,
        annotation.ignore_regions,
        annotation.annotated and stays_annotated(annotation.shapes, shapes),
        reason="label_deleted" if gone else "label_renamed",
        prediction_id=annotation.prediction_id,
        gone=gone,
    )
