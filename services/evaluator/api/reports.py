"""Routes of the evaluator."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Response

from services.evaluator.api.schemas.comparison import ComparisonAnswer
from services.evaluator.api.schemas.errors import ErrorImageAnswer
from services.evaluator.api.schemas.report import ReportAnswer
from services.evaluator.domain.objects.error_pages import ErrorChoice, MarkKind, PageSort
from services.evaluator.domain.objects.overlaps import MIN_OVERLAP
from services.evaluator.domain.rendering.phrases import Language
from services.evaluator.handlers.judgements import Judgements
from services.evaluator.handlers.reports import Reports
from services.evaluator.repository import StoredReport
from shared.http.callers import Who
from shared.http.paging import Paging
from shared.http.use_cases import use
from shared.paging import Page

Threshold = Annotated[float | None, Query(ge=0, le=1, description="least confidence shown")]
Iou = Annotated[float | None, Query(ge=MIN_OVERLAP, le=1, description="overlap that counts")]
PATH = "/projects/{project_id}/versions/{version}"
MEDIA = {"html": "text/html; charset=utf-8", "pdf": "application/pdf"}
Judging = Annotated[Judgements, Depends(use(Judgements))]
Reading = Annotated[Reports, Depends(use(Reports))]
router = APIRouter(tags=["reports"])


@router.get(PATH + "/report")
async def get_report(
    who: Who,
    project_id: str,
    version: str,
    reports: Reading,
    threshold: Threshold = None,
    iou: Iou = None,
    language: Language = "zh-CN",
) -> ReportAnswer:
    """Return the report on a version, at any confidence and IoU threshold."""
    report, said = await reports.at(
        who, project_id, version, threshold=threshold, iou_threshold=iou
    )
    return ReportAnswer.of(report, said, language)


@router.get(PATH + "/errors")
async def list_errors(
    who: Who,
    project_id: str,
    version: str,
    reports: Reading,
    paging: Paging,
    label: Annotated[str | None, Query(max_length=128)] = None,
    kind: MarkKind | None = None,
    truth: Annotated[str | None, Query(max_length=128, description="row of the matrix")] = None,
    predicted: Annotated[str | None, Query(max_length=128, description="its column")] = None,
    sort: PageSort = "confidence",
    threshold: Threshold = None,
    iou: Iou = None,
) -> Page[ErrorImageAnswer]:
    """List images with errors: false detections (red), misses (orange), wrong labels.

    ``truth`` and ``predicted`` look for what a cell of the confusion matrix counts, hits too; an
    empty one is the row, or the column, of nothing.
    """
    report = await reports.find(who, project_id, version)
    choice = ErrorChoice(label, kind, truth, predicted, sort)
    found, total = await reports.errors(report, paging, thresholds=(threshold, iou), choice=choice)
    answers = [ErrorImageAnswer.of(image, project_id) for image in found]
    return Page.of(answers, total, paging)


@router.get(PATH + "/compare")
async def compare_versions(
    who: Who,
    project_id: str,
    version: str,
    reports: Reading,
    with_: Annotated[str, Query(alias="with")],
) -> ComparisonAnswer:
    """Compare this version with another one on the images both were judged on.

    Both are read where they make as many false detections, so that their rates mean the same.
    """
    compared = await reports.comparison(who, project_id, version, other=with_)
    return ComparisonAnswer.of((with_, version), compared)


@router.post(PATH + "/report:recompute")
async def recompute_report(
    who: Who,
    project_id: str,
    version: str,
    reports: Reading,
    judgements: Judging,
    language: Language = "zh-CN",
) -> ReportAnswer:
    """Compute the report anew from the same files, and wait for it as long as a request may last.

    One that takes longer goes on: `POST …/judgement` orders one without waiting.
    """
    await judgements.recomputed(who, project_id, version)
    report, said = await reports.at(who, project_id, version, threshold=None, iou_threshold=None)
    return ReportAnswer.of(report, said, language)


@router.get(
    PATH + "/report.html",
    response_class=Response,
    responses={200: {"content": {"text/html": {}}}},
)
async def get_report_page(
    who: Who, project_id: str, version: str, reports: Reading, language: Language = "zh-CN"
) -> Response:
    """Return the report as one self-contained page."""
    report = await reports.find(who, project_id, version)
    return await _send(reports, report, "html", language)


@router.get(
    PATH + "/report.pdf",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}}},
)
async def get_report_pdf(
    who: Who, project_id: str, version: str, reports: Reading, language: Language = "zh-CN"
) -> Response:
    """Return the report as PDF."""
    report = await reports.find(who, project_id, version)
    return await _send(reports, report, "pdf", language)


async def _send(
    reports: Reports, report: StoredReport, form: Literal["html", "pdf"], language: Language
) -> Response:
    content = await reports.page(report, form=form, language=language)
    name = f"report-{report.name}.{form}"
    return Response(
        content,
        media_type=MEDIA[form],
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        },
    )
