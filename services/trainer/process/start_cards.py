"""What is known of starts of whole detectors: where they come from, and how good they are."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from statistics import mean

from services.trainer.domain.recipe import GRAPH, BackboneName
from shared.runtime.tasks.names import TaskName

STARTS = Path(__file__).parent / "starts"
_OF_CARD = ("sha256", "task", "backbone", "channels", "licence", "source")
FIGURE = "val_map"  # of each set: mAP on its val list, first of all that the card tells


@dataclass(frozen=True, slots=True)
class StartCard:
    """What is known of a start of a whole detector.

    Attributes:
        name: Of its file, without the ending.
        sha256: Of the file; no other is loaded as this start.
        task: What it is a start of.
        backbone: The backbone of the networks that it fits.
        channels: Their width of pyramid and head; None of a graph, which is the whole network.
        licence: SPDX name.
        source: Where its first weights come from.
        figures: Its mAP in [0, 1] by set, each after the same time of training.
    """

    name: str
    sha256: str
    task: TaskName
    backbone: BackboneName
    channels: int | None
    licence: str
    source: str
    figures: Mapping[str, float]

    @property
    def file(self) -> Path:
        """Of a start that comes with the trainer."""
        return STARTS / f"{self.name}.safetensors"


def start_cards() -> list[StartCard]:
    """The cards of all starts that are known, their files here or not."""
    found = []
    for path in sorted(STARTS.glob("*.json")):
        facts = json.loads(path.read_text())
        figures = {
            name: told[FIGURE][0] for name, told in facts["figures"].items() if name != "how"
        }
        found.append(StartCard(path.stem, **{key: facts[key] for key in _OF_CARD}, figures=figures))
    return found


def graph_in(folder: Path | None) -> Path | None:
    """The detector's graph in the site's folder of weights, the first by name; None without."""
    return next(iter(sorted(folder.glob(f"{GRAPH}*.onnx"))), None) if folder else None


def card_of(file: Path) -> StartCard | None:
    """The card of a graph; None where it is none that is known, or cannot be read here."""
    try:
        there = file.stat()
        digest = _digest(file, there.st_mtime_ns, there.st_size)
    except OSError:
        return None
    return next((card for card in start_cards() if card.sha256 == digest), None)


@lru_cache(maxsize=8)
def _digest(file: Path, changed_ns: int, size: int) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def better(cards: Sequence[StartCard]) -> StartCard | None:
    """The start with the larger mean of the figures of the sets that all cards tell, if any."""
    shared = set.intersection(*(set(card.figures) for card in cards)) if cards else set()
    if not shared:
        return cards[0] if cards else None
    return max(cards, key=lambda card: mean(card.figures[name] for name in sorted(shared)))
