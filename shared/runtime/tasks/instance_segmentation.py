"""Instance segmentation: the outline of each object, from boxes and mask prototypes."""

from shared.runtime.tasks.spec import FREE, ColumnSpec, OutputSpec, Results, TaskSpec

INSTANCE_SEGMENTATION: TaskSpec[Results] = TaskSpec(
    name="instance_segmentation",
    shape_kinds=("polygon", "mask"),
    outputs=(
        OutputSpec("boxes", (FREE, 4), tolerance=0.1, unit="px"),
        OutputSpec("scores", (FREE, "labels"), tolerance=1e-4),
        # An object's mask: its coefficients times the prototypes (YOLACT, arXiv:1904.02689).
        OutputSpec("coefficients", (FREE, FREE), tolerance=1e-3),
        OutputSpec("prototypes", (FREE, FREE, FREE), tolerance=1e-3),
    ),
    columns=(
        ColumnSpec("label", "int64"),
        ColumnSpec("score", "float32"),
        ColumnSpec("box", "float32", (4,)),
        ColumnSpec("rle", "uint8", ragged=True),
    ),
)
