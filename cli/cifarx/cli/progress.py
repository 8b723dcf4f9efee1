"""Progress: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from cifarx.pytorch_models.observer import Observer
from cifarx.pytorch_models.run import RECORD, parse_record

if TYPE_CHECKING:
    from cifarx.pytorch_models.plan import Plan
    from cifarx.pytorch_models.run import RunRecord
    from cifarx.pytorch_models.train import Epoch
    from cifarx.verify.reproduction import Options as ReproduceOptions


class Training(Observer):
    """What a person sees of a training."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._epochs_done = 0
        self._folder: Path | None = None
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

    def __enter__(self) -> Self:
        recipe, plan = self._plan.recipe, self._plan
        together = f" x {recipe.accumulate}" if recipe.accumulate > 1 else ""
        precision = "" if recipe.precision == "float32" else f" in {recipe.precision}"
        self._console.print(
            f"{plan.spec.name} on {plan.data.name}, recipe {plan.recipe_name}: "
            f"{recipe.optimizer}, rate {recipe.learning_rate:g} ({recipe.schedule}), "
            f"batch {recipe.batch_size}{together}, {recipe.epochs} epochs, "
            f"on {plan.device}{precision}"
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

    def on_start(self, folder: Path, record: RunRecord) -> None:
        """Images are read; training begins, or goes on."""
        self._folder = folder
        data, epochs = record.data, self._plan.recipe.epochs
        self._held_out = "validation" if data.validation_images else "test"
        validation = f"{data.validation_images:,} validation, " if data.validation_images else ""
        self._console.print(
            f"{data.train_images:,} training, {validation}{data.test_images:,} test images"
        )
        self._epochs_done = record.epochs_done
        if self._plan.resume:
            self._console.print(f"{folder} goes on after epoch {record.epochs_done} of {epochs}")
        self._task = self._bar.add_task(
            f"epoch {min(record.epochs_done + 1, epochs)}/{epochs}",
            total=data.train_images * epochs,
            completed=data.train_images * record.epochs_done,
        )

    def after_step(self, images: int) -> None:
        """A step over so many images is done."""
        self._bar.advance(self._task, images)

    def after_epoch(self, epoch: Epoch) -> None:
        """An epoch is done and saved."""
        epochs = self._plan.recipe.epochs
        self._epochs_done = epoch.epoch
        self._console.print(
            f"epoch {epoch.epoch}/{epochs}: loss {epoch.train_loss:.4f}, "
            f"{self._held_out} loss {epoch.held_out_loss:.4f}, "
            f"{self._held_out} accuracy {100 * epoch.held_out_accuracy:.2f}%, {epoch.seconds:.1f} s"
        )
        self._bar.update(self._task, description=f"epoch {min(epoch.epoch + 1, epochs)}/{epochs}")

    def stopped(self) -> str:
        """What an interrupted training leaves."""
        if self._folder is None:
            return "Stopped before the training began; nothing was saved."
        if (record := self._folder / RECORD).exists():  # an epoch may be saved and not told of yet
            self._epochs_done = parse_record(record.read_text("utf-8"), record).epochs_done
        again = f"'cifarx train --resume --out {self._folder}' goes on from there."
        if not self._epochs_done:
            return f"Stopped in the first epoch, of which nothing is kept. {again}"
        return (
            f"Stopped. {self._folder} holds the weights after epoch {self._epochs_done} of "
            f"{self._plan.recipe.epochs}, and can be exported as it is. {again}"
        )


class Silent(Observer, AbstractContextManager["Silent"]):
    """What processes beside the first one show."""

    def __exit__(self, *error: object) -> None:
        """Nothing was begun."""

    def stopped(self) -> str:
        """What is said of an interruption."""
        return "Stopped."


def run_rows(options: ReproduceOptions) -> dict[str, str]:
    """`cifarx reproduce`: one line an epoch, one a row; why rows could not be measured, by row."""
    from cifarx.verify.reproduction import reproduce

    def say(line: str) -> None:
        print(line, flush=True)

    class Lines(Observer):
        def __init__(self, row: str) -> None:
            self._row = row

        def after_epoch(self, epoch: Epoch) -> None:
            say(
                f"{self._row}: epoch {epoch.epoch}, loss {epoch.train_loss:.4f}, "
                f"held-out accuracy {100 * epoch.held_out_accuracy:.2f}%, {epoch.seconds:.1f} s"
            )

    return reproduce(options, Lines, say)


@contextmanager
def status() -> Iterator[Callable[[str], None]]:
    """A line on a terminal that says what is being done; nothing elsewhere."""
    console = Console(stderr=True)
    if not (console.is_terminal and sys.stdout.isatty()):
        yield lambda text: None
        return
    with console.status("reading files") as line:
        yield lambda text: line.update(text)
