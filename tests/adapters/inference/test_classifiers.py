"""A classifier on the real Triton: golden check, predictions of images and files, test runs."""

import numpy as np
import pytest
from onnx import TensorProto, helper

from shared.runtime.tasks.names import TaskName
from tests.adapters.inference.models import (
    LABELS,
    Version,
    make_version,
    painted,
    png,
    tiny,
)
from tests.adapters.inference.site import Site
from tests.running import until


def colour_classifier() -> bytes:
    """Says red (label 0) or green (label 1) by the mean colour of its input."""
    weights = np.array([[0.2, -0.2], [-0.2, 0.2], [0, 0]], np.float32)
    nodes = [
        helper.make_node("Cast", ["image"], ["pixels"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["pixels"], ["mean"], axes=[1, 2], keepdims=0),
        helper.make_node("MatMul", ["mean", "w"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["scores"], axis=1),
    ]
    return tiny(nodes, {"w": weights}, {"scores": [len(LABELS)]})


def classifier() -> Version:
    return make_version(colour_classifier(), task="classification")


@pytest.fixture
def task() -> TaskName:
    return "classification"


async def test_a_classifier_is_deployed_and_gives_each_image_its_label(site: Site) -> None:
    cells = {(x, y): "green" for x in range(0, 64, 8) for y in range(0, 24, 8)}
    image_id = await site.upload(painted(64, 48, cells))
    deployed = await site.deploy(classifier())
    assert deployed["current"]
    answer = await site.predict(image_id=image_id)
    assert answer.status_code == 201, answer.text
    (shape,) = answer.json()["shapes"]
    assert (shape["label"], shape["kind"], shape["points"]) == ("green", "image", [])
    assert shape["score"] > 0.9
    reds = dict.fromkeys(cells, "red")
    sent = await site.client.post(
        f"{site.base}/predictions", files={"file": ("red.png", png(painted(64, 48, reds)))}
    )
    assert sent.status_code == 201, sent.text
    assert [one["label"] for one in sent.json()["shapes"]] == ["red"]
    unsure = await site.upload(painted(64, 48, {}))
    strict = await site.predict(image_id=unsure, threshold=0.9)
    assert strict.json()["shapes"] == []
    run = await site.client.post(f"{site.base}/test-runs", json={"image_ids": [image_id, unsure]})
    assert run.status_code in (201, 202), run.text

    async def over() -> dict | None:
        found = (await site.client.get(f"{site.base}/test-runs/{run.json()['id']}")).json()
        return found if found["state"] == "succeeded" else None

    done = await until(over)
    assert (done["done"], done["failed"]) == (2, 0)
