"""Watches a folder: one line of JSON for each new image, until Ctrl-C.

`python -m loupe_sdk.examples.watch BUNDLE FOLDER`. An image is read when its size has stayed the
same from one look to the next; a camera that pauses while it writes should write under another name
and rename the file when it is whole. A third argument stops after so many images.
"""

import json
import sys
import time
from dataclasses import asdict
from pathlib import Path

from shared.sdk import Model

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp")
PAUSE_S = 0.2


def main(bundle: str, folder: str, most: str = "0") -> None:
    """Run the example."""
    model = Model.load(bundle)
    sizes: dict[Path, int] = {}
    done: set[Path] = set()
    while not int(most) or len(done) < int(most):
        seen = {path: path.stat().st_size for path in _images(Path(folder)) if path not in done}
        for image in sorted(path for path, size in seen.items() if sizes.get(path) == size):
            done.add(image)
            print(json.dumps({"image": str(image), **_said(model, image)}), flush=True)
        sizes = seen
        time.sleep(PAUSE_S)


def _images(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES]


def _said(model: Model, image: Path) -> dict[str, object]:
    try:
        return asdict(model.predict(image))
    except (OSError, ValueError) as error:  # it was taken away again, or is no image
        return {"error": str(error)}


if __name__ == "__main__":
    main(*sys.argv[1:])
