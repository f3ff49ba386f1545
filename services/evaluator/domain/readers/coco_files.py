"""COCO files in: truths and results as bytes become :class:`Samples`.

As in pycocotools only ``iscrowd`` makes a truth ignored (``ignore`` alone is not read), and a mask
detection whose record also carries a ``bbox`` has the area of that box when objects are sorted by
size. Unlike it, detections of a category or an image that the truths do not list are refused
instead of dropped, and so are ids listed twice.

Large files as tools write them are scanned straight into columns; whatever is unusual or wrong in
one sends both to the general parser, which reads the same values or says what is wrong.
"""

from contextlib import suppress

from services.evaluator.domain.numbers.columns import BadSamples
from services.evaluator.domain.objects.samples import Samples, check
from services.evaluator.domain.readers.coco_columns import NotPlain, scanned_samples
from services.evaluator.domain.readers.coco_records import Kind, RecordReader, parse_json

SCANNED_BYTES = 1 << 20  # smaller files are parsed in less time than loading the scanner takes


def read_coco(truth: bytes, predictions: bytes, *, kind: Kind) -> Samples:
    """Read a COCO dataset and a COCO results list; images and categories in rising id.

    Args:
        truth: JSON object with ``images``, ``annotations`` and ``categories``.
        predictions: JSON list of ``{image_id, category_id, bbox | segmentation, score}``.
        kind: Compare boxes or masks; masks are kept as run-length codes.

    Raises:
        BadSamples: Not JSON, a field is missing, or what :func:`samples.check` refuses.
    """
    samples = _samples(truth, predictions, kind)
    check(samples)
    return samples


def _samples(truth: bytes, predictions: bytes, kind: Kind) -> Samples:
    if len(truth) + len(predictions) >= SCANNED_BYTES:
        with suppress(NotPlain):
            return scanned_samples(truth, predictions, kind=kind)
    return parsed_samples(truth, predictions, kind=kind)


def parsed_samples(truth: bytes, predictions: bytes, *, kind: Kind) -> Samples:
    """Read any two files through a tree of JSON values.

    Raises:
        BadSamples: They cannot be read.
    """
    dataset = parse_json(truth, "the truth file")
    if not isinstance(dataset, dict):
        raise BadSamples("the truth file is not a COCO dataset (a JSON object)")
    try:
        reader = RecordReader(dataset["images"], dataset["categories"], kind)
        return Samples(
            labels=reader.labels,
            images=reader.image_list,
            truths=reader.truths(dataset["annotations"]),
            detections=reader.detections(predictions),
        )
    except KeyError as error:
        raise BadSamples(f"a record lacks the field {error}") from error
    except (TypeError, AttributeError, ValueError, OverflowError) as error:
        raise BadSamples(f"a record cannot be read: {error}") from error
