"""Routes of predictions."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from services.inference.api.image_body import ImageBody
from services.inference.api.schemas import PredictionCreate, PredictionResponse, UnsureList
from services.inference.domain.terms import ImageFile, PredictionTerms
from services.inference.handlers.doubts import Doubts
from services.inference.handlers.predictions import Predictions
from services.inference.handlers.quota import PredictionQuota
from shared.http.bodies import JSON, media_type, read_json
from shared.http.callers import Who
from shared.http.multipart import FILE, FORM, form_body
from shared.http.paging import Paging
from shared.http.preconditions import IdempotencyKey
from shared.http.use_cases import use
from shared.paging import Page

_PREDICTION_BODY = form_body(
    {
        "file": FILE,
        "version": {"type": "string", "minLength": 1, "maxLength": 32},
        "threshold": {"type": "number", "minimum": 0, "maximum": 1},
        "tile_plan_hash": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    },
    required="file",
    others={JSON: PredictionCreate.model_json_schema()},
    is_closed=True,
)
_MAX_JSON_BYTES = 64 << 10
_MAX_NAME = 255
_Id = Annotated[str | None, Query(max_length=64)]

router = APIRouter(tags=["predictions"])
Doubting = Annotated[Doubts, Depends(use(Doubts))]
Predicting = Annotated[Predictions, Depends(use(Predictions))]


@router.post("/projects/{project_id}/predictions", status_code=201, openapi_extra=_PREDICTION_BODY)
async def create_prediction(
    who: Who,
    project_id: str,
    request: Request,
    predictions: Predicting,
    body: Annotated[ImageBody, Depends(use(ImageBody))],
    quota: Annotated[PredictionQuota, Depends(use(PredictionQuota))],
    key: IdempotencyKey,
    response: Response,
) -> PredictionResponse:
    """Test one image: of the gallery (JSON), or a file (multipart)."""
    await quota.begin(who.tenant)
    if media_type(request, JSON, FORM) == JSON:
        wanted = await read_json(request, PredictionCreate, max_bytes=_MAX_JSON_BYTES)
        terms = PredictionTerms(wanted.version, wanted.threshold)
        image_id, proposal = wanted.image_id, wanted.proposal
        made = await predictions.predict_image(
            who, project_id, image_id, terms=terms, key=key, proposal=proposal
        )
    else:
        async with body.received(request) as (fields, sent):
            terms = PredictionTerms(fields.version, fields.threshold)
            file = ImageFile(sent.name[:_MAX_NAME], sent.path, fields.tile_plan_hash)
            made = await predictions.predict_file(who, project_id, file, terms=terms, key=key)
    response.headers["Location"] = f"/api/inference/projects/{project_id}/predictions/{made.id}"
    return PredictionResponse.of(made)


@router.get("/projects/{project_id}/predictions")
async def list_predictions(
    who: Who,
    project_id: str,
    predictions: Predicting,
    paging: Paging,
    image_id: _Id = None,
    test_run_id: _Id = None,
) -> Page[PredictionResponse]:
    """List predictions, newest first; of one image, or of one test run."""
    filters = {"image_id": image_id, "test_run_id": test_run_id}
    where = {name: value for name, value in filters.items() if value is not None}
    found = await predictions.page(who, project_id, paging, where=where)
    return found.map(PredictionResponse.of)


@router.get("/projects/{project_id}/unsure-images")
async def list_unsure_images(who: Who, project_id: str, doubts: Doubting) -> UnsureList:
    """List the images that nobody has annotated and the serving version was least sure of."""
    return UnsureList.of(await doubts.unsure(who, project_id))


@router.get("/projects/{project_id}/predictions/{prediction_id}")
async def get_prediction(
    who: Who, project_id: str, prediction_id: str, predictions: Predicting
) -> PredictionResponse:
    """Return one prediction."""
    return PredictionResponse.of(await predictions.get(who, project_id, prediction_id))
