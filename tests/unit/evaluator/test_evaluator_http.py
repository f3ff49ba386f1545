"""The evaluator by its HTTP face and its events, on the embedded stores."""

from typing import Any

import orjson
import pytest
from hearing import PATH, hear, problem, project, store, succeeded, train, work_off
from scenes import version_files

from services.evaluator import app
from services.evaluator.app import build
from services.evaluator.repository import REPORTS
from services.evaluator.settings import EvaluatorSettings
from services.evaluator.work.judge import HISTORY
from shared.contracts.envelope import Event
from shared.contracts.project_events import ProjectDeleted
from shared.contracts.training_events import ReportCompleted, ReportFailed
from shared.documents.port import Query, TenantScope
from shared.hosting.stores import Stores
from tests.running import running, until


async def said(stores: Stores) -> list[str]:
    boxes = await stores.documents.outboxes([REPORTS.name], 100)
    return [pending.type for outbox in boxes for pending in outbox.events]


async def test_a_training_becomes_a_report_with_its_pages(stores: Stores) -> None:
    service = build(stores)
    async with running(stores, [service]) as platform:
        await project(service)
        await train(service, stores)
        answer = await platform.client.get(f"{PATH}/V1/report")
        english = await platform.client.get(f"{PATH}/V1/report?language=en")
        page = await platform.client.get(f"{PATH}/V1/report.html")
        paper = await platform.client.get(f"{PATH}/V1/report.pdf?language=en")
    report = answer.json()
    assert answer.status_code == 200
    assert report["version"] == "V1"
    assert report["dataset_hash"] == "abc123"
    assert report["images"] == 40
    assert report["reference_only"] is True
    assert report["notes"][0].startswith("数据集只有 40 张图片")
    assert "reference only" in english.json()["notes"][0]
    assert 0.5 < report["average_detection_rate"] < 1
    assert (
        report["intervals"]["map"]["low"] < report["map_50_95"] < report["intervals"]["map"]["high"]
    )
    assert report["fps"] == pytest.approx(50)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "仅供参考" in page.text
    assert "<script" not in page.text
    assert paper.content.startswith(b"%PDF-")


async def test_a_version_that_began_from_nothing_says_so_in_every_form(stores: Stores) -> None:
    service = build(stores)
    async with running(stores, [service]) as platform:
        await project(service)
        await train(service, stores, pretrained=False)
        report = await platform.client.get(f"{PATH}/V1/report?language=en")
        elsewhere = await platform.client.get(f"{PATH}/V1/report?language=en&threshold=0.7")
        page = await platform.client.get(f"{PATH}/V1/report.html?language=en")
    for answer in (report, elsewhere):
        assert "without pretrained weights" in " ".join(answer.json()["notes"])
    assert "without pretrained weights" in page.text


async def test_the_event_carries_the_headline_and_comes_once(stores: Stores) -> None:
    service = build(stores)
    await stores.open(service.all_collections)
    await project(service)
    await train(service, stores)
    await train(service, stores)
    boxes = await stores.documents.outboxes([REPORTS.name], 10)
    assert [pending.type for box in boxes for pending in box.events] == [ReportCompleted.type]
    body = Event[ReportCompleted].model_validate_json(boxes[0].events[0].value).data
    found = await stores.documents.collection(REPORTS, TenantScope("default")).query(Query())
    assert body.images == 40
    assert body.best_threshold == found[0].threshold
    async with running(stores, [service]) as platform:
        shown = (await platform.client.get(f"{PATH}/V1/report")).json()
    for figure in ("average_detection_rate", "precision", "recall", "f1", "map_50", "map_50_95"):
        assert 0 < getattr(body, figure) == shown[figure] < 1, figure
    assert body.map_50_95 < body.map_50


async def test_any_threshold_follows_from_the_curves_and_the_matrix(stores: Stores) -> None:
    service = build(stores)
    async with running(stores, [service]) as platform:
        await project(service)
        await train(service, stores)
        for threshold in (0.0, 0.31, 0.7, 1.0):
            answer = await platform.client.get(f"{PATH}/V1/report?threshold={threshold}")
            report = answer.json()
            assert report["threshold"] == threshold
            matrix, names = report["confusion"]["matrix"], report["confusion"]["labels"]
            for row in report["labels"]:
                place = names.index(row["label"])
                curve = next(c for c in report["curves"] if c["label"] == row["label"])
                step = curve["thresholds"].index(threshold)
                assert row["found"] == curve["tp"][step] == matrix[place][place]
                assert row["wrong"] == curve["fp"][step]
                assert sum(matrix[place]) == curve["truths"] == row["found"] + row["missed"]
                assert sum(line[place] for line in matrix) == row["found"] + row["wrong"]
        strict = (await platform.client.get(f"{PATH}/V1/report?iou=0.9")).json()
        loose = (await platform.client.get(f"{PATH}/V1/report?iou=0.13")).json()
    assert strict["recall"] < loose["recall"]
    assert strict["map_50"] == loose["map_50"]


async def test_errors_are_images_with_marks_that_add_up(stores: Stores) -> None:
    service = build(stores)
    async with running(stores, [service]) as platform:
        await project(service)
        await train(service, stores)
        report = (await platform.client.get(f"{PATH}/V1/report")).json()
        answer = await platform.client.get(f"{PATH}/V1/errors?page_size=500")
        misses = (await platform.client.get(f"{PATH}/V1/errors?kind=missed&sort=size")).json()
        of_one = (await platform.client.get(f"{PATH}/V1/errors?label=label 1&page_size=500")).json()
        nothing = (await platform.client.get(f"{PATH}/V1/errors?label=unknown")).json()
        second = (await platform.client.get(f"{PATH}/V1/errors?page=2&page_size=3")).json()
    images = answer.json()["items"]
    marks = [mark for image in images for mark in image["marks"]]
    counted = {kind: sum(m["kind"] == kind for m in marks) for kind in ("false", "missed")}
    assert counted["false"] == sum(row["wrong"] for row in report["labels"])
    assert counted["missed"] == sum(row["missed"] for row in report["labels"])
    assert images[0]["annotate"] == f"/projects/p1/annotate/{images[0]['image_id']}"
    assert images[0]["name"].startswith("part-")
    assert any(mark["shape_id"] for mark in marks if mark["kind"] == "missed")
    assert misses["total"] <= answer.json()["total"]
    assert all(
        "label 1" in (m["label"], m["confused_with"]) for i in of_one["items"] for m in i["marks"]
    )
    assert nothing["total"] == 0
    assert second["items"] == images[3:6]


async def test_a_cell_of_the_matrix_leads_to_the_images_that_it_counts(stores: Stores) -> None:
    service = build(stores)
    async with running(stores, [service]) as platform:
        await project(service)
        await train(service, stores)
        report = (await platform.client.get(f"{PATH}/V1/report?threshold=0.4")).json()
        names = (*report["confusion"]["labels"][:-1], "")  # the last is background
        cells = 0
        for truth, counts in zip(names, report["confusion"]["matrix"], strict=True):
            for predicted, count in zip(names, counts, strict=True):
                asked = {"truth": truth, "predicted": predicted, "threshold": 0.4, "page_size": 500}
                answer = await platform.client.get(f"{PATH}/V1/errors", params=asked)
                images = answer.json()["items"]
                drawn = [_cell(mark) for image in images for mark in image["marks"]]
                assert set(drawn) <= {(truth, predicted)}, (truth, predicted)
                # A wrong label is drawn twice: what was said, and what is there.
                twice = truth != predicted and "" not in (truth, predicted)
                assert len(drawn) == count * (2 if twice else 1), (truth, predicted)
                assert all(image["marks"] for image in images)
                cells += count > 0
        unknown = (await platform.client.get(f"{PATH}/V1/errors?truth=unknown")).json()
        row = (await platform.client.get(f"{PATH}/V1/errors?truth=label 1&kind=missed")).json()
    assert cells > 4
    assert unknown["total"] == 0
    assert {_cell(m)[0] for image in row["items"] for m in image["marks"]} == {"label 1"}


def _cell(mark: dict[str, Any]) -> tuple[str, str]:
    """Row and column of the matrix that a mark belongs to."""
    if mark["kind"] == "correct":
        return mark["label"], mark["label"]
    pair = (mark["confused_with"] or "", mark["label"])
    return pair if mark["kind"] == "false" else pair[::-1]


async def test_versions_are_compared_on_their_common_images(stores: Stores) -> None:
    service = build(stores)
    async with running(stores, [service]) as platform:
        await project(service)
        await train(service, stores, "V1", skill=0.4)
        await train(service, stores, "V2", skill=1.0)
        answer = await platform.client.get(f"{PATH}/V2/compare?with=V1")
        same = await platform.client.get(f"{PATH}/V2/compare?with=V2")
        second = (await platform.client.get(f"{PATH}/V2/report")).json()
    found = answer.json()
    assert found["images"] == 40
    difference = found["figures"]["average_detection_rate"]
    assert difference["difference"] > 0.2
    assert difference["p_value"] < 0.01
    assert difference["interval"]["low"] > 0
    assert problem(same) == (422, "invalid-input")
    assert {line["image_id"] for line in second["regressions"]} == {"i0", "i10", "i20", "i30"}
    assert found["regressions"] == second["regressions"]


async def test_a_damaged_blob_fails_the_report_and_says_why(stores: Stores) -> None:
    service = build(stores)
    async with running(stores, [service]) as platform:
        await project(service)
        manifest, _ = version_files()
        await hear(
            service,
            succeeded(await store(stores, manifest), await store(stores, b'{"version": "V1"')),
        )
        answer = await platform.client.get(f"{PATH}/V1/report")
        found = await stores.documents.collection(REPORTS, TenantScope("default")).query(Query())
    assert problem(answer) == (409, "conflict")
    assert "predictions blob is damaged" in answer.json()["detail"]
    assert found[0].state == "failed"


async def test_a_failed_report_is_announced(stores: Stores) -> None:
    service = build(stores)
    await stores.open(service.all_collections)
    manifest, _ = version_files()
    await hear(service, succeeded(await store(stores, manifest), "t/default/gone"))
    assert await said(stores) == [ReportFailed.type]
    await stores.close()


async def test_a_defect_fails_the_report_instead_of_the_worker(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = EvaluatorSettings.model_construct(max_detections="many", replicates=0, looked_at=0)
    monkeypatch.setattr(app, "EvaluatorSettings", lambda: broken)
    service = build(stores)
    await stores.open(service.all_collections)
    manifest, predictions = version_files()
    body = succeeded(await store(stores, manifest), await store(stores, predictions))
    await hear(service, body)
    boxes = await stores.documents.outboxes([REPORTS.name], 10)
    assert [pending.type for box in boxes for pending in box.events] == [ReportFailed.type]
    assert "could not be computed" in boxes[0].events[0].value
    await stores.close()


async def test_an_old_version_is_recomputed_with_its_own_history(stores: Stores) -> None:
    """However many versions came after it."""
    service = build(stores)
    async with running(stores, [service]) as platform:
        await project(service)
        for number in range(1, HISTORY + 4):
            await train(service, stores, f"V{number}", seed=2, skill=1.0, images=8 + 2 * number)
        before = (await platform.client.get(f"{PATH}/V2/report")).json()
        await platform.client.post(f"{PATH}/V2/judgement")
        await work_off(service)
        again = (await platform.client.get(f"{PATH}/V2/report")).json()
    assert {line["state"] for line in before["regressions"]} & {"still_right", "newly_broken"}
    for name in ("labels", "regressions", "overall"):
        assert again[name] == before[name]


async def test_the_document_of_a_report_does_not_grow_with_its_corrected_images(
    stores: Stores,
) -> None:
    service = build(stores)
    async with running(stores, [service]):
        await project(service)
        for name, images in (("V1", 20), ("V2", 200)):
            await train(service, stores, name, images=images)
        reports = stores.documents.collection(REPORTS, TenantScope("default"))
        sizes = [len(report.model_dump_json()) async for report in reports.walk()]
    assert len(sizes) == 2
    assert max(sizes) - min(sizes) < 20


async def test_corrected_images_that_teach_are_watched_at_every_threshold(stores: Stores) -> None:
    service = build(stores)
    manifest, predictions = version_files(seed=2, skill=1.0)
    snapshot = orjson.loads(manifest)
    for picture in snapshot["images"]:
        picture["split"] = "train" if picture["corrected"] else "test"
    async with running(stores, [service]) as platform:
        await project(service)
        await hear(
            service,
            succeeded(
                await store(stores, orjson.dumps(snapshot)), await store(stores, predictions)
            ),
        )
        states = {}
        for threshold in (0.0, 0.6, 1.0):
            answer = await platform.client.get(f"{PATH}/V1/report?threshold={threshold}")
            assert answer.json()["images"] == 36
            states[threshold] = {r["image_id"]: r["state"] for r in answer.json()["regressions"]}
    assert all(seen.keys() == {"i0", "i10", "i20", "i30"} for seen in states.values())
    assert len({tuple(seen.values()) for seen in states.values()}) > 1


async def test_another_tenant_sees_nothing_and_a_missing_report_is_the_same(stores: Stores) -> None:
    service = build(stores)
    async with running(stores, [service]) as platform:
        await project(service)
        await train(service, stores)
        foreign = await platform.client.get(f"{PATH}/V1/report", headers=platform.headers("other"))
        missing = await platform.client.get(f"{PATH}/V9/report")
        nobody = await platform.client.get(f"{PATH}/V1/report", headers={"Authorization": ""})
    assert problem(foreign) == problem(missing) == (404, "not-found")
    assert nobody.status_code == 401


@pytest.mark.parametrize(
    "query", ["threshold=1.1", "threshold=nan", "iou=0.05", "iou=2", "language=fr"]
)
async def test_a_threshold_out_of_range_is_refused(stores: Stores, query: str) -> None:
    service = build(stores)
    async with running(stores, [service]) as platform:
        await project(service)
        await train(service, stores)
        answer = await platform.client.get(f"{PATH}/V1/report?{query}")
    assert answer.status_code == 422


async def test_recomputing_gives_the_same_figures_and_a_new_revision(stores: Stores) -> None:
    service = build(stores)
    async with running(stores, [service]) as platform:
        await project(service)
        await train(service, stores)
        first = (await platform.client.get(f"{PATH}/V1/report")).json()
        again = await platform.client.post(f"{PATH}/V1/judgement")
        refused = await platform.client.post(
            f"{PATH}/V1/report:recompute", headers=platform.headers("default", "viewer")
        )
        meanwhile = (await platform.client.get(f"{PATH}/V1/report")).json()
        await work_off(service)
        second = (await platform.client.get(f"{PATH}/V1/report")).json()
        state = (await platform.client.get(f"{PATH}/V1/judgement")).json()
    assert again.status_code == 202
    assert again.json()["state"] == "queued"
    assert meanwhile == first
    assert (state["state"], state["revision"]) == ("completed", 2)
    assert second["revision"] == first["revision"] + 1
    assert second["overall"] == first["overall"]
    assert refused.status_code == 403


async def test_a_deleted_project_takes_its_reports_along(stores: Stores) -> None:
    service = build(stores)
    async with running(stores, [service]) as platform:
        await project(service)
        await train(service, stores)
        await hear(service, ProjectDeleted(project_id="p1"), sequence=2)
        answer = await platform.client.get(f"{PATH}/V1/report")
        reports = stores.documents.collection(REPORTS, TenantScope("default"))

        async def none_left() -> bool:
            return await reports.count() == 0

        await until(none_left)
    assert problem(answer) == (404, "not-found")
