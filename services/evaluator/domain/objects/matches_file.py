"""A stored evaluation as one compact file: any threshold and its errors, without the model."""

from dataclasses import fields
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

import numpy as np
import orjson
from numpy.lib.format import write_array
from numpy.typing import NDArray

from services.evaluator.domain.numbers.columns import BadSamples, Ints
from services.evaluator.domain.numbers.ordering import group
from services.evaluator.domain.objects.evaluation import Evaluation
from services.evaluator.domain.objects.evaluation_order import Arranged
from services.evaluator.domain.objects.matching import match, own_pairs
from services.evaluator.domain.objects.outlines import Outlines
from services.evaluator.domain.objects.overlaps import Overlaps
from services.evaluator.domain.objects.samples import (
    Detections,
    ImageList,
    Regions,
    Samples,
    Truths,
)
from shared.vision.masks import MaskTable

FORMAT = 3
READ = {1: ("box",), 2: ("box", "mask"), 3: ("box", "mask")}  # format 1 kept no masks
FOUND_AGAIN = ("labels", "det_source", "by_label", "label_start")  # columns that are not written
NO_BOXES = np.zeros((0, 4))
NONE = np.zeros(0, np.int64)


def matches_to_bytes(evaluation: Evaluation) -> bytes:
    """Write everything but the input order of detections and what follows; no pickle inside.

    Matches follow from the overlaps: making them again takes less time than packing them. Numbers
    take no more bytes than they need. Masks are kept as run-length codes, to be drawn, beside the
    outline figures of matched pairs.
    """
    arranged, samples = evaluation.arranged, evaluation.samples
    names: dict[str, Any] = {
        "format": FORMAT,
        "kind": evaluation.kind,
        "labels": samples.labels,
        "images": samples.images.ids,
        "truth_ids": samples.truths.ids,
        "thresholds": evaluation.matches.thresholds,
    }
    columns: dict[str, Any] = {
        f.name: getattr(arranged, f.name) for f in fields(Arranged) if f.name not in FOUND_AGAIN
    }
    columns |= {"widths": samples.images.widths, "heights": samples.images.heights}
    columns |= {
        f"overlaps_{f.name}": getattr(evaluation.overlaps, f.name) for f in fields(Overlaps)
    }
    if evaluation.masks is not None:
        columns |= {
            f"outlines_{f.name}": getattr(evaluation.outlines, f.name) for f in fields(Outlines)
        }
        for owner, masks in zip(("truth", "det"), evaluation.masks, strict=True):
            columns |= {f"{owner}_runs": masks.counts, f"{owner}_run_starts": masks.starts}
    names["types"] = {name: column.dtype.str for name, column in columns.items()}
    columns["names"] = np.frombuffer(orjson.dumps(names), np.uint8)
    out = BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED, compresslevel=1) as file:
        for name, column in columns.items():
            with file.open(f"{name}.npy", "w", force_zip64=True) as part:
                write_array(part, _narrowed(column), allow_pickle=False)
    return out.getvalue()


def _narrowed(column: NDArray[Any]) -> NDArray[Any]:
    """The same numbers in fewer bytes, where no bit of them is lost."""
    if column.size and column.dtype.kind == "i":
        least, most = (np.min_scalar_type(int(end)) for end in (column.min(), column.max()))
        return column.astype(np.promote_types(least, most))
    if column.dtype == np.float64:
        half = column.astype(np.float32)
        return half if ((half == column) | np.isnan(column)).all() else column
    return column


def matches_from_bytes(data: bytes) -> Evaluation:
    """Read what :func:`matches_to_bytes` wrote.

    The samples it carries have names and sizes, but no input rows: every figure but boundary AP
    can be asked of it.

    Raises:
        BadSamples: The file is damaged, or of another release and cannot be read.
    """
    try:
        with np.load(BytesIO(data), allow_pickle=False) as file:
            return _read({name: file[name] for name in file.files})
    except (ValueError, KeyError, OSError, EOFError, BadZipFile, TypeError) as error:
        raise BadSamples(f"the stored matches are damaged: {error}") from error


def _read(columns: dict[str, Any]) -> Evaluation:
    names = orjson.loads(columns["names"].tobytes())
    if names["kind"] not in READ.get(names["format"], ()):
        raise BadSamples(
            f"the stored matches are of another release (format {names['format']}):"
            " recompute the report"
        )
    labels = tuple(names["labels"])
    columns |= {name: columns[name].astype(kind) for name, kind in names.get("types", {}).items()}
    by_label, label_start = group(columns["det_label"][columns["by_score"]], len(labels))
    arranged = Arranged(
        labels=len(labels),
        det_source=NONE,
        by_label=columns["by_score"][by_label],
        label_start=label_start,
        **{f.name: columns[f.name] for f in fields(Arranged) if f.name not in FOUND_AGAIN},
    )
    overlaps = Overlaps(*(columns[f"overlaps_{f.name}"] for f in fields(Overlaps)))
    truths = Truths(
        NONE, NONE, NO_BOXES, np.zeros(0), np.zeros(0, np.bool_), ids=tuple(names["truth_ids"])
    )
    samples = Samples(
        labels=labels,
        images=ImageList(tuple(names["images"]), columns["widths"], columns["heights"]),
        truths=truths,
        detections=Detections(NONE, NONE, NO_BOXES, np.zeros(0), np.zeros(0)),
        regions=Regions(),
    )
    outlines = masks = None
    if names["kind"] == "mask":
        outlines = Outlines(*(columns[f"outlines_{f.name}"] for f in fields(Outlines)))
        masks = (
            _masks(columns, "truth", arranged.truth_image()),
            _masks(columns, "det", arranged.det_image()),
        )
    return Evaluation(
        samples=samples,
        kind=names["kind"],
        arranged=arranged,
        overlaps=overlaps,
        matches=match(
            arranged,
            own_pairs(arranged, overlaps),
            tuple(names["thresholds"]),
            whole=names["kind"] == "mask",
        ),
        kept_outlines=outlines,
        kept_masks=masks,
    )


def _masks(columns: dict[str, Any], owner: str, image: Ints) -> MaskTable:
    return MaskTable(
        columns[f"{owner}_runs"],
        columns[f"{owner}_run_starts"],
        columns["heights"][image],
        columns["widths"][image],
    )
