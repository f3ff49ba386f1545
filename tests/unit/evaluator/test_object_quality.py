"""Tightness, counting, outlines and tile edges on objects drawn by hand."""

from dataclasses import replace

import numpy as np
import pytest
from scenes import samples

from services.evaluator.domain.numbers.draws import draw_images
from services.evaluator.domain.numbers.intervals import wilson
from services.evaluator.domain.objects import quality
from services.evaluator.domain.objects.evaluation import Evaluation, evaluate
from services.evaluator.domain.objects.operating_view import OperatingView, view_at
from services.evaluator.domain.objects.outlines import MEASURES
from services.evaluator.domain.objects.samples import Samples
from services.evaluator.domain.report import sections as report_sections
from services.evaluator.domain.report.fixed_figures import fixed_sections
from services.evaluator.domain.report.options import ReportOptions
from services.evaluator.domain.report.tree.quality import Quality
from shared.vision.masks import MaskTable, areas, bounds_xywh, from_dense, table
from shared.vision.tiles import TilePlan

BOX = (20.0, 20.0, 40.0, 40.0)


def seen(evaluation: Evaluation, threshold: float = 0.5) -> OperatingView:
    return view_at(evaluation, threshold=threshold, iou_threshold=0.5)


def told(evaluation: Evaluation, draws: int) -> Quality:
    """The quality section of a report, beside fixed figures of nothing."""
    drawn = draw_images(evaluation.arranged.images, draws)
    fixed = fixed_sections(evaluate(samples([], [])), ReportOptions(replicates=0))
    return report_sections.quality(seen(evaluation), fixed, drawn)


def measured(evaluation: Evaluation) -> dict[str, float]:
    """Outline figures of the only hit."""
    (row,) = quality.outline_measures(seen(evaluation)).tolist()
    return dict(zip(MEASURES, row, strict=False))


def of_masks(truths: list[np.ndarray], found: list[np.ndarray]) -> Samples:
    def code(pixels: list[np.ndarray]) -> MaskTable:
        return table([from_dense(p) for p in pixels], [p.shape for p in pixels])

    truth, shown = code(truths), code(found)
    given = samples(
        [(0, 0, tuple(box)) for box in bounds_xywh(truth)],
        [(0, 0, tuple(box), 0.9) for box in bounds_xywh(shown)],
    )
    return replace(
        given,
        truths=replace(given.truths, masks=truth, area=areas(truth)),
        detections=replace(given.detections, masks=shown, area=areas(shown)),
    )


def square(top: int, left: int, side: int) -> np.ndarray:
    out = np.zeros((120, 120), bool)
    out[top : top + side, left : left + side] = True
    return out


def test_a_loose_box_is_covered_but_not_tight() -> None:
    loose = (20.0, 20.0, 40.0, 50.0)
    found = measured(evaluate(samples([(0, 0, BOX)], [(0, 0, loose, 0.9)])))
    assert found["iou"] == pytest.approx(0.8)
    assert found["tightness"] == pytest.approx(0.8)
    assert found["coverage"] == pytest.approx(1.0)


def test_tightness_of_masks_is_measured_on_pixels() -> None:
    """The recorded area of a mask may be that of its polygon, or of a box: it is not looked at."""
    given = of_masks([square(30, 30, 40)], [square(30, 30, 30)])
    other = replace(given, truths=replace(given.truths, area=given.truths.area / 3))
    found = measured(evaluate(other, kind="mask"))
    assert found["tightness"] == 1.0
    assert found["coverage"] == pytest.approx(900 / 1600)


def test_without_hits_quality_is_undefined() -> None:
    for evaluation in (
        evaluate(samples([(0, 0, BOX)], [])),
        evaluate(of_masks([square(1, 1, 9)], [square(90, 90, 9)]), kind="mask"),
    ):
        found = told(evaluation, 5)
        assert found.iou is not None
        assert found.tightness is not None
        assert found.coverage is not None
        assert found.intervals is not None
        assert np.isnan([found.iou, found.tightness, found.coverage]).all()
        assert np.isnan(found.intervals["iou"].low)


def test_counts_per_image() -> None:
    given = samples(
        [(0, 0, BOX), (1, 0, BOX), (1, 0, BOX)], [(0, 0, BOX, 0.9), (2, 0, BOX, 0.9)], images=3
    )
    found = told(evaluate(given), 200)
    assert found.count_mean_absolute == pytest.approx(1.0)
    assert found.count_bias == pytest.approx(-1 / 3)
    assert found.count_exact_rate == pytest.approx(1 / 3)
    assert found.intervals is not None
    ends = found.intervals["count_bias"]
    assert ends.low < -1 / 3 < ends.high


def test_identical_masks_have_perfect_outlines() -> None:
    mask = square(30, 30, 40)
    found = measured(evaluate(of_masks([mask], [mask]), kind="mask"))
    assert found == dict.fromkeys(MEASURES, 1.0)


def test_a_moved_mask_keeps_its_shape_but_not_its_boundary() -> None:
    given = of_masks([square(30, 30, 40)], [square(30, 36, 40)])
    found = measured(evaluate(given, kind="mask"))
    assert found["iou"] == pytest.approx(34 / 46)
    assert found["shape"] == 1.0
    assert found["boundary_iou"] < found["iou"]
    assert found["boundary_f"] < 1.0


def test_boundary_iou_is_that_of_whole_masks_for_thin_objects() -> None:
    """An object thinner than twice the band is its own boundary (Cheng et al. 2021)."""
    given = of_masks([square(30, 30, 4)], [square(30, 31, 4)])
    found = measured(evaluate(given, kind="mask"))
    assert found["boundary_iou"] == pytest.approx(found["iou"])


def test_pairs_that_were_not_kept_are_undefined() -> None:
    given = of_masks([square(30, 30, 40)], [square(30, 50, 40)])
    evaluation = evaluate(given, kind="mask")
    loose = view_at(evaluation, threshold=0.5, iou_threshold=0.3)
    assert loose.pairs[0].tolist() == [0]
    assert np.isnan(quality.outline_measures(loose)).all()


def test_targets_cut_by_a_tile_edge_are_a_group_of_their_own() -> None:
    across = (90.0, 10.0, 20.0, 20.0)
    given = samples([(0, 0, across), (0, 0, BOX)], [(0, 0, BOX, 0.9)])
    view = seen(evaluate(given))
    edge, inside = quality.rate_by_tile_edge(view.evaluation, view.taken, TilePlan(grid=(1, 2)))
    assert (edge.name, edge.truths, edge.found) == ("tile_edge", 1, 0)
    assert (inside.name, inside.truths, inside.rate) == ("inside_tile", 1, 1.0)


def test_rates_by_size_use_cocos_limits() -> None:
    given = samples(
        [(0, 0, (0, 0, 31, 31)), (0, 0, (50, 50, 33, 33)), (0, 0, (90, 90, 97, 97))],
        [(0, 0, (0, 0, 31, 31), 0.9)],
    )
    view = seen(evaluate(given))
    groups = quality.rate_by_size(view.evaluation.arranged, view.taken)
    assert groups[0].interval == wilson(1, 1)
    assert [(g.name, g.truths, g.found) for g in groups] == [
        ("small", 1, 1),
        ("medium", 1, 0),
        ("large", 1, 0),
    ]


def test_frames_per_second() -> None:
    assert quality.frames_per_second(np.array([20.0, 30.0])) == pytest.approx(40.0)
    assert np.isnan(quality.frames_per_second(np.zeros(0)))
