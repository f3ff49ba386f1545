"""What the real Triton serves of a model with masks, beside what this process says."""

import numpy as np
import pytest

from shared.runtime.onnx_session import OnnxSession
from shared.runtime.predictor import Predictor
from shared.runtime.tasks.spec import Drawn
from shared.vision.masks import from_text, to_dense
from tests.adapters.inference.models import LABELS, Version, png
from tests.adapters.inference.site import Site


async def deployed_here(site: Site, version: Version) -> Predictor:
    """Deploys a version, and gives it as this process predicts with it."""
    deployed = await site.deploy(version)
    assert deployed["current"], deployed
    return Predictor(version.manifest, OnnxSession(version.onnx, threads=1))


async def assert_served(
    site: Site, image: np.ndarray, drawn: list[Drawn], *, least_px: float = 1
) -> None:
    """The masks of a stored image and of a sent file are ``drawn``; none are at the threshold 1.

    Each of ``drawn`` has ``least_px`` pixels.
    """
    height, width = image.shape[:2]
    for sent in (
        await site.predict(image_id=await site.upload(image)),
        await site.client.post(f"{site.base}/predictions", files={"file": ("a.png", png(image))}),
    ):
        assert sent.status_code == 201, sent.text
        shapes = sent.json()["shapes"]
        assert [shape["label"] for shape in shapes] == [LABELS[one.label_index] for one in drawn]
        for shape, one in zip(shapes, drawn, strict=True):
            assert (shape["kind"], shape["points"]) == ("mask", [])
            assert shape["score"] == pytest.approx(one.score, abs=1e-4)
            assert tuple(shape["rle"]["size"]) == (height, width)
            there, ours = (
                to_dense(from_text(code), height, width)
                for code in (shape["rle"]["counts"], one.mask.counts)
            )
            assert ours.sum() >= least_px
            assert (there & ours).sum() >= 0.999 * (there | ours).sum()
    strict = await site.predict(image_id=await site.upload(image), threshold=1.0)
    assert strict.json()["shapes"] == []
