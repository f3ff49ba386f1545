"""Charts as plain SVG text: no script, no outside file, the same in a browser and on paper."""

from collections.abc import Sequence
from math import isnan

WIDTH, HEIGHT, MARGIN = 520, 240, 36
COLOURS = (
    *("#3b6fd4", "#e5484d", "#30a46c", "#f5a524", "#8e4ec6", "#0d9488"),
    *("#b45309", "#64748b", "#db2777", "#65a30d", "#0ea5e9", "#7c2d12"),
)


def line_chart(
    curves: Sequence[tuple[Sequence[float], Sequence[float]]],
    *,
    mark_x: float | None = None,
) -> str:
    """Draw curves in the unit square, with an optional upright mark; gaps where y is nan."""
    lines = "".join(
        f'<polyline points="{points}" fill="none" stroke="{COLOURS[place % len(COLOURS)]}" '
        'stroke-width="2"/>'
        for place, (xs, ys) in enumerate(curves)
        for points in _pieces(xs, ys)
    )
    mark = ""
    if mark_x is not None:
        mark = (
            f'<line x1="{_x(mark_x):.1f}" x2="{_x(mark_x):.1f}" y1="{_y(0):.1f}" y2="{_y(1):.1f}" '
            'stroke="#e5484d" stroke-dasharray="4 3"/>'
        )
    return _frame(_grid() + lines + mark)


def pieces(xs: Sequence[float], ys: Sequence[float]) -> list[list[tuple[float, float]]]:
    """Split a curve where it is undefined.

    >>> pieces([0, 1, 2], [0.5, float("nan"), 0.2])
    [[(0, 0.5)], [(2, 0.2)]]
    """
    out: list[list[tuple[float, float]]] = [[]]
    for x, y in zip(xs, ys, strict=True):
        if isnan(y):
            out.append([])
        else:
            out[-1].append((x, y))
    return [piece for piece in out if piece]


def _pieces(xs: Sequence[float], ys: Sequence[float]) -> list[str]:
    return [" ".join(f"{_x(x):.1f},{_y(y):.1f}" for x, y in piece) for piece in pieces(xs, ys)]


def _x(value: float) -> float:
    return MARGIN + value * (WIDTH - 2 * MARGIN)


def _y(value: float) -> float:
    return HEIGHT - MARGIN - value * (HEIGHT - 2 * MARGIN)


def _grid() -> str:
    return "".join(
        f'<line x1="{_x(0)}" x2="{_x(1)}" y1="{_y(tick)}" y2="{_y(tick)}" stroke="#ddd"/>'
        f'<text x="{_x(0) - 6}" y="{_y(tick) + 4}" text-anchor="end">{tick:g}</text>'
        f'<text x="{_x(tick)}" y="{_y(0) + 16}" text-anchor="middle">{tick:g}</text>'
        for tick in (0.0, 0.25, 0.5, 0.75, 1.0)
    )


def _frame(content: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'font-size="12" font-family="sans-serif">{content}</svg>'
    )
