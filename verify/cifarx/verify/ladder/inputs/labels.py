"""Check the labels in model.mat's test batch against those of the data."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cifarx.pytorch_models.data.images import Images
from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.run_images import sample_images
from cifarx.verify.subject.files_and_run import Subject


def label_faults(subject: Subject, images: Images) -> list[str]:
    """Compare the labels of the batch's images with those of equal images in the data.

    If the given images do not confirm the whole batch, those that the export took are read.

    Args:
        subject: has a model.mat with images.
        images: some of the run's test images, or the batch itself.
    """
    assert subject.mat is not None
    batch = subject.mat.batch
    if not len(batch.labels):
        return []
    given = _labelled(Images(batch.images, batch.labels))
    known = set(_labelled(images))
    if subject.run is not None and not known.issuperset(given):
        with suppress(UserError):  # the data are gone or changed
            known.update(_labelled(sample_images(subject.run, len(given))))
    pictures = {picture for picture, _ in known}
    wrong = sum(picture in pictures and (picture, label) not in known for picture, label in given)
    if not wrong:
        return []
    return [f"{subject.mat_path.name} has wrong labels for {wrong} of its {len(given)} images"]


def _labelled(images: Images) -> list[tuple[bytes, bytes]]:
    """Return each image's digest with that of its label or its pixels' labels.

    Nothing if the pixels are unknown.
    """
    if not len(images.pixels):
        return []
    return [
        (_digest(pixels), _digest(label))
        for pixels, label in zip(images.pixels, images.labels, strict=True)
    ]


def _digest(array: NDArray[Any]) -> bytes:
    return hashlib.sha256(np.ascontiguousarray(array).data).digest()
