"""Names of the tasks and of the shapes that they know, on the wire and in every manifest."""

from typing import Literal

TaskName = Literal[
    "classification", "detection", "instance_segmentation", "semantic_segmentation", "ocr"
]
ShapeKind = Literal["box", "rotated_box", "polygon", "mask", "image"]

NEVER_CUT: tuple[TaskName, ...] = ("classification", "ocr")
"""Tasks whose images are never tiled: a line of text or a label of the whole fits no tile.

It stands here, not in each task's file, for those who know tasks by name only and have none of
their arithmetic (the workspace).
"""
