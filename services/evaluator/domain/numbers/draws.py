"""Images drawn with replacement, as weights: nothing is matched or sorted again.

Images, not objects, are drawn, because the objects of an image share its light, focus and part. Of
a large set fixed groups of images are drawn instead: a cluster bootstrap (Cameron, Gelbach and
Miller 2008; Field and Welsh 2007) with so many clusters that it loses nothing, and weights that no
longer grow with the set. The groups are dealt by chance: one image says nothing of another's group.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from services.evaluator.domain.numbers.columns import Floats, Ints
from services.evaluator.domain.numbers.interruption import look

MOST_ALONE = 4000  # images that are drawn one by one
GROUPS = 1000  # drawn where there are more


@dataclass(frozen=True, slots=True)
class Draws:
    """How often each of ``G`` groups of images is drawn in each of ``B`` replicates.

    ``group`` ``(M,)`` tells each image's group; ``times`` is ``(B, G)``. Of ``drawn`` groups as
    many were drawn: no more than ``G``, as some may never be.
    """

    group: Ints
    times: Floats
    drawn: int

    def __len__(self) -> int:
        """Return the number of replicates."""
        return len(self.times)

    def sums(self, columns: NDArray[Any]) -> Floats:
        """Sums over the drawn images of columns by image: ``(M,)`` to ``(B,)``, with ``C`` more.

        >>> Draws(np.array([0, 1]), np.array([[1.0, 1.0], [2.0, 0.0]]), 2).sums(np.array([10, 1]))
        array([11., 20.])
        """
        look()
        images = self.group.size
        members = (np.ones(images), (self.group, np.arange(images)))
        grouped = csr_array(members, shape=(self.times.shape[1], images))
        sums: Floats = self.times @ (grouped @ columns.astype(np.float64))
        return sums

    def of_some(self, places: Ints, images: int) -> "Draws":
        """The same draws where the images stand at ``places`` among others that are never drawn."""
        never = self.times.shape[1]
        group = np.full(images, never, np.int64)
        group[places] = self.group
        return Draws(group, np.pad(self.times, ((0, 0), (0, 1))), self.drawn)


def once(images: int) -> Draws:
    """Every image once: the figure itself."""
    return Draws(np.zeros(images, np.int64), np.ones((1, 1)), 1)


@lru_cache(maxsize=4)
def draw_images(images: int, replicates: int, *, seed: int = 0) -> Draws:
    """Draw as many images, or groups of them, as there are in each replicate; none of no images.

    The last few draws are kept, read-only: every section of a report, and every place of its
    threshold slider, asks for the same ones.
    """
    generator = np.random.default_rng(seed)
    groups = images if images <= MOST_ALONE else GROUPS
    group = np.arange(images) if groups == images else generator.permutation(images) % groups
    cells = generator.integers(0, max(groups, 1), (replicates, groups))
    cells += np.arange(replicates)[:, None] * groups
    counts = np.bincount(cells.ravel(), minlength=replicates * groups)
    times = counts.reshape(replicates, groups).astype(np.float64)
    for column in (group, times):
        column.flags.writeable = False
    return Draws(group, times, groups)
