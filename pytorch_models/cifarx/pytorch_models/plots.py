"""The pictures of a run folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from cifarx.pytorch_models.files import replacing

if TYPE_CHECKING:
    from cifarx.pytorch_models.train import Epoch

_TRAIN, _TEST = "#0072b2", "#d55e00"  # told apart by colour-blind readers too (Okabe and Ito)


def save_curves(history: Sequence[Epoch], title: str, path: Path) -> None:
    """Loss and accuracy over the epochs, as PNG."""
    epochs = [e.epoch for e in history]
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    figure.suptitle(title, parse_math=False)
    loss, accuracy = figure.subplots(1, 2)
    for axes, name, scale in ((loss, "loss", 1.0), (accuracy, "accuracy", 100.0)):
        for split, colour, marker in (("train", _TRAIN, "o"), ("test", _TEST, "s")):
            values = [scale * getattr(e, f"{split}_{name}") for e in history]
            axes.plot(epochs, values, color=colour, marker=marker, markersize=4, label=split)
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
    """Share of each true class (rows) that was given each label (columns), in percent, as PNG."""
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
        names = [name.replace("$", r"\$") for name in classes]  # a pair of $ would be mathematics
        axes.set_xticks(range(k), names, rotation=90)
        axes.set_yticks(range(k), names)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    axes.set_title(title, fontsize=10, parse_math=False)
    _save(figure, path)


def _save(figure: Figure, path: Path) -> None:
    with replacing(path) as temporary:
        figure.savefig(temporary, format="png", dpi=120)
