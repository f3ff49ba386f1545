"""The work on second opinions: ask a version about annotated images, store what it found."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from services.inference.domain.terms import PredictionTerms
from services.inference.handlers.deployments import Deployments
from services.inference.handlers.predictions import Predictions
from shared.blobs.content import put_by_hash
from shared.blobs.port import Blobs
from shared.contracts.model_events import SecondOpinionCompleted
from shared.contracts.opinions import ImageOpinion, Opinions
from shared.errors import LoupeError
from shared.ids import derived_id
from shared.images.directory import ImageDirectory, ImageView
from shared.jobs.job import Progress
from shared.jobs.worker import Lease
from shared.projects.directory import ProjectDirectory
from shared.runtime.manifest import ModelManifest

MOST_IMAGES = 2_000
"""Of a look: each time others are drawn where there are more."""
MOST_BYTES = 32 << 20
"""Of what is stored: whoever reads it holds it whole."""
MOST_SHAPES = 100
FLOOR = 0.3
"""No rule asks for what is less sure."""


@dataclass
class _Said:
    """What was said so far of the images of a look."""

    total: int
    opinions: list[ImageOpinion] = field(default_factory=list)
    failed: int = 0
    error: LoupeError | None = None
    held_bytes: int = 0

    def add(self, opinion: ImageOpinion) -> None:
        self.opinions.append(opinion)
        self.held_bytes += len(opinion.model_dump_json())

    def fail(self, error: LoupeError) -> None:
        self.failed += 1
        self.error = error

    @property
    def is_full(self) -> bool:
        return self.held_bytes >= MOST_BYTES

    def progress(self, stage: str = "looking") -> Progress:
        over = len(self.opinions) + self.failed
        figures = {
            "images": float(self.total),
            "done": float(len(self.opinions)),
            "failed": float(self.failed),
        }
        percent = 100.0 * over / self.total if self.total else 100.0
        return Progress(percent=percent, stage=stage, figures=figures)


class SecondOpinionWork:
    """Does one look; one of a killed worker is begun anew."""

    def __init__(
        self,
        blobs: Blobs,
        *,
        predictions: Predictions,
        deployments: Deployments,
        projects: ProjectDirectory,
        images: ImageDirectory,
        parallel: int,
    ) -> None:
        """``parallel`` images are looked at at once."""
        self._blobs = blobs
        self._predictions = predictions
        self._deployments = deployments
        self._projects = projects
        self._images = images
        self._parallel = parallel

    async def work(self, lease: Lease) -> None:
        """Look at the images of the leased job, store what was found, and tell of it.

        Raises:
            LoupeError: It cannot go on, or not now; or no image could be looked at, and what an
                earlier look found stays.
        """
        tenant, payload = lease.job.tenant, lease.job.payload
        project_id, version = str(payload["project_id"]), str(payload["version"])
        wanted = await self._wanted(tenant, project_id, salt=lease.job.id)
        said, waiting = _Said(len(wanted)), iter(wanted)
        await lease.report(said.progress())
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._parallel):
                    group.create_task(self._lane(lease, version, waiting, said))
        except* LoupeError as errors:
            raise errors.exceptions[0] from None
        if said.error is not None and not said.opinions:
            raise said.error
        key = await self._stored(lease, project_id, version, said.opinions)
        told = SecondOpinionCompleted(
            project_id=project_id,
            number=int(payload["number"]),
            version=version,
            opinions_key=key,
            images=len(said.opinions),
        )
        await lease.report(said.progress("done"))
        await lease.finish(events=[told])

    async def _wanted(self, tenant: str, project_id: str, *, salt: str) -> Sequence[ImageView]:
        """The annotated images, in a tiled project its tiles; as many as one look takes."""
        project = await self._projects.require(tenant, project_id)
        is_plain = project.tiling is None
        walk = self._images.walk(tenant, project_id, annotated=True)
        found: list[ImageView] = []
        async for view in walk:
            if (view.parent_id is None) == is_plain:
                found.append(view)
            if len(found) >= 2 * MOST_IMAGES:  # of a million no more are held
                found = _drawn(found, salt)
        return _drawn(found, salt)

    async def _lane(
        self, lease: Lease, version: str, waiting: Iterator[ImageView], said: _Said
    ) -> None:
        terms = PredictionTerms(version, FLOOR)
        for image in waiting:
            try:
                opinion_id = derived_id(version, image.project_id, image.id)
                shapes = await self._predictions.opinion(image, opinion_id, terms=terms)
                said.add(ImageOpinion(image_id=image.id, shapes=shapes[:MOST_SHAPES]))
            except LoupeError as error:
                if error.retryable:  # the look waits for its turn, and others go on
                    raise
                said.fail(error)  # removed meanwhile, or no image that this version can look at
            await lease.report(said.progress())
            if said.is_full:
                break

    async def _stored(
        self, lease: Lease, project_id: str, version: str, opinions: Sequence[ImageOpinion]
    ) -> str:
        tenant = lease.job.tenant
        deployment = await self._deployments.get(tenant, project_id, version)
        labels = ModelManifest.from_json(deployment.manifest).labels
        # In one order, whoever was done first: another attempt stores no other blob.
        images = sorted(opinions, key=lambda one: derived_id(lease.job.id, one.image_id))
        whole = Opinions(version=version, labels=labels, images=tuple(images))
        data = await lease.in_thread(lambda: whole.model_dump_json().encode())
        return await put_by_hash(self._blobs, data, tenant=tenant, project_id=project_id)


def _drawn(images: Sequence[ImageView], salt: str) -> list[ImageView]:
    """As many as one look takes, always the same ones of the same images."""
    return sorted(images, key=lambda view: derived_id(salt, view.id))[:MOST_IMAGES]
