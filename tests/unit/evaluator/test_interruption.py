"""A judgement that is given up stops computing."""

import threading
from typing import Any

import numpy as np
import pytest
from hearing import PATH, project
from scenes import random_samples
from test_judgements import get, order

from services.evaluator.app import build
from services.evaluator.domain.numbers.interruption import Interrupted, interruptible, look
from services.evaluator.domain.numbers.threads import side_by_side
from services.evaluator.domain.objects.evaluation import evaluate
from services.evaluator.domain.report.detection import detection_report
from services.evaluator.domain.report.options import ReportOptions
from services.evaluator.work import computation
from shared.hosting.stores import Stores
from tests.running import running, until


class Patience:
    """Somebody who wants the outcome for some looks, and then no more."""

    def __init__(self, looks: int) -> None:
        self.left = looks

    def over(self) -> bool:
        self.left -= 1
        return self.left < 0


def test_nobody_asked_to_stop_and_all_is_computed() -> None:
    assert interruptible(lambda: False, lambda: side_by_side(abs, [-1, 2, -3])) == [1, 2, 3]


def test_loops_in_threads_stop_before_their_next_turn() -> None:
    done: list[int] = []
    with pytest.raises(Interrupted):
        interruptible(Patience(2).over, lambda: side_by_side(done.append, range(50)))
    assert len(done) <= 2


def test_a_report_stops_wherever_it_is() -> None:
    given = random_samples(seed=2, images=12)
    options = ReportOptions(replicates=20)

    def report() -> Any:
        return detection_report(evaluate(given), options)

    everything = Patience(10**9)
    interruptible(everything.over, report)
    looks = 10**9 - everything.left
    assert looks > 20
    for before in np.linspace(0, looks - 1, 7, dtype=int):
        with pytest.raises(Interrupted):
            interruptible(Patience(int(before)).over, report)


async def test_a_judgement_that_is_cancelled_leaves_no_thread_computing(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, ended = threading.Event(), threading.Event()

    def endless(*_: Any) -> Any:
        begun.set()
        try:
            while True:
                look()
        finally:
            ended.set()

    monkeypatch.setitem(computation.REPORTS, "detection", endless)
    service = build(stores)
    async with running(stores, [service], work=True) as platform:
        await project(service)
        await order(service, stores)
        await until(lambda: _is(begun))
        answer = await platform.client.post(f"{PATH}/V1/judgement:cancel")
        assert answer.status_code < 300, answer.text
        await until(lambda: _is(ended))

        async def cancelled() -> bool:
            return bool((await get(platform, "judgement"))["state"] == "cancelled")

        await until(cancelled)


async def _is(event: threading.Event) -> bool:
    return event.is_set()
