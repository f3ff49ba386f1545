"""How far random views may differ from the images, whatever the task."""

import dataclasses
from dataclasses import dataclass

from services.trainer.domain.augmentation_choice import AugmentationChoice, Preset


@dataclass(frozen=True, slots=True, kw_only=True)
class Augmentation:
    """How far views may differ from the sample.

    Attributes:
        flip_horizontal: Probability of a left-right mirror.
        flip_vertical: Probability of an upside-down mirror.
        quarter_turns: Whether views are turned by a random multiple of 90 degrees.
        rotation: Largest turn to either side in degrees.
        zoom: Smallest and largest scale.
        shift: Largest move as a share of the input's side.
        brightness: Largest relative change of the light.
        contrast: Largest relative change of the contrast.
        colour: Largest relative change of one channel.
        saturation: Largest relative change of how far colours are from grey.
        hue: Largest turn of the colours about grey, as a share of a whole turn.
        blur: Largest standard deviation of a Gaussian blur in pixels.
        noise: Largest standard deviation of Gaussian noise as a share of 255.
        mosaic: Probability of four samples in one view.
    """

    flip_horizontal: float = 0.5
    flip_vertical: float = 0.5
    quarter_turns: bool = False
    rotation: float = 0.0
    zoom: tuple[float, float] = (0.75, 1.3)
    shift: float = 0.1
    brightness: float = 0.3
    contrast: float = 0.25
    colour: float = 0.08
    saturation: float = 0.0
    hue: float = 0.0
    blur: float = 0.0
    noise: float = 0.0
    mosaic: float = 0.0


NONE = Augmentation(
    flip_horizontal=0, flip_vertical=0, zoom=(1, 1), shift=0, brightness=0, contrast=0, colour=0
)
LIGHT = Augmentation(
    flip_vertical=0, zoom=(0.9, 1.1), shift=0.05, brightness=0.1, contrast=0.1, colour=0.03
)
STRONG = Augmentation(
    rotation=10.0,
    zoom=(0.6, 1.6),
    shift=0.15,
    brightness=0.4,
    contrast=0.4,
    saturation=0.4,
    hue=0.04,
    blur=1.0,
    noise=0.03,
)
_PRESETS: dict[Preset, Augmentation] = {"none": NONE, "light": LIGHT, "strong": STRONG}


def settings_of(choice: AugmentationChoice, auto: Augmentation) -> Augmentation:
    """What a recipe's choice comes to; ``auto`` is what the task does by itself.

    >>> settings_of(AugmentationChoice(), NONE) is NONE
    True
    >>> settings_of(AugmentationChoice(flip_vertical=True), NONE).flip_vertical
    0.5
    """
    base = _PRESETS.get(choice.preset, auto)
    asked = choice.model_dump(exclude={"preset"}, exclude_none=True)
    if not asked:
        return base
    zoom = (asked.pop("scale_min", base.zoom[0]), asked.pop("scale_max", base.zoom[1]))
    flips = {name: 0.5 * asked[name] for name in asked if name.startswith("flip")}
    return dataclasses.replace(base, **(asked | flips), zoom=zoom)
