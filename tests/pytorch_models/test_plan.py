from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from training import train_run

from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.fit import fit
from cifarx.pytorch_models.plan import TrainOptions, make_plan
from cifarx.pytorch_models.recipe import load_recipe
from cifarx.pytorch_models.run import Run

pytestmark = pytest.mark.usefixtures("unpainted")
OWN = """
source = "a test"
dataset = "shapes"
mean = [0.25]
std = [0.5]
optimizer = "sgd"
learning_rate = 0.1
batch_size = 7
epochs = 3
"""


def test_the_networks_own_recipe_and_data_are_the_default() -> None:
    plan = make_plan(TrainOptions("bn-tiny", device="cpu"))
    assert (plan.recipe_name, plan.recipe) == ("tiny", load_recipe("tiny"))
    assert (plan.data.name, plan.seed, plan.limit, plan.weights) == ("shapes", 0, None, "")
    assert (plan.folder, plan.numbered, plan.resume) == (Path("runs/bn-tiny-shapes"), True, False)
    assert make_plan(TrainOptions("bn8", "shapes")).recipe_name == "bn8-shapes"


def test_a_shipped_recipe_is_taken_by_name_and_changed_by_options() -> None:
    plan = make_plan(TrainOptions("bn-tiny", "shapes", "lenet", {"epochs": 9, "precision": "bf16"}))
    wanted = load_recipe("lenet").model_copy(update={"epochs": 9, "precision": "bf16"})
    assert (plan.recipe_name, plan.recipe) == ("lenet", wanted)


def test_strong_is_the_one_for_the_networks_own_data() -> None:
    plan = make_plan(TrainOptions("bn8", "shapes", "strong"))
    assert (plan.recipe_name, plan.recipe) == ("strong-cifar10", load_recipe("strong-cifar10"))


def test_a_recipe_is_read_from_a_toml_file(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(OWN)
    plan = make_plan(TrainOptions("bn-tiny", recipe=str(tmp_path / "own.toml"), seed=3, limit=50))
    assert (plan.recipe_name, plan.recipe.batch_size, plan.recipe.mean) == ("own", 7, (0.25,))
    assert (plan.data.name, plan.seed, plan.limit) == ("shapes", 3, 50)


@pytest.mark.parametrize("weights", [None, "none"])
def test_a_record_reproduces_its_run_to_the_same_bytes(tmp_path: Path, weights: str | None) -> None:
    changes: dict[str, Any] = {"epochs": 2, "batch_size": 8, "validation": 0.1, "split_seed": 42}
    first = train_run("lenet-tiny", limit=30, seed=5, out=tmp_path / "one", **changes)
    record = str(first.folder / "run.json")
    again = fit(make_plan(TrainOptions(recipe=record, out=tmp_path / "two", weights=weights)))
    assert again is not None
    assert again.weights.read_bytes() == first.weights.read_bytes()
    assert again.record.data == first.record.data
    assert again.record.recipe == first.record.recipe
    other = make_plan(TrainOptions(recipe=record, seed=6, changes={"epochs": 4}, limit=20))
    assert (other.seed, other.recipe.epochs, other.recipe.batch_size, other.limit) == (6, 4, 8, 20)


def test_the_record_of_a_run_from_a_file_asks_for_that_file(trained: Run, tmp_path: Path) -> None:
    options = TrainOptions(
        "bn-tiny", "shapes", changes={"epochs": 1}, limit=10, weights=str(trained.weights),
        out=tmp_path / "r",
    )  # fmt: skip
    fit(make_plan(options))
    record = str(tmp_path / "r" / "run.json")
    with pytest.raises(UserError, match=r"the weights model.safetensors, SHA-256 .*--weights FILE"):
        make_plan(TrainOptions(recipe=record))
    assert make_plan(TrainOptions(recipe=record, weights="x.pth")).weights == "x.pth"


def test_no_network_at_all_is_an_error() -> None:
    for options in (TrainOptions(), TrainOptions(recipe="tiny"), TrainOptions(data="shapes")):
        with pytest.raises(UserError, match=r"Name the network .* 'cifarx train bn8'"):
            make_plan(options)


@pytest.mark.parametrize("name", ["missing.toml", "missing.json", "folder.toml", "latin.toml"])
def test_a_recipe_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "latin.toml").write_bytes(b'source = "\xe9"')
    with pytest.raises(UserError, match=rf"--recipe .*{name} cannot be read \("):
        make_plan(TrainOptions("bn-tiny", recipe=str(tmp_path / name)))


def test_a_recipe_file_with_a_mistake_is_named(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(OWN.replace("7", '"seven"'))
    with pytest.raises(UserError, match=r"recipe .*own.toml cannot be used: batch_size: Input"):
        make_plan(TrainOptions("bn-tiny", recipe=str(tmp_path / "own.toml")))
    (tmp_path / "run.json").write_text("{}")
    with pytest.raises(UserError, match=r"run.json is not a run record"):
        make_plan(TrainOptions(recipe=str(tmp_path / "run.json")))


def test_an_unknown_recipe_is_an_error() -> None:
    with pytest.raises(UserError, match=r"There is no recipe 'stong'. Did you mean"):
        make_plan(TrainOptions("bn-tiny", recipe="stong"))


def test_a_value_that_is_not_allowed_is_named() -> None:
    with pytest.raises(UserError, match=r"these options cannot be used: epochs: Input should"):
        make_plan(TrainOptions("bn-tiny", changes={"epochs": 0}))


def test_tf32_needs_a_gpu() -> None:
    with pytest.raises(UserError, match=r"tf32 needs an NVIDIA GPU, .*device is cpu"):
        make_plan(TrainOptions("bn-tiny", changes={"precision": "tf32"}, device="cpu"))


def test_a_device_that_is_not_there_is_rejected() -> None:
    usable = "cpu, cuda" if torch.cuda.is_available() else "cpu"
    for name in ("tpu9", "meta", "cuda:99"):
        complaint = rf"--device {name} cannot be used here .* Usable: {usable}\."
        with pytest.raises(UserError, match=complaint):
            make_plan(TrainOptions("bn-tiny", "shapes", device=name))


@pytest.mark.parametrize("name", ["run.json", "resume.safetensors"])
def test_a_folder_that_holds_a_run_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("")
    with pytest.raises(UserError, match=r"--out .* already holds a run"):
        make_plan(TrainOptions("bn-tiny", out=tmp_path))
