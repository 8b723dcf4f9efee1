"""What `cifarx reproduce` measured, as tables; every figure with its conditions."""

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
    """What the runs of one row gave."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    row: str
    network: str
    recipe: str
    claim: str
    accuracies: tuple[float, ...]
    """Percent of the test images, one value a seed."""
    dataset: str
    """The write-up's."""
    data: str
    """What stood for it."""
    train_images: int
    of_train_images: int
    """As many as the write-up trained on."""
    test_images: int
    epochs: int
    of_epochs: int
    precision: str
    pretrained: str
    device: str
    seconds: float
    """Of training, the mean over the seeds."""
    verdict: str
    versions: dict[str, str]
    date: str

    @property
    def limits(self) -> str:
        """What keeps the figure from being compared with the claim; '' if nothing does."""
        images = f"{self.train_images:,} of {self.of_train_images:,} training images"
        epochs = f"{self.epochs} of {self.of_epochs} epochs"
        found = [images] if self.train_images < self.of_train_images else []
        found += [epochs] if self.epochs < self.of_epochs else []
        return ", ".join(found)

    @property
    def mean(self) -> float:
        return statistics.fmean(self.accuracies)

    @property
    def error(self) -> float:
        """Standard error of the mean, in points: of drawing the test images, and of the seeds."""
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
    """The claim is that `worse` is not better than `better`, rather than that it is worse."""


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
    """Number of training images of a published data set."""
    return _PUBLISHED[dataset]


def shipped() -> list[Measured]:
    """What cifarx's developers measured, as the package has it."""
    text = (resources.files("cifarx.verify.reproduction") / "measured.json").read_text("utf-8")
    return TypeAdapter(list[Measured]).validate_json(text)


def accuracy(found: Measured) -> str:
    """'83.1%' or '83.1 ± 0.2% (3 seeds)', with a word where it cannot stand beside the claim."""
    n = len(found.accuracies)
    text = f"{found.mean:.1f}%"
    if n > 1:
        spread = statistics.stdev(found.accuracies)
        text = f"{found.mean:.1f} ± {spread:.1f}% ({n} seeds)"
    return f"{text}, limited: {found.limits}" if found.limits else text


def beside_claim(found: Measured) -> str:
    """The accuracy, and what is to be said of it beside the claim."""
    stated = re.search(r"\d+(\.\d+)?", found.claim) if "%" in found.claim else None
    if found.limits or stated is None or found.mean + 2 * found.error >= float(stated[0]):
        return accuracy(found)
    reason = rows()[found.row][1].shortfall
    return f"{accuracy(found)}: claim not reproduced" + (f" ({reason})" if reason else "")


def table(measured: Sequence[Measured]) -> str:
    """The rows of seeds.md as a Markdown table; a row that was not measured says so."""
    found = {m.row: m for m in measured}
    lines = [
        "| row | network | author's claim | measured here | data | device, time | verdict |",
        "|---|---|---|---|---|---|---|",
    ]
    for row, (_, recipe) in rows().items():
        cells = [row, f"`{recipe.network}`", recipe.claim or "none"]
        if m := found.get(row):
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
    """The write-ups' comparisons as a Markdown table: confirmed, not confirmed or undecided."""
    found = {m.row: m for m in measured if not m.limits}
    lines = ["| claim | figures | finding |", "|---|---|---|"]
    for ordering in ORDERINGS:
        better, worse = found.get(ordering.better), found.get(ordering.worse)
        if better is None or worse is None:
            lacking = [r for r in (ordering.better, ordering.worse) if r not in found]
            lines.append(f"| {ordering.claim} | | not measured ({', '.join(lacking)}) |")
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
    """Of a difference of two means: beyond two standard errors, or not."""
    if gain < -2 * error:
        return "not confirmed"
    if ordering.no_gain or gain > 2 * error:
        return "confirmed"
    return "undecided: within two standard errors"


def as_markdown(measured: Sequence[Measured]) -> str:
    """The content of reproduction.md."""
    conditions = sorted(
        {
            ", ".join(f"{name} {v}" for name, v in sorted(m.versions.items())) + f", {m.date}"
            for m in measured
        }
    )
    return (
        "# Reproduction\n\n"
        "Written by `cifarx reproduce`. 'Limited' figures were trained on less than the write-up's "
        "images or epochs and cannot be compared with its claim. The verdict is that of "
        "`cifarx verify` on the row's model.onnx and model.mat, with the engines that were "
        "compared with PyTorch.\n\n"
        f"{table(measured)}\n"
        "## What the write-ups compare\n\n"
        "± is one standard error, of drawing so many test images and of the seeds where there are "
        f"several.\n\n{orderings(measured)}\n"
        "## Versions\n\n" + "".join(f"- {line}\n" for line in conditions)
    )


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
