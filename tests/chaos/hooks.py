"""Hooks of schemathesis: who calls, requests that are right, and the formats of our interfaces."""

import base64
import json
import os
import random
import re
from itertools import count
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import strategies as st
from schemathesis.core.failures import AcceptedNegativeData, ServerError
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.meta import CoverageScenario
from schemathesis.openapi.checks import RejectedPositiveData

from shared.paging import encode_cursor
from tests.chaos.furnished_site import Site, labels_archive
from tests.chaos.right_requests import RIGHT, Right

_given = json.loads(Path(os.environ["LOUPE_CHAOS_GIVEN"]).read_text())
_seen = Path(os.environ["LOUPE_CHAOS_SEEN"])
_site = Site(os.environ["LOUPE_CHAOS_ADDRESS"], _given)
_chance = random.Random(int(os.environ["LOUPE_CHAOS_SEED"]))
_keys = count()
_asked: set[str] = set()
_drawn_right: set[str] = set()

_names = st.text("abcdefghijk 划痕深-_", min_size=1, max_size=20).filter(str.strip)
_base64 = _names.map(lambda name: base64.b64encode(name.encode()).decode())
schemathesis.openapi.format("name", _names)
schemathesis.openapi.format("etag", st.integers(0, 9).map(lambda version: f'"{version}"'))
schemathesis.openapi.format(
    "cursor", st.builds(encode_cursor, st.none() | st.integers(0, 99), st.text("ab01", min_size=1))
)
schemathesis.openapi.format("tus-metadata", _base64.map("filename {}".format))
schemathesis.openapi.media_type("application/zip", st.just(labels_archive()))
schemathesis.openapi.media_type("application/offset+octet-stream", st.binary(max_size=64))

SAID_IN_WORDS = (
    "a (box|rotated_box|polygon|mask|image) has .* points, not",
    "rle belongs to a mask, and a mask needs it",
    "(shape|region) has no area",
    r"(shape|region) \(.*\) lies outside the image",
    "is no shape of a .* project",
    "a project of task .* cannot be tiled",
    "a grid of 1 × 1 is no tiling",
    "the recipe is of another task",
    "the recipe's losses cannot be used",
    "the threshold is too low",
    "image-(too-few-pixels|format-unsupported)|not-an-image",
    "the upload is empty|the file is empty|the body holds no file",
    "no prediction of the image .* has this id",
    "an order names labels of the project",
)
"""Rules over several fields, what is stored or what a file holds: no schema can say them."""


@schemathesis.auth(refresh_interval=300)
class Bearer:
    """An admin of the furnished tenant."""

    def get(self, _case: Any, _context: Any) -> str:
        return _site.bearer()

    def set(self, case: Any, data: str, _context: Any) -> None:
        case.headers["Authorization"] = data


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Ask of what exists, and half of the time rightly, where the request was meant to be right."""
    meta = case.meta
    if meta is None or _is_other_method(meta):
        return
    case._freeze_metadata = True
    label = case.operation.label
    is_right = meta.generation.mode.is_positive
    right = Right()
    if is_right and label in RIGHT and (label not in _asked or _chance.random() < 0.5):
        right = RIGHT[label](_site)
    elif case.method == "DELETE":
        return  # what others need stays
    if _is_path_right(meta) and (label not in _asked or right.path or _chance.random() < 0.9):
        known = _given | right.path
        case.path_parameters = {
            name: known.get(name, value) for name, value in case.path_parameters.items()
        }
    if case.path_parameters.get("key_id") == _site.key_id:  # drawn from a list that was answered
        case.path_parameters["key_id"] = "notmine0"
    if not is_right:
        return
    _drawn_right.add(case.id)
    if "Idempotency-Key" in case.headers:  # what is drawn twice is another request each time
        case.headers["Idempotency-Key"] = f"key-{next(_keys)}"
    _asked.add(label)
    _put(case, right)


def _is_path_right(meta: Any) -> bool:
    part = meta.components.get(ParameterLocation.PATH)
    drawn_wrong = part is not None and part.mode.is_negative
    is_blamed = getattr(meta.phase.data, "parameter_location", None) == ParameterLocation.PATH
    return not drawn_wrong and not (meta.generation.mode.is_negative and is_blamed)


def _is_other_method(meta: Any) -> bool:
    scenario = getattr(meta.phase.data, "scenario", None)
    return scenario is CoverageScenario.UNSPECIFIED_HTTP_METHOD


def _put(case: Any, right: Right) -> None:
    if right.query is not None:
        case.query = right.query
    if right.headers is not None:
        kept = {name: case.headers[name] for name in ("Authorization",) if name in case.headers}
        case.headers = type(case.headers)(kept | right.headers)
    if right.body is not None:
        case.body = right.body
    if right.media_type is not None:
        case.media_type = right.media_type


@schemathesis.hook
def after_call(_context: Any, case: Any, response: Any) -> None:
    """Note what was answered."""
    if case.meta is not None and not _is_other_method(case.meta):
        with _seen.open("a") as file:
            file.write(f"{response.status_code} {case.operation.label}\n")


@schemathesis.hook
def filter_failure(_context: Any, failure: Any, case: Any, response: Any) -> bool:
    """Drop what is refused by a rule in words alone, and what the tool drew right and calls wrong.

    It judges a request anew that `before_call` changed: by headers as text, by bytes not at all.
    An id that it draws may look as if it had been made this minute, and is told as on its way.
    """
    if isinstance(failure, RejectedPositiveData) and response.status_code in (400, 415, 422):
        return not any(re.search(rule, response.text) for rule in SAID_IN_WORDS)
    if isinstance(failure, ServerError) and response.status_code == 503:
        return "not-heard-yet" not in response.text
    return not (isinstance(failure, AcceptedNegativeData) and case.id in _drawn_right)
