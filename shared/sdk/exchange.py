"""What a request for a prediction may say, and what it is answered."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from typing import Any
from urllib.parse import parse_qs

from shared.disposition import disposition_of
from shared.sdk.model import Found, Model, Prediction

_FIELDS = ("threshold", "name")


class Refused(Exception):
    """A request that gets no prediction."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a request asks for.

    Attributes:
        image: The image file's bytes.
        threshold: Lowest score to return; None takes the model's operating point.
        name: What the file is called.
    """

    image: bytes
    threshold: float | None
    name: str

    @classmethod
    def of(cls, body: bytes, content_type: str, query: str) -> "Wanted":
        """Read a request; raise Refused where it says something else than it may."""
        fields = {name: values[-1] for name, values in parse_qs(query, True).items()}
        image = body
        if content_type.partition(";")[0].strip().lower() == "multipart/form-data":
            image, sent = _of_form(body, content_type)
            fields |= sent
        if unknown := sorted(fields.keys() - set(_FIELDS)):
            raise Refused(422, f"{', '.join(unknown)}: there are only {' and '.join(_FIELDS)}")
        if not image:
            raise Refused(422, "the image is missing: it is the body, or the form's field `file`")
        return cls(image, _threshold(fields.get("threshold")), fields.get("name", ""))


def _threshold(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise Refused(422, f"threshold: a number from 0 to 1, not {text[:40]!r}")
    return value


def _of_form(body: bytes, content_type: str) -> tuple[bytes, dict[str, str]]:
    """The file of a form (RFC 7578), and its other fields."""
    kind = Message()
    kind["Content-Type"] = content_type
    boundary = kind.get_boundary()
    if not boundary:
        raise Refused(422, "Content-Type: the form names no boundary")
    edge = b"\r\n--" + boundary.encode("latin-1", "replace")
    parts = (b"\r\n" + body).split(edge)[1:]
    if not parts or not parts[-1].startswith(b"--"):
        raise Refused(422, "the form ends too early")
    image, fields = b"", {}
    for part in parts[:-1]:
        head, _, value = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        lines = (line.partition(b":") for line in head.split(b"\r\n"))
        headers = {name.lower(): said for name, _, said in lines}
        field, file_name = disposition_of(headers.get(b"content-disposition", b""))
        if field == "file":
            image = value
            fields["name"] = file_name or ""
        else:
            fields[field] = value.decode("utf-8", "replace")
    return image, fields


def answer_of(model: Model, found: Prediction, *, name: str, project_id: str) -> dict[str, Any]:
    """Return a prediction in the words of the platform's API; nothing is stored here."""
    made = str(uuid.uuid4())
    return {
        "id": made,
        "project_id": project_id,
        "image_id": None,
        "name": name,
        "test_run_id": None,
        "version": model.version,
        "threshold": found.threshold,
        "width": found.width,
        "height": found.height,
        "shapes": [_shape(f"{made}-{place}", one) for place, one in enumerate(found.found)],
        "elapsed_ms": found.elapsed_ms,
        "created_at": datetime.now(UTC).isoformat(),
        "corrected": False,
        "proposal": False,
    }


def _shape(shape_id: str, one: Found) -> dict[str, Any]:
    mask = one.mask_size and {"size": one.mask_size, "counts": one.mask_counts}
    return {
        "id": shape_id,
        "label": one.label,
        "kind": one.kind,
        "points": one.points,
        "rle": mask,
        "angle": None,
        "text": one.text,
        "score": one.score,
    }
