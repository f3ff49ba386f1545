"""Versions come and go and Triton is killed while clients keep asking (F24, the short form).

Every answer must come from a version that was promoted, and be that version's own answer.
"""

import asyncio
import os
import random
import signal

import numpy as np
import pytest

from services.inference.app import build
from shared.contracts.result_shapes import to_shapes
from shared.hosting.stores import Stores
from shared.runtime.onnx_session import OnnxSession
from shared.runtime.predictor import Predictor
from tests.adapters.inference.models import Version, colour_detector, make_version, painted
from tests.adapters.inference.site import Site, children_of, triton_of
from tests.running import running

CYCLES = 6
CLIENTS = 3


def kill(process: int) -> None:
    os.kill(process, signal.SIGKILL)


def scores_of(version: Version, image: np.ndarray) -> list[float]:
    found = Predictor(version.manifest, OnnxSession(version.onnx, threads=1)).predict(image)
    return [shape.score or 0.0 for shape in to_shapes("x", found, version.manifest.labels)]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
async def test_no_answer_is_lost_or_mixed_while_versions_change_and_triton_dies(
    stores: Stores, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Kills come faster than a slow machine starts the server: clients must wait for several.
    monkeypatch.setenv("LOUPE_INFERENCE_RETRY_BUDGET_S", "60")
    chance = random.Random(seed)
    image = painted(64, 48, {(8, 8): "red", (40, 24): "green"})
    expected: dict[str, list[float]] = {}
    answers: list[str] = []
    over = asyncio.Event()

    async with running(stores, [build(stores)]) as platform:
        site = Site(platform)
        await site.create_project()
        image_id = await site.upload(image)

        async def publish(number: int) -> None:
            detector = colour_detector(0.2 * number - 25.5)  # each version has scores of its own
            version = make_version(detector, name=f"V{number}")
            expected[f"V{number}"] = scores_of(version, image)
            await site.deploy(version, number=number)

        async def client() -> None:
            while not over.is_set():
                answer = await site.predict(image_id=image_id)
                assert answer.status_code == 201, answer.text
                found = answer.json()
                scores = [shape["score"] for shape in found["shapes"]]
                assert scores == expected[found["version"]]
                answers.append(found["version"])

        await publish(1)
        clients = [asyncio.create_task(client()) for _ in range(CLIENTS)]
        for number in range(2, CYCLES + 2):
            act = chance.choice(["server", "stub", "nothing", "server while publishing"])
            triton = await triton_of(os.getpid())  # the one before may be on its way back
            if act == "server":
                kill(triton)
            elif act == "stub" and (stubs := children_of(triton)):
                kill(chance.choice(stubs))
            deploying = asyncio.create_task(publish(number))
            if act == "server while publishing":
                await asyncio.sleep(chance.uniform(0, 0.4))
                kill(triton)
            await deploying
        over.set()
        await asyncio.gather(*clients)
    assert len({tuple(scores) for scores in expected.values()}) == CYCLES + 1
    assert all(len(scores) == 2 for scores in expected.values())
    # How many of the versions the clients meet is chance; that they met a change is not.
    assert len(set(answers)) >= 2
