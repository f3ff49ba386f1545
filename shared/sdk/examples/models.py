"""Several models, one image: what each of them finds.

`python -m loupe_sdk.examples.models IMAGE BUNDLE ...`. Each model has a session of its own; the
image is read once.
"""

import sys

from shared.sdk import Model, read_image


def main(image: str, *bundles: str) -> None:
    """Run the example."""
    models = [Model.load(bundle) for bundle in bundles]
    pixels = read_image(image)
    for bundle, model in zip(bundles, models, strict=True):
        found = model.predict(pixels).found
        print(bundle, model.version, *(f"{one.label} {one.score:.2f}" for one in found), sep="\t")


if __name__ == "__main__":
    main(*sys.argv[1:])
