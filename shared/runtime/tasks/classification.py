"""Classification: one label for the whole image."""

from shared.runtime.tasks.spec import ColumnSpec, OutputSpec, Results, TaskSpec

CLASSIFICATION: TaskSpec[Results] = TaskSpec(
    name="classification",
    shape_kinds=("image",),
    outputs=(OutputSpec("scores", ("labels",), tolerance=1e-4),),
    columns=(ColumnSpec("scores", "float32", ("labels",)),),
    most_shapes=1,
)
