"""When a training that no longer gets better ends, and which epoch was its best."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor


@dataclass(slots=True)
class Patience:
    """What a training waits for.

    Prechelt, "Early Stopping - But When?", 1998, criterion UP with the best weights kept.

    Attributes:
        epochs: How many epochs in turn may bring no better figure; None waits for ever.
        best: The best figure; None before the first.
        best_epoch: Its epoch.
        heard: The last epoch that had a figure.
        weights: Of the averaged network after the best epoch.
    """

    epochs: int | None = None
    best: float | None = None
    best_epoch: int = 0
    heard: int = 0
    weights: Mapping[str, Tensor] = field(default_factory=dict)

    def hear(self, epoch: int, figure: float, weights: Mapping[str, Tensor]) -> None:
        """Takes the figure of an epoch; a higher one is better, an equal one is not.

        After a figure of 0 each is: a detector that finds nothing yet has not stopped learning.

        >>> patience = Patience(2)
        >>> for epoch, figure in enumerate((0.5, 0.7, 0.7, 0.6), start=1):
        ...     patience.hear(epoch, figure, {})
        >>> patience.is_over, patience.best_epoch
        (True, 2)
        >>> patience = Patience(1)
        >>> for epoch in (1, 2, 3):
        ...     patience.hear(epoch, 0.0, {})
        >>> patience.is_over, patience.best_epoch
        (False, 3)
        """
        if self.epochs is None:
            return
        self.heard = epoch
        if not self.best or figure > self.best:
            self.best, self.best_epoch = figure, epoch
            self.weights = {name: value.detach().clone() for name, value in weights.items()}

    @property
    def is_over(self) -> bool:
        """Whether it waited long enough."""
        return self.epochs is not None and self.heard - self.best_epoch >= self.epochs

    def to_json(self) -> dict[str, Any]:
        """All but the weights."""
        return {"best": self.best, "best_epoch": self.best_epoch, "heard": self.heard}

    def told(self, epoch: int, epochs: int) -> tuple[str, ...]:
        """What a person should know at the end, after ``epoch`` of ``epochs``."""
        if self.epochs is None or not epoch:
            return ()
        if self.best is None:
            return ("early_stop had nothing to go by: no image validates this training",)
        whose = (
            f"the figure {self.best:.3f} of epoch {self.best_epoch}, whose weights the network has"
        )
        if self.is_over:
            return (
                f"ended after epoch {epoch} of {epochs}: {self.epochs} epochs in turn were no"
                f" better than {whose}",
            )
        return (f"early_stop did not end it; the best was {whose}",)
