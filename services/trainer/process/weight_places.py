"""Where pretrained weights of a backbone would come from: looked at, not loaded, without torch."""

import json
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Literal

from services.trainer.domain.networks.packages import PACKAGED, PACKAGED_ONLY, PackagedWeights
from services.trainer.domain.recipe import BackboneName, Recipe
from shared.runtime.tasks.names import TaskName

STARTS = Path(__file__).parent / "starts"
_OF_CARD = ("sha256", "task", "backbone", "channels", "licence", "source")

_STARTED_AS: dict[TaskName | None, TaskName] = {
    "detection": "detection",
    "instance_segmentation": "detection",
}
"""The task whose starts a task begins from: masks are learnt beside a detector."""

Place = Literal["start", "folder", "package", "hub", "none"]


@dataclass(frozen=True, slots=True)
class WeightPlace:
    """The first place in order: our own start, the site's folder, a package, the hub, nowhere.

    Attributes:
        place: Which of them.
        file: The file of a start, in a folder or in a package.
        packaged: What is known of the package.
        release: The package's version.
        card: What is known of the start.
    """

    place: Place
    file: Path | None = None
    packaged: PackagedWeights | None = None
    release: str = ""
    card: "StartCard | None" = None

    @property
    def name(self) -> str:
        """Of the start, the package with its version, or the file; empty without any."""
        if self.card is not None:
            return self.card.name
        if self.packaged is not None:
            return f"{self.packaged.package}=={self.release}"
        return self.file.name if self.file else ""

    @property
    def licence(self) -> str:
        """SPDX name where it is known."""
        known = self.card or self.packaged
        return known.licence if known else ""

    @property
    def source(self) -> str:
        """Address of what the weights come from, where it is known."""
        known = self.card or self.packaged
        return known.source if known else ""


@dataclass(frozen=True, slots=True)
class StartCard:
    """What is known of a start of a whole detector that comes with the trainer.

    Attributes:
        name: Of its file, without the ending.
        sha256: Of the file; no other is loaded.
        task: What it is a start of.
        backbone: The backbone of the networks that it fits.
        channels: Their width of pyramid and head.
        licence: SPDX name.
        source: Where its backbone's first weights come from.
    """

    name: str
    sha256: str
    task: TaskName
    backbone: BackboneName
    channels: int
    licence: str
    source: str


def place_of(recipe: Recipe, *, folder: Path | None, hub: bool) -> WeightPlace:
    """The place for a recipe: a start where one fits, else that of its backbone."""
    started = _start_place(recipe)
    return started or weight_place(recipe.backbone, folder=folder, hub=hub)


def _start_place(recipe: Recipe) -> WeightPlace | None:
    if recipe.start != "detector":
        return None
    for path in sorted(STARTS.glob("*.json")):
        facts = json.loads(path.read_text())
        card = StartCard(path.stem, **{key: facts[key] for key in _OF_CARD})
        fits = (card.task, card.backbone, card.channels)
        if fits == (_STARTED_AS.get(recipe.task), recipe.backbone, recipe.channels):
            return WeightPlace("start", path.with_suffix(".safetensors"), card=card)
    return None


def weight_place(backbone: BackboneName, *, folder: Path | None, hub: bool) -> WeightPlace:
    """The place for a backbone.

    Args:
        backbone: Which network.
        folder: ``LOUPE_WEIGHTS``: state dicts named ``<backbone>*.pth``, the first by name counts.
        hub: Whether torchvision's hub may be asked; whether it answers is not tried.
    """
    found = () if folder is None else sorted(folder.glob(f"{backbone}*.pth"))
    if found:
        return WeightPlace("folder", found[0])
    packaged = PACKAGED.get(backbone)
    if packaged is not None:
        try:
            installed = distribution(packaged.package)
        except PackageNotFoundError:
            pass
        else:
            file = Path(str(installed.locate_file(packaged.file)))
            return WeightPlace("package", file, packaged, installed.version)
    return WeightPlace("hub" if hub and backbone not in PACKAGED_ONLY else "none")
