"""Bodies of annotations: the largest legal one comes in, errors are few and soon found."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError

from services.annotation.api.annotations import router
from services.annotation.api.schemas import AnnotationWrite, CorrectionWrite
from services.annotation.domain.formats.limits import MAX_SHAPES
from shared.contracts.shapes import Shape
from shared.http.bodies import AtMost
from tests.unit.annotation.platform import box


def test_the_largest_annotation_of_whole_shapes_is_within_its_bound() -> None:
    names = ("save_annotation", "correct_annotation")
    routes = [r for r in router.routes if isinstance(r, APIRoute) and r.name in names]
    bounds = [d.call for r in routes for d in r.dependant.dependencies if type(d.call) is AtMost]
    whole = {**box("x" * 20), "angle": 12.5, "text": "y" * 40, "score": 0.5, "rle": None, "id": "i"}
    body = json.dumps({"shapes": [whole] * MAX_SHAPES, "ignore_regions": []})
    assert len(bounds) == len(names)
    for bound in bounds:
        assert len(body) <= bound.size_bytes
        assert sum(map(body.count, "[{:")) <= bound.marks


WRONG = {"shapes": [{"points": [[1e10, 1e10]] * 9, "more": 1}] * 2, "ignore_regions": [{}] * 3}
BAD_BODIES = {
    "points": {"shapes": [{**box("dent"), "points": [["x", "y"]] * 90_000}]},
    "shapes": {"shapes": [{}] * 20_000},
    "regions": {"shapes": [], "ignore_regions": [{}] * 1000},
    "points of regions": {"shapes": [], "ignore_regions": [{"points": [[None, 0]] * 90_000}]},
    "fields": {"shapes": [], **{f"f{n}": n for n in range(90_000)}},
    "fields of a shape": {"shapes": [{f"f{n}": n for n in range(90_000)}] * 2},
    "fields of a region": {"shapes": [], "ignore_regions": [{str(n): n for n in range(90_000)}]},
    "fields of a mask": {"shapes": [{"rle": {str(n): n for n in range(90_000)}}]},
    "sizes of a mask": {"shapes": [{"rle": {"size": ["x"] * 90_000}}]},
    "all": {**WRONG, "split": "no", "more": 1},
}


@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=BAD_BODIES)
@pytest.mark.parametrize("model", [AnnotationWrite, CorrectionWrite])
def test_the_largest_wrong_body_has_a_handful_of_errors(model: type[BaseModel], body: Any) -> None:
    with pytest.raises(ValidationError) as refused:
        model.model_validate(body)
    assert refused.value.error_count() <= 12


@pytest.mark.parametrize("field", ["shapes", "ignore_regions"])
def test_nothing_is_looked_at_behind_the_first_wrong_one(field: str) -> None:
    seen: list[int] = []

    def counted(item: Any) -> Iterator[Any]:
        for number in range(10_000):
            seen.append(number)
            yield item

    whole = {"shapes": [], "ignore_regions": []}
    with pytest.raises(ValidationError):
        AnnotationWrite.model_validate({**whole, field: counted({})})
    assert len(seen) <= 2  # pydantic asks for one more before it ends
    seen.clear()
    with pytest.raises(ValidationError):
        Shape.model_validate({**box("dent"), "points": counted(["x", 0])})
    assert len(seen) <= 2
