"""Collect the images whose prediction changed in any engine, with every engine's prediction."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from cifarx.verify.findings.accuracy import TRUTH, YARDSTICK
from cifarx.verify.findings.result import Result


@dataclass(frozen=True)
class ChangedImage:
    """One image in the report."""

    title: str
    label: str
    """The true class, or '' if unknown."""
    png: str
    """A PNG in base64, or '' if the report has no picture of it."""
    margin: float
    """The original's highest logit minus its second highest."""
    tie: bool
    """Whether float32 rounding explains every change."""
    predictions: tuple[tuple[str, str], ...]
    """(class, engines that predict it), the original first."""


@dataclass
class _Image:
    """What has been collected on one image."""

    title: str
    label: int | None
    margin: float
    tie: bool = True
    predicted: dict[str, int] = field(default_factory=dict)
    """Class index by engine."""


def changed_images(result: Result) -> list[ChangedImage]:
    """Return the changed images of rungs 5 and 6, the largest margin first."""
    images: dict[tuple[str, int], _Image] = {}
    for place, image, tie, predicted in (*_against_float64(result), *_against_pytorch(result)):
        known = images.setdefault(place, image)
        known.tie = known.tie and tie
        known.margin = max(known.margin, image.margin)
        known.label = image.label if known.label is None else known.label
        for engine, index in predicted.items():
            known.predicted.setdefault(engine, index)
    pictures = {("", picture.image): picture for picture in result.pictures}
    rows = []
    for place, image in sorted(images.items(), key=lambda entry: (-entry[1].margin, entry[0])):
        picture = pictures.get(place)
        label = picture.label if image.label is None and picture else image.label
        rows.append(
            ChangedImage(
                image.title,
                "" if label is None else result.class_name(label),
                picture.png if picture else "",
                image.margin,
                image.tie,
                tuple(_by_class(result, image.predicted)),
            )
        )
    return rows


_Entry = tuple[tuple[str, int], _Image, bool, dict[str, int]]


def _against_float64(result: Result) -> Iterator[_Entry]:
    """Yield the changes against float64, on the compared images."""
    for engine in result.engines:
        runs = ((engine.engine, engine.judgement), (f"{engine.engine}, marked", engine.marked))
        for name, judgement in runs:
            for change in judgement.changed if judgement else ():
                predicted = {TRUTH: change.truth, name: change.predicted}
                tie = judgement is not None and judgement.passed
                if change.place is None:  # an image of a batch that only this engine had
                    title = f"image {change.image} of {engine.runtime}"
                    place = (engine.engine, change.image)
                else:
                    title, place = f"test image {change.place}", ("", change.place)
                yield place, _Image(title, change.label, change.margin), tie, predicted


def _against_pytorch(result: Result) -> Iterator[_Entry]:
    """Yield the changes against PyTorch in float32, or what stands in for it, on the data set."""
    against = result.accuracy.against if result.accuracy else YARDSTICK
    for runtime in result.accuracy.runtimes if result.accuracy else ():
        for change in runtime.changed:
            predicted = {against: change.by_pytorch, runtime.engine: change.predicted}
            image = _Image(f"test image {change.image}", change.label, change.margin)
            yield ("", change.image), image, change.margin <= runtime.tie, predicted


def _by_class(result: Result, predicted: dict[str, int]) -> Iterator[tuple[str, str]]:
    """Group engines by class; a marked run that agrees with its engine is left out."""
    groups: dict[int, list[str]] = {}
    for name in sorted(predicted, key=lambda name: (name != TRUTH, name != YARDSTICK)):
        engine = name.removesuffix(", marked")
        if name != engine and predicted.get(engine) == predicted[name]:
            continue
        groups.setdefault(predicted[name], []).append(name)
    for index, names in groups.items():
        yield result.class_name(index), ", ".join(names)
