"""Images are cut in production as they were in training, or refused."""

import pytest

from shared.runtime.cuts import PlanRefused, cut_for
from shared.runtime.manifest import ModelManifest
from shared.vision.tiles import TilePlan

GRID = TilePlan(grid=(2, 2))
LAPPED = TilePlan(grid=(2, 2), overlap_px=10)
FREE = TilePlan(tile_size=(40, 30), overlap_px=4)
WIDTH, HEIGHT = 80, 60


def manifest(own: TilePlan | None, before: TilePlan | None) -> ModelManifest:
    return ModelManifest(
        task="detection",
        labels=("a",),
        input_width=8,
        input_height=8,
        tile_plan=own,
        input_plan=before,
    )


@pytest.mark.parametrize(
    ("own", "before", "tile", "tiles", "windows", "reason"),
    [
        (None, None, None, 1, 1, "a plain model looks at whole images"),
        (FREE, None, None, 1, 9, "large images are cut by the model's own plan"),
        (FREE, None, FREE, 1, 1, "a tile of the model's own plan is not cut by it again"),
        (None, GRID, None, 4, 4, "a whole image is cut as the images of the training were"),
        (None, GRID, GRID, 1, 1, "a tile is what the model learnt from"),
        (FREE, GRID, GRID, 1, 9, "the model cut tiles further in training, so it does now"),
        (FREE, GRID, None, 4, 4, "each tile of the input plan is cut as in training"),
    ],
)
def test_image_is_cut_as_in_training(own, before, tile, tiles, windows, reason):
    cut = cut_for(manifest(own, before), WIDTH, HEIGHT, tile_plan_hash=tile.hash if tile else None)
    assert (len(cut.tiles), len(cut.all_windows)) == (tiles, windows), reason


@pytest.mark.parametrize(
    ("own", "before"), [(None, None), (FREE, None), (None, LAPPED), (FREE, LAPPED)]
)
def test_tile_of_another_plan_is_refused(own, before):
    with pytest.raises(PlanRefused, match="another plan"):
        cut_for(manifest(own, before), WIDTH, HEIGHT, tile_plan_hash=GRID.hash)


def test_whole_image_whose_tiles_would_be_out_of_bounds_is_refused():
    with pytest.raises(PlanRefused, match="29 x 40"):
        cut_for(manifest(None, GRID), 59, 80)


def test_windows_of_a_tile_lie_in_the_tile():
    cut = cut_for(manifest(FREE, GRID), 160, 120)
    assert len(cut.tiles) == 4
    for tile, windows in zip(cut.tiles, cut.windows, strict=True):
        x1, y1, x2, y2 = tile.box_xyxy
        assert len(windows) == 9
        assert min(w.x for w in windows) == x1
        assert min(w.y for w in windows) == y1
        assert max(w.x + w.width for w in windows) == x2
        assert max(w.y + w.height for w in windows) == y2
