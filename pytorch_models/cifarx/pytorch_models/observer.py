"""The interface through which a training reports its progress."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cifarx.pytorch_models.run import RunRecord
    from cifarx.pytorch_models.train import Epoch


class Observer:
    """Receives all events and does nothing; override the methods of interest."""

    def on_start(self, folder: Path, record: RunRecord) -> None:
        """Called when the images are read and the run's folder exists."""

    def after_step(self, images: int) -> None:
        """Called after each step, with its number of images."""

    def after_epoch(self, epoch: Epoch) -> None:
        """Called when an epoch is finished and saved."""
