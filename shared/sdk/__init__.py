"""Loupe's SDK: predict with a model that left the platform, with the platform's own code.

>>> from pathlib import Path
>>> def results(bundle: Path, image: Path) -> list[str]:
...     return [one.label for one in Model.load(bundle).predict(image).found]
"""

from shared.sdk.bundle import Bundle, BundleError
from shared.sdk.comparison import Limits
from shared.sdk.image_files import ImageUnreadable, read_image
from shared.sdk.model import Found, Model, Prediction
from shared.sdk.verification import Verification, verify

__all__ = [
    "Bundle",
    "BundleError",
    "Found",
    "ImageUnreadable",
    "Limits",
    "Model",
    "Prediction",
    "Verification",
    "read_image",
    "verify",
]
