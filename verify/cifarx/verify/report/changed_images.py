"""Every image whose prediction changed anywhere, with who says what of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from cifarx.verify.findings.accuracy import YARDSTICK
from cifarx.verify.findings.result import Result

_TRUTH = "float64"


@dataclass(frozen=True)
class ChangedImage:
    """One image, for the report."""

    title: str
    label: str
    """The class that it is of, '' where nobody knows."""
    png: str
    """In base64, '' where the report has no picture of it."""
    margin: float
    """By which the original prefers its class."""
    tie: bool
    """Whether float32 rounding explains every change of it."""
    said: tuple[tuple[str, str], ...]
    """(class, who predicts it), the original first."""


@dataclass
class _Image:
    """What is known of one image so far."""

    title: str
    label: int | None
    margin: float
    tie: bool = True
    said: dict[str, int] = field(default_factory=dict)


def changed_images(result: Result) -> list[ChangedImage]:
    """Those of the compared images and of rung 6 together, the surest first."""
    found: dict[tuple[str, int], _Image] = {}
    for place, image, tie, said in (*_compared(result), *_scored(result)):
        known = found.setdefault(place, image)
        known.tie = known.tie and tie
        known.margin = max(known.margin, image.margin)
        known.label = image.label if known.label is None else known.label
        for who, predicted in said.items():
            known.said.setdefault(who, predicted)
    pictures = {("", picture.image): picture for picture in result.pictures}
    rows = []
    for place, image in sorted(found.items(), key=lambda entry: (-entry[1].margin, entry[0])):
        picture = pictures.get(place)
        label = picture.label if image.label is None and picture else image.label
        rows.append(
            ChangedImage(
                image.title,
                "" if label is None else result.class_name(label),
                picture.png if picture else "",
                image.margin,
                image.tie,
                tuple(_by_class(result, image.said)),
            )
        )
    return rows


_Entry = tuple[tuple[str, int], _Image, bool, dict[str, int]]


def _compared(result: Result) -> Iterator[_Entry]:
    """Changes against float64."""
    for engine in result.engines:
        runs = ((engine.engine, engine.judgement), (f"{engine.engine}, marked", engine.marked))
        for who, judgement in runs:
            for change in judgement.changed if judgement else ():
                said = {_TRUTH: change.truth, who: change.predicted}
                tie = judgement is not None and judgement.passed
                if change.place is None:  # an image of a batch that only this engine has seen
                    title = f"image {change.image} of {engine.runtime}"
                    place = (engine.engine, change.image)
                else:
                    title, place = f"test image {change.place}", ("", change.place)
                yield place, _Image(title, change.label, change.margin), tie, said


def _scored(result: Result) -> Iterator[_Entry]:
    """Changes against PyTorch in float32."""
    against = result.accuracy.against if result.accuracy else YARDSTICK
    for runtime in result.accuracy.runtimes if result.accuracy else ():
        for change in runtime.changed:
            said = {against: change.by_pytorch, runtime.engine: change.predicted}
            image = _Image(f"test image {change.image}", change.label, change.margin)
            yield ("", change.image), image, change.margin <= runtime.tie, said


def _by_class(result: Result, said: dict[str, int]) -> Iterator[tuple[str, str]]:
    """Who agrees, together; a marked run that says what the engine itself says is left out."""
    groups: dict[int, list[str]] = {}
    original = sorted(said, key=lambda who: (who != _TRUTH, who != YARDSTICK))
    for who in original:
        if said.get(who.removesuffix(", marked")) == said[who] and who.endswith(", marked"):
            continue
        groups.setdefault(said[who], []).append(who)
    for index, names in groups.items():
        yield result.class_name(index), ", ".join(names)
