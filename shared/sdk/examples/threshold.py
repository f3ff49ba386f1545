"""What the detection threshold does: counts by label from 0.1 to 0.9.

`python -m loupe_sdk.examples.threshold BUNDLE IMAGE`. The image is predicted once, at the lowest
threshold; a higher one keeps what scores as much.
"""

import sys
from collections import Counter

from shared.sdk import Model


def main(bundle: str, image: str) -> None:
    """Run the example."""
    model = Model.load(bundle)
    found = model.predict(image, threshold=0.1).found
    print("threshold", *model.labels, sep="\t")
    for tenth in range(1, 10):
        counts = Counter(one.label for one in found if one.score >= tenth / 10)
        print(tenth / 10, *(counts[label] for label in model.labels), sep="\t")
    print(f"the model's own threshold is {model.threshold}")


if __name__ == "__main__":
    main(*sys.argv[1:])
