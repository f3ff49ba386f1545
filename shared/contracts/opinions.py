"""What a version says of images that people annotated: a second opinion, kept as a blob."""

from pydantic import BaseModel, ConfigDict

from shared.contracts.shapes import Shape


class ImageOpinion(BaseModel):
    """What a version found on one image, best first."""

    model_config = ConfigDict(frozen=True)

    image_id: str
    shapes: tuple[Shape, ...] = ()


class Opinions(BaseModel):
    """What ``version``, which knows ``labels``, found on images; ids of shapes are its own."""

    model_config = ConfigDict(frozen=True)

    version: str
    labels: tuple[str, ...]
    images: tuple[ImageOpinion, ...] = ()
