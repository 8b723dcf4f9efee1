from __future__ import annotations

import pytest

from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.recipe import (
    Augment,
    find_recipe,
    load_recipe,
    parse_recipe,
    recipe_names,
)

GOOD = """
source = "a test"
dataset = "cifar10"
mean = [0.5]
std = [0.5]
optimizer = "adam"
learning_rate = 1e-3
batch_size = 64
epochs = 2
"""


@pytest.mark.parametrize("name", recipe_names())
def test_every_shipped_recipe_is_valid(name: str) -> None:
    recipe = load_recipe(name)
    assert len(recipe.mean) == len(recipe.std)
    assert all(s > 0 for s in recipe.std)


def test_bn8_is_trained_as_the_write_up_says() -> None:
    recipe = load_recipe("bn8")
    assert (recipe.optimizer, recipe.learning_rate, recipe.batch_size) == ("adam", 5e-4, 60)
    assert (recipe.epochs, recipe.mean, recipe.std, recipe.claim) == (30, (0.5,), (0.5,), 84.0)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("speed = 3", "speed: Extra inputs are not permitted"),
        ('epochs = "two"', "epochs: Input should be a valid integer"),
        ("epochs = 0", "epochs: Input should be greater than 0"),
        ("epochs = 1.5", "epochs: Input should be a valid integer"),
        ('optimizer = "adagrad"', "optimizer: Input should be 'adam' or 'sgd'"),
        ("learning_rate = 2020-01-01", "learning_rate: Input should be a valid number"),
    ],
)
def test_a_wrong_key_or_value_is_named(line: str, complaint: str) -> None:
    key = line.split()[0]
    kept = "\n".join(other for other in GOOD.splitlines() if not other.startswith(key))
    with pytest.raises(UserError, match=complaint):
        parse_recipe(f"{kept}\n{line}", "recipe 'x'")


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("crop = -1", "augment.crop: Input should be greater than or equal to 0"),
        ("flip = 1", "augment.flip: Input should be a valid boolean"),
        ("translate = 1.5", "augment.translate: Input should be less than or equal to 1"),
        ("scale = [0, 1]", "augment.scale: .*two positive numbers, the smaller first"),
        ("scale = [1.2, 0.8]", "augment.scale: .*two positive numbers, the smaller first"),
        ("brightness = inf", "augment.brightness: Input should be a finite number"),
        ("hue = 0.6", "augment.hue: Input should be less than or equal to 0.5"),
        ("blur = 1", "augment.blur: Extra inputs are not permitted"),
    ],
)
def test_augmentation_out_of_bounds_is_rejected(line: str, complaint: str) -> None:
    with pytest.raises(UserError, match=complaint):
        parse_recipe(f"{GOOD}[augment]\n{line}", "recipe 'x'")


def test_the_augment_table_is_read_and_nothing_is_augmented_without_it() -> None:
    assert parse_recipe(GOOD, "recipe 'x'").augment == Augment()
    table = "[augment]\ncrop = 4\nflip = true\nrotate = 15\nscale = [0.9, 1.1]\nhue = 0.1"
    augment = parse_recipe(f"{GOOD}{table}", "recipe 'x'").augment
    assert augment == Augment(crop=4, flip=True, rotate=15, scale=(0.9, 1.1), hue=0.1)


def test_text_that_is_not_toml_is_rejected() -> None:
    with pytest.raises(UserError, match="recipe 'x' is not valid TOML"):
        parse_recipe("epochs: 3", "recipe 'x'")


def test_an_unknown_recipe_gets_the_nearest_name() -> None:
    with pytest.raises(UserError, match=r"Did you mean 'bn8'\?"):
        load_recipe("bn88")


def test_a_recipe_for_the_data_set_is_preferred() -> None:
    assert find_recipe("bn8", "shapes")[0] == "bn8-shapes"
    assert find_recipe("bn8", "cifar10")[0] == "bn8"
    assert find_recipe("bn8", None)[0] == "bn8"
