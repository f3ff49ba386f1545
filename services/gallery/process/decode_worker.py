"""`python -m services.gallery.process.decode_worker …`: a guarded child that decodes files."""

from pathlib import Path
from typing import Any

from shared.guarded.child import Work, serve


def load() -> Work:
    """Return the work, with all that it needs imported."""
    from services.gallery.process.decoder import decode
    from shared.runtime.guarded_images import image_work

    def decoded(path: Path, folder: Path) -> dict[str, Any]:
        done = decode(path, folder)
        return {
            "thumbnails": str(done.thumbnails),
            "spans": {str(size): span for size, span in done.spans.items()},
            "content": str(done.content) if done.content else None,
            "content_type": done.content_type,
            "looks": done.looks,
            "warnings": done.warnings,
        }

    return image_work(decoded)


if __name__ == "__main__":
    serve(load)
