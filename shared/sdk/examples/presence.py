"""Is a part there? One line an image.

`python -m loupe_sdk.examples.presence BUNDLE LABEL IMAGE ...`. The exit status is 0 when each image
shows the part, 1 when one does not.
"""

import sys

from shared.sdk import Model


def main(bundle: str, label: str, *images: str) -> int:
    """Run the example; return 1 when an image does not show the part."""
    model = Model.load(bundle)
    if label not in model.labels:
        sys.exit(f"the model knows {', '.join(model.labels)}, not {label}")
    missing = 0
    for image in images:
        scores = [one.score for one in model.predict(image).found if one.label == label]
        print(image, f"present, {max(scores):.2f}" if scores else "absent", sep="\t")
        missing += not scores
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
