"""Files for prediction have the bounds of the gallery's (C-034, C-036 to C-040)."""

import struct
import zlib
from pathlib import Path

import pytest

from services.inference.adapters.admission import Admission
from services.inference.adapters.answers import Answers, Question
from services.inference.adapters.files import ForeignFiles
from services.inference.adapters.pixels import check_cut, check_data, check_file
from services.inference.adapters.triton.client import TritonClient
from services.inference.domain.terms import ImageFile, PredictionTerms
from services.inference.errors import Busy, NotAnImage
from services.inference.repository import Deployment
from shared.clock import utc_now
from shared.runtime.cuts import Cut
from shared.runtime.image_limits import MAX_FILE_BYTES
from shared.vision.tiles import Window


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int, height: int) -> bytes:
    """A PNG that is not whole, but says its size."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


def checked(width: int, height: int, *, is_tile: bool) -> None:
    whole = Window(0, 0, 0, 0, width, height)
    check_cut(check_data(png(width, height)), Cut((whole,), ((whole,),)), is_tile=is_tile)


@pytest.mark.parametrize(("over", "words"), [(0, "JPEG"), (1, "over 100 MB")])
def test_a_file_for_prediction_may_be_as_large_as_one_of_the_gallery(
    tmp_path: Path, over: int, words: str
) -> None:
    with (tmp_path / "file").open("wb") as file:
        file.truncate(MAX_FILE_BYTES + over)
    with pytest.raises(NotAnImage, match=words):
        check_file(tmp_path / "file")


@pytest.mark.parametrize(
    ("size", "words"),
    [
        ((30, 10_000_000), "is over 30000×10000 px"),
        ((10_001, 10_001), "is over 30000×10000 px"),
        ((29, 30), "is under 30×30 px"),
        ((100, 601), "is longer than 6:1"),
    ],
)
def test_a_file_for_prediction_has_the_sides_of_one_of_the_gallery(
    size: tuple[int, int], words: str
) -> None:
    with pytest.raises(NotAnImage, match=words):
        checked(*size, is_tile=False)


def test_a_tile_may_be_as_long_as_its_plan_makes_it() -> None:
    checked(100, 601, is_tile=True)


def test_an_empty_file_is_no_image(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotAnImage, match="empty"):
        check_file(tmp_path / "file")
    assert (
        ImageFile("a", tmp_path / "file").wish(PredictionTerms()).images[0].startswith("e3b0c442")
    )


async def test_an_image_whose_turn_does_not_come_is_not_read() -> None:
    line = Admission(concurrency=1, queue_length=0, memory_bytes=1 << 20)
    files = ForeignFiles(Path("unused"), workers=1, memory_bytes=1 << 30)
    answers = Answers(TritonClient("127.0.0.1:1"), line, files, concurrency=1, retry_budget_s=0)
    served = Deployment(
        id="d",
        tenant="t",
        project_id="p",
        training_id="T",
        model_version="V1",
        number=1,
        model_key="m",
        model_manifest_key="j",
        golden_key="g",
        promoted_at=utc_now(),
        state="serving",
    )

    async def read() -> bytes:
        pytest.fail("it was read")

    async with line.line():
        with pytest.raises(Busy):
            await answers.ask(served, Question("q", read))
