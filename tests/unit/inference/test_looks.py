"""The work on a second opinion: how far it is told to be, and what becomes of a look at nothing."""

import pytest

from services.inference.app import UseCases
from services.inference.domain.terms import PredictionTerms
from services.inference.handlers.deployments import deployment_id
from services.inference.handlers.second_opinions import SECOND_OPINION
from services.inference.repository import DEPLOYMENTS, SERVICE
from services.inference.work import second_opinions
from services.inference.work.second_opinions import SecondOpinionWork
from shared.blobs.content import project_folder
from shared.contracts.opinions import Opinions
from shared.contracts.shapes import Shape
from shared.documents.port import TenantScope
from shared.errors import NotFound
from shared.hosting.stores import Stores
from shared.ids import derived_id
from shared.images.directory import ImageDirectory, ImageView
from shared.jobs.job import Job
from shared.jobs.queue import JobQueue
from shared.jobs.worker import JobWorker
from shared.runtime.manifest import ModelManifest
from tests.unit.inference.test_queued_runs import PROJECT, WHO, serving

FOLDER = project_folder("default", PROJECT)


class Eyes:
    """A version that finds nothing on any image but those whose file is lost."""

    def __init__(self, *lost: str) -> None:
        self.lost = lost

    async def opinion(
        self, image: ImageView, _opinion_id: str, *, terms: PredictionTerms
    ) -> tuple[Shape, ...]:
        if image.id in self.lost:
            raise NotFound(f"the stored file of {image.id} is lost")
        return ()


async def looked(stores: Stores, inference: UseCases, eyes: Eyes) -> Job:
    """Ask for a look, do it, and return how the work ended."""
    manifest = ModelManifest(
        task="detection", labels=("pit",), input_width=64, input_height=64, version="V1"
    )
    deployments = stores.documents.collection(DEPLOYMENTS, TenantScope("default"))
    await deployments.change(
        deployment_id("default", PROJECT, "V1"),
        lambda one: one.model_copy(update={"manifest": manifest.to_json()}),
    )
    work = SecondOpinionWork(
        stores.blobs,
        predictions=eyes,  # type: ignore[arg-type]
        deployments=inference.deployments,
        projects=inference.projects,
        images=inference.images,
        parallel=2,
    )
    queue = JobQueue(stores.documents, SERVICE)
    asked = await inference.opinions.ask(WHO, PROJECT)
    assert await JobWorker(queue, {SECOND_OPINION: work.work}).work_once()
    assert asked.asked is not None
    return await queue.get("default", asked.asked.job_id)


@pytest.fixture
async def inference(stores: Stores) -> UseCases:
    """A project of seven annotated images and one that is not."""
    inference = await serving(stores)
    images = ImageDirectory(stores.documents, SERVICE).of("default")
    for number in range(8):
        await images.insert(
            ImageView(
                id=f"I{number}",
                tenant="default",
                project_id=PROJECT,
                sequence=1,
                annotated=number > 0,
            )
        )
    return inference


async def stored(stores: Stores) -> list[Opinions]:
    keys = [blob.key async for blob in stores.blobs.walk(FOLDER)]
    return [Opinions.model_validate_json(await stores.blobs.read(key)) for key in keys]


async def test_a_look_that_is_over_tells_of_all_its_images(
    stores: Stores, inference: UseCases
) -> None:
    job = await looked(stores, inference, Eyes("I3"))
    assert (job.state, job.progress.percent) == ("succeeded", 100)
    assert job.progress.figures == {"images": 7.0, "done": 6.0, "failed": 1.0}
    (opinions,) = await stored(stores)
    assert {one.image_id for one in opinions.images} == {"I1", "I2", "I4", "I5", "I6", "I7"}


async def test_a_look_at_no_image_fails_with_the_reason_and_replaces_nothing(
    stores: Stores, inference: UseCases
) -> None:
    job = await looked(stores, inference, Eyes(*(f"I{number}" for number in range(8))))
    assert job.state == "failed"
    assert "is lost" in job.error
    assert await stored(stores) == []


async def test_of_more_images_than_a_look_takes_the_same_ones_are_drawn_by_the_same_job(
    stores: Stores, inference: UseCases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(second_opinions, "MOST_IMAGES", 3)
    job = await looked(stores, inference, Eyes())
    assert job.progress.figures["done"] == 3
    (opinions,) = await stored(stores)
    names = [f"I{number}" for number in range(1, 8)]
    drawn = sorted(names, key=lambda name: derived_id(job.id, name))[:3]
    assert [one.image_id for one in opinions.images] == drawn
