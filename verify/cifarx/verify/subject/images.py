"""Choose the images to compare on, and normalise them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cifarx.export.model_contract import with_labels_of
from cifarx.export.test_inputs import from_data
from cifarx.pytorch_models.data.images import Images
from cifarx.pytorch_models.data.split import Part
from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.preprocess import preprocess
from cifarx.pytorch_models.run_images import read_images, run_test_part
from cifarx.verify.subject.files_and_run import Subject


@dataclass(frozen=True)
class ComparedImages:
    """The images of rungs 1 to 5."""

    images: Images
    inputs: NDArray[np.float32]
    """(N, C, H, W) float32, normalised."""
    origin: str
    """Where they come from, for the report."""
    part: Part | None
    """All test images of the run's data; None if these are not available."""
    places: NDArray[np.int64]
    """(N,) index of each image in `part`, or in model.mat's test batch without one."""


def compared_images(subject: Subject, count: int, data: str | None = None) -> ComparedImages:
    """Return the user's data, the run's test images, or those of model.mat.

    If the normalisation of pixels is unknown, model.mat's inputs are used as they are.

    Args:
        subject: the files and the run.
        count: number of images; of data other than model.mat's, at least one per class.
        data: the value of --data, if it is given.

    Raises:
        UserError: the images cannot be read, or --data does not fit.
    """
    if data is not None:
        return _of_data(subject, count, data)
    if subject.run is not None:
        try:
            part = run_test_part(subject.run)
            chosen = part.limited(max(count, len(subject.run.record.classes)))
            images = read_images(subject.run, chosen)
        except UserError:
            if subject.mat is None:
                raise
        else:
            inputs = preprocess(images.pixels, *subject.run.mean_std())
            order = np.argsort(part.index, kind="stable")
            places = order[np.searchsorted(part.index, chosen.index, sorter=order)]
            origin = f"test images of {subject.run.record.data.name}"
            return ComparedImages(images, inputs, origin, part, places)
    assert subject.mat is not None
    batch, card, name = subject.mat.batch, subject.mat.card, subject.mat_path.name
    images = Images(batch.images[:count], batch.labels[:count])
    places = np.arange(len(batch.inputs[0][:count]))
    if not card.mean or not len(batch.images):
        origin = f"inputs of the test batch in {name}"
        return ComparedImages(images, batch.inputs[0][:count], origin, None, places)
    mean, std = np.asarray(card.mean, np.float32), np.asarray(card.std, np.float32)
    inputs = preprocess(images.pixels, mean, std)
    return ComparedImages(images, inputs, f"images of the test batch in {name}", None, places)


def _of_data(subject: Subject, count: int, data: str) -> ComparedImages:
    """Return the user's own inputs, for a network that is not a run."""
    if subject.run is not None:
        raise UserError(
            f"--data cannot be used here: these files come from the run {subject.run.folder}, and "
            "its own test images are compared. Leave it out, or pass --checkpoint none."
        )
    assert subject.mat is not None
    card, inputs = subject.mat.card, subject.mat.graph.inputs
    found = from_data(data, inputs, card, max(count, len(card.classes)))
    given = with_labels_of(card, found, data)
    images = Images(given.images, given.labels)
    places = np.arange(given.count)
    return ComparedImages(images, given.inputs[0], given.origin, None, places)
