"""Whether a bundle is what the platform made, and answers on this machine as it did there."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.runtime.golden import Golden, all_differences
from shared.runtime.onnx_session import OnnxSession
from shared.runtime.preprocess import Image
from shared.runtime.tasks.table import spec_of
from shared.sdk.bundle import EXPECTED, GOLDEN, MODEL, Bundle, BundleError, document
from shared.sdk.comparison import Columns, Difference, Edges, Limits, difference
from shared.sdk.image_files import ImageUnreadable, read_image
from shared.sdk.model import Model

_SIDES = {"box": 4, "points": 2}  # of columns whose values have several

# In 8 bits the last bits of a sum decide on a whole step: ONNX Runtime with and without its fusions
# answered 0.034 in scores apart, measured on a detector; of float32 1e-4 are allowed.
_COARSER = 500.0

ReadImage = Callable[[bytes], Image]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a model said about an image, and how it was asked.

    Attributes:
        reported: What it said.
        threshold: The lowest score that it was asked for.
        tile_plan_hash: The plan by which the image had been cut out of a larger one.
    """

    reported: Columns
    threshold: float
    tile_plan_hash: str | None = None


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

    A bundle that is not what was signed is not run.

    Args:
        bundle: Its zip or folder.
        fingerprint: That of the platform's key, as its console shows it; None accepts any.
        read: How image files are read: hand over your own to see whether the model may have what
            it gives (`(H, W, 3)` uint8 RGB, upright).
        limits: How far an answer may lie from the platform's; None takes those by which this
            release certifies.

    Raises:
        BundleError: It is no bundle, or its files are signed and cannot be read.
    """
    opened = bundle if isinstance(bundle, Bundle) else Bundle.read(bundle)
    if faults := opened.faults(fingerprint):
        return _said_of(opened, [], faults)
    model = Model.unchecked(opened)
    faults = _wrong_tensors(opened, model)
    found: list[Difference] = []
    for case in _cases(opened):
        try:
            told, wrong = _answer(model, _Case.of(case, opened.files, read), limits or Limits())
        except BundleError as error:
            faults.append(str(error))
        else:
            found.append(told)
            faults += wrong
    return _said_of(opened, found, faults)


def _said_of(opened: Bundle, found: Sequence[Difference], faults: Sequence[str]) -> Verification:
    try:
        fingerprint = opened.fingerprint
    except BundleError:  # already told as a fault
        fingerprint = ""
    return Verification(
        fingerprint=fingerprint,
        images=len(found),
        score=max((one.score for one in found), default=0.0),
        box_px=max((one.box_px for one in found), default=0.0),
        mask_iou=min((one.mask_iou for one in found), default=1.0),
        faults=tuple(faults),
    )


def compared(model: Model, pixels: Image, asked: Asked, limits: Limits) -> Difference:
    """Ask a model again and return how far its answer lies from the other; see `asked_again`."""
    return asked_again(model, pixels, asked, limits)[0]


def asked_again(
    model: Model, pixels: Image, asked: Asked, limits: Limits
) -> tuple[Difference, Columns]:
    """Ask a model again; return how far its answer lies from the other, and the answer.

    Pixels tell no scores: where they differ, a part of them at the threshold may be told or not.

    Raises:
        ValueError: It cannot answer.
    """
    edges = Edges(asked.threshold, model.manifest.max_detections)

    def at(threshold: float) -> tuple[Difference, Columns]:
        found = model.results(pixels, threshold=threshold, tile_plan_hash=asked.tile_plan_hash)
        columns = found.columns()
        size = pixels.shape[:2]
        return difference(columns, asked.reported, size, edges, limits=limits), columns

    told = at(asked.threshold)
    if told[0].within(limits) or spec_of(model.task).tells_scores:
        return told
    near = (at(threshold) for threshold in _around(asked.threshold, limits))
    return next((one for one in near if one[0].within(limits)), told)


def _around(threshold: float, limits: Limits) -> tuple[float, float]:
    return max(0.0, threshold - limits.score), min(1.0, threshold + limits.score)


def said(found: Difference) -> str:
    """Return a difference in words.

    >>> said(Difference(2, 3, score=0.5))
    '2 results instead of 3, scores 0.5 apart'
    """
    parts = []
    if found.results != found.reported:
        parts.append(f"{found.results} results instead of {found.reported}")
    if found.unpaired:
        parts.append(f"{found.unpaired} without a partner")
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
    """Return what `columns_to_json` wrote; an empty column of boxes or points keeps its sides."""
    found = {name: np.array(one["values"], one["dtype"]) for name, one in values.items()}
    return {
        name: one.reshape(-1, _SIDES[name]) if name in _SIDES else one
        for name, one in found.items()
    }


def _wrong_tensors(bundle: Bundle, model: Model) -> list[str]:
    """Whether the graph alone answers what it did when it was exported, one score a label."""
    coarser = _COARSER if bundle.facts.get("precision") == "int8" else 1.0
    outputs = [
        replace(one, tolerance=one.tolerance * coarser) for one in spec_of(model.task).outputs
    ]
    try:
        golden = Golden.from_bytes(bundle.files[GOLDEN], outputs)
        wrong = golden.misfits(outputs, len(model.labels))
        wrong += all_differences(golden, OnnxSession(bundle.files[MODEL]).run, outputs)
    except KeyError as error:
        return [f"the bundle has no {error.args[0]}"]
    except Exception as error:  # onnxruntime has no class of its own to name
        return [f"the golden input cannot be predicted: {error}"]
    return [f"{MODEL}: {one}" for one in wrong]


def _cases(bundle: Bundle) -> list[Any]:
    cases = document(bundle.files, EXPECTED).get("images") if EXPECTED in bundle.files else []
    if not isinstance(cases, list):
        raise BundleError(f"{EXPECTED} is damaged")
    return cases


@dataclass(frozen=True, slots=True)
class _Case:
    """An image of the bundle, and what the platform said of it."""

    name: str
    pixels: Image
    asked: Asked
    shown: int

    @classmethod
    def of(cls, case: object, files: Mapping[str, bytes], read: ReadImage) -> "_Case":
        """Read a case of `EXPECTED`; raise BundleError where it is damaged."""
        if not isinstance(case, dict):
            raise BundleError(f"{EXPECTED} is damaged: {case!r} is no case")
        name = case.get("image")
        if not isinstance(name, str) or name not in files:
            raise BundleError(f"{EXPECTED} names {name!r}, which is not there")
        try:
            reported = columns_from_json(case["columns"])
            asked = Asked(reported, float(case["threshold"]), case["tile_plan_hash"])
            return cls(name, read(files[name]), asked, int(case["shown"]))
        except ImageUnreadable as error:
            raise BundleError(f"{name}: {error}") from error
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise BundleError(f"{EXPECTED} is damaged at {name}: {error!r}") from error


def _answer(model: Model, case: _Case, limits: Limits) -> tuple[Difference, list[str]]:
    """How far the answer about an image lies from the platform's, and what of it is wrong."""
    try:
        told = compared(model, case.pixels, case.asked, limits)
        wrong = _wrong_count(model, case, told, limits)
    except Exception as error:  # the graph takes other tensors, the columns are of another task
        raise BundleError(f"{case.name} cannot be predicted: {error}") from error
    if not told.within(limits):
        wrong.insert(0, f"{case.name}: the answer is not the platform's ({said(told)})")
    return told, wrong


def _wrong_count(model: Model, case: _Case, told: Difference, limits: Limits) -> list[str]:
    """Whether other results are shown at the model's own threshold, but for those at its edge."""

    def shown(threshold: float) -> int:
        plan = case.asked.tile_plan_hash
        return len(model.results(case.pixels, threshold=threshold, tile_plan_hash=plan))

    here = shown(model.threshold)
    if here == case.shown:
        return []
    spare = told.unpaired
    if told.mask_iou < 1 and not spec_of(model.task).tells_scores:  # a pixel is a part, too
        spare = limits.mask_px
    most, least = (shown(threshold) for threshold in _around(model.threshold, limits))
    if least - spare <= case.shown <= most + spare:
        return []
    return [f"{case.name}: {here} results at the model's threshold, not {case.shown}"]
