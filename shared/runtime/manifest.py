"""`model.json`: everything a predictor must know about an exported model beside its weights."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, Self

from shared.vision.merging import MergeMethod, MergeRule, Overlap
from shared.vision.tiles import TilePlan

FORMAT = 1
SCORE_FLOOR = 0.01
Resize = Literal["letterbox", "stretch"]


class ManifestError(ValueError):
    """The text is no `model.json` that this release can read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelManifest:
    """The description that travels with every exported model.

    Attributes:
        task: The project's task, such as ``detection``.
        labels: Label names; their position is the label index of the model's scores.
        input_width: Width in pixels of the model's input.
        input_height: Height in pixels of the model's input.
        resize: ``letterbox`` keeps the aspect ratio and pads right and below, ``stretch`` does not.
        pad_value: Grey level of the padding, 0-255.
        tile_plan: How the model cuts the images it is given; None looks at each one whole.
        input_plan: How the images it was trained on had been cut before (a tiled project); None
            where they were whole ones. It looks at tiles of this plan and of no other.
        threshold: Score from which a detection is shown (the contract's detection threshold).
        score_floor: Score below which a detection is never kept, not even for evaluation.
        nms_iou_threshold: IoU above which the weaker of two boxes of one label is dropped.
        merge: How boxes that overlap become one; None: NMS at ``nms_iou_threshold``.
        merge_ios_threshold: Overlap over the smaller box above which two boxes of one label
            from different windows are one object.
        max_detections: The most detections of one image, the best ones.
        decode: Where boxes are decoded; ``in_graph_xyxy``: inside the exported graph.
        dataset_hash: Hash of the snapshot the model was trained on.
        backbone: Name of the backbone, such as ``mobilenet_v2``.
        backbone_weights: Where its first weights came from: ``start:…`` (with the detector's other
            layers), ``folder:…``, ``package:…``, ``hub:…`` or none.
        backbone_licence: SPDX name of their licence; empty where it is not known.
        backbone_source: Address of the project that gives them; empty where it is not known.
        version: The project's version name such as ``V1``; empty before it has one.
        alphabet: What a model of OCR reads: its sign k is the (k - 1)th here, 0 is none.
        model_sha256: Hash of the model file this manifest belongs to.
        format: Layout of this document.
    """

    task: str
    labels: tuple[str, ...]
    input_width: int
    input_height: int
    resize: Resize = "letterbox"
    pad_value: int = 114
    tile_plan: TilePlan | None = None
    input_plan: TilePlan | None = None
    threshold: float = 0.3
    score_floor: float = SCORE_FLOOR
    nms_iou_threshold: float = 0.6
    merge: MergeRule | None = None
    merge_ios_threshold: float = 0.6
    max_detections: int = 300
    decode: Literal["in_graph_xyxy"] = "in_graph_xyxy"
    dataset_hash: str = ""
    backbone: str = ""
    backbone_weights: str = "none"
    backbone_licence: str = ""
    backbone_source: str = ""
    version: str = ""
    alphabet: tuple[str, ...] = ()
    model_sha256: str = ""
    format: int = field(default=FORMAT)

    def __post_init__(self) -> None:
        if self.format != FORMAT:
            raise ManifestError(f"model.json has format {self.format}; this release reads {FORMAT}")
        if self.input_width < 1 or self.input_height < 1:
            raise ManifestError("input_width and input_height must be at least 1 pixel")
        if not 0 <= self.score_floor <= self.threshold <= 1:
            raise ManifestError("0 <= score_floor <= threshold <= 1 must hold")

    @property
    def learnt_plan(self) -> TilePlan:
        """The plan of the tiles that the model knows; a tile of any other plan is refused."""
        return self.input_plan or self.tile_plan or TilePlan()

    @property
    def merge_rule(self) -> MergeRule:
        """How boxes of one label that overlap become one."""
        return self.merge or MergeRule(MergeMethod.NMS, Overlap.IOU, self.nms_iou_threshold)

    def to_json(self) -> str:
        """The document as text: sorted keys, two-space indent, so that equal manifests are equal.

        Each plan's hash stands beside it, for readers in other languages.

        >>> manifest = ModelManifest(task="detection", labels=("a",), input_width=8, input_height=8)
        >>> ModelManifest.from_json(manifest.to_json()) == manifest
        True
        """
        values: dict[str, Any] = asdict(self)
        values["labels"], values["alphabet"] = list(self.labels), list(self.alphabet)
        for name, plan in (("tile_plan", self.tile_plan), ("input_plan", self.input_plan)):
            values[name] = None if plan is None else plan.to_json()
            values[f"{name}_hash"] = None if plan is None else plan.hash
        return json.dumps(values, indent=2, sort_keys=True, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Reads the document; unknown keys are ignored, so that newer writers may add some.

        Raises:
            ManifestError: Not JSON, a missing key, a value out of range, or a hash of another plan.
        """
        try:
            values = json.loads(text)
        except ValueError as error:
            raise ManifestError(f"model.json is not JSON: {error}") from error
        if not isinstance(values, Mapping):
            raise ManifestError("model.json must be a JSON object")
        known = {item.name for item in fields(cls)}
        picked = {key: value for key, value in values.items() if key in known}
        try:
            picked["labels"] = tuple(picked["labels"])
            picked["alphabet"] = tuple(picked.get("alphabet", ()))
            picked["tile_plan"] = _plan(values, "tile_plan")
            picked["input_plan"] = _plan(values, "input_plan")
            picked["merge"] = _merge(values.get("merge"))
            return cls(**picked)
        except ManifestError:
            raise
        except (KeyError, TypeError, ValueError) as error:
            raise ManifestError(f"model.json is incomplete: {error}") from error


def _plan(values: Mapping[str, Any], name: str) -> TilePlan | None:
    plan = None if values.get(name) is None else TilePlan.from_json(values[name])
    said = values.get(f"{name}_hash")
    if said is not None and (plan is None or plan.hash != said):
        raise ManifestError(f"{name}_hash of model.json belongs to another plan")
    return plan


def _merge(values: Mapping[str, Any] | None) -> MergeRule | None:
    if values is None:
        return None
    return MergeRule(
        MergeMethod(values["method"]),
        Overlap(values["overlap"]),
        float(values["threshold"]),
        bool(values["per_label"]),
    )
