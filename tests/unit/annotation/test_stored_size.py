"""No annotation that is accepted becomes a document or an event that a store or broker refuses."""

from datetime import UTC, datetime

import bson
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from services.annotation.domain.drafts import AnnotationDraft
from services.annotation.domain.formats.limits import MAX_SHAPES
from services.annotation.domain.stored_size import MAX_STORED_BYTES, stored_bytes
from services.annotation.handlers.annotation_store import AnnotationStore
from services.annotation.repository import Annotation
from shared.callers import Caller
from shared.contracts.annotation_events import AnnotationSaved
from shared.contracts.envelope import MAX_EVENT_BYTES, EventStamp, pack
from shared.contracts.shapes import IgnoreRegion, Rle, Shape
from shared.documents.mongo_queries import encode_body
from shared.hosting.stores import Stores
from shared.images.directory import ImageView
from tests.unit.annotation.platform import BASE, factory, labelme, packed
from tests.unit.bson_size import MAX_BSON, in_mongo

NOW = datetime(2026, 11, 27, tzinfo=UTC)

texts = st.text(st.sampled_from("ab划痕é😀"), min_size=1, max_size=128)


@st.composite
def shapes(draw: st.DrawFn) -> Shape:
    """A shape of the catalogue at its largest in some way: many points, long texts, a long code."""
    kind = draw(st.sampled_from(["box", "rotated_box", "polygon", "mask", "image"]))
    points: tuple[tuple[float, float], ...] = ()
    if kind in ("box", "rotated_box", "polygon"):
        count = 2 if kind != "polygon" else draw(st.sampled_from([3, 9, 500, 20_000]))
        points = tuple((float(n % 9343) + 0.123456789, n / 7) for n in range(count))
    code = "x" * draw(st.sampled_from([1, 500, 50_000]))
    return Shape(
        id=draw(st.sampled_from(["", "s1", "i" * 40])),
        label=draw(texts),
        kind=kind,
        points=points,
        rle=Rle(size=(7000, 9344), counts=code) if kind == "mask" else None,
        angle=12.345678901234 if kind == "rotated_box" else None,
        text=draw(st.sampled_from([None, "x", "字" * 1000])),
    )


def as_many_as_fit(some: list[Shape], regions: list[IgnoreRegion]) -> tuple[Shape, ...]:
    """The largest annotation of these shapes, over and over, that the bound lets in."""
    left = MAX_STORED_BYTES - stored_bytes([], regions)
    fitting: list[Shape] = []
    for number in range(MAX_SHAPES):
        shape = some[number % len(some)]
        left -= stored_bytes([shape])
        if left < 0:
            break
        fitting.append(shape.model_copy(update={"id": shape.id or f"{number:026d}"}))
    return tuple(fitting)


LONG = "字" * 128


@given(
    some=st.lists(shapes(), min_size=1, max_size=3),
    region_points=st.sampled_from([0, 3, 50_000]),
)
@example(some=[Shape(label=LONG, kind="image")], region_points=0)
@example(some=[Shape(label="a", kind="box", points=((0, 0), (1, 1)))], region_points=3)
@settings(max_examples=5, deadline=None, phases=[Phase.explicit, Phase.generate])
def test_the_largest_accepted_annotation_fits_store_and_broker(
    some: list[Shape], region_points: int
) -> None:
    ring = tuple((float(n), n / 3) for n in range(region_points))
    regions = [IgnoreRegion(points=ring)] if ring else []
    fitting = as_many_as_fit(some, regions)
    draft = AnnotationDraft(fitting, tuple(regions), reason="corrected", prediction_id="p" * 64)
    image = ImageView(id="i" * 64, tenant="t" * 64, project_id="p" * 64, width=9344, height=7000)
    old = Annotation(id=image.id, tenant=image.tenant, project_id=image.project_id, shapes=fitting)
    author = Caller.system(image.tenant)
    store = AnnotationStore.__new__(AnnotationStore)
    store._clock = lambda: NOW
    step = store._step(author, image, draft, old)
    assert in_mongo(step) < MAX_BSON
    saved = AnnotationSaved(
        project_id=image.project_id,
        image_id=image.id,
        labels=tuple(shape.label for shape in fitting),
        target_areas=(12345678.123456789,) * len(fitting),
        target_sides=(1234.123456789012,) * len(fitting),
        author="a" * 64,
    )
    told = pack([saved], EventStamp.of(image.tenant, image.id, 1))
    assert all(len(event.value_bytes()) <= MAX_EVENT_BYTES for event in told)
    labels = tuple(sorted({shape.label for shape in fitting}))
    new = old.model_copy(update={"ignore_regions": tuple(regions), "labels": labels})
    events = sum(len(event.value_bytes()) for event in told)
    assert in_mongo(new) + events + 2**12 < MAX_BSON


@given(st.lists(shapes(), min_size=1, max_size=4))
@settings(max_examples=20, deadline=None)
def test_the_bound_counts_no_less_than_the_store(some: list[Shape]) -> None:
    body = [shape.model_dump(mode="json") for shape in some]
    named = [{**each, "id": each["id"] or "s" * 26} for each in body]
    assert len(bson.encode({"shapes": encode_body(named)})) <= stored_bytes(some) + 64


async def test_an_annotation_over_the_bound_is_refused_at_the_door(stores: Stores) -> None:
    ring = [[n % 640, n // 640] for n in range(60_000)]
    large = {"label": "pit", "kind": "polygon", "points": ring}
    async with factory(stores, task="instance_segmentation") as world:
        image = await world.image("a.jpg")
        fits = await world.put(image, large)
        refused = await world.put(image, large, large, large)
        small = await world.put(image, {**large, "points": ring[:900]})
    assert (fits.status_code, small.status_code) == (200, 200)
    assert (refused.status_code, "6 MiB" in refused.json()["detail"]) == (413, True)


async def test_a_file_over_the_bound_is_told_and_the_others_come_in(stores: Stores) -> None:
    rings = [[[n % 640, n // 640] for n in range(60_000)] for _ in range(2)]
    shapes = [{"label": name, "points": ring} for name, ring in zip("ab", rings, strict=True)]
    async with factory(stores, task="instance_segmentation") as world:
        for name in "ab":
            await world.image(f"{name}.jpg")
        archive = packed({"a.json": {"shapes": shapes}, "b.json": labelme("pit")})
        answer = await world.client.post(
            f"{BASE}/imports", content=archive, headers={"Content-Type": "application/zip"}
        )
    assert answer.status_code == 207
    told = {entry["file"]: entry["message"] for entry in answer.json()["entries"]}
    assert ("6 MiB" in told["a.json"], told["b.json"]) == (True, "")
