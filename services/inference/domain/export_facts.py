"""What an export says of itself: the document inside it, and the notice of what it began from."""

from typing import Any

from shared.release import VERSION
from shared.runtime.manifest import ModelManifest
from shared.sdk.bundle import FORMAT


def facts_of(manifest: ModelManifest, *, target: str, project: tuple[str, str]) -> dict[str, Any]:
    """Return what ``bundle.json`` says beside the hashes of the files.

    Args:
        manifest: The model's description.
        target: What was asked for.
        project: Its id and its name.
    """
    plans = {"tile_plan": manifest.tile_plan, "input_plan": manifest.input_plan}
    return {
        "format": FORMAT,
        "release": VERSION,
        "target": target,
        "precision": precision_of(target),
        "project": {"id": project[0], "name": project[1]},
        "version": manifest.version,
        "task": manifest.task,
        "labels": list(manifest.labels),
        "threshold": manifest.threshold,
        "preprocessing": {
            "layout": "uint8 NHWC",
            "colours": "RGB",
            "width": manifest.input_width,
            "height": manifest.input_height,
            "resize": manifest.resize,
            "pad_value": manifest.pad_value,
        },
        **{name: None if plan is None else plan.to_json() for name, plan in plans.items()},
        "dataset_hash": manifest.dataset_hash,
        "start": {
            "backbone": manifest.backbone,
            "weights": manifest.backbone_weights,
            "licence": manifest.backbone_licence,
            "source": manifest.backbone_source,
        },
    }


def precision_of(target: str) -> str:
    """Return in what numbers the model of a target reckons.

    >>> precision_of("onnx-int8"), precision_of("sdk")
    ('int8', 'float32')
    """
    return "int8" if target == "onnx-int8" else "float32"


def notice_of(manifest: ModelManifest) -> str:
    """Return in words whose work the model began from, and under which licence.

    >>> facts = {"labels": ("a",), "input_width": 8, "input_height": 8}
    >>> "random weights" in notice_of(ModelManifest(task="detection", **facts))
    True
    """
    if manifest.backbone_weights == "none":
        return "This model began with random weights: no foreign weights are in it.\n"
    return (
        f"This model was trained from the weights {manifest.backbone_weights}"
        f" ({manifest.backbone or 'backbone'}).\n"
        f"Licence: {manifest.backbone_licence or 'not known to the platform'}\n"
        f"Source: {manifest.backbone_source or 'not known to the platform'}\n"
    )
