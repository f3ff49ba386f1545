"""Two versions by one yardstick: same images, same truth, as many false alarms."""

from typing import Any

import numpy as np
import orjson
import pytest
from hearing import event, project, store, succeeded, work_off
from scenes import samples
from stored import files, image

from services.evaluator.app import build
from services.evaluator.domain.objects.equal_alarms import equal_alarms
from services.evaluator.domain.objects.evaluation import Evaluation, evaluate
from services.evaluator.domain.objects.operating_point import counts_at
from services.evaluator.domain.readers.version_pairs import Pair, Stored, read_pair
from services.evaluator.domain.yardstick import Effort, Yardstick, measured
from services.evaluator.repository import REPORTS
from shared.contracts.predictions import Detection, ImagePredictions, LabelMask, TextLine
from shared.contracts.shapes import Rle, Shape, Task
from shared.contracts.snapshot import SnapshotImage
from shared.events.subscriptions import by_event
from shared.hosting.service import Service
from shared.hosting.stores import Stores
from shared.vision.masks import from_dense, to_text

BOX = (10.0, 10.0, 50.0, 50.0)
ELSEWHERE = (120.0, 120.0, 150.0, 150.0)
EFFORT = Effort(replicates=300, max_detections=100)


def part(name: str, label: str = "pit", **more: object) -> SnapshotImage:
    shape = Shape(id=f"s-{name}", label=label, kind="box", points=(BOX[:2], BOX[2:]))
    return image(name, (shape,), (200, 200), **more)


def says(name: str, *found: tuple[str, float, tuple[float, ...]]) -> ImagePredictions:
    rows = [Detection(label=label, score=score, box=box) for label, score, box in found]
    return ImagePredictions(image_id=name, detections=tuple(rows))


def paired(
    snapshot: bytes, first: bytes, second: bytes, before: bytes | None = None
) -> Pair | None:
    return read_pair(Stored(snapshot, before or snapshot, first, second))


def told(
    task: Task,
    labels: tuple[str, ...],
    pictures: list[SnapshotImage],
    sides: tuple[list[ImagePredictions], list[ImagePredictions]],
) -> Yardstick:
    snapshot, _ = files(task, labels, [])
    document = orjson.loads(snapshot)
    document["images"] = [orjson.loads(one.model_dump_json()) for one in pictures]
    first, second = (stored(task, labels, one, name) for one, name in zip(sides, "AB", strict=True))
    pair = paired(orjson.dumps(document), first, second)
    assert pair is not None
    return measured(pair, EFFORT)


def stored(
    task: Task, labels: tuple[str, ...], said: list[ImagePredictions], name: str = "V1"
) -> bytes:
    pairs = [(part(one.image_id), one) for one in said]
    return files(task, labels, pairs, name=name)[1]


def shown_false(evaluation: Evaluation, threshold: float) -> int:
    verdict = evaluation.matches.verdict[evaluation.matches.at(0.5)]
    return int(counts_at(evaluation.arranged, verdict, threshold).wrong.sum())


def scored(hits: list[float], alarms: list[float]) -> Evaluation:
    """One target an image, found with these scores; false detections with those."""
    truths = [(k, 0, (10, 10, 40, 40)) for k in range(len(hits))]
    found = [(k, 0, (10, 10, 40, 40), score) for k, score in enumerate(hits) if score]
    found += [(k, 0, (120, 120, 30, 30), score) for k, score in enumerate(alarms)]
    return evaluate(samples(truths, found, images=len(hits), labels=("pit",)))


def test_both_versions_may_make_the_false_alarms_of_the_worse_one() -> None:
    bold = scored([0.9, 0.8, 0.7, 0.6], [0.65, 0.2])  # best at 0.6: one false alarm
    shy = scored([0.5, 0.4, 0.3, 0.0], [0.25, 0.1, 0.05])  # best at 0.3: none
    point = equal_alarms(bold, shy)
    assert point.false_detections == 1
    assert [
        shown_false(side.evaluation, side.threshold) for side in (point.first, point.second)
    ] == [1, 1]
    assert 0.1 < point.second.threshold <= 0.25
    assert equal_alarms(shy, bold).second.threshold == point.first.threshold


def test_who_never_makes_so_many_false_alarms_shows_all_it_has() -> None:
    point = equal_alarms(scored([0.9, 0.8, 0.7, 0.6], [0.65]), scored([0.2, 0.1, 0.0, 0.0], []))
    assert point.second.threshold == 0.0
    nothing = equal_alarms(scored([0.0], []), scored([0.0], []))
    assert nothing.false_detections == 0


def test_equal_scores_are_shown_together_or_not_at_all() -> None:
    point = equal_alarms(scored([0.9, 0.8], [0.5, 0.5]), scored([0.9, 0.8], [0.3, 0.3]))
    assert point.false_detections == 0
    assert point.first.threshold > 0.5
    assert point.second.threshold > 0.3


def test_a_better_version_with_a_lower_rate_at_its_own_threshold_is_told_as_better() -> None:
    names = [f"i{k}" for k in range(40)]
    pictures = [part(name) for name in names]
    # The first shows everything: 36 of 40 found, and as many false alarms. The second would be
    # quiet at its own best threshold, 35 of 40; allowed as many alarms it finds them all.
    first = [
        says(name, *([("pit", 0.5, BOX)] if k % 10 else []), ("pit", 0.5, ELSEWHERE))
        for k, name in enumerate(names)
    ]
    second = [
        says(name, ("pit", 0.9 if k % 8 else 0.1, BOX), ("pit", 0.2, ELSEWHERE))
        for k, name in enumerate(names)
    ]
    found = told("detection", ("pit",), pictures, (first, second))
    rate = found.figures["average_detection_rate"]
    assert list(found.figures) == ["average_detection_rate", "map"]
    assert (found.images, found.false_per_image) == (40, 1.0)
    assert (rate.first, rate.second) == (0.9, 1.0)
    assert rate.interval.low > 0


def test_only_images_held_out_for_both_count_and_the_truth_is_todays() -> None:
    taught = part("b", split="train")
    snapshot, mine = files(
        "detection", ("pit", "dent"), [(part("a", "dent"), says("a", ("dent", 0.9, BOX)))]
    )
    document = orjson.loads(snapshot)
    document["images"] += [orjson.loads(one.model_dump_json()) for one in (taught, part("c"))]
    theirs = stored(
        "detection",
        ("scratch", "pit"),
        [says(name, ("pit", 0.9, BOX), ("scratch", 0.9, BOX)) for name in ("a", "b", "gone")],
    )
    pair = paired(orjson.dumps(document), theirs, mine)
    assert pair is not None
    assert [version.image_ids for version in pair] == [("a",), ("a",)]
    found = measured(pair, EFFORT)
    rate = found.figures["average_detection_rate"]
    assert (rate.first, rate.second) == (0.0, 1.0)  # the pit was a dent


def test_without_an_image_in_common_there_is_no_pair() -> None:
    snapshot, mine = files("detection", ("pit",), [(part("a"), says("a"))])
    assert paired(snapshot, stored("detection", ("pit",), [says("z")]), mine) is None


def test_classes_are_compared_by_name_whatever_their_order() -> None:
    names = [f"i{k}" for k in range(30)]
    shapes = {name: Shape(id=name, label="ok", kind="image") for name in names}
    pairs = [
        (image(name, (shapes[name],), (50, 50)), ImagePredictions(image_id=name, scores=(0.1, 0.9)))
        for name in names
    ]
    snapshot, mine = files("classification", ("bad", "ok"), pairs)
    half = [
        ImagePredictions(image_id=name, scores=(0.9, 0.1) if k % 2 else (0.2, 0.8))
        for k, name in enumerate(names)
    ]
    pair = paired(snapshot, stored("classification", ("ok", "bad"), half), mine)
    assert pair is not None
    found = measured(pair, EFFORT)
    rate = found.figures["average_detection_rate"]
    assert found.false_per_image is None
    assert (rate.first, rate.second) == (0.5, 1.0)
    assert rate.interval.low > 0


def named(manifest: bytes, **ids: str) -> bytes:
    document = orjson.loads(manifest)
    return orjson.dumps({**document, "label_ids": [ids[name] for name in document["labels"]]})


def of_classes(labels: tuple[str, ...], *found: tuple[str, tuple[float, ...]]) -> list[bytes]:
    """A snapshot of images with their label, and the scores of each."""
    pairs = [
        (
            image(f"i{k}", (Shape(id=f"i{k}", label=label, kind="image"),), (50, 50)),
            ImagePredictions(image_id=f"i{k}", scores=scores),
        )
        for k, (label, scores) in enumerate(found)
    ]
    return list(files("classification", labels, pairs))


def rate_of(pair: Pair | None) -> tuple[float, float]:
    assert pair is not None
    rate = measured(pair, EFFORT).figures["average_detection_rate"]
    return rate.first, rate.second


def test_a_label_that_got_the_name_of_another_since_is_still_itself() -> None:
    before, theirs = of_classes(("bad", "ok"), ("ok", (0.1, 0.9)), ("bad", (0.8, 0.2)))
    now, mine = of_classes(("bad", "good"), ("good", (0.1, 0.9)), ("bad", (0.8, 0.2)))
    assert rate_of(paired(now, theirs, mine, before)) == (0.5, 1.0)  # by name alone
    then, later = named(before, bad="1", ok="2"), named(now, bad="1", good="2")
    assert rate_of(paired(later, theirs, mine, then)) == (1.0, 1.0)
    swapped, other = of_classes(("bad", "ok"), ("bad", (0.9, 0.1)), ("ok", (0.2, 0.8)))
    later = named(swapped, bad="2", ok="1")
    assert rate_of(paired(later, theirs, other, then)) == (1.0, 1.0)


def test_a_renamed_label_of_objects_is_still_itself() -> None:
    found = part("a", "pit"), says("a", ("pit", 0.9, BOX))
    before, theirs = files("detection", ("pit",), [found])
    now = part("a", "hole"), says("a", ("hole", 0.9, BOX))
    snapshot, mine = files("detection", ("hole",), [now])
    assert rate_of(paired(snapshot, theirs, mine, before)) == (0.0, 1.0)
    pair = paired(named(snapshot, hole="1"), theirs, mine, named(before, pit="1"))
    assert rate_of(pair) == (1.0, 1.0)


def test_an_image_that_was_given_a_deleted_label_was_told_wrong() -> None:
    labels = ("bad", "ok", "stain")
    before, theirs = of_classes(labels, ("ok", (0.1, 0.2, 0.7)), ("bad", (0.8, 0.1, 0.1)))
    now, mine = of_classes(("bad", "ok"), ("ok", (0.1, 0.9)), ("bad", (0.8, 0.2)))
    assert rate_of(paired(now, theirs, mine, before)) == (0.5, 1.0)
    # Deleted, and another label took its name.
    taken = named(now, bad="1", ok="3")
    assert rate_of(paired(taken, theirs, mine, named(before, bad="1", ok="2", stain="3"))) == (
        1.0,
        1.0,
    )


def whole(inside: slice) -> Rle:
    pixels = np.zeros((40, 40), np.bool_)
    pixels[inside, inside] = True
    return Rle(size=(40, 40), counts=to_text(from_dense(pixels)))


def test_pixels_are_compared_by_their_mean_iou() -> None:
    names = [f"i{k}" for k in range(20)]
    drawn = ((10.0, 10.0), (30.0, 10.0), (30.0, 30.0), (10.0, 30.0))
    pictures = [
        image(n, (Shape(id=n, label="rust", kind="polygon", points=drawn),), (40, 40))
        for n in names
    ]

    def said(inside: slice) -> list[ImagePredictions]:
        masks = (LabelMask(label="rust", rle=whole(inside)),)
        return [ImagePredictions(image_id=name, label_masks=masks) for name in names]

    found = told(
        "semantic_segmentation", ("rust",), pictures, (said(slice(10, 20)), said(slice(10, 30)))
    )
    assert found.figures["mean_iou"].second == 1.0
    assert found.figures["mean_iou"].first < 0.7


def test_lines_are_compared_by_what_is_read_right() -> None:
    names = [f"i{k}" for k in range(20)]
    corners = ((10.0, 10.0), (30.0, 10.0), (30.0, 20.0), (10.0, 20.0))
    pictures = [
        image(n, (Shape(id=n, label="text", kind="polygon", points=corners, text="A1"),), (40, 40))
        for n in names
    ]

    def said(text: str) -> list[ImagePredictions]:
        line = TextLine(points=corners, text=text, score=0.9)
        return [ImagePredictions(image_id=name, lines=(line,)) for name in names]

    found = told("ocr", ("text",), pictures, (said("A7"), said("A1")))
    decides = [found.figures[name].difference for name in found.figures][:2]
    assert decides == [1.0, 0.5]


@pytest.mark.parametrize(
    ("written", "decides", "difference"),
    [
        ("LOT", "exact_match_any_case", 0.0),  # all texts in capitals: nobody can tell
        ("Lot", "exact_match", 1.0),
        ("117", "exact_match", 1.0),
    ],
)
def test_case_decides_where_the_annotations_tell_it_alone(
    written: str, decides: str, difference: float
) -> None:
    corners = ((10.0, 10.0), (30.0, 10.0), (30.0, 20.0), (10.0, 20.0))
    shape = Shape(id="s", label="text", kind="polygon", points=corners, text=written)
    pictures = [image(f"i{k}", (shape,), (40, 40)) for k in range(20)]

    def said(text: str) -> list[ImagePredictions]:
        line = TextLine(points=corners, text=text, score=0.9)
        return [ImagePredictions(image_id=one.image_id, lines=(line,)) for one in pictures]

    other = written.swapcase() if written.swapcase() != written else "11l"
    found = told("ocr", ("text",), pictures, (said(other), said(written)))
    assert next(iter(found.figures)) == decides
    assert found.figures[decides].difference == difference
    assert found.figures["exact_match"].difference == 1.0


async def succeed(
    service: Service, stores: Stores, name: str, blobs: tuple[bytes, bytes], champion: str | None
) -> None:
    body = succeeded(await store(stores, blobs[0]), await store(stores, blobs[1]), name)
    body = body.model_copy(update={"champion": champion})
    for handler in by_event(service.subscriptions)[type(body)]:
        await handler(event(body))
    await work_off(service)


async def reported(stores: Stores) -> list[dict[str, Any]]:
    boxes = await stores.documents.outboxes([REPORTS.name], 100)
    await stores.close()
    said = [orjson.loads(e.value_bytes()) for box in boxes for e in box.events]
    return [one["data"] for one in said if one["type"] == "report.completed"]


@pytest.mark.parametrize(
    ("champion", "rivals"), [("V1", ["V3", "V2", "V1"]), ("V3", ["V3"]), (None, ["V3", "V2", "V1"])]
)
async def test_a_report_tells_of_all_who_may_serve_by_then(
    stores: Stores, monkeypatch: pytest.MonkeyPatch, champion: str | None, rivals: list[str]
) -> None:
    monkeypatch.setenv("LOUPE_EVALUATOR_REPLICATES", "20")
    service = build(stores)
    await stores.open(service.all_collections)
    await project(service)
    for name in ("V1", "V2", "V3", "V4"):
        pairs = [(part("a"), says("a", ("pit", 0.9, BOX)))]
        blobs = files("detection", ("pit",), pairs, name=name)
        await succeed(service, stores, name, blobs, champion)
    (last,) = [one for one in await reported(stores) if one["version"] == "V4"]
    assert [one["with_version"] for one in last["comparisons"]] == rivals
    assert last["comparisons"][0]["images"] == 1


async def test_a_rival_whose_files_are_damaged_keeps_no_report_away(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOUPE_EVALUATOR_REPLICATES", "20")
    service = build(stores)
    blobs = files("detection", ("pit",), [(part("a"), says("a"))])
    await stores.open(service.all_collections)
    await project(service)
    await succeed(service, stores, "V1", (blobs[0], b"no predictions"), None)
    await succeed(service, stores, "V2", blobs, "V1")
    (report,) = await reported(stores)
    assert (report["version"], report["comparisons"]) == ("V2", [])
