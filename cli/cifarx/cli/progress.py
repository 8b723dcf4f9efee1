"""Show progress: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from cifarx.pytorch_models.observer import Observer
from cifarx.pytorch_models.run import RECORD, parse_record

if TYPE_CHECKING:
    from cifarx.pytorch_models.plan import Plan
    from cifarx.pytorch_models.run import RunRecord
    from cifarx.pytorch_models.train import Epoch
    from cifarx.verify.reproduction.rows import ReproduceOptions as ReproduceOptions

_SECONDS_BETWEEN = 10.0


class Training(Observer):
    """Show the progress of a training."""

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
        """Print the numbers of images, and where a resumed training continues."""
        self._folder = folder
        data, epochs = record.data, self._plan.recipe.epochs
        self._held_out = "validation" if data.validation_images else "test"
        validation = f"{data.validation_images:,} validation, " if data.validation_images else ""
        self._console.print(
            f"{data.train_images:,} training, {validation}{data.test_images:,} test images"
        )
        self._epochs_done = record.epochs_done
        if self._plan.resume:
            self._console.print(f"{folder} continues after epoch {record.epochs_done} of {epochs}")
        self._task = self._bar.add_task(
            f"epoch {min(record.epochs_done + 1, epochs)}/{epochs}",
            total=data.train_images * epochs,
            completed=data.train_images * record.epochs_done,
        )

    def after_step(self, images: int) -> None:
        """Move the bar by this number of images."""
        self._bar.advance(self._task, images)

    def after_epoch(self, epoch: Epoch) -> None:
        """Print the figures of an epoch that is done and saved."""
        epochs = self._plan.recipe.epochs
        self._epochs_done = epoch.epoch
        self._console.print(
            f"epoch {epoch.epoch}/{epochs}: loss {epoch.train_loss:.4f}, "
            f"{self._held_out} loss {epoch.held_out_loss:.4f}, "
            f"{self._held_out} accuracy {100 * epoch.held_out_accuracy:.2f}%, {epoch.seconds:.1f} s"
        )
        self._bar.update(self._task, description=f"epoch {min(epoch.epoch + 1, epochs)}/{epochs}")

    def stopped(self) -> str:
        """Return the message for an interrupted training: what it leaves, and how to go on."""
        if self._folder is None:
            return "Stopped before the training began; nothing was saved."
        if (record := self._folder / RECORD).exists():  # an epoch may be saved and not yet reported
            self._epochs_done = parse_record(record.read_text("utf-8"), record).epochs_done
        again = f"'cifarx train --resume --out {self._folder}' continues from there."
        if not self._epochs_done:
            return f"Stopped during the first epoch, of which nothing is kept. {again}"
        return (
            f"Stopped. {self._folder} holds the weights after epoch {self._epochs_done} of "
            f"{self._plan.recipe.epochs} and can be exported. {again}"
        )


class Silent(Observer, AbstractContextManager["Silent"]):
    """Show nothing, in all processes of torchrun but the first."""

    def __exit__(self, *error: object) -> None:
        """Do nothing; no bar was started."""

    def stopped(self) -> str:
        """Return the message for an interrupted training."""
        return "Stopped."


def run_rows(options: ReproduceOptions) -> dict[str, str]:
    """Run `cifarx reproduce` and print one line per epoch and one per row.

    Returns:
        For each row that could not be measured, the reason.
    """
    from cifarx.verify.reproduction.rows import reproduce

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
    """Show the current stage: in one changing line on a terminal, in plain lines elsewhere.

    Both go to stderr; stdout is for the result of the command.
    """
    console = Console(stderr=True)
    if not (console.is_terminal and sys.stdout.isatty()):
        yield PlainLines(console)
        return
    with console.status("reading files") as line:
        yield lambda text: line.update(Text(text))  # a file's name may look like markup


class PlainLines:
    """Print one line per stage; of stages that differ only in numbers, one every ten seconds."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._stage: str | None = None
        self._shown = 0.0

    def __call__(self, text: str) -> None:
        """Print the stage, unless one that differs only in numbers was printed just before."""
        stage = re.sub(r"[\d,]+", "", text)
        now = time.monotonic()
        if stage != self._stage or now - self._shown >= _SECONDS_BETWEEN:
            self._console.out(text, highlight=False)
            self._stage, self._shown = stage, now
