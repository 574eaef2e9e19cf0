"""A plot of a few lines as SVG, on white, with nothing to load."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 640, 300, 52, 160, 44, 40


@dataclass(frozen=True, slots=True)
class Line:
    """A line and its words; ``None`` where nothing was measured."""

    words: str
    colour: str
    values: Sequence[float | None]


def plot(title: str, marks: Sequence[str], lines: Sequence[Line]) -> str:
    """Return the drawing. The sizes are spaced evenly, for each is ten times the one before."""
    drawn = [line for line in lines if any(value is not None for value in line.values)]
    step = _step(max((value for line in drawn for value in line.values if value is not None), default=1.0))
    most = step * 5
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-size="12"'
        f' font-family="sans-serif" role="img"><title>{title}</title><rect width="100%" height="100%" fill="#fff"/>'
        f'<text x="12" y="22" font-size="14">{title}</text>'
    ]
    for number in range(6):
        at = _y(number * step, most)
        parts.append(
            f'<path d="M{_LEFT} {at:.1f}H{_WIDTH - _RIGHT}" stroke="#ddd"/>'
            f'<text x="{_LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{number * step:g}</text>'
        )
    parts += [
        f'<text x="{_x(place, marks):.1f}" y="{_HEIGHT - 14}" text-anchor="middle">{mark}</text>'
        for place, mark in enumerate(marks)
    ]
    parts += [_drawn(line, marks, most) for line in drawn]
    parts += _words(drawn, marks, most)
    return "".join(parts) + "</svg>\n"


def _step(greatest: float) -> float:
    """The least of 1, 2 and 5 times a power of ten of which five reach the greatest value."""
    power = 0.01
    while True:
        for factor in (1, 2, 5):
            if factor * power * 5 >= greatest:
                return factor * power
        power *= 10


def _x(place: int, marks: Sequence[str]) -> float:
    return _LEFT + 24 + place * (_WIDTH - _LEFT - _RIGHT - 48) / max(1, len(marks) - 1)


def _y(value: float, most: float) -> float:
    return _HEIGHT - _BOTTOM - value / most * (_HEIGHT - _TOP - _BOTTOM)


def _drawn(line: Line, marks: Sequence[str], most: float) -> str:
    points = [(_x(place, marks), _y(value, most)) for place, value in enumerate(line.values) if value is not None]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{line.colour}"/>' for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{line.colour}" stroke-width="2"/>{dots}'


def _words(lines: Sequence[Line], marks: Sequence[str], most: float) -> list[str]:
    """The words at the ends of the lines, none on another."""
    ends = {line.words: _y([value for value in line.values if value is not None][-1], most) + 4 for line in lines}
    order = sorted(lines, key=lambda line: ends[line.words])
    for upper, lower in pairwise(order):
        ends[lower.words] = max(ends[lower.words], ends[upper.words] + 14)
    return [
        f'<text x="{_WIDTH - _RIGHT + 8}" y="{ends[line.words]:.1f}" fill="{line.colour}">{line.words}</text>'
        for line in order
    ]
