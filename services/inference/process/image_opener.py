"""`python -m services.inference.process.image_opener …`: a guarded child that opens image files."""

from pathlib import Path
from typing import Any

from shared.guarded.child import Work, serve


def load() -> Work:
    """Return the work, with all that it needs imported."""
    from shared.runtime.guarded_images import image_work
    from shared.runtime.image_files import write_pixels

    def opened(path: Path, folder: Path) -> dict[str, Any]:
        write_pixels(path, folder)
        return {}

    return image_work(opened)


if __name__ == "__main__":
    serve(load)
