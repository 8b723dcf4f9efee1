"""Draw dots on a scale, as SVG inside a table cell.

Each row of the table is a row of the chart, so names stay text, rows do not break across printed
pages, and screen readers get the numbers. Positions are percentages of the cell's width, which the
page sets, so nothing is scaled, text included. The style sheet has the colours.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import ceil, floor, isfinite, log10

from markupsafe import Markup

_SHAPES = (
    "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",  # disc
    "M-3.5 -3.5h7v7h-7z",  # square
    "M0 -4.6L4.4 3.6H-4.4z",  # triangle
    "M0 -5L5 0L0 5L-5 0z",  # diamond
    "M0 4.6L4.4 -3.6H-4.4z",  # triangle, upside down
    "M-1.5 -4.5h3v3h3v3h-3v3h-3v-3h-3v-3h3z",  # plus
    "M-4.5 -2.5L-2.5 -4.5L0 -2L2.5 -4.5L4.5 -2.5L2 0L4.5 2.5L2.5 4.5L0 2L-2.5 4.5L-4.5 2.5L-2 0z",
)
COLOURS = 8
"""Number of colours in the style sheet; with seven shapes, 56 series look different."""
_ROW, _STEP = 22, 6  # pixels: height of a row with one series, and of each further series
_FIRST, _LAST = 4.0, 96.0  # percent: marks at the ends are not cut off
_LANE = 9.0  # percent, for values without a logarithm
_MOST_TICKS = 7


@dataclass(frozen=True)
class Tick:
    """A labelled position on a scale."""

    at: float
    """Position, in percent of the width."""
    label: str


@dataclass(frozen=True)
class Scale:
    """A map from numbers to percentages of the width."""

    low: float
    """Lowest number, or its decimal logarithm if `logarithmic`; `high` likewise."""
    high: float
    start: float
    """Position of `low`, in percent; `end` is that of `high`."""
    end: float
    logarithmic: bool
    ticks: tuple[Tick, ...]
    bound: float | None = None
    """Position of the bound, in percent; None if there is none."""

    def at(self, value: float) -> float:
        """Return the position of a number, in percent; logarithms have lanes for 0 and ∞."""
        if self.logarithmic and not isfinite(value):
            return _LAST
        if self.logarithmic and value <= 0:
            return _FIRST
        return self.along(log10(value) if self.logarithmic else value)

    def along(self, value: float) -> float:
        """Return the position of a number in the units of `low` and `high`."""
        share = (value - self.low) / (self.high - self.low)
        return self.start + (self.end - self.start) * min(max(share, 0.0), 1.0)


@dataclass(frozen=True)
class Mark:
    """The dot of one series in one row."""

    series: int
    """Index of the series, which sets shape and colour."""
    value: float
    title: str
    """Text shown when the mouse is over it."""
    interval: tuple[float, float] | None = None


def ratio_scale(ratios: Iterable[float]) -> Scale:
    """Return a logarithmic scale with 1 as the bound, and lanes for 0 and infinity if needed."""
    values = list(ratios)
    positive = [v for v in values if isfinite(v) and v > 0]
    low = min(floor(log10(min(positive, default=1.0))), -1)
    high = max(ceil(log10(max(positive, default=1.0))), 1)
    zeros, endless = any(v <= 0 for v in values), not all(map(isfinite, values))
    start = _FIRST + (_LANE if zeros else 0.0)
    end = _LAST - (_LANE if endless else 0.0)
    bare = Scale(low, high, start, end, True, ())
    step = ceil((high - low) / _MOST_TICKS)
    powers = sorted({*range(0, low - 1, -step), *range(0, high + 1, step)})
    ticks = [Tick(bare.along(p), _power(p)) for p in powers]
    ticks = [Tick(_FIRST, "0")] * zeros + ticks + [Tick(_LAST, "∞")] * endless
    return replace(bare, ticks=tuple(ticks), bound=bare.along(0))


def _power(exponent: int) -> str:
    return f"{10.0**exponent:.{max(-exponent, 0)}f}" if -3 <= exponent <= 3 else f"1e{exponent}"


def share_scale(shares: Iterable[float]) -> Scale:
    """Return a linear scale with ticks in percent that covers these proportions (0 to 1)."""
    hundredths = [100 * min(max(s, 0.0), 1.0) for s in shares]
    lowest, highest = min(hundredths, default=0.0), max(hundredths, default=100.0)
    step = next(
        s for s in (1, 2, 5, 10, 20) if (highest - lowest) / s <= _MOST_TICKS - 2 or s == 20
    )
    low = max(step * floor(lowest / step), 0)
    high = min(max(step * ceil(highest / step), low + step), 100)
    low = min(low, high - step)
    bare = Scale(low / 100, high / 100, _FIRST, _LAST, False, ())
    ticks = tuple(Tick(bare.at(v / 100), f"{v}%") for v in range(low, high + 1, step))
    return Scale(bare.low, bare.high, _FIRST, _LAST, False, ticks)


def definitions() -> Markup:
    """Return the shapes, to be put into the page once."""
    shapes = Markup("").join(
        Markup('<path id="shape{}" d="{}"/>').format(i, path) for i, path in enumerate(_SHAPES)
    )
    return Markup('<svg class="defs" aria-hidden="true"><defs>{}</defs></svg>').format(shapes)


def key(series: int) -> Markup:
    """Return the mark of a series, for the legend."""
    return Markup('<svg class="key" aria-hidden="true">{}</svg>').format(
        Markup('<use href="#shape{}" x="8" y="8" class="s{}"/>').format(*_look(series))
    )


def axis(scale: Scale) -> Markup:
    """Return the labels of a scale."""
    labels = Markup("").join(
        Markup('<text x="{}%" y="13">{}</text>').format(_number(tick.at), tick.label)
        for tick in scale.ticks
    )
    return Markup('<svg class="strip axis" height="18" aria-hidden="true">{}</svg>').format(labels)


def row(scale: Scale, marks: Sequence[Mark], series: int, spoken: str) -> Markup:
    """Return one row of a chart.

    Args:
        scale: the scale of the chart.
        marks: at most one per series, drawn one below another so that none hides the next.
        series: number of series of the chart.
        spoken: text for screen readers.
    """
    parts = [_grid(scale)]
    for mark in marks:
        y = 11 + _STEP * mark.series
        shape, colour = _look(mark.series)
        if mark.interval is not None:
            ends = (_number(scale.at(end)) for end in mark.interval)
            line = Markup('<line class="s{} span" x1="{}%" x2="{}%" y1="{}" y2="{}"/>')
            parts.append(line.format(colour, *ends, y, y))
        use = Markup('<use href="#shape{}" x="{}%" y="{}" class="s{}"><title>{}</title></use>')
        x = _number(scale.at(mark.value))
        parts.append(use.format(shape, x, y, colour, mark.title))
    height = _ROW + _STEP * max(series - 1, 0)
    return Markup('<svg class="strip" height="{}" role="img" aria-label="{}">{}</svg>').format(
        height, spoken, Markup("").join(parts)
    )


def _grid(scale: Scale) -> Markup:
    line = Markup('<line class="{}" x1="{}%" x2="{}%" y1="0" y2="100%"/>')
    lines = [line.format("grid", _number(t.at), _number(t.at)) for t in scale.ticks]
    if scale.bound is None:
        return Markup("").join(lines)
    x = _number(scale.bound)
    beyond = Markup('<rect class="beyond" x="{}%" y="0" width="{}%" height="100%"/>')
    width = _number(100 - scale.bound)
    return Markup("").join([beyond.format(x, width), *lines, line.format("bound", x, x)])


def _look(series: int) -> tuple[int, int]:
    return series % len(_SHAPES), series % COLOURS


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
