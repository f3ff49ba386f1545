"""Several threads, one model: the results in the order of the images.

`python -m loupe_sdk.examples.threads BUNDLE IMAGE ...`. With `threads=1` each prediction keeps to
one core, so that as many images as cores go on at once: more images a second than one prediction on
all cores.
"""

import os
import sys
from concurrent.futures import ThreadPoolExecutor

from shared.sdk import Model


def main(bundle: str, *images: str) -> None:
    """Run the example."""
    model = Model.load(bundle, threads=1)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for image, prediction in zip(images, pool.map(model.predict, images), strict=True):
            print(image, *(f"{one.label} {one.score:.2f}" for one in prediction.found), sep="\t")


if __name__ == "__main__":
    main(*sys.argv[1:])
