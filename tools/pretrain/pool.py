"""Scenes kept on the device and shown a few times, each time mirrored and lit differently."""

from dataclasses import fields

import torch
from torch import Tensor

from tools.pretrain.dice import Dice
from tools.pretrain.scenes import Scenes, draw_scenes


class ScenePool:
    """A ring of the newest scenes."""

    def __init__(self, dice: Dice, *, side: int, most: int, chunk: int) -> None:
        """Draws the first scenes; ``most`` is a multiple of ``chunk``."""
        self._dice, self._side, self._most, self._chunk = dice, side, most, chunk
        self._kept: Scenes | None = None
        self._next = 0
        self.drawn = 0

    def renew(self) -> None:
        """Draws ``chunk`` new scenes, which replace the oldest."""
        new = draw_scenes(self._dice, self._chunk, self._side)
        if self._kept is None:
            self._kept = Scenes(
                *(
                    torch.zeros((self._most, *getattr(new, field.name).shape[1:]),
                                dtype=getattr(new, field.name).dtype, device=self._dice.device)
                    for field in fields(Scenes)
                )
            )  # fmt: skip
        for field in fields(Scenes):
            part = getattr(self._kept, field.name)
            part[self._next : self._next + self._chunk] = getattr(new, field.name)
        self._next = (self._next + self._chunk) % self._most
        self.drawn += self._chunk

    def batch(self, count: int) -> Scenes:
        """``count`` scenes as float pictures in [0, 255]."""
        assert self._kept is not None  # noqa: S101  `renew` comes first
        dice, side = self._dice, self._side
        rows = dice.integers(count, below=min(self.drawn, self._most))
        images = self._kept.images[rows].float()
        boxes, ignored = self._kept.boxes_xyxy[rows], self._kept.ignored[rows]
        x1, y1, x2, y2 = boxes.unbind(-1)
        across, down, turned = (dice.chance(count, of=0.5) for _ in range(3))
        images = _where(across, images.flip(3), images)
        ignored = _where(across, ignored.flip(2), ignored)
        x1, x2 = _where(across, side - x2, x1), _where(across, side - x1, x2)
        images = _where(down, images.flip(2), images)
        ignored = _where(down, ignored.flip(1), ignored)
        y1, y2 = _where(down, side - y2, y1), _where(down, side - y1, y2)
        images = _where(turned, images.transpose(2, 3), images)
        ignored = _where(turned, ignored.transpose(1, 2), ignored)
        x1, y1 = _where(turned, y1, x1), _where(turned, x1, y1)
        x2, y2 = _where(turned, y2, x2), _where(turned, x2, y2)
        gain = dice.log_uniform(count, 1, 1, 1, low=0.75, high=1.3)
        tint = 1 + 0.06 * dice.normal(count, 3, 1, 1)
        images = (images * gain * tint).clamp(0, 255)
        present = self._kept.present[rows]
        boxes = torch.where(present[..., None], torch.stack([x1, y1, x2, y2], -1), 0.0)
        return Scenes(images, boxes, self._kept.kinds[rows], present, ignored)


def _where(flags: Tensor, first: Tensor, second: Tensor) -> Tensor:
    return torch.where(flags.reshape(-1, *[1] * (first.ndim - 1)), first, second)
