"""Files for prediction have the bounds of the gallery's (C-034)."""

import pytest

from services.gallery.domain import limits
from services.inference.adapters.pixels import MAX_FILE_BYTES, check_file
from services.inference.errors import NotAnImage


@pytest.mark.parametrize(("over", "words"), [(0, "JPEG"), (1, "over 100 MB")])
def test_a_file_for_prediction_may_be_as_large_as_one_of_the_gallery(over: int, words: str) -> None:
    assert limits.MAX_FILE_BYTES == MAX_FILE_BYTES
    with pytest.raises(NotAnImage, match=words):
        check_file(bytes(limits.MAX_FILE_BYTES + over))
