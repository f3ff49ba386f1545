"""The anchor points of a dense head: one point in the middle of each cell of each level."""

import torch
from torch import Tensor


def anchor_points(input_size: tuple[int, int], strides: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """Points of all levels, finest first, row-major.

    Args:
        input_size: Width and height in pixels; multiples of the largest stride.
        strides: Pixels per cell of each level.

    Returns:
        Points ``(A, 2)`` as x, y in input pixels, and their stride ``(A,)``.

    >>> points, strides = anchor_points((16, 8), (8,))
    >>> points.tolist(), strides.tolist()
    ([[4.0, 4.0], [12.0, 4.0]], [8.0, 8.0])
    """
    points, spacing = [], []
    for stride in strides:
        ys = (torch.arange(input_size[1] // stride) + 0.5) * stride
        xs = (torch.arange(input_size[0] // stride) + 0.5) * stride
        grid_y, grid_x = torch.meshgrid(ys, xs, indexing="ij")
        level = torch.stack([grid_x, grid_y], dim=-1).reshape(-1, 2)
        points.append(level)
        spacing.append(torch.full((len(level),), float(stride)))
    return torch.cat(points), torch.cat(spacing)
