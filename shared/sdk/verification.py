"""Whether a bundle is what the platform made, and answers on this machine as it did there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.runtime.golden import Golden, differences
from shared.runtime.onnx_session import OnnxSession
from shared.runtime.preprocess import Image
from shared.runtime.tasks.table import spec_of
from shared.sdk.bundle import EXPECTED, GOLDEN, MODEL, Bundle, BundleError, document
from shared.sdk.comparison import Columns, Difference, Limits, difference
from shared.sdk.image_files import read_image
from shared.sdk.model import Model

ReadImage = Callable[[bytes], Image]


@dataclass(frozen=True, slots=True)
class Verification:
    """What `verify` found.

    Attributes:
        fingerprint: Of the key that is inside.
        images: Images of the bundle that were predicted here.
        score: Largest difference of a score to the platform's answers.
        box_px: Largest difference of a box's side, in pixels.
        mask_iou: Least intersection over union of a label's pixels.
        faults: What is wrong, in words; nothing where all is well.
    """

    fingerprint: str
    images: int
    score: float
    box_px: float
    mask_iou: float
    faults: tuple[str, ...]

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults


def verify(
    bundle: Path | str | Bundle,
    *,
    fingerprint: str | None = None,
    read: ReadImage = read_image,
    limits: Limits | None = None,
) -> Verification:
    """Check the signature, every file, and the model's answers on the bundle's own images.

    Args:
        bundle: Its zip or folder.
        fingerprint: That of the platform's key, as its console shows it; None accepts any.
        read: How image files are read: hand over your own to see whether the model may have what
            it gives (`(H, W, 3)` uint8 RGB, upright).
        limits: How far an answer may lie from the platform's; None takes the certificate's.

    Raises:
        BundleError: It is no bundle, or one whose files cannot be read.
    """
    opened = bundle if isinstance(bundle, Bundle) else Bundle.read(bundle)
    faults = opened.faults(fingerprint)
    model = Model.unchecked(opened)
    faults += _wrong_tensors(opened, model)
    found: list[Difference] = []
    for case in _cases(opened):
        told, shown = _answer(opened, model, case, read)
        found.append(told)
        if not told.within(limits or Limits()):
            faults.append(f"{case['image']}: the answer is not the platform's ({said(told)})")
        if shown != case["shown"]:
            faults.append(
                f"{case['image']}: {shown} results at the model's threshold, not {case['shown']}"
            )
    return Verification(
        fingerprint=opened.fingerprint,
        images=len(found),
        score=max((one.score for one in found), default=0.0),
        box_px=max((one.box_px for one in found), default=0.0),
        mask_iou=min((one.mask_iou for one in found), default=1.0),
        faults=tuple(faults),
    )


def said(found: Difference) -> str:
    """Return a difference in words.

    >>> said(Difference(2, 3, score=0.5))
    '2 results instead of 3, scores 0.5 apart'
    """
    parts = []
    if found.results != found.reported:
        parts.append(f"{found.results} results instead of {found.reported}")
    if found.labels_differ:
        parts.append("other labels")
    if found.score:
        parts.append(f"scores {found.score:.3g} apart")
    if found.box_px:
        parts.append(f"boxes {found.box_px:.3g} px apart")
    if found.mask_iou < 1:
        parts.append(f"masks agree to {found.mask_iou:.5f}")
    return ", ".join(parts) or "equal"


def columns_to_json(columns: Columns) -> dict[str, Any]:
    """Return columns as JSON has them; float32 comes back exactly."""
    return {
        name: {"dtype": values.dtype.name, "values": values.tolist()}
        for name, values in columns.items()
    }


def columns_from_json(values: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    """Return what `columns_to_json` wrote; an empty box column keeps its four sides."""
    found = {name: np.array(one["values"], one["dtype"]) for name, one in values.items()}
    return {name: one.reshape(-1, 4) if name == "box" else one for name, one in found.items()}


def _wrong_tensors(bundle: Bundle, model: Model) -> list[str]:
    """Whether the graph alone answers what it did when it was exported."""
    outputs = spec_of(model.task).outputs
    try:
        golden = Golden.from_bytes(bundle.files[GOLDEN], outputs)
        answer = OnnxSession(bundle.files[MODEL]).run(golden.image)
    except KeyError as error:
        return [f"the bundle has no {error.args[0]}"]
    except Exception as error:  # onnxruntime has no class of its own to name
        return [f"the golden input cannot be predicted: {error}"]
    return [f"{MODEL}: {one}" for one in differences(golden, answer, outputs)]


def _cases(bundle: Bundle) -> list[dict[str, Any]]:
    cases = document(bundle.files, EXPECTED).get("images") if EXPECTED in bundle.files else []
    if not isinstance(cases, list):
        raise BundleError(f"{EXPECTED} is damaged")
    return cases


def _answer(
    bundle: Bundle, model: Model, case: Mapping[str, Any], read: ReadImage
) -> tuple[Difference, int]:
    try:
        pixels = read(bundle.files[case["image"]])
        expected = columns_from_json(case["columns"])
        threshold, plan = case["threshold"], case["tile_plan_hash"]
    except KeyError as error:
        raise BundleError(f"{EXPECTED} names {error.args[0]!r}, which is not there") from error
    try:
        found = model.results(pixels, threshold=threshold, tile_plan_hash=plan)
        shown = model.results(pixels, threshold=model.threshold, tile_plan_hash=plan)
    except ValueError as error:
        raise BundleError(f"{case['image']} cannot be predicted: {error}") from error
    return difference(found.columns(), expected, pixels.shape[:2]), len(shown)
