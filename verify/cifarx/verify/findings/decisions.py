"""Rung 5: the line on what the network decides, of images, of pixels, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf

from cifarx.verify.findings.check import Check, judged
from cifarx.verify.findings.engine import EngineReport
from cifarx.verify.findings.logits import Judgement

_NAME = "decisions"
_BROKEN = " of an engine are not finite numbers of the expected shape"
ClassName = Callable[[int], str]


def image_decisions(
    engines: Sequence[EngineReport],
    outputs: Sequence[Judgement],
    margin: float,
    class_name: ClassName,
    *,
    several: bool,
) -> Check:
    """Return the line of a classification.

    Args:
        engines: what was found on each engine.
        outputs: all their judgements.
        margin: the smallest one of the original's predictions.
        class_name: gives the name of a class.
        several: whether there are several classes to decide among.
    """
    changed = [(e.runtime, c) for e in engines if e.judgement for c in e.judgement.changed]
    largest = max(j.largest for j in outputs)
    ties = all(j.passed for j in outputs)
    finite = all(j.finite for j in outputs)
    if not finite:
        detail = f"the logits{_BROKEN}"
    elif not several:
        detail = f"not applicable: the network has one output; largest error {largest:.1e}"
    elif changed:
        runtime, change = max(changed, key=lambda entry: entry[1].margin)
        truth, predicted = (class_name(k) for k in (change.truth, change.predicted))
        detail = (
            f"{len(changed)} changed{', ties within float32 rounding' if ties else ''}; the "
            f"largest margin is {change.margin:.1e}: image {change.shown_index} is {truth!r} "
            f"in float64, {predicted!r} in {runtime}"
        )
    elif 2 * largest < margin:
        times = margin / largest if largest else inf
        detail = (
            "no prediction on these images can change: the smallest margin, "
            f"{margin:.1e}, is {times:.0f}x the largest error"
        )
    else:
        detail = f"none changed; the smallest margin is {margin:.1e}"
    return judged(finite and (ties or not changed), _NAME, detail)


def pixel_decisions(
    engines: Sequence[EngineReport],
    outputs: Sequence[Judgement],
    margin: float,
    class_name: ClassName,
) -> Check:
    """Return the line of a segmentation: the pixels whose class changed; see `image_decisions`."""
    ran = [(e, e.judgement) for e in engines if e.judgement is not None]
    found = [(e, j.pixels) for e, j in ran if j.pixels is not None]
    if len(found) < len(ran) or not all(j.finite for j in outputs):
        return judged(False, _NAME, f"the outputs{_BROKEN}")
    ties = all(j.passed for j in outputs)
    engine, worst = max(found, key=lambda entry: entry[1].changed)
    if worst.largest is None:
        smallest = f"; the smallest margin is {margin:.1e}" if margin < inf else ""
        return judged(True, _NAME, f"none of {worst.pixels} pixels changed{smallest}")
    at = worst.largest
    truth, predicted = (class_name(k) for k in (at.truth, at.predicted))
    detail = (
        f"{worst.changed} of {worst.pixels} pixels changed in {worst.images} images in "
        f"{engine.runtime}{', ties within float32 rounding' if ties else ''}; mean IoU with "
        f"float64 {worst.mean_iou:.4f}; the largest margin is {at.margin:.1e}: image {at.image}, "
        f"row {at.row}, column {at.column} is {truth!r} in float64, {predicted!r} here"
    )
    return judged(ties, _NAME, detail)


def no_decisions(outputs: Sequence[Judgement]) -> Check:
    """Return the line of a regression: the largest error in units of the output's spread."""
    if not all(j.finite for j in outputs):
        return judged(False, _NAME, f"the outputs{_BROKEN}")
    detail = "not applicable: the network predicts no classes"
    known = [(j.spread, j.output) for j in outputs if j.spread is not None]
    if known:
        spread, name = max(known)
        detail += f"; the largest error is {spread:.1e} of the spread of its {name}"
    return judged(True, _NAME, detail)
