"""Files for prediction have the bounds of the gallery's (C-034)."""

import pytest

from services.inference.adapters.pixels import check_file
from services.inference.errors import NotAnImage
from shared.runtime.image_limits import MAX_FILE_BYTES


@pytest.mark.parametrize(("over", "words"), [(0, "JPEG"), (1, "over 100 MB")])
def test_a_file_for_prediction_may_be_as_large_as_one_of_the_gallery(over: int, words: str) -> None:
    with pytest.raises(NotAnImage, match=words):
        check_file(bytes(MAX_FILE_BYTES + over))
