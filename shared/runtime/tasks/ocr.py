"""OCR: lines of text, where they are and what they say."""

from shared.runtime.tasks.spec import FREE, ColumnSpec, OutputSpec, Results, TaskSpec

OCR: TaskSpec[Results] = TaskSpec(
    name="ocr",
    shape_kinds=("box", "rotated_box", "polygon"),
    outputs=(
        OutputSpec("corners", (FREE, 4, 2), tolerance=0.1, unit="px"),
        OutputSpec("scores", (FREE,), tolerance=1e-4),
        # One row a line: the score of each sign of the alphabet at each step.
        OutputSpec("signs", (FREE, FREE, FREE), tolerance=1e-4),
    ),
    columns=(
        ColumnSpec("score", "float32"),
        ColumnSpec("points", "float32", (2,), ragged=True),
        ColumnSpec("text", "uint8", ragged=True),
    ),
)
