"""Use cases of reading: a stored report at any threshold, its errors, pages and comparisons."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from typing import Literal

from services.evaluator.domain.compared import Compared, compared_lines, compared_objects
from services.evaluator.domain.objects.error_pages import (
    ErrorChoice,
    ImageErrors,
    Mark,
    MarkKind,
    error_pages,
)
from services.evaluator.domain.objects.evaluation import Evaluation
from services.evaluator.domain.objects.matches_file import matches_from_bytes
from services.evaluator.domain.objects.operating_view import view_at
from services.evaluator.domain.objects.regressions import regression_states
from services.evaluator.domain.readers.version_pairs import Stored
from services.evaluator.domain.rendering.phrases import Language
from services.evaluator.domain.report.detection import report_at
from services.evaluator.domain.report.tree.reports import (
    AnyReport,
    DetectionReport,
    SemanticReport,
    TextReport,
    from_json,
)
from services.evaluator.domain.yardstick import Effort
from services.evaluator.handlers.judgements import Judgements
from services.evaluator.repository import StoredReport
from services.evaluator.settings import EvaluatorSettings
from shared.blobs.port import Blobs
from shared.callers import Caller
from shared.errors import Conflict, InvalidInput, NotFound
from shared.paging import PageParams


@dataclass(frozen=True)
class _Stored:
    """A report, its evaluation, and that of corrected images which teach.

    Only detection and instance segmentation have evaluations.
    """

    said: AnyReport
    evaluation: Evaluation | None
    watched: Evaluation | None


@dataclass(frozen=True, slots=True)
class ErrorImage:
    """An image on which the version erred, its size in pixels, and what is marked on it."""

    image_id: str
    name: str
    width: int
    height: int
    marks: tuple[Mark, ...]


class Reports:
    """Stored reports; the last few evaluations stay in memory, the slider asks them again."""

    def __init__(
        self,
        blobs: Blobs,
        settings: EvaluatorSettings,
        *,
        judgements: Judgements,
    ) -> None:
        self._blobs = blobs
        self._settings = settings
        self._judgements = judgements
        self._kept: OrderedDict[str, _Stored] = OrderedDict()
        self._compared: OrderedDict[tuple[str, str], Compared] = OrderedDict()

    async def at(
        self,
        who: Caller,
        project_id: str,
        version: str,
        *,
        threshold: float | None,
        iou_threshold: float | None,
    ) -> tuple[StoredReport, AnyReport]:
        """Return a report at the thresholds asked for, or at its own.

        Raises NotFound without such a report, Conflict when the version could not be judged,
        InvalidInput for a threshold out of its range.
        """
        report = await self.find(who, project_id, version)
        stored = await self._stored(report)
        said = stored.said
        wanted = said.threshold if threshold is None else threshold
        wanted_iou = said.iou_threshold if iou_threshold is None else iou_threshold
        if wanted == said.threshold and wanted_iou == said.iou_threshold:
            return report, said
        detected, evaluation = _matched(stored)
        return report, await asyncio.to_thread(
            report_at,
            detected,
            evaluation,
            threshold=wanted,
            iou_threshold=wanted_iou,
            watched=stored.watched,
        )

    async def errors(
        self,
        report: StoredReport,
        paging: PageParams,
        *,
        thresholds: tuple[float | None, float | None],
        choice: ErrorChoice,
    ) -> tuple[list[ErrorImage], int]:
        """Return one page of error images, and how many there are.

        A segmenter's are the largest ones, always by size and at no threshold; its matrix counts
        pixels and leads to no images.
        """
        stored = await self._stored(report)
        plain = thresholds == (None, None) and not choice.is_cell
        if isinstance(stored.said, SemanticReport) and plain:
            largest = _missegmented(stored.said, choice.label, choice.kind)
            return largest[paging.skip :][: paging.page_size], len(largest)
        said, evaluation = _matched(stored)
        threshold = said.threshold if thresholds[0] is None else thresholds[0]
        iou = said.iou_threshold if thresholds[1] is None else thresholds[1]

        def page() -> tuple[list[ImageErrors], int]:
            view = view_at(evaluation, threshold=threshold, iou_threshold=iou)
            return error_pages(view, choice, first=paging.skip, count=paging.page_size)

        found, total = await asyncio.to_thread(page)
        images = evaluation.samples.images
        names = said.image_names or images.ids
        return [
            ErrorImage(
                image_id=images.ids[one.image],
                name=names[one.image],
                width=int(images.widths[one.image]),
                height=int(images.heights[one.image]),
                marks=one.marks,
            )
            for one in found
        ], total

    async def comparison(
        self, who: Caller, project_id: str, version: str, *, other: str
    ) -> Compared:
        """Compare ``version`` with ``other``, usually an earlier one, at as many false detections.

        Lines of text are compared by the truth of the later one's snapshot. Raises Conflict where
        no held-out image judges both.
        """
        second, first = [await self.find(who, project_id, name) for name in (version, other)]
        if first.id == second.id:
            raise InvalidInput("a version cannot be compared with itself")
        stored = [await self._stored(report) for report in (first, second)]
        if all(isinstance(one.said, TextReport) for one in stored):
            return await self._compared_lines(first, second)
        both = [_matched(one)[1] for one in stored]
        before, now = (one.said.regressions.passes for one in stored)
        states = regression_states(set(before) | set(now), now, before)
        return await asyncio.to_thread(compared_objects, both[0], both[1], states)

    async def _compared_lines(self, first: StoredReport, second: StoredReport) -> Compared:
        """Compare two readers; what was compared lately is not computed again."""
        key = (_read_by(first), _read_by(second))
        if key not in self._compared:
            self._compared[key] = await self._lines(first, second)
            while len(self._compared) > self._settings.kept_evaluations:
                self._compared.popitem(last=False)
        self._compared.move_to_end(key)
        return self._compared[key]

    async def _lines(self, first: StoredReport, second: StoredReport) -> Compared:
        swapped = first.number > second.number
        earlier, later = (second, first) if swapped else (first, second)
        stored = Stored(
            snapshot=await self._blobs.read(later.manifest_key),
            before=await self._blobs.read(earlier.manifest_key),
            first=await self._blobs.read(earlier.predictions_key),
            second=await self._blobs.read(later.predictions_key),
        )
        effort = Effort(self._settings.replicates, self._settings.max_detections)
        compared = await asyncio.to_thread(compared_lines, stored, effort, swapped=swapped)
        if compared is None:
            raise Conflict("no held-out image judges both versions")
        return compared

    async def page(
        self, report: StoredReport, *, form: Literal["html", "pdf"], language: Language
    ) -> bytes:
        """Return the rendered report."""
        pages = report.pages.html if form == "html" else report.pages.pdf
        return await self._blobs.read(pages[language])

    async def find(self, who: Caller, project_id: str, version: str) -> StoredReport:
        """Return a completed report.

        Raises NotFound while there is none, Conflict when the version could not be judged.
        """
        judgement = await self._judgements.judgement(who, project_id, version)
        report = judgement.report
        if report.state == "completed":
            return report
        if judgement.state in ("failed", "cancelled"):
            why = judgement.reason or "the judgement was cancelled"
            raise Conflict(f"version {version} could not be judged: {why}")
        percent = round(judgement.progress.percent)
        raise NotFound(f"no report on version {version} yet: it is being judged ({percent} %)")

    async def _stored(self, report: StoredReport) -> _Stored:
        """Return a report's document and evaluation, read once and kept for the next question."""
        key = f"{report.tenant}/{report.document_key}/{report.matches_key}"
        if key not in self._kept:
            document = await self._blobs.read(report.document_key)
            self._kept[key] = _Stored(
                said=await asyncio.to_thread(from_json, document),
                evaluation=await self._evaluation(report.matches_key),
                watched=await self._evaluation(report.watched_key),
            )
            while len(self._kept) > self._settings.kept_evaluations:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]

    async def _evaluation(self, key: str) -> Evaluation | None:
        if not key:
            return None
        return await asyncio.to_thread(matches_from_bytes, await self._blobs.read(key))


def _read_by(report: StoredReport) -> str:
    """What a version read, and of which data."""
    return f"{report.id}/{report.tenant}/{report.manifest_key}/{report.predictions_key}"


def _missegmented(
    said: SemanticReport, label: str | None, kind: MarkKind | None
) -> list[ErrorImage]:
    """Images with such an error, each with all of its marks that fit the label."""
    found = []
    for image in said.errors or ():
        marks = tuple(mark for mark in image.marks if label in (None, mark.label))
        if any(mark.kind == kind if kind else mark.kind != "correct" for mark in marks):
            found.append(ErrorImage(image.image_id, image.name, image.width, image.height, marks))
    return found


def _matched(stored: _Stored) -> tuple[DetectionReport, Evaluation]:
    said, evaluation = stored.said, stored.evaluation
    if evaluation is None or not isinstance(said, DetectionReport):
        raise InvalidInput(f"a report on {said.task} has no matches to look at")
    return said, evaluation
