"""`python -m services.gallery.process.decode_worker …`: a guarded child that decodes files.

A job names the file (`path`) and the `folder` for what comes of it; its answer is one line.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from shared.guarded.child import Work, serve

_CORRUPT = {"reason": "corrupt", "detail": "the image file cannot be decoded"}
_FULL = {"reason": "no-space", "detail": "the disk for uploads is full"}


def load() -> Work:
    """Return the work, with all that it needs imported."""
    import cv2
    import pyvips

    from services.gallery.process.decoding import decode
    from shared.disk import is_full
    from shared.vision.headers.header import HeaderError

    cv2.setNumThreads(0)
    pyvips.cache_set_max(0)  # no file comes twice; what is kept would count against the next one

    def work(job: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401  JSON
        try:
            done = decode(Path(job["path"]), Path(job["folder"]))
        except HeaderError as error:
            if error.reason == "too-costly":
                raise MemoryError from error
            yield {"reason": error.reason, "detail": error.detail}
        except MemoryError:
            raise
        except Exception as error:  # any library's own error on a hostile file
            full = is_full(error)
            yield _FULL if full else _CORRUPT
            print(repr(error), file=sys.stderr)  # noqa: T201 - a child's log is its stderr
        else:
            yield {
                "thumbnails": str(done.thumbnails),
                "spans": {str(size): span for size, span in done.spans.items()},
                "content": str(done.content) if done.content else None,
                "content_type": done.content_type,
                "warnings": done.warnings,
            }

    return work


if __name__ == "__main__":
    serve(load)
