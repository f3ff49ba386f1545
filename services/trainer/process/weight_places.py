"""Where pretrained weights of a backbone would come from: looked at, not loaded, without torch."""

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Literal

from services.trainer.domain.networks.packages import NOT_IN_HUB, PACKAGED, PackagedWeights
from services.trainer.domain.recipe import GRAPH, BackboneName, Recipe
from services.trainer.process.start_cards import (
    StartCard,
    better,
    card_of,
    graph_in,
    start_cards,
)
from shared.runtime.tasks.names import TaskName

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
        card: What is known of the start, or of the graph in the folder.
    """

    place: Place
    file: Path | None = None
    packaged: PackagedWeights | None = None
    release: str = ""
    card: StartCard | None = None

    @property
    def name(self) -> str:
        """Of the start, the package with its version, or the file; empty without any."""
        if self.card is not None and self.place == "start":
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


def place_of(recipe: Recipe, *, folder: Path | None, hub: bool) -> WeightPlace:
    """The place for a recipe: a start where one fits, else that of its backbone."""
    started = _start_place(recipe)
    return started or weight_place(recipe.backbone, folder=folder, hub=hub)


def _start_place(recipe: Recipe) -> WeightPlace | None:
    if recipe.start != "detector":
        return None
    wanted = (_STARTED_AS.get(recipe.task), recipe.backbone, recipe.channels)
    for card in start_cards():
        if wanted == (card.task, card.backbone, card.channels):
            return WeightPlace("start", card.file, card=card)
    return None


def weight_place(backbone: BackboneName, *, folder: Path | None, hub: bool) -> WeightPlace:
    """The place for a backbone.

    Args:
        backbone: Which network.
        folder: ``LOUPE_WEIGHTS``: state dicts named ``<backbone>*.pth``, the first by name counts;
            of a detector's graph ``<backbone>*.onnx``.
        hub: Whether torchvision's hub may be asked; whether it answers is not tried.
    """
    if backbone == GRAPH:
        graph = graph_in(folder)
        return WeightPlace("folder", graph, card=card_of(graph)) if graph else WeightPlace("none")
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
    return WeightPlace("hub" if hub and backbone not in NOT_IN_HUB else "none")


def with_better_network(recipe: Recipe, task: TaskName, *, folder: Path | None) -> Recipe:
    """The recipe with the network of the better start, by the cards, where it names no network.

    A detector's graph in the site's folder stands beside the start that comes with the trainer; of
    a graph without a card nothing is known, so that it is taken only where it is named.
    """
    names = {"backbone", "channels", "fine_level"} & recipe.model_fields_set
    graph = graph_in(folder) if task == "detection" and recipe.pretrained and not names else None
    card = card_of(graph) if graph and recipe.start == "detector" else None
    if card is None:
        return recipe
    own = [one for one in start_cards() if one.task == task and one.backbone != GRAPH]
    found = better([*own, card])
    return recipe.model_copy(update={"backbone": GRAPH}) if found == card else recipe
