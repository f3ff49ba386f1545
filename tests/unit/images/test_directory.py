"""The directory of images is the newest news, whatever the order in which it came."""

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from shared.contracts.annotation_events import AnnotationSaved, CorrectionSaved
from shared.contracts.envelope import EventBody, EventStamp, pack, unpack
from shared.contracts.image_events import ImageDeleted, ImageUploaded
from shared.documents.port import CollectionSpec, Index, TenantScope
from shared.documents.projections import Projection
from shared.errors import NotFound
from shared.hosting.stores import Stores
from shared.images.directory import ImageDirectory, ImageView, images_spec

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
UPLOADED = ImageUploaded(
    project_id="P",
    image_id="I",
    name="a.png",
    blob_key="t/t/aa",
    sha256="aa",
    content_type="image/png",
    size_bytes=10,
    width=40,
    height=30,
    uploaded_at=NOON,
    parent_id="W",
    plan_hash="plan",
    offset_x=5,
    offset_y=6,
    exif_device="camera",
)
DELETED = ImageDeleted(project_id="P", image_id="I")


def saved(annotated: bool) -> AnnotationSaved:
    return AnnotationSaved(
        project_id="P", image_id="I", labels=(), annotated=annotated, image_area=1200, author="me"
    )


CORRECTED = CorrectionSaved(project_id="P", image_id="I", prediction_id="R", author="me")
News = tuple[EventBody, int, datetime]


@pytest.fixture
async def directory(stores: Stores) -> ImageDirectory:
    await stores.documents.open([images_spec("x", Index(("project_id",)))])
    return ImageDirectory(stores.documents, "x", wait_s=0)


async def hear(directory: ImageDirectory, *news: News) -> None:
    table = (*directory.subscriptions(), *directory.annotation_subscriptions())
    for body, sequence, at in news:
        stamp = EventStamp(tenant="t", subject="I", sequence=sequence, time=at)
        packed = pack([body], stamp)[0]
        for line in table:
            if line.event is type(body):
                await line.handler(unpack(type(body), packed.value_bytes()))


async def test_an_image_is_known_as_it_was_announced(directory: ImageDirectory) -> None:
    await hear(directory, (UPLOADED, 1, NOON))
    view = await directory.require("t", "P", "I")
    announced = UPLOADED.model_dump(include=set(ImageView.model_fields))
    assert view.model_dump(include=set(announced)) == announced
    assert (view.area, view.annotated, view.deleted) == (1200, False, False)


LIFE: tuple[News, ...] = (
    (UPLOADED, 1, NOON),
    (saved(True), 1, NOON),
    (saved(False), 2, NOON + timedelta(minutes=1)),
    (CORRECTED, 2, NOON + timedelta(minutes=1)),
)


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
async def test_any_order_of_news_ends_in_the_same_view(
    directory: ImageDirectory, order: Sequence[int]
) -> None:
    await hear(directory, *(LIFE[index] for index in order), LIFE[order[0]])
    view = await directory.require("t", "P", "I")
    assert (view.name, view.annotated, view.annotation_sequence) == ("a.png", False, 2)
    assert view.annotated_at == view.corrected_at == NOON + timedelta(minutes=1)


@pytest.mark.parametrize("place", range(len(LIFE) + 1))
async def test_a_deleted_image_stays_a_small_mark_whatever_comes_later(
    directory: ImageDirectory, place: int
) -> None:
    await hear(directory, *LIFE[:place], (DELETED, 3, NOON), *LIFE[place:])
    stored = await directory.of("t").get("I")
    mark = ImageView(id="I", tenant="t", project_id="P", sequence=3, deleted=True)
    assert stored == mark.model_copy(update={"version": stored.version})
    with pytest.raises(NotFound):
        await directory.require("t", "P", "I")
    assert await directory.is_deleted("t", "I")
    assert not await directory.lives("t", "I")


async def test_an_image_that_is_only_annotated_so_far_does_not_live(
    directory: ImageDirectory,
) -> None:
    await hear(directory, (saved(True), 1, NOON))
    assert await directory.count("t", "P") == 0
    assert not await directory.lives("t", "I")
    with pytest.raises(NotFound):
        await directory.require("t", "P", "I")
    await hear(directory, (UPLOADED, 1, NOON))
    assert [view.id async for view in directory.walk("t", "P", annotated=True)] == ["I"]
    assert [view.id async for view in directory.walk("t", "P", parent_id="other")] == []


async def test_another_project_and_another_tenant_see_nothing(directory: ImageDirectory) -> None:
    await hear(directory, (UPLOADED, 1, NOON))
    for tenant, project in (("t", "Q"), ("u", "P")):
        with pytest.raises(NotFound):
            await directory.require(tenant, project, "I")


class OldView(Projection):
    project_id: str
    deleted: bool = False


async def test_rows_of_earlier_releases_still_count(
    stores: Stores, directory: ImageDirectory
) -> None:
    before = stores.documents.collection(CollectionSpec("x.images", OldView), TenantScope("t"))
    await before.insert(OldView(id="O", tenant="t", sequence=1, project_id="P"))
    assert await directory.count("t", "P") == 1
    assert await directory.lives("t", "O")
