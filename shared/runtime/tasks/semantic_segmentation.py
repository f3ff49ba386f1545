"""Semantic segmentation: a label for each pixel, or none for the background."""

from shared.runtime.tasks.spec import FREE, ColumnSpec, OutputSpec, Results, TaskSpec

SEMANTIC_SEGMENTATION: TaskSpec[Results] = TaskSpec(
    name="semantic_segmentation",
    shape_kinds=("polygon", "mask"),
    outputs=(OutputSpec("scores", ("labels", FREE, FREE), tolerance=1e-4),),
    columns=(
        ColumnSpec("label", "int64"),
        ColumnSpec("rle", "uint8", ragged=True),
    ),
)
