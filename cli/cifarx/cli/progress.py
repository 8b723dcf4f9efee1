"""Progress: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from cifarx.pytorch_models.fit import Plan
    from cifarx.pytorch_models.train import Epoch


class Training:
    """What a person sees of a training."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._epochs_done = 0
        self._console = Console(highlight=False, soft_wrap=True)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:,.0f}/{task.total:,.0f} images"),
            TimeRemainingColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
            transient=True,
        )

    def __enter__(self) -> Training:
        recipe, plan = self._plan.recipe, self._plan
        self._console.print(
            f"{plan.spec.name} on {plan.data.name}, recipe {plan.recipe_name}: "
            f"{recipe.optimizer}, rate {recipe.learning_rate:g} ({recipe.schedule}), "
            f"batch {recipe.batch_size}, {recipe.epochs} epochs, on {plan.device}"
        )
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def start(self, folder: Path, train_images: int, test_images: int) -> None:
        """Images are read; training begins."""
        self._folder = folder
        self._console.print(f"{train_images:,} training and {test_images:,} test images")
        self._task = self._bar.add_task(
            f"epoch 1/{self._plan.recipe.epochs}", total=train_images * self._plan.recipe.epochs
        )

    def after_step(self, images: int) -> None:
        """A step over so many images is done."""
        self._bar.advance(self._task, images)

    def after_epoch(self, epoch: Epoch) -> None:
        """An epoch is done and saved."""
        epochs = self._plan.recipe.epochs
        self._epochs_done = epoch.epoch
        self._console.print(
            f"epoch {epoch.epoch}/{epochs}: loss {epoch.train_loss:.4f}, test loss "
            f"{epoch.test_loss:.4f}, test accuracy {100 * epoch.test_accuracy:.2f}%, "
            f"{epoch.seconds:.1f} s"
        )
        self._bar.update(self._task, description=f"epoch {min(epoch.epoch + 1, epochs)}/{epochs}")

    def stopped(self) -> str:
        """What an interrupted training leaves."""
        if not self._epochs_done:
            return "Stopped in the first epoch; nothing was saved."
        return (
            f"Stopped. {self._folder} holds the weights after epoch {self._epochs_done} of "
            f"{self._plan.recipe.epochs}, and can be exported as it is."
        )


@contextmanager
def status() -> Iterator[Callable[[str], None]]:
    """A line on a terminal that says what is being done; nothing elsewhere."""
    console = Console(stderr=True)
    if not (console.is_terminal and sys.stdout.isatty()):
        yield lambda text: None
        return
    with console.status("reading files") as line:
        yield lambda text: line.update(text)
