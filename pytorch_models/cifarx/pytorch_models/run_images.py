"""Read the images that a run was tested on.

All three functions raise `UserError` if the data have changed since the run was trained.
"""

from __future__ import annotations

from cifarx.pytorch_models.data.images import Images
from cifarx.pytorch_models.data.open import reopen_data
from cifarx.pytorch_models.data.split import Part, split_data
from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.run import Run


def sample_images(run: Run, count: int) -> Images:
    """Read at most `count` test images of the run's data, evenly distributed over its classes.

    Raises:
        UserError: the data are no longer available, or their classes, number of test images or
            image size differ from the run's.
    """
    return read_images(run, run_test_part(run).limited(count))


def run_test_part(run: Run) -> Part:
    """Find the test images of the run's data without reading them.

    Raises:
        UserError: the data are no longer available, or their classes or number of test images
            differ from the run's.
    """
    data = reopen_data(run.record.data.origin, run.record.data.root)
    if data.classes != run.record.classes:
        raise UserError(
            f"The data {data.origin} now have the classes {', '.join(data.classes)}, but the run "
            f"{run.folder} was trained on {', '.join(run.record.classes)}. Restore the data, or "
            "train again."
        )
    record = run.record
    part = split_data(data, record.recipe, record.data.limit).test
    if len(part) != record.data.test_images:
        raise UserError(
            f"The data {data.origin} now have {len(part)} test images, but the run {run.folder} "
            f"was tested on {record.data.test_images}. Restore the data, or train again."
        )
    return part


def read_images(run: Run, part: Part) -> Images:
    """Read some images of the run's data, such as a part of `run_test_part`.

    Raises:
        UserError: an image cannot be read, or the images do not have the size of the run's input.
    """
    images = part.read()
    if images.pixels.shape[1:] != run.record.input_size:
        raise UserError(
            f"The images of {part.data.origin} now have the size {images.pixels.shape[1:]} "
            f"(channels, height, width), but the run {run.folder} was trained on "
            f"{run.record.input_size}. Restore the data, or train again."
        )
    return images
