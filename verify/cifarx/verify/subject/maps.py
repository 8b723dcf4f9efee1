"""Draw the maps and signals of the inputs with the largest errors, for the report."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cifarx.export.network.model_card import SEGMENTATION
from cifarx.verify.findings.picture import MapRow, Panel, SignalRow
from cifarx.verify.subject.images import ComparedImages

LARGEST = 128
"""Longest side of a picture in pixels; larger maps are scaled down."""
MOST = 6
"""Most rows of pictures, and most of charts, in a report."""
_OF_ONE = 3  # inputs of one output in one engine
_POINTS = 200  # of a chart
_SMALLEST = 16  # pixels of maps that are worth a picture
_RED = (220, 40, 40)

Values = Sequence[NDArray[Any]]


@dataclass(frozen=True)
class _Shown:
    """One output of one engine for one input."""

    error: float
    """Largest absolute error."""
    rank: int
    """0 for the input with the largest error of its output and engine, 1 for the next one."""
    title: str
    engine: str
    image: int
    found: NDArray[Any]
    """(C, H, W) or (C, L)"""
    wanted: NDArray[np.float64]


def drawn_outputs(
    compared: ComparedImages,
    task: str,
    references: Mapping[str, NDArray[np.float64]],
    outputs: Mapping[str, Values],
) -> tuple[tuple[MapRow, ...], tuple[SignalRow, ...]]:
    """Return rows of pictures and of charts of the inputs with the largest errors.

    Drawn are the classes of a segmentation, maps of one or three channels as images, and signals.

    Args:
        compared: the inputs.
        task: of the network.
        references: the original's outputs (N, ...), by name.
        outputs: those of each engine, in the same order and of the same sizes.
    """
    shown = sorted(_candidates(references, outputs, task), key=lambda one: (one.rank, -one.error))
    maps = [one for one in shown if one.wanted.ndim == 3][:MOST]
    signals = [one for one in shown if one.wanted.ndim == 2][:MOST]
    return (
        tuple(MapRow(one.title, tuple(_panels(one, compared, task))) for one in maps),
        tuple(map(_signal, signals)),
    )


def _candidates(
    references: Mapping[str, NDArray[np.float64]], outputs: Mapping[str, Values], task: str
) -> Iterator[_Shown]:
    for engine, values in outputs.items():
        for (name, wanted), found in zip(references.items(), values, strict=True):
            if not _is_drawn(wanted.shape[1:], task):
                continue
            errors = np.array([np.abs(y - r).max() for y, r in zip(found, wanted, strict=True)])
            if not np.isfinite(errors).all():
                continue
            for rank, i in enumerate(np.argsort(-errors, kind="stable")[:_OF_ONE].tolist()):
                of = f", {name}" if len(references) > 1 else ""
                title = f"input {i}{of} in {engine}, largest error {errors[i]:.1e}"
                yield _Shown(
                    error=float(errors[i]),
                    rank=rank,
                    title=title,
                    engine=engine,
                    image=i,
                    found=found[i],
                    wanted=wanted[i],
                )


def _is_drawn(shape: tuple[int, ...], task: str) -> bool:
    if len(shape) == 3:
        looks = task == SEGMENTATION or shape[0] in (1, 3)
        return looks and shape[1] * shape[2] >= _SMALLEST
    return len(shape) == 2 and shape[1] >= _SMALLEST


def _panels(one: _Shown, compared: ComparedImages, task: str) -> Iterator[Panel]:
    given = _input_of(compared, one.image)
    if given is not None:
        yield Panel("input", _png(given))
    error = np.abs(one.found - one.wanted).max(axis=0)
    most = float(error.max())
    grey = np.repeat((255 * error / (most or 1.0)).astype(np.uint8)[None], 3, axis=0)
    caption = f"difference; white is {most:.1e}"
    if task == SEGMENTATION:
        wanted, found = one.wanted.argmax(axis=0), one.found.argmax(axis=0)
        changed = wanted != found
        grey[:, changed] = np.array(_RED, np.uint8)[:, None]
        count = int(changed.sum())
        caption += f"; red: {count} pixels of another class" if count else "; no class changed"
        pictures = [_coloured(wanted), _coloured(found)]
    else:
        low, high = float(one.wanted.min()), float(one.wanted.max())
        pictures = [_scaled(values, low, high) for values in (one.wanted, one.found)]
    yield Panel("original in float64", _png(pictures[0], smooth=task != SEGMENTATION))
    yield Panel(one.engine, _png(pictures[1], smooth=task != SEGMENTATION))
    yield Panel(caption, _png(grey, smooth=False))


def _input_of(compared: ComparedImages, i: int) -> NDArray[np.uint8] | None:
    """Return the image (C, H, W) that went in: its pixels, else its numbers scaled to their range.

    With other than 1 or 3 channels, it is the first of them.
    """
    if len(compared.images.pixels):
        pixels: NDArray[np.uint8] = compared.images.pixels[i]
        return pixels
    image = next((x[i] for x in compared.inputs if x.ndim == 4), None)
    return None if image is None else _scaled(image, float(image.min()), float(image.max()))


def _scaled(values: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    share = (values - low) / ((high - low) or 1.0)
    return np.asarray((255 * share.clip(0, 1)).round(), np.uint8)


def _coloured(classes: NDArray[np.int64]) -> NDArray[np.uint8]:
    """(H, W) classes -> (3, H, W): a colour per class, far apart for neighbouring classes."""
    hue = classes * 0.618034 % 1.0  # the golden ratio spreads any number of hues
    phases = np.stack([hue, hue - 1 / 3, hue - 2 / 3])
    dark = np.where(classes // 8 % 2, 0.6, 1.0)
    return np.asarray(dark * (127.5 + 110 * np.cos(2 * np.pi * phases)), np.uint8)


def _png(pixels: NDArray[np.uint8], *, smooth: bool = True) -> str:
    """(C, H, W) uint8 -> PNG in base64, scaled down to `LARGEST`."""
    from PIL import Image

    channels = pixels if len(pixels) == 3 else pixels[:1]
    rows = np.ascontiguousarray(channels.transpose(1, 2, 0))
    shown = Image.fromarray(rows[:, :, 0] if rows.shape[2] == 1 else rows)
    method = Image.Resampling.LANCZOS if smooth else Image.Resampling.NEAREST
    shown.thumbnail((LARGEST, LARGEST), method)
    file = io.BytesIO()
    shown.save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode("ascii")


def _signal(one: _Shown) -> SignalRow:
    """The channel with the largest error, thinned out to about `_POINTS` numbers."""
    error = one.found.astype(np.float64) - one.wanted
    channel = int(np.abs(error).max(axis=1).argmax())
    step = max(1, one.wanted.shape[1] // _POINTS)
    title = f"{one.title}, channel {channel}"
    whole = error[channel][: len(error[channel]) // step * step].reshape(-1, step)
    worst = whole[np.arange(len(whole)), np.abs(whole).argmax(axis=1)]  # none is lost by thinning
    return SignalRow(title, tuple(one.wanted[channel][::step].tolist()), tuple(worst.tolist()))
