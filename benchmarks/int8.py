"""How much time and room a model in 8 bits saves: `python -m benchmarks.int8 FLOAT32.zip INT8.zip`.

Both bundles predict the same input in turn, so that load on the machine meets both alike.
"""

import argparse
import time
from pathlib import Path

import numpy as np

from shared.runtime.golden import probe_image
from shared.sdk.bundle import MODEL, Bundle
from shared.sdk.model import Model

_WARM_UP = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundles", type=Path, nargs=2, metavar="BUNDLE")
    parser.add_argument("--repeats", type=int, default=60)
    options = parser.parse_args()
    bundles = [Bundle.read(path) for path in options.bundles]
    models = [Model.load(bundle, threads=1) for bundle in bundles]
    manifest = models[0].manifest
    image = probe_image(manifest.input_width, manifest.input_height)[0]
    taken: list[list[float]] = [[], []]
    for turn in range(_WARM_UP + options.repeats):
        for model, times in zip(models, taken, strict=True):
            began = time.process_time()
            model.predict(image)
            if turn >= _WARM_UP:
                times.append(1000 * (time.process_time() - began))
    for path, bundle, times in zip(options.bundles, bundles, taken, strict=True):
        size = len(bundle.files[MODEL]) / 1e6
        print(f"{path.name}: model {size:.2f} MB, median {np.median(times):.2f} ms of processor")
    print(f"time saved: {np.median(taken[0]) / np.median(taken[1]):.2f} x")


if __name__ == "__main__":
    main()
