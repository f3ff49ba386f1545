"""How an image is cut for a model: the same way in production as in training (C-139)."""

from dataclasses import replace

from shared.runtime.manifest import ModelManifest
from shared.vision.tiles import TilePlan


def manifest_for(
    manifest: ModelManifest,
    *,
    project_grid: tuple[int, int] | None = None,
    tile_plan_hash: str | None = None,
) -> ModelManifest | None:
    """The manifest by which one image is predicted; None where the image does not fit the model.

    A grid, the model's own or the project's, says how images were cut before the model saw them:

    * a tile of that grid is what the model learnt from: it is not cut by the grid again;
    * a tile of any other plan does not fit;
    * a whole image is cut by the model's plan, or else by the project's grid.

    Args:
        manifest: The model's description.
        project_grid: Rows and columns of the project's tiling option.
        tile_plan_hash: Plan by which the image was cut out of a larger one; None for a whole one.

    >>> manifest = ModelManifest(task="detection", labels=("a",), input_width=8, input_height=8)
    >>> manifest_for(manifest, project_grid=(2, 2)).tile_plan.grid
    (2, 2)
    >>> tile = TilePlan(grid=(2, 2)).hash
    >>> manifest_for(manifest, project_grid=(2, 2), tile_plan_hash=tile) == manifest
    True
    >>> manifest_for(manifest, project_grid=(2, 3), tile_plan_hash=tile) is None
    True
    """
    plan = manifest.tile_plan
    project_plan = TilePlan(grid=project_grid) if project_grid else None
    if tile_plan_hash is None:
        cut_by_project = plan is None and project_plan is not None
        return replace(manifest, tile_plan=project_plan) if cut_by_project else manifest
    own_grid = plan is not None and plan.grid is not None
    learnt = plan if own_grid else project_plan
    if learnt is None or learnt.hash != tile_plan_hash:
        return None
    return replace(manifest, tile_plan=None) if own_grid else manifest
