"""Draw the pictures of a run folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from cifarx.pytorch_models.data.images import Images, balanced_index
from cifarx.pytorch_models.files import replacing

if TYPE_CHECKING:
    from cifarx.pytorch_models.train import Epoch

_TRAIN, _HELD_OUT = "#0072b2", "#d55e00"  # distinct for colour-blind readers too (Okabe and Ito)


def save_curves(history: Sequence[Epoch], held_out: str, title: str, path: Path) -> None:
    """Draw loss and accuracy per epoch, on the training and the `held_out` images, as PNG.

    Args:
        history: the epochs.
        held_out: 'validation' or 'test', for the legend.
        title: of the figure.
        path: the file to write.
    """
    epochs = [e.epoch for e in history]
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    figure.suptitle(title, parse_math=False)
    loss, accuracy = figure.subplots(1, 2)
    for axes, name, scale in ((loss, "loss", 1.0), (accuracy, "accuracy", 100.0)):
        for split, label, colour, marker in (
            ("train", "training", _TRAIN, "o"),
            ("held_out", held_out, _HELD_OUT, "s"),
        ):
            values = [scale * getattr(e, f"{split}_{name}") for e in history]
            axes.plot(epochs, values, color=colour, marker=marker, markersize=4, label=label)
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
    loss.set_ylabel("cross-entropy")
    loss.set_ylim(bottom=0)
    loss.legend(frameon=False)
    accuracy.set_ylabel("accuracy, %")
    accuracy.set_ylim(top=100)
    _save(figure, path)


def save_confusion(
    labels: NDArray[np.int64],
    predictions: NDArray[np.int64],
    classes: Sequence[str],
    title: str,
    path: Path,
) -> None:
    """Draw a confusion matrix: percent of each true class (rows) per label (columns), as PNG.

    Args:
        labels: (N,) int64, the true classes, indices into `classes`.
        predictions: (N,) int64.
        classes: K names.
        title: of the figure.
        path: the file to write.
    """
    k = len(classes)
    counts = np.bincount(labels * k + predictions, minlength=k * k).reshape(k, k)
    share = 100.0 * counts / np.maximum(counts.sum(1, keepdims=True), 1)
    side = min(max(4.5, 0.45 * k + 2.0), 20.0)
    figure = Figure(figsize=(side, side), layout="constrained")
    axes = figure.subplots()
    axes.imshow(share, cmap="Blues", vmin=0, vmax=100)
    if k <= 20:
        for (i, j), value in np.ndenumerate(share):
            if value >= 0.5:
                colour = "white" if value > 50 else "black"
                axes.text(j, i, f"{value:.0f}", ha="center", va="center", color=colour, fontsize=8)
    if k <= 60:  # more names do not fit
        names = [name.replace("$", r"\$") for name in classes]  # a pair of $ would start a formula
        axes.set_xticks(range(k), names, rotation=90)
        axes.set_yticks(range(k), names)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    axes.set_title(title, fontsize=10, parse_math=False)
    _save(figure, path)


def save_samples(
    images: Images,
    predictions: NDArray[np.int64],
    classes: Sequence[str],
    title: str,
    path: Path,
) -> None:
    """Draw 40 images, evenly distributed over the classes, with their predicted labels, as PNG.

    A wrong label has another colour and is followed by the true one.

    Args:
        images: N images.
        predictions: (N,) int64, indices into `classes`.
        classes: K names.
        title: of the figure.
        path: the file to write.
    """
    rows, columns = 5, 8
    chosen = balanced_index(images.labels, rows * columns)
    figure = Figure(figsize=(1.45 * columns, 1.6 * rows + 0.5), layout="constrained")
    figure.suptitle(title, parse_math=False)
    grid = figure.subplots(rows, columns).ravel()
    for axes in grid:
        axes.set_axis_off()
    for axes, i in zip(grid, chosen, strict=False):
        picture = images.pixels[i].transpose(1, 2, 0)
        if picture.shape[2] == 1:
            axes.imshow(picture[:, :, 0], cmap="gray", vmin=0, vmax=255)
        else:
            axes.imshow(picture)
        true, label = images.labels[i], predictions[i]
        right = true == label
        text = classes[label] if right else f"{classes[label]}\nnot {classes[true]}"
        colour = "black" if right else _HELD_OUT
        axes.set_title(text, fontsize=8, color=colour, parse_math=False)
    _save(figure, path)


def _save(figure: Figure, path: Path) -> None:
    with replacing(path) as temporary:
        figure.savefig(temporary, format="png", dpi=120)
