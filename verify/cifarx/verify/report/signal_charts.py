"""Draw a channel of a signal and a runtime's error in it, as two lines of SVG."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from markupsafe import Markup

from cifarx.verify.findings.picture import SignalRow
from cifarx.verify.report.result_charts import number

_WIDTH, _HEIGHT = 600, 60


def signal_chart(row: SignalRow) -> Markup:
    """Return both lines, each with its own scale, which the caption below it states."""
    low, high = _range(row.reference)
    most = max((abs(e) for e in row.error if isfinite(e)), default=0.0)
    reference = _line(row.reference, low, high, "s0")
    error = _line(row.error, -most, most, "s1")
    caption = Markup("<small>{}</small>")
    return Markup("").join(
        [
            reference,
            caption.format(f"original in float64, {number(low)} to {number(high)}"),
            error,
            caption.format(f"error, up to {number(most)} on both sides"),
        ]
    )


def _range(values: Sequence[float]) -> tuple[float, float]:
    finite = [v for v in values if isfinite(v)]
    return min(finite, default=0.0), max(finite, default=0.0)


def _line(values: Sequence[float], low: float, high: float, colour: str) -> Markup:
    span = (high - low) or 1.0
    step = _WIDTH / max(1, len(values) - 1)
    points = " ".join(
        f"{i * step:.1f},{_HEIGHT - 2 - (_HEIGHT - 4) * (v - low) / span:.1f}"
        for i, v in enumerate(values)
        if isfinite(v)
    )
    return Markup(
        '<svg class="signal" viewBox="0 0 {} {}" preserveAspectRatio="none" aria-hidden="true">'
        '<polyline class="{}" points="{}"/></svg>'
    ).format(_WIDTH, _HEIGHT, colour, points)
