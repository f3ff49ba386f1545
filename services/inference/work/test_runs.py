"""The work on test runs: tests the images of a run, tells how far it is."""

import asyncio
import time
from collections.abc import Iterator

from services.inference.domain.terms import PredictionTerms
from services.inference.handlers.predictions import Predictions
from services.inference.repository import FAILURES, PREDICTIONS, TEST_RUNS, ImageFailure, TestRun
from shared.contracts.model_events import TestRunCompleted
from shared.documents.port import Documents, TenantScope
from shared.errors import LoupeError
from shared.ids import derived_id
from shared.images.directory import ImageDirectory
from shared.jobs.job import Progress
from shared.jobs.worker import Lease


class TestRunWork:
    """Does one run; a run of a killed worker is taken up where it stopped."""

    __test__ = False

    def __init__(
        self,
        documents: Documents,
        *,
        predictions: Predictions,
        images: ImageDirectory,
        parallel: int,
    ) -> None:
        """``parallel`` images of a run are tested at once."""
        self._documents = documents
        self._predictions = predictions
        self._images = images
        self._parallel = parallel

    async def work(self, lease: Lease) -> None:
        """Test all images of the leased run.

        Raises:
            LoupeError: The run cannot go on, or not now.
        """
        scope = TenantScope(lease.job.tenant)
        run = await self._documents.collection(TEST_RUNS, scope).get(lease.job.id)
        tally, waiting = _Tally(len(run.image_ids)), iter(run.image_ids)
        await lease.report(tally.progress())
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._parallel):
                    group.create_task(self._lane(lease, run, waiting, tally))
        except* LoupeError as errors:
            raise errors.exceptions[0] from None
        await lease.report(tally.progress())
        await lease.finish(events=[tally.told_of(run)])

    async def _lane(
        self, lease: Lease, run: TestRun, waiting: Iterator[str], tally: "_Tally"
    ) -> None:
        for image_id in waiting:
            tally.count(await self._test_one(run, image_id))
            await lease.report(tally.progress())

    async def _test_one(self, run: TestRun, image_id: str) -> bool:
        """Test one image unless an earlier attempt did; return whether it has a prediction."""
        scope = TenantScope(run.tenant)
        prediction_id = derived_id(run.id, image_id)
        if await self._documents.collection(PREDICTIONS, scope).find(prediction_id):
            return True
        try:
            image = await self._images.require(run.tenant, run.project_id, image_id)
            await self._predictions.test_image(
                image,
                prediction_id,
                terms=PredictionTerms(run.model_version, run.threshold),
                test_run_id=run.id,
            )
        except LoupeError as error:
            if error.retryable:  # the run waits for its turn, and others go on
                raise
            await self._note_failure(run, image_id, error)
            return False
        return True

    async def _note_failure(self, run: TestRun, image_id: str, error: LoupeError) -> None:
        """Note why an image has no prediction."""
        failure = ImageFailure(
            id=derived_id(run.id, image_id, "failure"),
            tenant=run.tenant,
            project_id=run.project_id,
            test_run_id=run.id,
            image_id=image_id,
            reason=error.detail,
        )
        await self._documents.collection(FAILURES, TenantScope(run.tenant)).ensure(failure)


class _Tally:
    """Counts images and says how far a run is."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._failed = 0
        self._began = time.monotonic()

    def count(self, succeeded: bool) -> None:  # the fact itself
        """Count one image."""
        if succeeded:
            self._done += 1
        else:
            self._failed += 1

    def told_of(self, run: TestRun) -> TestRunCompleted:
        """What is told of a run whose images are all counted."""
        return TestRunCompleted(
            project_id=run.project_id,
            test_run_id=run.id,
            version=run.model_version,
            images=self._total,
            failed=self._failed,
        )

    def progress(self) -> Progress:
        """What to report now."""
        over = self._done + self._failed
        pace_s = (time.monotonic() - self._began) / over if over else 0.0
        return Progress(
            percent=100.0 * over / self._total,
            stage="testing" if over < self._total else "done",
            seconds_left=pace_s * (self._total - over) if over else None,
            figures={"done": float(self._done), "failed": float(self._failed)},
        )
