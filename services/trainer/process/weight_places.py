"""Where pretrained weights of a backbone would come from: looked at, not loaded, without torch."""

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Literal

from services.trainer.domain.networks.packaged import PACKAGED, PackagedWeights
from services.trainer.domain.recipe import BackboneName

Place = Literal["folder", "package", "hub", "none"]


@dataclass(frozen=True, slots=True)
class WeightPlace:
    """The first place in order: the site's folder, an installed package, the hub, nowhere.

    Attributes:
        place: Which of them.
        file: The file in a folder or a package.
        packaged: What is known of the package.
        release: The package's version.
    """

    place: Place
    file: Path | None = None
    packaged: PackagedWeights | None = None
    release: str = ""


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
    return WeightPlace("hub" if hub else "none")
