"""The scanner of COCO files gives the very values of the general parser, or leaves it the file."""

import sys
import time
from dataclasses import fields
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))
from coco_cases import hard_case

from services.evaluator.domain.numbers.columns import BadSamples
from services.evaluator.domain.objects.samples import Samples
from services.evaluator.domain.readers import coco_columns
from services.evaluator.domain.readers.coco_columns import NotPlain, scanned_samples
from services.evaluator.domain.readers.coco_files import SCANNED_BYTES, parsed_samples, read_coco
from services.evaluator.domain.readers.coco_records import Kind
from shared.vision.masks import MaskTable

KINDS: tuple[Kind, ...] = ("box", "mask")

TRUTH = """{"info":{"note":"\\u5212 \\"x\\" 划"}, "images" : [
 {"id":7,"width":20,"height":10,"file_name":"零件.jpg"},{"id":3,"width":8,"height":8}],
"annotations":[{"id":1,"image_id":7,"category_id":2,"bbox":[1,2.5,3e0,4.000],"area":7.25,
 "iscrowd":0,"segmentation":[[1,1,5,1,5,5]],"extra":{"a":[true,null,-0.5e-3,{}]}},
{"segmentation":{"size":[10,20],"counts":"\\\\1T3h1"},"iscrowd":1,"bbox":[0,0,2,2],
 "category_id":1,"image_id":7,"id":4},
{"id":9,"image_id":3,"category_id":1,"bbox":[0.1,0.2,0.3,0.7],"segmentation":
 {"counts":[10,20,34],"size":[8,8]}}],
"categories":[{"id":2,"name":"划伤"},{"id":1,"name":"pit"}]}""".encode()
RESULTS = rb"""[{"image_id":7,"category_id":2,"score":0.123456789012345678,"bbox":[1,2,3,4],
"segmentation":{"size":[10,20],"counts":"l1\\4"}}, {"image_id":3,"category_id":1,"score":1e-3,
"bbox":[5.960464477539063e-08,0,63.99999999999999,1],"segmentation":{"counts":"P2","size":[8,8]}},
{"note":"a\/b","image_id":3,"category_id":2,"score":0,"bbox":[2,2,-0.0,0.30000000000000004],
"segmentation":[[1,1,5,1,5,5]]}]"""


def assert_same(one: Any, other: Any) -> None:
    """Equal to the bit, types and memory layout included."""
    assert type(one) is type(other)
    if isinstance(one, np.ndarray):
        assert one.dtype == other.dtype
        assert one.shape == other.shape
        assert one.flags.c_contiguous
        assert one.tobytes() == other.tobytes()
    elif isinstance(one, MaskTable) or hasattr(one, "__dataclass_fields__"):
        for field in fields(one):
            assert_same(getattr(one, field.name), getattr(other, field.name))
    else:
        assert one == other


def both(truth: bytes, found: bytes, kind: Kind) -> tuple[Samples, Samples]:
    return scanned_samples(truth, found, kind=kind), parsed_samples(truth, found, kind=kind)


@pytest.mark.parametrize("kind", KINDS)
def test_the_files_of_these_tests_are_scanned(kind: Kind) -> None:
    assert_same(*both(TRUTH, RESULTS, kind))


@pytest.mark.parametrize("kind", KINDS)
def test_hard_cases_are_scanned_to_the_same_bits(kind: Kind) -> None:
    for seed in range(200):
        dataset, results = hard_case(seed, kind=kind)
        truth, found = orjson.dumps(dataset), orjson.dumps(results)
        assert_same(*both(truth, found, kind))


@pytest.mark.parametrize("inside", ["", '{"a":[{},{"b":1} , {"c":2}]}', '"a } , { b"'])
@pytest.mark.parametrize("records", range(1, 8))
def test_the_middle_of_the_results_may_lie_inside_a_record(inside: str, records: int) -> None:
    """Both halves are scanned at once, and what only looks like a record must not be taken."""
    note = f',"note":{inside}' if inside else ""
    rows = [
        f'{{"image_id":7,"category_id":2,"score":0.{k + 1}{note * (k == records // 2)},'
        f'"bbox":[{k},2,3,4]}}'
        for k in range(records)
    ]
    found = f"[{' , '.join(rows)}]".encode()
    scanned, parsed = both(TRUTH, found, "box")
    assert_same(scanned, parsed)
    assert len(scanned.detections) == records


def test_records_inside_a_record_never_stand_for_detections(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The second half begins inside them, and may still be scanned when the first one is done."""
    row = '{{"image_id":7,"category_id":2,"score":0.{0},"bbox":[{0},2,3,4]}}'
    rows = [row.format(k % 9 + 1) for k in range(9001)]
    inner = '{"image_id":7,"category_id":2,"score":1,"bbox":[9,9,9,9]}'
    rows[4700] = rows[4700][:-1] + f',"history":[{",".join([inner] * 1500)}]}}'
    scan_results, scan_rest = coco_columns.scan_results, coco_columns.scan_rest
    scanned_again = Event()

    def again(*args: Any) -> tuple[int, int]:
        out = scan_results(*args)
        if len(args) == 2:  # the whole list, once the first half has passed the second's beginning
            scanned_again.set()
            time.sleep(0.1)
        return out

    def late(*args: Any) -> tuple[int, int]:
        scanned_again.wait(0.3)
        return scan_rest(*args)

    monkeypatch.setattr(coco_columns, "scan_results", again)
    monkeypatch.setattr(coco_columns, "scan_rest", late)
    scanned, parsed = both(TRUTH, f"[{','.join(rows)}]".encode(), "box")
    assert_same(scanned, parsed)
    assert len(scanned.detections) == 9001
    assert scanned_again.is_set()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("unknown", [6, 9, -1, 2**40])
def test_an_unknown_image_beside_ids_without_a_gap_is_left_to_the_parser(
    unknown: int, kind: Kind
) -> None:
    truth = TRUTH.replace(b'"id":3,"width"', b'"id":8,"width"').replace(b'_id":3', b'_id":8')
    found = RESULTS.replace(b'"image_id":3', b'"image_id":8', 1)
    with pytest.raises(NotPlain):
        scanned_samples(
            truth, found.replace(b'"image_id":3', b'"image_id":%d' % unknown), kind=kind
        )
    assert_same(*both(truth, found.replace(b'"image_id":3', b'"image_id":7'), kind))


@pytest.mark.parametrize("case", range(5))
def test_reference_files_are_scanned_to_the_same_bits(shared_data: Path, case: int) -> None:
    folder = shared_data / "coco_reference"
    this = orjson.loads((folder / "expected.json").read_bytes())["cases"][case]
    kind: Kind = "box" if this["iouType"] == "bbox" else "mask"
    assert_same(*both((folder / this["gt"]).read_bytes(), (folder / this["dt"]).read_bytes(), kind))


TOKENS = [
    *(b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b" ", b"\n", b"0", b"-", b".", b"e", b"9"),
    *(
        b"null",
        b"true",
        b'"1"',
        b"1.0",
        b"1e999",
        b"00",
        b"-0",
        b"1e-70",
        b"123456789012345678901",
        b"2e6",
    ),
    *(b'"id":1,', b'"bbox":[1,2,3,4],', b'"annotations":[],', b'"\\u0069d":1,', b"{},", b"[],"),
    *(b'"\\ud800"', b"\xff", "é".encode(), b"\x00", b"\t", b'"x":{"y":[1,{"z":"\\\\"}]},'),
]
CHANGES = st.lists(
    st.tuples(st.floats(0, 1), st.sampled_from([b"", *TOKENS]), st.integers(0, 3)),
    min_size=1,
    max_size=3,
)


def mutated(data: bytes, changes: list[tuple[float, bytes, int]]) -> bytes:
    """Write tokens over a few bytes at the given places."""
    for place, token, dropped in changes:
        first = int(place * len(data))
        data = data[:first] + token + data[first + dropped :]
    return data


@settings(max_examples=1500, deadline=None)
@given(CHANGES, st.booleans(), st.sampled_from(KINDS))
@example([(0.0, b"\xef\xbb\xbf", 0)], True, "box")
@example([(0.0, b"", 10**4)], False, "mask")
def test_a_damaged_file_reads_the_same_or_is_left_to_the_parser(
    changes: list[tuple[float, bytes, int]], of_truth: bool, kind: Kind
) -> None:
    truth = mutated(TRUTH, changes) if of_truth else TRUTH
    found = RESULTS if of_truth else mutated(RESULTS, changes)
    try:
        scanned = scanned_samples(truth, found, kind=kind)
    except NotPlain:
        return
    assert_same(scanned, parsed_samples(truth, found, kind=kind))


@pytest.mark.parametrize(
    ("given_text", "written"),
    [
        (b'"image_id":7', b'"image_id":7.0'),
        (b'"image_id":7', b'"im\\u0061ge_id":7'),
        (b'"score":0,', b'"score":0.12345678901234567890,'),
        (b'"score":1e-3', b'"score":1e-3,"score":0.5'),
        (b'"score":1e-3', b'"score":1e-300'),
    ],
)
def test_an_unusual_file_is_read_all_the_same(given_text: bytes, written: bytes) -> None:
    found = RESULTS.replace(given_text, written)
    assert found != RESULTS
    with pytest.raises(NotPlain):
        scanned_samples(TRUTH, found, kind="box")
    large = found + b" " * SCANNED_BYTES
    assert_same(read_coco(TRUTH, large, kind="box"), parsed_samples(TRUTH, found, kind="box"))


def test_a_large_wrong_file_is_refused_with_the_reason() -> None:
    found = RESULTS.replace(b'"image_id":7', b'"image_id":8')
    with pytest.raises(BadSamples, match="image_id 8 is not in the truth file"):
        read_coco(TRUTH, found + b" " * SCANNED_BYTES, kind="box")
