"""Recipes: how a published result was trained, as data (one TOML file a result)."""

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
    """How training images are changed at random (see `augment`); by default not at all."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    crop: int = Field(default=0, ge=0)
    """A part of the image's own size, after so many pixels of zeros on each side."""
    flip: bool = False
    """Left to right, every other image."""
    rotate: float = Field(default=0.0, ge=0, le=180)
    """Degrees either way, at most."""
    translate: float = Field(default=0.0, ge=0, le=1)
    """Part of the width and of the height, either way, at most; whole pixels."""
    scale: tuple[float, float] = (1.0, 1.0)
    """Smallest and largest enlargement."""
    brightness: float = Field(default=0.0, ge=0)
    """Factors from 1 minus this (but not below 0) to 1 plus this."""
    contrast: float = Field(default=0.0, ge=0)
    """As `brightness`."""
    saturation: float = Field(default=0.0, ge=0)
    """As `brightness`."""
    hue: float = Field(default=0.0, ge=0, le=0.5)
    """Part of the colour circle either way, at most."""

    @field_validator("scale")
    @classmethod
    def _positive_and_ordered(cls, scale: tuple[float, float]) -> tuple[float, float]:
        if not 0 < scale[0] <= scale[1]:
            raise ValueError("should be two positive numbers, the smaller first")
        return scale


class Recipe(BaseModel):
    """Everything that decides how a network is trained, the data's name and path apart."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    source: str
    """The write-up, and what of the recipe is unsaid there."""
    row: str = ""
    """The row of seeds.md that `cifarx reproduce` trains with it, such as 'S2c-15'."""
    network: str = ""
    """The network of that row."""
    claim: str = ""
    """What the author states, such as '84%'."""
    shortfall: str = ""
    """The likely reason where a whole run does not reach the claim."""
    dataset: str
    """The data set the result was published on, used when --data is not given."""
    mean: tuple[float, ...]
    """Per channel, in units of pixel / 255; one value stands for all channels."""
    std: tuple[float, ...]
    """Per channel, as `mean`."""
    validation: float = Field(default=0.0, ge=0, lt=1)
    """Share of the training images kept out to choose the best epoch; 0 keeps the last epoch."""
    test: float = Field(default=0.0, ge=0, lt=1)
    """Share of the training images kept out for testing; 0 tests on the data set's own images."""
    split_seed: int = Field(default=0, ge=0, lt=2**32)
    """Of the permutation that is cut into training, validation and test images."""
    optimizer: Literal["adam", "sgd"]
    """torch.optim.Adam or torch.optim.SGD, PyTorch's defaults for what is not named here."""
    learning_rate: float = Positive
    """At the start of the run."""
    schedule: Literal["constant", "cosine"] = "constant"
    """How the learning rate goes on; 'cosine' falls to 0, a step at a time."""
    momentum: float = Field(default=0.0, ge=0, lt=1)
    """Of SGD; Adam ignores it."""
    weight_decay: float = Field(default=0.0, ge=0)
    """L2 penalty, as the optimizers of torch.optim define it."""
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    """Of the training loss, as torch.nn.CrossEntropyLoss defines it."""
    augment: Augment = Augment()
    """Of the training images; off where it is not given."""
    batch_size: int = Positive
    """Images a forward pass; the last batch of an epoch may be smaller."""
    accumulate: int = Field(default=1, gt=0)
    """Batches whose gradients are averaged for one step of the optimizer."""
    epochs: int = Positive
    """Passes over the training images."""
    precision: Literal["float32", "tf32", "bf16"] = "float32"
    """Of the training's arithmetic; the weights are float32 in every case. tf32 needs CUDA."""

    @model_validator(mode="after")
    def _check(self) -> Recipe:
        if self.validation + self.test >= 1:
            raise ValueError("validation and test leave no training images")
        if len(self.mean) != len(self.std) or not self.mean:
            raise ValueError("mean and std must have one value, or one a channel, both alike")
        if min(self.std) <= 0:
            raise ValueError("std must be above 0")
        return self

    @property
    def step_size(self) -> int:
        """Images a step of the optimizer."""
        return self.batch_size * self.accumulate


@cache
def recipe_names() -> tuple[str, ...]:
    """Names of the recipes that cifarx ships."""
    folder = resources.files("cifarx.pytorch_models") / "recipes"
    names = (f.name for f in folder.iterdir() if f.name.endswith(".toml"))
    return tuple(sorted(name.removesuffix(".toml") for name in names))


@cache
def load_recipe(name: str) -> Recipe:
    """Read a shipped recipe.

    Raises:
        UserError: no such recipe, not TOML, an unknown key or a value of the wrong type.
    """
    known = recipe_names()
    if name not in known:
        raise UserError(
            f"There is no recipe {name!r}. {nearest(name, known)}Known: {', '.join(known)}."
        )
    file = resources.files("cifarx.pytorch_models") / "recipes" / f"{name}.toml"
    return parse_recipe(file.read_text("utf-8"), f"recipe {name!r}")


def rows() -> dict[str, tuple[str, Recipe]]:
    """(recipe's name, recipe) of every row of seeds.md, in the order of the rows."""
    shipped = ((name, load_recipe(name)) for name in recipe_names())
    found = {recipe.row: (name, recipe) for name, recipe in shipped if recipe.row}
    return {row: found[row] for row in sorted(found, key=_row_order)}


def _row_order(row: str) -> tuple[str, int, str]:
    head, _, tail = row.partition("-")
    return head, int(tail) if tail.isdigit() else 0, tail


def find_recipe(name: str, data: str | None) -> tuple[str, Recipe]:
    """The recipe `name`, or `name-data` where one is shipped for that data set, with its name."""
    special = f"{name}-{data}"
    name = special if special in recipe_names() else name
    return name, load_recipe(name)


def named_recipe(asked: str, own: str) -> tuple[str, Recipe]:
    """The shipped recipe that `--recipe asked` means for a network whose own recipe is `own`.

    'strong' is OWN-strong where that is shipped, else strong-DATASET with the data set of the
    network's own recipe.

    Raises:
        UserError: there is none.
    """
    candidates = (f"{own}-{asked}", f"{asked}-{load_recipe(own).dataset}", asked)
    name = next((c for c in candidates if c in recipe_names()), asked)
    return name, load_recipe(name)


def parse_recipe(text: str, origin: str) -> Recipe:
    """Parse a recipe from TOML text; `origin` names it in errors.

    Raises:
        UserError: as `load_recipe`.
    """
    try:
        return _validated(tomllib.loads(text), origin)
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"The {origin} is not valid TOML: {error}.") from error


def changed(recipe: Recipe, changes: Mapping[str, Any]) -> Recipe:
    """The recipe with these fields changed, checked as a whole.

    Raises:
        UserError: a value that is not allowed.
    """
    return _validated({**recipe.model_dump(), **changes}, "recipe with these options")


def _validated(table: Mapping[str, Any], origin: str) -> Recipe:
    try:
        # Strict pydantic takes a list for a tuple only from JSON, and TOML has nothing that JSON
        # lacks but dates, which no recipe has.
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
