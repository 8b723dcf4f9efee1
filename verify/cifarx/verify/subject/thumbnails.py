"""Make thumbnails of images for the report."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cifarx.pytorch_models.run_images import read_images
from cifarx.verify.findings.accuracy import AccuracyReport
from cifarx.verify.findings.engine import EngineReport
from cifarx.verify.findings.picture import Picture
from cifarx.verify.subject.files_and_run import Subject
from cifarx.verify.subject.images import ComparedImages

LARGEST = 96
"""Longest side in pixels; larger images are scaled down."""
MOST = 48
"""Most images that a report shows."""


def pictures_of(
    subject: Subject,
    compared: ComparedImages,
    engines: Iterable[EngineReport],
    accuracy: AccuracyReport | None,
) -> tuple[Picture, ...]:
    """Return thumbnails of the images whose prediction changed, largest margins first.

    Without pixels (the inputs are numbers of unknown normalisation) there are none.
    """
    margins: dict[int, float] = {}
    for engine in engines:
        for change in engine.judgement.changed if engine.judgement else ():
            if change.place is not None:
                margins[change.place] = max(change.margin, margins.get(change.place, 0.0))
    for runtime in accuracy.runtimes if accuracy else ():
        for found in runtime.changed:
            margins[found.image] = max(found.margin, margins.get(found.image, 0.0))
    chosen = np.array(sorted(margins, key=lambda place: (-margins[place], place))[:MOST], np.int64)
    if not len(chosen):
        return ()
    if compared.part is not None and subject.run is not None:
        part = replace(compared.part, index=compared.part.index[chosen])
        images = read_images(subject.run, part)
    elif len(compared.images.pixels):
        images = compared.images.select(chosen)
    else:
        return ()
    return tuple(
        Picture(int(place), int(label), _png(pixels))
        for place, label, pixels in zip(chosen, images.labels, images.pixels, strict=True)
    )


def _png(pixels: NDArray[np.uint8]) -> str:
    """(C, H, W) uint8 -> PNG in base64; with other than 1 or 3 channels, of the first one."""
    from PIL import Image

    channels = pixels if len(pixels) == 3 else pixels[:1]
    shown = Image.fromarray(np.ascontiguousarray(channels.transpose(1, 2, 0).squeeze()))
    shown.thumbnail((LARGEST, LARGEST))
    file = io.BytesIO()
    shown.save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode("ascii")
