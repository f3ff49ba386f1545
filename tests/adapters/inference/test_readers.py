"""A reader of text on the real Triton: pages and lines of free sides, and the same text."""

import numpy as np
import pytest

from shared.runtime.tasks.names import TaskName
from tests.adapters.inference.models import painted, png
from tests.adapters.inference.served import deployed_here
from tests.adapters.inference.site import Site
from tests.adapters.inference.text_models import make_reader, written


@pytest.fixture
def task() -> TaskName:
    return "ocr"


async def test_served_text_is_that_of_this_process(site: Site) -> None:
    page = painted(200, 150, {})
    page[30:54, 20:84], page[90:114, 60:156] = written("RGRG"), written("GR RGR")
    here = (await deployed_here(site, make_reader(page=128))).predict(page, threshold=0.1)
    assert sorted(here.texts) == ["GRRGR", "RGRG"]
    sent = await site.client.post(
        f"{site.base}/predictions", files={"file": ("a.png", png(page))}, data={"threshold": "0.1"}
    )
    kept = await site.predict(image_id=await site.upload(page), threshold=0.1)
    for answer in (sent, kept):
        assert answer.status_code == 201, answer.text
        shapes = answer.json()["shapes"]
        assert [shape["text"] for shape in shapes] == list(here.texts)
        for shape, one in zip(shapes, here.drawn(), strict=True):
            assert shape["kind"] == "polygon"
            assert shape["score"] == pytest.approx(one.score, abs=1e-4)
            assert np.array(shape["points"]) == pytest.approx(np.array(one.points), abs=0.1)
    empty = await site.predict(image_id=await site.upload(painted(64, 48, {})))
    assert empty.json()["shapes"] == []
