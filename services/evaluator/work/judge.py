"""Use case: a training succeeded, so its version is judged and the report stored."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from services.evaluator.domain.numbers.columns import BadSamples
from services.evaluator.domain.objects.evaluation import Evaluation, evaluate
from services.evaluator.domain.objects.matches_file import matches_to_bytes
from services.evaluator.domain.objects.samples import Samples
from services.evaluator.domain.readers.platform_files import read_version
from services.evaluator.domain.readers.versions import (
    ClassifiedVersion,
    JudgedVersion,
    ReadVersion,
    SegmentedVersion,
    Version,
)
from services.evaluator.domain.rendering.html import render_html
from services.evaluator.domain.rendering.pdf import render_pdf
from services.evaluator.domain.rendering.phrases import Language
from services.evaluator.domain.report.classification import classification_report
from services.evaluator.domain.report.detection import detection_report
from services.evaluator.domain.report.envelope import TaskOptions
from services.evaluator.domain.report.options import ReportOptions
from services.evaluator.domain.report.segmentation import semantic_report
from services.evaluator.domain.report.text import text_report
from services.evaluator.domain.report.traits import ImageTraits, image_features
from services.evaluator.repository import REPORTS, LabelPoint, Pages, Report
from services.evaluator.settings import EvaluatorSettings
from services.evaluator.work.image_traits import look_at
from shared.blobs.content import put_by_hash
from shared.blobs.port import Blobs
from shared.clock import Clock, utc_now
from shared.contracts.envelope import Event, EventBody
from shared.contracts.training_events import ReportCompleted, ReportFailed, TrainingSucceeded
from shared.documents.port import Collection, Documents, In, Query, Range, Sort, TenantScope
from shared.errors import AlreadyExists, Conflict, LoupeError, NotFound
from shared.ids import derived_id

logger = logging.getLogger(__name__)

LANGUAGES: tuple[Language, ...] = ("zh-CN", "en")
HISTORY = 20  # earlier versions that a learning curve looks at


@dataclass(frozen=True)
class _Judged:
    """A computed report, not stored yet."""

    document: dict[str, Any]
    matches: bytes | None
    watched: bytes | None
    html: dict[str, bytes]
    pdf: dict[str, bytes]


class Judge:
    """Computes and stores reports."""

    def __init__(
        self,
        documents: Documents,
        blobs: Blobs,
        settings: EvaluatorSettings,
        *,
        clock: Clock = utc_now,
    ) -> None:
        self._documents = documents
        self._blobs = blobs
        self._settings = settings
        self._clock = clock

    async def judge(self, event: Event[TrainingSucceeded]) -> None:
        """Judge the version of a training once; a report that exists already is left alone."""
        data = event.data
        reports = self._reports(event.tenant)
        report = Report(
            id=derived_id(event.tenant, "report", data.project_id, data.version),
            tenant=event.tenant,
            project_id=data.project_id,
            training_id=data.training_id,
            name=data.version,
            number=version_number(data.version),
            manifest_key=data.manifest_key,
            predictions_key=data.predictions_key,
            created_at=self._clock(),
        )
        if await reports.find(report.id) is not None:
            return
        done, said = await self._judged(report)
        try:
            await reports.insert(done, events=[said])
        except AlreadyExists:
            return

    async def judge_again(self, tenant: str, report: Report) -> Report:
        """Compute a report anew, on demand; raise Conflict when somebody else just did."""
        again = report.model_copy(
            update={"created_at": self._clock(), "revision": report.revision + 1, "reason": ""}
        )
        done, said = await self._judged(again)
        if done.state == "failed":
            raise Conflict(f"the report cannot be computed: {done.reason}")
        return await self._reports(tenant).replace(done, events=[said])

    async def _judged(self, report: Report) -> tuple[Report, EventBody]:
        try:
            manifest = await self._blobs.read(report.manifest_key)
            predictions = await self._blobs.read(report.predictions_key)
            version = await asyncio.to_thread(read_version, manifest, predictions)
        except (BadSamples, NotFound) as error:
            return self._failed(report, error.detail)
        try:
            return await self._completed(report, version)
        except BadSamples as error:
            return self._failed(report, error.detail)

    def _failed(self, report: Report, reason: str) -> tuple[Report, EventBody]:
        said = ReportFailed(
            project_id=report.project_id,
            training_id=report.training_id,
            version=report.name,
            reason=reason,
        )
        return report.model_copy(update={"state": "failed", "reason": reason}), said

    async def _completed(self, report: Report, version: Version) -> tuple[Report, EventBody]:
        images = [version.dataset.images[name] for name in version.image_ids]
        traits = await look_at(self._blobs, images, most=self._settings.looked_at)
        before = await self._earlier(report)
        options = self._options(report, version, before, traits)
        try:
            judged = await asyncio.to_thread(compute, version, options, self._settings)
        except LoupeError:
            raise
        except Exception as error:  # a defect of ours must not keep the version waiting for ever
            logger.exception("a report could not be computed", extra={"report_id": report.id})
            raise BadSamples(f"the report could not be computed: {type(error).__name__}") from error
        document = judged.document
        html = {lang: await self._put(report, page) for lang, page in judged.html.items()}
        pdf = {lang: await self._put(report, page) for lang, page in judged.pdf.items()}
        stored = report.model_copy(
            update={
                "state": "completed",
                "dataset_hash": version.dataset.dataset_hash,
                "threshold": document["threshold"],
                "document_key": await self._put(report, orjson.dumps(document)),
                "matches_key": await self._put(report, judged.matches) if judged.matches else "",
                "watched_key": await self._put(report, judged.watched) if judged.watched else "",
                "pages": Pages(html=html, pdf=pdf),
                "points": tuple(
                    LabelPoint(label=row["label"], count=row["count"], rate=row["detection_rate"])
                    for row in document["labels"]
                ),
                "passes": document["regressions"]["passes"],
            }
        )
        return stored, headline(stored, document)

    def _options(
        self,
        report: Report,
        version: Version,
        before: Sequence[Report],
        traits: ImageTraits,
    ) -> ReportOptions:
        dataset = version.dataset
        history: dict[str, list[tuple[int, float]]] = {}
        for earlier in before:
            for point in earlier.points:
                if point.rate is not None:
                    history.setdefault(point.label, []).append((point.count, point.rate))
        corrected = frozenset(name for name, image in dataset.images.items() if image.corrected)
        return ReportOptions(
            identity={
                "version": report.name,
                "project_id": report.project_id,
                "training_id": report.training_id,
                "dataset_hash": dataset.dataset_hash,
                "task": dataset.task,
                "revision": report.revision,
                "image_names": [dataset.images[name].name for name in version.image_ids],
            },
            dataset_images=len(dataset.images),
            annotation_counts=dataset.annotation_counts,
            history=history,
            elapsed_ms=version.elapsed_ms,
            image_traits=traits,
            corrected=corrected,
            passed_before=before[-1].passes if before else {},
            replicates=self._settings.replicates,
        )

    async def _earlier(self, report: Report) -> list[Report]:
        """Reports on earlier versions, oldest first."""
        found = await self._reports(report.tenant).query(
            Query(
                where={
                    "project_id": report.project_id,
                    "state": In(("completed",)),
                    "number": Range(lt=report.number),
                },
                sort=Sort("number", -1),
                limit=HISTORY,
            )
        )
        return list(reversed(found))

    async def _put(self, report: Report, data: bytes) -> str:
        return await put_by_hash(
            self._blobs, data, tenant=report.tenant, project_id=report.project_id
        )

    def _reports(self, tenant: str) -> Collection[Report]:
        return self._documents.collection(REPORTS, TenantScope(tenant))


def compute(version: Version, options: ReportOptions, settings: EvaluatorSettings) -> _Judged:
    """Compute and render one report; runs outside the event loop."""
    matches = watched = None
    if isinstance(version, JudgedVersion):
        document, matches, watched = _detected(version, options, settings)
    else:
        document = _other_task(version, options, settings)
    return _Judged(
        document=document,
        matches=matches,
        watched=watched,
        html={
            lang: render_html(document, language=lang, console_url=settings.console_url).encode()
            for lang in LANGUAGES
        },
        pdf={lang: render_pdf(document, language=lang) for lang in LANGUAGES},
    )


def _detected(
    version: JudgedVersion, options: ReportOptions, settings: EvaluatorSettings
) -> tuple[dict[str, Any], bytes, bytes | None]:
    def judged(samples: Samples) -> Evaluation:
        return evaluate(samples, kind=version.kind, max_detections=settings.max_detections)

    evaluation = judged(version.samples)
    watched = None if version.corrected is None else judged(version.corrected)
    complete = replace(
        options, tile_plan=version.dataset.tile_plan, watched=watched, rotated=version.rotated
    )
    document = detection_report(evaluation, complete)
    kept = None if watched is None else matches_to_bytes(watched)
    return document, matches_to_bytes(evaluation), kept


def _other_task(
    version: Version, options: ReportOptions, settings: EvaluatorSettings
) -> dict[str, Any]:
    told = TaskOptions(
        labels=version.dataset.labels,
        image_ids=version.image_ids,
        identity=options.identity,
        dataset_images=options.dataset_images,
        annotation_counts=options.annotation_counts,
        history=options.history,
        elapsed_ms=options.elapsed_ms,
        features=image_features(options.image_traits),
        replicates=options.replicates,
    )
    if isinstance(version, ClassifiedVersion):
        return classification_report(version.classified, told)
    if isinstance(version, SegmentedVersion):
        return semantic_report(version.tally, told)
    if isinstance(version, ReadVersion):
        lines = evaluate(version.samples, kind="mask", max_detections=settings.max_detections)
        return text_report(
            lines, told, truth_texts=version.truth_texts, found_texts=version.found_texts
        )
    raise BadSamples(f"versions of the task {version.dataset.task} cannot be judged")


def headline(report: Report, document: Mapping[str, Any]) -> ReportCompleted:
    """Say in an event what the report found."""
    overall = document["overall"]
    return ReportCompleted(
        project_id=report.project_id,
        training_id=report.training_id,
        version=report.name,
        average_detection_rate=overall["average_detection_rate"],
        map_50=overall.get("map_50"),
        map_50_95=overall.get("map"),
        precision=overall["precision"],
        recall=overall["recall"],
        f1=overall["f1"],
        best_threshold=document["threshold"] if document["question"] else None,
        images=document["images"],
    )


def version_number(name: str) -> int:
    """Return the number in a version's name; 0 when there is none.

    >>> version_number("V12")
    12
    """
    digits = "".join(character for character in name if character.isdigit())
    return int(digits) if digits else 0
