"""Reading hostile JSON, XML and text: size, depth and number limits before anything is believed."""

import io
import json
import math
import re
from collections import Counter
from typing import Any
from xml.etree.ElementTree import Element, ParseError

import numpy as np
import yaml
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from services.annotation.domain.formats.encodings import xml_as_utf8
from services.annotation.domain.formats.model import FormatError

MAX_LABEL_BYTES = 5 * 2**20
MAX_COLLECTION_BYTES = 20 * 2**20  # one COCO or CreateML file describes many images
MAX_DEPTH = 64
MAX_NUMBER = 10**9  # of a coordinate or a size
MAX_DIGITS = 40  # of an id; some tools make theirs of hashes
MAX_SHAPES = 20_000  # of one image

_MAX_YAML_CHARACTERS = 1 << 20

# Possessive: a plain repetition remembers each character, a hundred bytes for one.
_PICTURE = re.compile(rb'"imageData"\s*:\s*"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_STRINGS = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)


def read_text(data: bytes, *, max_bytes: int = MAX_LABEL_BYTES) -> str:
    """Decode UTF-8 text, with or without a byte-order mark.

    Raises:
        FormatError: Too large, or not UTF-8.

    >>> read_text(b"0 0.5 0.5 1 1")
    '0 0.5 0.5 1 1'
    """
    if len(data) > max_bytes:
        raise FormatError(f"larger than {max_bytes >> 20} MiB")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormatError(f"not UTF-8 text (byte {error.start}): save it as UTF-8") from None


def read_json(data: bytes, *, max_bytes: int = MAX_LABEL_BYTES) -> Any:  # noqa: ANN401  JSON is any
    """Parse JSON that a stranger wrote.

    Raises:
        FormatError: Too large, too deep, not JSON, or with NaN, infinity, whole numbers of more
            than 40 digits, a key twice in one object, or text that cannot be written back (lone
            surrogates).

    >>> read_json(b'{"a": [1, 2.5]}')
    {'a': [1, 2.5]}
    """
    if b'"imageData"' in data:  # labelme's copy of the picture, of no use here
        data = _PICTURE.sub(b'"imageData":null', data)
    text = read_text(data, max_bytes=max_bytes)
    if _json_depth(data) > MAX_DEPTH:
        raise FormatError(f"nested deeper than {MAX_DEPTH} levels")
    try:
        document = json.loads(
            text,
            parse_constant=_refuse_constant,
            parse_int=_bounded_int,
            parse_float=_finite,
            object_pairs_hook=_object,
        )
        if "\\u" in text:
            json.dumps(document, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise FormatError(f"not JSON: {error.msg} (line {error.lineno})") from None
    except UnicodeEncodeError:
        raise FormatError("holds half a character (a lone surrogate)") from None
    except RecursionError:
        raise FormatError("nested too deep") from None
    return document


class _TextLoader(yaml.CSafeLoader):
    """Makes text, lists and maps; a tag that asks for more is an error, as is a key given twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Make a map."""
        keys = Counter(key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode))
        doubled = [key for key, count in keys.items() if count > 1]
        if doubled:
            told = f"the key {doubled[0][:50]!r} is given twice"
            raise yaml.MarkedYAMLError(problem=told, problem_mark=node.start_mark)
        return super().construct_mapping(node, deep)


_TextLoader.yaml_implicit_resolvers = {}  # no scalar is guessed to be a number or a truth


def read_yaml(text: str) -> Any:  # noqa: ANN401  YAML is any
    """Parse YAML that a stranger wrote; every scalar stays text: `no` is a name like others.

    Raises:
        FormatError: Too large, or not YAML; the text names the line.

    >>> read_yaml("names: [no, 1.0]")
    {'names': ['no', '1.0']}
    """
    if len(text) > _MAX_YAML_CHARACTERS:
        raise FormatError(f"larger than {_MAX_YAML_CHARACTERS >> 10} KiB")
    try:
        return yaml.load(text, Loader=_TextLoader)  # noqa: S506  a safe loader
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise FormatError(f"not YAML: {error.problem} (line {line})") from None
    except (yaml.YAMLError, RecursionError, TypeError, ValueError) as error:
        raise FormatError(f"not YAML: {str(error)[:100]}") from None


def _json_depth(data: bytes) -> int:
    """Deepest nesting of brackets outside strings, found without parsing."""
    bare = np.frombuffer(_STRINGS.sub(b"", data), np.uint8)
    opens = (bare == ord("[")) | (bare == ord("{"))
    closes = (bare == ord("]")) | (bare == ord("}"))
    levels = np.cumsum(opens.astype(np.int32) - closes.astype(np.int32))
    return int(levels.max()) if levels.size else 0


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object; of a key given twice nobody knows which value was meant (RFC 8259, 4)."""
    found = dict(pairs)
    if len(found) < len(pairs):
        doubled = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise FormatError(f"the key {doubled[:50]!r} is given twice in one object")
    return found


def _refuse_constant(text: str) -> float:
    raise FormatError(f"{text} is not a number that JSON knows")


def _bounded_int(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise FormatError(f"the number {text[:12]}… has more than {MAX_DIGITS} digits")
    return int(text)


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise FormatError(f"the number {text[:12]} is not finite")
    return value


def read_xml(data: bytes) -> Element:
    """Parse XML that a stranger wrote; document types and entities are refused.

    Raises:
        FormatError: Too large, too deep, not XML, or with a document type.

    >>> read_xml(b"<annotation><size/></annotation>").tag
    'annotation'
    """
    if len(data) > MAX_LABEL_BYTES:
        raise FormatError(f"larger than {MAX_LABEL_BYTES >> 20} MiB")
    depth, root = 0, None
    try:
        for event, element in iterparse(
            io.BytesIO(xml_as_utf8(data)[0]), ("start", "end"), forbid_dtd=True
        ):
            depth += 1 if event == "start" else -1
            root = element if root is None else root
            if depth > MAX_DEPTH:
                raise FormatError(f"nested deeper than {MAX_DEPTH} levels")
    except DefusedXmlException:
        raise FormatError("a document type or entity is not accepted in XML") from None
    except ParseError as error:
        raise FormatError(f"not XML: {error}") from None
    except (ValueError, LookupError) as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError("not XML: its encoding is not known") from None
    if not isinstance(root, Element):
        raise FormatError("not XML: empty")
    return root


def number(value: object, what: str) -> float:
    """Return a finite float of bounded size from JSON or text.

    Args:
        value: A JSON number, or the text of an XML or txt field.
        what: How to name the place in the error.

    Raises:
        FormatError: Not a number, not finite, or beyond 10⁹.

    >>> number(" 3.5 ", "xmin")
    3.5
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise FormatError(f"{what} is not a number")
    try:
        result = float(value) if not isinstance(value, str) else float(_plain(value, what))
    except ValueError:
        raise FormatError(f"{what} is not a number: {str(value)[:20]!r}") from None
    if not math.isfinite(result):
        raise FormatError(f"{what} is not a finite number")
    if abs(result) > MAX_NUMBER:
        raise FormatError(f"{what} is beyond {MAX_NUMBER}")
    return result


def _plain(text: str, what: str) -> str:
    if len(text) > 64 or "_" in text:  # float() would accept 1_0
        raise FormatError(f"{what} is not a number: {text[:20]!r}")
    return text


def mapping(value: object, what: str) -> dict[str, Any]:
    """Return a JSON object.

    Raises:
        FormatError: It is something else.
    """
    if not isinstance(value, dict):
        raise FormatError(f"{what} is not an object")
    return value


def sequence(value: object, what: str) -> list[Any]:
    """Return a JSON array.

    Raises:
        FormatError: It is something else.
    """
    if not isinstance(value, list):
        raise FormatError(f"{what} is not a list")
    return value


def count_shapes(number_of_shapes: int) -> None:
    """Refuse an image with an absurd number of shapes.

    Raises:
        FormatError: More than `MAX_SHAPES`.
    """
    if number_of_shapes > MAX_SHAPES:
        raise FormatError(f"{number_of_shapes} shapes on one image; {MAX_SHAPES} are allowed")
