"""Who is told of a training while it goes on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cifarx.pytorch_models.run import RunRecord
    from cifarx.pytorch_models.train import Epoch


class Observer:
    """Hears of everything and does nothing; override what is of interest."""

    def on_start(self, folder: Path, record: RunRecord) -> None:
        """The images are read and the run's folder is there."""

    def after_step(self, images: int) -> None:
        """A step over so many images is done."""

    def after_epoch(self, epoch: Epoch) -> None:
        """An epoch is done and saved."""
