from __future__ import annotations

import pytest

from cifarx.pytorch_models import registry
from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.recipe import (
    Augment,
    changed,
    find_recipe,
    load_recipe,
    named_recipe,
    parse_recipe,
    recipe_names,
    rows,
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
    assert (recipe.epochs, recipe.mean, recipe.std, recipe.claim) == (30, (0.5,), (0.5,), "84%")


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


def test_rows_are_those_of_the_seeds_and_the_tables_in_their_order() -> None:
    names = list(rows())
    assert [n for n in names if n.startswith("S2c")] == [f"S2c-{i}" for i in range(1, 16)]
    wanted = "S0a S0b-mlp S0b-cnn S0c S0d S0e S1a S1b-small S1b-dual S2a S2b S3 S4"
    assert set(wanted.split()) <= set(names)
    heads = [name.partition("-")[0] for name in names]
    assert heads == sorted(heads)


# The report's table: rate, batch size, epochs, network, optimizer, decays, accuracy.
TABLE = {
    1: (1e-3, 64, 25, "plain-12-4", "adam", False, "69%"),
    2: (5e-4, 99, 30, "plain-12-1", "adam", False, "73%"),
    3: (5e-4, 99, 30, "plain-12-1", "sgd", False, "67%"),
    4: (5e-4, 99, 30, "plain-12-3", "adam", False, "73%"),
    5: (5e-4, 60, 18, "plain-12-3", "adam", False, "74%"),
    6: (5e-4, 60, 18, "plain-7-3", "adam", False, "79%"),
    7: (5e-4, 60, 30, "plain-6-3", "adam", False, "80%"),
    8: (1e-4, 60, 20, "plain-6-3", "adam", False, "66%"),
    9: (5e-4, 60, 20, "plain-6-3", "adam", True, "69%"),
    10: (5e-4, 60, 20, "plain-5-3", "adam", True, "66%"),
    11: (5e-4, 60, 20, "plain-5-3-dropout", "adam", False, "80%"),
    12: (5e-4, 60, 20, "plain-7-3-dropout", "adam", False, "81%"),
    13: (5e-4, 60, 20, "plain-8-3-dropout", "adam", False, "81%"),
    14: (5e-4, 60, 20, "bn8-dropout", "adam", False, "83%"),
    15: (5e-4, 60, 20, "bn8", "adam", False, "84%"),
}


@pytest.mark.parametrize("row", TABLE)
def test_a_row_of_the_table_is_trained_as_it_says(row: int) -> None:
    _, r = rows()[f"S2c-{row}"]
    decays = r.weight_decay > 0
    assert (
        r.learning_rate, r.batch_size, r.epochs, r.network, r.optimizer, decays, r.claim,
    ) == TABLE[row]  # fmt: skip
    assert (r.dataset, r.mean, r.std, r.schedule) == ("cifar10", (0.5,), (0.5,), "constant")


def test_rows_beside_the_table_are_trained_as_their_write_ups_say() -> None:
    s0c, s1a, s3, s4 = (rows()[row][1] for row in ("S0c", "S1a", "S3", "S4"))
    assert (s0c.optimizer, s0c.learning_rate, s0c.batch_size) == ("sgd", 0.006, 32)
    assert (s0c.validation, s0c.test, s0c.claim) == (0.1, 0.1, "77 to 80%")
    assert (s0c.momentum, 10 <= s0c.epochs <= 20) == (0.0, True)
    assert (s1a.optimizer, s1a.learning_rate, s1a.batch_size) == ("adam", 1e-3, 64)
    assert (s1a.epochs, s1a.validation, s1a.split_seed) == (20, 0.1, 42)
    assert (s3.optimizer, s3.learning_rate, s3.schedule) == ("adam", 1e-3, "cosine")
    assert (s3.batch_size, s3.epochs, s3.accumulate > 1) == (75, 50, True)
    assert "92.38%" in s3.claim
    assert s3.augment.rotate
    assert s3.augment.translate
    assert s3.augment.brightness
    assert (s4.optimizer, s4.learning_rate, s4.momentum) == ("sgd", 1e-3, 0.9)
    assert (s4.batch_size, s4.epochs) == (4, 2)


@pytest.mark.parametrize("row", rows())
def test_the_network_of_a_row_is_in_the_zoo(row: str) -> None:
    registry.find(rows()[row][1].network)


def test_strong_is_the_recipe_of_the_networks_own_data() -> None:
    assert named_recipe("strong", "bn8") == ("strong-cifar10", load_recipe("strong-cifar10"))
    assert named_recipe("strong", "mlp")[0] == "strong-mnist"
    assert named_recipe("strong", "fashion-cnn")[0] == "strong-fashion-mnist"
    assert named_recipe("lenet", "bn8")[0] == "lenet"
    with pytest.raises(UserError, match="There is no recipe 'strong'"):
        named_recipe("strong", "tiny")  # of shapes, for which none is shipped


def test_changes_are_checked_as_a_recipe_is() -> None:
    recipe = parse_recipe(GOOD, "recipe 'x'")
    assert changed(recipe, {"epochs": 7}) == recipe.model_copy(update={"epochs": 7})
    with pytest.raises(UserError, match=r"recipe with these options cannot be used: epochs: Input"):
        changed(recipe, {"epochs": 0})


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ("validation = 0.5\ntest = 0.5", "validation and test leave no training images"),
        ("mean = [0.5, 0.5]", "mean and std must both have one value, or one value per channel"),
        ("std = [0.0]", "std must be above 0"),
        ('precision = "fp8"', "precision: Input should be 'float32', 'tf32' or 'bf16'"),
        ("accumulate = 0", "accumulate: Input should be greater than 0"),
        ("split_seed = 4294967296", "split_seed: Input should be less than 4294967296"),
    ],
)
def test_settings_that_do_not_fit_together_are_rejected(lines: str, complaint: str) -> None:
    keys = [line.split()[0] for line in lines.splitlines()]
    kept = "\n".join(line for line in GOOD.splitlines() if line.split(" ")[0] not in keys)
    with pytest.raises(UserError, match=complaint):
        parse_recipe(f"{kept}\n{lines}", "recipe 'x'")
