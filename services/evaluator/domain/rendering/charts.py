"""Charts as plain SVG text: no script, no outside file, the same in a browser and on paper."""

from collections.abc import Sequence

WIDTH, HEIGHT, MARGIN = 520, 240, 36


def line_chart(
    xs: Sequence[float], ys: Sequence[float | None], *, mark_x: float | None = None
) -> str:
    """Draw one curve in the unit square, with an optional upright mark; gaps where y is None."""
    points: list[str] = []
    parts: list[list[str]] = []
    for x, y in zip(xs, ys, strict=True):
        if y is None:
            parts, points = _closed(parts, points), []
            continue
        points.append(f"{_x(x):.1f},{_y(y):.1f}")
    lines = "".join(
        f'<polyline points="{" ".join(part)}" fill="none" stroke="#3b6fd4" stroke-width="2"/>'
        for part in _closed(parts, points)
    )
    mark = ""
    if mark_x is not None:
        mark = (
            f'<line x1="{_x(mark_x):.1f}" x2="{_x(mark_x):.1f}" y1="{_y(0):.1f}" y2="{_y(1):.1f}" '
            'stroke="#e5484d" stroke-dasharray="4 3"/>'
        )
    return _frame(_grid() + lines + mark)


def bar_chart(names: Sequence[str], values: Sequence[float]) -> str:
    """Draw horizontal bars; ``values`` in [0, 1], scaled to the longest."""
    top = max([*values, 1e-9])
    step = (HEIGHT - 16) / max(len(names), 1)
    bars = []
    for place, (name, value) in enumerate(zip(names, values, strict=True)):
        y = 8 + place * step
        length = 300 * value / top
        bars.append(
            f'<text x="130" y="{y + step * 0.6:.1f}" text-anchor="end">{escape(name)}</text>'
            f'<rect x="138" y="{y + step * 0.2:.1f}" width="{length:.1f}" '
            f'height="{step * 0.6:.1f}" fill="#3b6fd4"/>'
            f'<text x="{146 + length:.1f}" y="{y + step * 0.6:.1f}">{value * 100:.1f}%</text>'
        )
    return _frame("".join(bars))


def escape(text: str) -> str:
    """Escape text for SVG and HTML."""
    return (
        text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    )


def _closed(parts: list[list[str]], points: list[str]) -> list[list[str]]:
    return [*parts, points] if points else parts


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
