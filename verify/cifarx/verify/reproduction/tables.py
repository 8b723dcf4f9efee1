"""Write the results of `cifarx reproduce` as tables, every figure with its conditions."""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Sequence
from importlib import resources

from pydantic import BaseModel, ConfigDict, TypeAdapter

from cifarx.pytorch_models.recipe import rows

_PUBLISHED = {"cifar10": 50_000, "mnist": 60_000, "fashion-mnist": 60_000}  # training images


class Measured(BaseModel):
    """The results of the runs of one row."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    row: str
    network: str
    recipe: str
    claim: str
    accuracies: tuple[float, ...]
    """Accuracy on the test images in percent, one value per seed."""
    dataset: str
    """The data set of the publication."""
    data: str
    """The data set that was used."""
    train_images: int
    of_train_images: int
    """Number of training images of the publication."""
    test_images: int
    epochs: int
    of_epochs: int
    """Number of epochs of the publication."""
    precision: str
    pretrained: str
    device: str
    seconds: float
    """Training time, the mean over the seeds."""
    verdict: str
    versions: dict[str, str]
    date: str

    @property
    def limits(self) -> str:
        """Why the figure cannot be compared with the claim; '' if it can."""
        images = f"{self.train_images:,} of {self.of_train_images:,} training images"
        epochs = f"{self.epochs} of {self.of_epochs} epochs"
        limits = [images] if self.train_images < self.of_train_images else []
        limits += [epochs] if self.epochs < self.of_epochs else []
        return ", ".join(limits)

    @property
    def mean(self) -> float:
        """Mean accuracy over the seeds, in percent."""
        return statistics.fmean(self.accuracies)

    @property
    def error(self) -> float:
        """Standard error of the mean in percentage points, from test images and seeds."""
        n, p = len(self.accuracies), self.mean / 100
        drawn = 100**2 * p * (1 - p) / self.test_images
        seeds = statistics.variance(self.accuracies) / n if n > 1 else 0.0
        return math.sqrt(drawn + seeds)


class Ordering(BaseModel):
    """A claim that one row is better than another."""

    model_config = ConfigDict(frozen=True)

    claim: str
    better: str
    worse: str
    no_gain: bool = False
    """Whether the claim is only that `worse` is not better than `better`."""


ORDERINGS = (
    Ordering(claim="S0d: AlexNet is below cnn3", better="S0c", worse="S0d"),
    Ordering(claim="S1b: wider is better", better="S1a", worse="S1b-small"),
    Ordering(claim="S1b: wider still is better", better="S1b-large", worse="S1a"),
    Ordering(claim="S1b: dual blocks are best", better="S1b-dual", worse="S1b-large"),
    Ordering(
        claim="S1b: a second linear layer is no gain", better="S1a", worse="S1b-fc2", no_gain=True
    ),
    Ordering(claim="S2c: Adam above SGD", better="S2c-2", worse="S2c-3"),
    Ordering(claim="S2c: batch 60 above batch 99", better="S2c-5", worse="S2c-4"),
    Ordering(claim="S2c: 7 convolutions above 12", better="S2c-6", worse="S2c-5"),
    Ordering(claim="S2c: 6 convolutions above 7", better="S2c-7", worse="S2c-6"),
    Ordering(claim="S2c: rate 5e-4 above 1e-4", better="S2c-7", worse="S2c-8"),
    Ordering(claim="S2c: no weight decay above some", better="S2c-7", worse="S2c-9"),
    Ordering(claim="S2c: dropout above weight decay", better="S2c-11", worse="S2c-10"),
    Ordering(claim="S2c: batch norm above none", better="S2c-14", worse="S2c-13"),
    Ordering(claim="S2c: with batch norm, no dropout", better="S2c-15", worse="S2c-14"),
)


def published_images(dataset: str) -> int:
    """Return the number of training images of a published data set."""
    return _PUBLISHED[dataset]


def shipped() -> list[Measured]:
    """Return the results that the developers of cifarx measured, which the package contains."""
    text = (resources.files("cifarx.verify.reproduction") / "measured.json").read_text("utf-8")
    return TypeAdapter(list[Measured]).validate_json(text)


def accuracy(measured: Measured) -> str:
    """Return '83.1%' or '83.1 ± 0.2% (3 seeds)', followed by limits if there are any."""
    n = len(measured.accuracies)
    text = f"{measured.mean:.1f}%"
    if n > 1:
        spread = statistics.stdev(measured.accuracies)
        text = f"{measured.mean:.1f} ± {spread:.1f}% ({n} seeds)"
    return f"{text}, limited: {measured.limits}" if measured.limits else text


def beside_claim(measured: Measured) -> str:
    """Return the accuracy, with a remark if it does not reach the claim."""
    stated = re.search(r"\d+(\.\d+)?", measured.claim) if "%" in measured.claim else None
    if measured.limits or stated is None or measured.mean + 2 * measured.error >= float(stated[0]):
        return accuracy(measured)
    reason = rows()[measured.row][1].shortfall
    return f"{accuracy(measured)}: claim not reproduced" + (f" ({reason})" if reason else "")


def table(measured: Sequence[Measured]) -> str:
    """Return all rows as a Markdown table, including those that were not measured."""
    by_row = {m.row: m for m in measured}
    lines = [
        "| row | network | author's claim | measured here | data | device, time | verdict |",
        "|---|---|---|---|---|---|---|",
    ]
    for row, (_, recipe) in rows().items():
        cells = [row, f"`{recipe.network}`", recipe.claim or "none"]
        if m := by_row.get(row):
            substitute = "" if m.data == m.dataset else f" for {m.dataset}"
            precision = "" if m.precision == "float32" else f", {m.precision}"
            cells += [
                beside_claim(m),
                f"{m.data}{substitute}, {m.test_images:,} test images",
                f"{m.device}{precision}, {_duration(m.seconds)}",
                m.verdict,
            ]
        else:
            cells += ["not measured", "", "", ""]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def orderings(measured: Sequence[Measured]) -> str:
    """Return the published comparisons as a Markdown table: confirmed, not confirmed, undecided."""
    by_row = {m.row: m for m in measured if not m.limits}
    lines = ["| claim | figures | finding |", "|---|---|---|"]
    for ordering in ORDERINGS:
        better, worse = by_row.get(ordering.better), by_row.get(ordering.worse)
        if better is None or worse is None:
            missing = [r for r in (ordering.better, ordering.worse) if r not in by_row]
            lines.append(f"| {ordering.claim} | | not measured ({', '.join(missing)}) |")
            continue
        gain = better.mean - worse.mean
        error = math.hypot(better.error, worse.error)
        figures = (
            f"{ordering.better} {better.mean:.1f}%, {ordering.worse} {worse.mean:.1f}%: "
            f"{gain:+.1f} ± {error:.1f} points"
        )
        lines.append(f"| {ordering.claim} | {figures} | {_finding(ordering, gain, error)} |")
    return "\n".join(lines) + "\n"


def _finding(ordering: Ordering, gain: float, error: float) -> str:
    """Judge a difference of two means against two standard errors."""
    if gain < -2 * error:
        return "not confirmed"
    if ordering.no_gain or gain > 2 * error:
        return "confirmed"
    return "undecided: within two standard errors"


def as_markdown(measured: Sequence[Measured]) -> str:
    """Return the content of reproduction.md."""
    conditions = sorted(
        {
            ", ".join(f"{name} {v}" for name, v in sorted(m.versions.items())) + f", {m.date}"
            for m in measured
        }
    )
    return (
        "# Reproduction\n\n"
        "Written by `cifarx reproduce`. 'Limited' figures were trained with fewer images or epochs "
        "than the author's and cannot be compared with the claim. The verdict is that of "
        "`cifarx verify` on model.onnx and model.mat of the row; the engines that were compared "
        "with PyTorch are in brackets.\n\n"
        f"{table(measured)}\n"
        "## The authors' comparisons\n\n"
        "± is one standard error, from the number of test images and, if there are several, the "
        f"seeds.\n\n{orderings(measured)}\n"
        "## Versions\n\n" + "".join(f"- {line}\n" for line in conditions)
    )


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
