"""The work of guarded children that open image files which nobody has looked at before."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import pyvips

from shared.disk import is_full
from shared.guarded.child import Work
from shared.vision.headers.header import HeaderError

Open = Callable[[Path, Path], dict[str, Any]]
"""From an image file and a folder for what comes of it to the answer, one JSON object."""

_CORRUPT = {"reason": "corrupt", "detail": "the image file cannot be decoded"}
_FULL = {"reason": "no-space", "detail": "the disk for uploads is full"}


def image_work(open_image: Open) -> Work:
    """Return the work on jobs that name a file (``path``) and a ``folder``; an answer is one line.

    What cannot be opened is answered by ``reason`` and ``detail``: libraries have errors of their
    own on a hostile file.
    """
    cv2.setNumThreads(0)
    pyvips.cache_set_max(0)  # no file comes twice; what is kept would count against the next one

    def work(job: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401  JSON
        try:
            yield open_image(Path(job["path"]), Path(job["folder"]))
        except HeaderError as error:
            if error.reason == "too-costly":
                raise MemoryError from error
            yield {"reason": error.reason, "detail": error.detail}
        except MemoryError:
            raise
        except Exception as error:  # any library's own error
            yield _FULL if is_full(error) else _CORRUPT
            print(repr(error), file=sys.stderr)  # noqa: T201 - a child's log is its stderr

    return work
