"""Images are cut in production as they were in training, or refused."""

import pytest

from services.inference.domain.cutting import manifest_for
from shared.runtime.manifest import ModelManifest
from shared.vision.tiles import TilePlan

GRID = TilePlan(grid=(2, 2))
OTHER = TilePlan(grid=(3, 3))
FREE = TilePlan(tile_size=(400, 300), overlap_px=20)


def manifest(plan: TilePlan | None) -> ModelManifest:
    return ModelManifest(
        task="detection", labels=("a",), input_width=8, input_height=8, tile_plan=plan
    )


@pytest.mark.parametrize(
    ("model", "grid", "tile", "expected", "reason"),
    [
        (None, None, None, None, "a plain model looks at whole images"),
        (FREE, None, None, FREE, "large images are cut by the model's own plan"),
        (None, (2, 2), None, GRID, "a whole image of a tiled project is cut as its tiles were"),
        (None, (2, 2), GRID, None, "a tile is what the model learnt from"),
        (FREE, (2, 2), GRID, FREE, "the model cut tiles further in training, so serving does"),
        (GRID, None, GRID, None, "a tile of the model's grid is not cut again"),
        (GRID, None, None, GRID, "a whole image is cut by the model's grid"),
    ],
)
def test_image_is_cut_as_in_training(model, grid, tile, expected, reason):
    found = manifest_for(
        manifest(model), project_grid=grid, tile_plan_hash=tile.hash if tile else None
    )
    assert found is not None, reason
    assert found.tile_plan == expected, reason


@pytest.mark.parametrize(
    ("model", "grid"), [(None, None), (None, (2, 2)), (GRID, None), (FREE, None)]
)
def test_tile_of_another_plan_never_fits(model, grid):
    assert manifest_for(manifest(model), project_grid=grid, tile_plan_hash=OTHER.hash) is None
