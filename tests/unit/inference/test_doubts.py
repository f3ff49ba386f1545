"""Images that a version was least sure of: told while nobody has annotated them, and only then."""

from datetime import UTC, datetime

import pytest

from services.inference.handlers.deployments import Deployments
from services.inference.handlers.doubts import MOST_UNSURE, Doubts
from services.inference.repository import ALIASES, COLLECTIONS, DOUBTS, PROJECTS, Alias, Prediction
from shared.callers import Caller
from shared.contracts.annotation_events import AnnotationSaved
from shared.contracts.envelope import Event, EventStamp, pack, unpack
from shared.contracts.image_events import ImageDeleted
from shared.contracts.shapes import Shape
from shared.documents.port import TenantScope
from shared.errors import NotFound
from shared.hosting.stores import Stores
from shared.images.directory import ImageDirectory, ImageView
from shared.projects.directory import ProjectDirectory, ProjectView

PROJECT = "p1"
WHO = Caller("default", "key-1", "viewer")
NOW = datetime(2026, 11, 28, tzinfo=UTC)


class Scene:
    """A project whose version V2 serves, and images that nobody has annotated."""

    def __init__(self, stores: Stores) -> None:
        self.stores = stores
        self.images = ImageDirectory(stores.documents, "inference")
        projects = ProjectDirectory(stores.documents, "inference")
        self.doubts = Doubts(
            stores.documents,
            projects=projects,
            deployments=Deployments(stores.documents, projects),
            images=self.images,
        )

    async def open(self, *images: str) -> "Scene":
        await self.stores.open(COLLECTIONS)
        scope = TenantScope("default")
        view = ProjectView(id=PROJECT, tenant="default", sequence=1, name="pins", known=True)
        await self.stores.documents.collection(PROJECTS, scope).insert(view)
        for name in images:
            seen = ImageView(id=name, tenant="default", sequence=1, project_id=PROJECT, name=name)
            await self.images.of("default").insert(seen)
        alias = Alias(
            id=PROJECT, tenant="default", current="d2", model_version="V2", promoted_at=NOW
        )
        await self.stores.documents.collection(ALIASES, scope).insert(alias)
        return self

    async def predict(self, image: str, *scores: float, version: str = "V2") -> None:
        box = {"label": "pore", "kind": "box", "points": ((0, 0), (5, 5))}
        made = Prediction(
            id=f"{image}-{version}",
            tenant="default",
            project_id=PROJECT,
            image_id=image,
            model_version=version,
            number=int(version[1:]),
            threshold=0.3,
            width=10,
            height=10,
            shapes=tuple(Shape(**box, score=score) for score in scores),
            created_at=NOW,
        )
        await self.doubts.note(made)

    async def told(self) -> list[str]:
        return [one.image_id for one in (await self.doubts.unsure(WHO, PROJECT)).images]

    async def stored(self) -> int:
        return await self.stores.documents.collection(DOUBTS, TenantScope("default")).count()


def saved(image: str, *, annotated: bool = True) -> Event[AnnotationSaved]:
    body = AnnotationSaved(
        project_id=PROJECT,
        image_id=image,
        labels=(),
        annotated=annotated,
        image_area=100,
        author="key-1",
    )
    (packed,) = pack([body], EventStamp.of("default", PROJECT, 5))
    return unpack(AnnotationSaved, packed.value_bytes())


@pytest.fixture
async def scene(stores: Stores) -> Scene:
    return await Scene(stores).open("a", "b", "c")


async def test_the_most_doubtful_image_comes_first_and_a_sure_one_not_at_all(scene: Scene) -> None:
    await scene.predict("a", 0.9)
    await scene.predict("b", 0.5, 0.45)
    await scene.predict("c", 1.0)
    unsure = await scene.doubts.unsure(WHO, PROJECT)
    assert unsure.version == "V2"
    assert [(one.image_id, round(one.doubt, 2)) for one in unsure.images] == [
        ("b", 1.81),
        ("a", 0.04),
    ]


async def test_doubts_of_another_version_do_not_count(scene: Scene) -> None:
    await scene.predict("a", 0.5, version="V1")
    await scene.predict("b", 0.9)
    assert await scene.told() == ["b"]


async def test_a_coarser_test_takes_no_doubt_away(scene: Scene) -> None:
    await scene.predict("a", 0.5, 0.9)
    await scene.predict("a", 0.9)
    (only,) = (await scene.doubts.unsure(WHO, PROJECT)).images
    assert only.doubt == pytest.approx(1.04)


async def test_an_annotated_image_is_none_to_annotate_next(scene: Scene) -> None:
    await scene.predict("a", 0.5)
    await scene.predict("b", 0.5)
    await scene.doubts.annotated(saved("a"))
    await scene.doubts.annotated(saved("b", annotated=False))
    assert await scene.told() == ["b"]
    assert await scene.stored() == 1


async def test_doubts_go_with_their_image(scene: Scene) -> None:
    await scene.predict("a", 0.5)
    gone = ImageDeleted(project_id=PROJECT, image_id="a")
    (packed,) = pack([gone], EventStamp.of("default", PROJECT, 5))
    await scene.doubts.image_deleted(unpack(ImageDeleted, packed.value_bytes()))
    assert await scene.stored() == 0


@pytest.mark.parametrize("facts", [{"annotated": True}, {"deleted": True}, {"known": False}])
async def test_what_was_heard_before_the_prediction_was_noted_leaves_no_doubt(
    scene: Scene, facts: dict[str, bool]
) -> None:
    def heard(old: ImageView) -> ImageView:
        return old.model_copy(update=facts)

    await scene.images.of("default").change("a", heard)
    await scene.predict("a", 0.5)
    assert (await scene.told(), await scene.stored()) == ([], 0)


async def test_without_a_version_that_serves_there_is_nothing_to_tell(stores: Stores) -> None:
    scene = await Scene(stores).open("a")
    await scene.predict("a", 0.5)
    aliases = stores.documents.collection(ALIASES, TenantScope("default"))
    await aliases.delete(await aliases.get(PROJECT))
    unsure = await scene.doubts.unsure(WHO, PROJECT)
    assert (unsure.version, unsure.images) == ("", ())


async def test_a_foreign_project_is_not_there(scene: Scene) -> None:
    await scene.predict("a", 0.5)
    with pytest.raises(NotFound):
        await scene.doubts.unsure(Caller("other", "key-2", "admin"), PROJECT)


async def test_the_list_is_bounded(stores: Stores) -> None:
    names = [f"i{k}" for k in range(MOST_UNSURE + 3)]
    scene = await Scene(stores).open(*names)
    for name in names:
        await scene.predict(name, 0.5)
    assert len(await scene.told()) == MOST_UNSURE
