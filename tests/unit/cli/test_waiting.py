"""Waiting for long work while the platform does not answer."""

import pytest

from services.cli import waiting
from services.cli.access import StillUnderWay
from services.cli.client import ApiError, Json, Unreachable
from services.cli.waiting import LongWork, wait_for


def work(*answers: Exception | Json) -> LongWork:
    """Work that is looked at so often: what raises, and what is told."""
    told = iter(answers)

    def look() -> Json:
        answer = next(told)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return LongWork("a training", look, lambda now: now["over"], lambda _: "", "loupe train --id 7")


@pytest.mark.parametrize("fault", [Unreachable("down"), ApiError(503, {"detail": "starts"})])
def test_no_outage_makes_a_waiting_longer_than_was_asked(fault: Exception) -> None:
    with pytest.raises(StillUnderWay, match="loupe train --id 7"):
        wait_for(work(fault), 0.0)


def test_an_outage_is_waited_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "_LOOK_S", 0.0)
    faults = (Unreachable("down"), ApiError(502, {}), ApiError(429, {}))
    assert wait_for(work(*faults, {"over": True}), 60.0) == {"over": True}


def test_a_refusal_ends_the_waiting() -> None:
    with pytest.raises(ApiError, match="no training"):
        wait_for(work(ApiError(404, {"detail": "no training"})), 60.0)
