"""Read recipes: how a published result was trained, one TOML file per result."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from cifarx.pytorch_models.errors import UserError, nearest

Positive = Field(gt=0)


class Augment(BaseModel):
    """How training images are changed at random (see `augment`); by default, they are not."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    crop: int = Field(default=0, ge=0)
    """Pixels of zeros added on each side before the image is cropped to its original size."""
    flip: bool = False
    """Left to right, with a probability of one half."""
    rotate: float = Field(default=0.0, ge=0, le=180)
    """Largest angle in degrees, in either direction."""
    translate: float = Field(default=0.0, ge=0, le=1)
    """Largest shift in either direction, as a fraction of width and height; whole pixels."""
    scale: tuple[float, float] = (1.0, 1.0)
    """Smallest and largest magnification."""
    brightness: float = Field(default=0.0, ge=0)
    """Factors range from 1 minus this value (but not below 0) to 1 plus it."""
    contrast: float = Field(default=0.0, ge=0)
    """As `brightness`."""
    saturation: float = Field(default=0.0, ge=0)
    """As `brightness`."""
    hue: float = Field(default=0.0, ge=0, le=0.5)
    """Largest rotation of the colour circle in either direction, as a fraction of the circle."""

    @field_validator("scale")
    @classmethod
    def _positive_and_ordered(cls, scale: tuple[float, float]) -> tuple[float, float]:
        if not 0 < scale[0] <= scale[1]:
            raise ValueError("should be two positive numbers, the smaller first")
        return scale


class Recipe(BaseModel):
    """Everything that decides how a network is trained, except where the data are."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    source: str
    """The write-up, and what it does not state of the recipe."""
    row: str = ""
    """The row of docs/reproduction.md that `cifarx reproduce` trains with it, such as 'S2c-15'."""
    network: str = ""
    """The network of that row."""
    claim: str = ""
    """The test accuracy that the author states, such as '84%'."""
    shortfall: str = ""
    """The likely reason if a complete run does not reach the claim."""
    dataset: str
    """The data set of the published result, used if --data is not given."""
    mean: tuple[float, ...]
    """Per channel, in units of pixel / 255; one value holds for all channels."""
    std: tuple[float, ...]
    """Per channel, as `mean`."""
    validation: float = Field(default=0.0, ge=0, lt=1)
    """Fraction of the training images held out to choose the best epoch; 0 keeps the last epoch."""
    test: float = Field(default=0.0, ge=0, lt=1)
    """Fraction of the training images held out for testing; 0 uses the data set's test images."""
    split_seed: int = Field(default=0, ge=0, lt=2**32)
    """Seed of the permutation that is cut into training, validation and test images."""
    optimizer: Literal["adam", "sgd"]
    """torch.optim.Adam or torch.optim.SGD, with PyTorch's defaults for all else."""
    learning_rate: float = Positive
    """At the start of the run."""
    schedule: Literal["constant", "cosine"] = "constant"
    """Course of the learning rate; 'cosine' falls to 0, updated at every step."""
    momentum: float = Field(default=0.0, ge=0, lt=1)
    """Momentum of SGD; Adam ignores it."""
    weight_decay: float = Field(default=0.0, ge=0)
    """L2 penalty, as the optimizers of torch.optim define it."""
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    """Label smoothing of the training loss, as torch.nn.CrossEntropyLoss defines it."""
    augment: Augment = Augment()
    """Augmentation of the training images; off by default."""
    batch_size: int = Positive
    """Images per forward pass; the last batch of an epoch may be smaller."""
    accumulate: int = Field(default=1, gt=0)
    """Batches per optimizer step; their gradients are averaged."""
    epochs: int = Positive
    """Passes over the training images."""
    precision: Literal["float32", "tf32", "bf16"] = "float32"
    """Arithmetic of the training; weights are float32 in every case. tf32 needs CUDA."""

    @model_validator(mode="after")
    def _check(self) -> Recipe:
        if self.validation + self.test >= 1:
            raise ValueError("validation and test leave no training images")
        if len(self.mean) != len(self.std) or not self.mean:
            raise ValueError("mean and std must both have one value, or one value per channel")
        if min(self.std) <= 0:
            raise ValueError("std must be above 0")
        return self

    @property
    def step_size(self) -> int:
        """Images per optimizer step."""
        return self.batch_size * self.accumulate


@cache
def recipe_names() -> tuple[str, ...]:
    """Return the names of the recipes that cifarx ships."""
    folder = resources.files("cifarx.pytorch_models") / "recipes"
    names = (f.name for f in folder.iterdir() if f.name.endswith(".toml"))
    return tuple(sorted(name.removesuffix(".toml") for name in names))


@cache
def load_recipe(name: str) -> Recipe:
    """Read a shipped recipe.

    Raises:
        UserError: there is no such recipe.

    >>> recipe = load_recipe("bn8")
    >>> recipe.optimizer, recipe.learning_rate, recipe.epochs
    ('adam', 0.0005, 30)
    """
    known = recipe_names()
    if name not in known:
        raise UserError(
            f"There is no recipe {name!r}. {nearest(name, known)}Known: {', '.join(known)}."
        )
    file = resources.files("cifarx.pytorch_models") / "recipes" / f"{name}.toml"
    return parse_recipe(file.read_text("utf-8"), f"recipe {name!r}")


def rows() -> dict[str, tuple[str, Recipe]]:
    """Return (recipe's name, recipe) by the row of docs/reproduction.md, in the order of the rows.

    >>> rows()["S2c-15"][0]
    'table-15'
    """
    shipped = ((name, load_recipe(name)) for name in recipe_names())
    found = {recipe.row: (name, recipe) for name, recipe in shipped if recipe.row}
    return {row: found[row] for row in sorted(found, key=_row_order)}


def _row_order(row: str) -> tuple[str, int, str]:
    head, _, tail = row.partition("-")
    return head, int(tail) if tail.isdigit() else 0, tail


def find_recipe(name: str, data: str | None) -> tuple[str, Recipe]:
    """Return name and recipe of `name-data` if that is shipped, else of `name`.

    >>> find_recipe("bn8", "shapes")[0], find_recipe("bn8", "cifar10")[0]
    ('bn8-shapes', 'bn8')
    """
    special = f"{name}-{data}"
    name = special if special in recipe_names() else name
    return name, load_recipe(name)


def named_recipe(asked: str, own: str) -> tuple[str, Recipe]:
    """Return name and recipe that `--recipe asked` means for a network with the recipe `own`.

    It is OWN-ASKED if that is shipped; else ASKED-DATASET, with the data set of the recipe `own`;
    else ASKED.

    Raises:
        UserError: there is no such recipe.

    >>> named_recipe("momentum", "cnn3")[0], named_recipe("strong", "bn8")[0]
    ('cnn3-momentum', 'strong-cifar10')
    """
    candidates = (f"{own}-{asked}", f"{asked}-{load_recipe(own).dataset}", asked)
    name = next((c for c in candidates if c in recipe_names()), asked)
    return name, load_recipe(name)


def parse_recipe(text: str, origin: str) -> Recipe:
    """Parse a recipe from TOML text; `origin` names it in errors.

    Raises:
        UserError: the text is not TOML, or it has an unknown key or a value that is not allowed.
    """
    try:
        return _validated(tomllib.loads(text), origin)
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"The {origin} is not valid TOML: {error}.") from error


def changed(recipe: Recipe, changes: Mapping[str, Any]) -> Recipe:
    """Return the recipe with these fields changed.

    Raises:
        UserError: a value that is not allowed.

    >>> changed(load_recipe("bn8"), {"epochs": 5}).epochs
    5
    """
    return _validated({**recipe.model_dump(), **changes}, "recipe with these options")


def _validated(table: Mapping[str, Any], origin: str) -> Recipe:
    try:
        # In strict mode, pydantic accepts a list for a tuple only from JSON. Dates are the only
        # TOML values that JSON lacks, and no recipe has one.
        return Recipe.model_validate_json(json.dumps(table, default=str))
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, e['loc']))}: {e['msg']}".lstrip(": ") for e in error.errors()
        )
        raise UserError(
            f"The {origin} cannot be used: {faults}. "
            f"Allowed keys: {', '.join(Recipe.model_fields)}; in [augment]: "
            f"{', '.join(Augment.model_fields)}."
        ) from error
