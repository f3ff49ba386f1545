"""What a recipe says of augmentation: a named preset, and what a person sets beside it."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Preset = Literal["auto", "none", "light", "strong"]
Share = Annotated[float, Field(ge=0, le=0.9)]


class AugmentationChoice(BaseModel):
    """How far random views differ from the images; None takes what the preset says.

    Attributes:
        preset: ``auto`` is what the task does by itself, ``none`` shows images as they are,
            ``light`` and ``strong`` are the same for every task.
        flip_horizontal: Half of the views are mirrored left to right; False where a part has a left
            and a right, or shows letters.
        flip_vertical: Half of them upside down.
        quarter_turns: Turned by 0, 90, 180 or 270 degrees, each as often.
        rotation: Largest turn to either side in degrees.
        scale_min: Smallest scale of a view, 1 being the image's own in the input.
        scale_max: Largest.
        brightness: Largest relative change of the light.
        contrast: Largest relative change of the contrast.
        saturation: Largest relative change of how strong colours are.
        hue: Largest shift of colours, as a share of the colour circle.
        blur: Largest standard deviation of a Gaussian blur, in pixels of the input.
        noise: Largest standard deviation of Gaussian noise, as a share of the range of values.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    preset: Preset = "auto"
    flip_horizontal: bool | None = None
    flip_vertical: bool | None = None
    quarter_turns: bool | None = None
    rotation: Annotated[float, Field(ge=0, le=45)] | None = None
    scale_min: Annotated[float, Field(ge=0.25, le=1)] | None = None
    scale_max: Annotated[float, Field(ge=1, le=4)] | None = None
    brightness: Share | None = None
    contrast: Share | None = None
    saturation: Annotated[float, Field(ge=0, le=1)] | None = None
    hue: Annotated[float, Field(ge=0, le=0.5)] | None = None
    blur: Annotated[float, Field(ge=0, le=5)] | None = None
    noise: Annotated[float, Field(ge=0, le=0.25)] | None = None

    def may_flip(self, axis: Literal["horizontal", "vertical"]) -> bool:
        """Whether mirrored images may teach at all.

        >>> AugmentationChoice(flip_vertical=False).may_flip("vertical")
        False
        >>> AugmentationChoice(preset="light").may_flip("vertical")
        False
        """
        asked = self.flip_horizontal if axis == "horizontal" else self.flip_vertical
        if asked is not None:
            return asked
        return self.preset in ("auto", "strong") or (self.preset, axis) == ("light", "horizontal")
