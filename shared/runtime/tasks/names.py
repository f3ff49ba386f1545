"""Names of the tasks and of the shapes that they know, on the wire and in every manifest."""

from typing import Literal

TaskName = Literal[
    "classification", "detection", "instance_segmentation", "semantic_segmentation", "ocr"
]
ShapeKind = Literal["box", "rotated_box", "polygon", "mask", "image"]
