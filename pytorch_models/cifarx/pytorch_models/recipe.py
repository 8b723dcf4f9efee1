"""Recipes: how a published result was trained, as data (one TOML file a result)."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

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

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    source: str
    """The write-up's row and what of it is unsaid there."""
    dataset: str
    """The data set the result was published on, used when --data is not given."""
    mean: tuple[float, ...]
    """Per channel, in units of pixel / 255; one value stands for all channels."""
    std: tuple[float, ...]
    """Per channel, as `mean`."""
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
    batch_size: int = Positive
    """Images a step; the last batch of an epoch may be smaller."""
    epochs: int = Positive
    """Passes over the training images."""
    augment: Augment = Augment()
    """Random changes to the training images."""
    claim: float | None = None
    """Test accuracy in percent that the author states, if any."""


def recipe_names() -> list[str]:
    """Names of the recipes that cifarx ships."""
    folder = resources.files("cifarx.pytorch_models") / "recipes"
    return sorted(
        f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml")
    )


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
    text = (resources.files("cifarx.pytorch_models") / "recipes" / f"{name}.toml").read_text(
        "utf-8"
    )
    return parse_recipe(text, f"recipe {name!r}")


def find_recipe(name: str, data: str | None) -> tuple[str, Recipe]:
    """The recipe `name`, or `name-data` where one is shipped for that data set, with its name."""
    special = f"{name}-{data}"
    name = special if special in recipe_names() else name
    return name, load_recipe(name)


def parse_recipe(text: str, origin: str) -> Recipe:
    """Parse a recipe from TOML text; `origin` names it in errors.

    Raises:
        UserError: as `load_recipe`.
    """
    try:
        return Recipe.model_validate_json(_as_json(tomllib.loads(text)))
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"The {origin} is not valid TOML: {error}.") from error
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise UserError(
            f"The {origin} cannot be used: {faults}. "
            f"Allowed keys: {', '.join(Recipe.model_fields)}."
        ) from error


def _as_json(table: dict[str, object]) -> str:
    # Strict pydantic takes a list for a tuple only from JSON, and TOML has nothing that JSON lacks
    # but dates, which no recipe has.
    import json

    return json.dumps(table, default=str)
