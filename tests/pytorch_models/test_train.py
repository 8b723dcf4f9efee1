from __future__ import annotations

import csv
import dataclasses
import json
import math
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from cifarx.pytorch_models.data.images import Images
from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.fit import Options, fit, make_plan
from cifarx.pytorch_models.recipe import load_recipe
from cifarx.pytorch_models.run import Run
from cifarx.pytorch_models.train import Epoch, Resident, learning_rate, train

RECIPE = load_recipe("bn8")


def small_problem() -> tuple[nn.Module, Resident]:
    random = np.random.RandomState(0)
    pixels = random.randint(0, 256, (40, 1, 2, 2), dtype=np.uint8)
    labels = (pixels.mean((1, 2, 3)) > 127).astype(np.int64)
    half = np.full(1, 127.5, np.float32)
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(4, 2))
    return model, Resident(Images(pixels, labels), half, half, torch.device("cpu"))


def test_one_step_is_the_step_of_plain_gradient_descent() -> None:
    recipe = RECIPE.model_copy(
        update={"optimizer": "sgd", "learning_rate": 0.1, "batch_size": 40, "epochs": 1}
    )
    model, data = small_problem()
    x, y = data.batch(slice(None))
    weights = model[1].weight.detach().double()
    z = x.flatten(1).double() @ weights.T + model[1].bias.detach().double()
    softmax = z.exp() / z.exp().sum(1, keepdim=True)
    gradient = (softmax - nn.functional.one_hot(y, 2)).T @ x.flatten(1).double() / 40
    train(model, data, data, recipe, seed=0, after_step=lambda n: None, after_epoch=lambda e: None)
    torch.testing.assert_close(
        model[1].weight.double(), weights - 0.1 * gradient, rtol=0, atol=1e-6
    )


def test_an_epoch_sees_each_image_once_and_reports_the_figures_of_its_model() -> None:
    recipe = RECIPE.model_copy(update={"batch_size": 16, "epochs": 3})
    model, data = small_problem()
    steps: list[int] = []
    history: list[Epoch] = []
    train(model, data, data, recipe, seed=0, after_step=steps.append, after_epoch=history.append)
    assert steps == [16, 16, 8] * 3
    x, y = data.batch(slice(None))
    assert history[-1].test_loss == pytest.approx(nn.functional.cross_entropy(model(x), y).item())
    assert history[-1].test_accuracy == pytest.approx(
        (model(x).argmax(1) == y).float().mean().item()
    )
    assert not model.training


def test_cosine_falls_from_the_rate_to_zero() -> None:
    recipe = RECIPE.model_copy(update={"schedule": "cosine", "learning_rate": 2.0})
    assert learning_rate(recipe, 0.0) == 2.0
    assert learning_rate(recipe, 0.5) == pytest.approx(1.0)
    assert learning_rate(recipe, 1.0) == pytest.approx(0.0)
    assert learning_rate(RECIPE, 0.9) == 5e-4


def quiet_fit(options: Options) -> Run:
    return fit(
        make_plan(options),
        on_start=lambda folder, train, test: None,
        after_step=lambda images: None,
        after_epoch=lambda epoch: None,
    )


def test_a_run_folder_holds_what_is_promised(trained: Run) -> None:
    names = {p.name for p in trained.folder.iterdir()}
    assert names == {"model.safetensors", "run.json", "history.csv", "curves.png", "confusion.png"}
    record = json.loads((trained.folder / "run.json").read_text())
    assert record["recipe"]["epochs"] == 1
    assert record["data"]["train_images"] == 300
    assert record["mean"] == [127.5] * 3
    (line,) = csv.DictReader((trained.folder / "history.csv").read_text().splitlines())
    assert float(line["test_accuracy"]) == record["metrics"]["test_accuracy"]
    assert math.isfinite(float(line["train_loss"]))


def test_the_same_seed_gives_the_same_weights_and_another_one_others(
    trained: Run, tmp_path: Path
) -> None:
    again = quiet_fit(Options("bn-tiny", "shapes", epochs=1, limit=300, out=tmp_path / "a"))
    other = quiet_fit(Options("bn-tiny", "shapes", epochs=1, limit=300, seed=1, out=tmp_path / "b"))
    assert again.record.weights_sha256 == trained.record.weights_sha256
    assert other.record.weights_sha256 != trained.record.weights_sha256


def test_a_second_run_never_overwrites_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folders = [quiet_fit(Options("bn-tiny", "shapes", epochs=1, limit=10)).folder for _ in range(2)]
    assert [str(f) for f in folders] == ["runs/bn-tiny-shapes", "runs/bn-tiny-shapes-2"]
    with pytest.raises(UserError, match="already holds a run"):
        make_plan(Options("bn-tiny", "shapes", out=folders[0]))


def test_a_run_that_is_stopped_after_an_epoch_can_be_used(tmp_path: Path) -> None:
    def stop(epoch: Epoch) -> None:
        raise KeyboardInterrupt

    plan = make_plan(Options("bn-tiny", "shapes", epochs=3, limit=10, out=tmp_path / "r"))
    with pytest.raises(KeyboardInterrupt):
        fit(plan, on_start=lambda a, b, c: None, after_step=lambda n: None, after_epoch=stop)
    from cifarx.pytorch_models.run import load_run

    assert load_run(tmp_path / "r").record.epochs_done == 1


def test_two_trainings_at_once_get_a_folder_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    options = Options("bn-tiny", "shapes", epochs=1, limit=10)
    inner: list[Run] = []

    def train_another(folder: Path, train: int, test: int) -> None:
        inner.append(quiet_fit(options))

    outer = fit(
        make_plan(options),
        on_start=train_another,
        after_step=lambda images: None,
        after_epoch=lambda epoch: None,
    )
    assert [str(r.folder) for r in (outer, *inner)] == [
        "runs/bn-tiny-shapes",
        "runs/bn-tiny-shapes-2",
    ]


@pytest.mark.parametrize("moment", ["weights written", "record written"])
def test_a_crash_between_two_writes_leaves_a_valid_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    from cifarx.pytorch_models import fit as module
    from cifarx.pytorch_models.run import load_run

    written: list[str] = []
    write, replace_file = module.write_text, os.replace

    def crash_before_the_record(path: Path, content: str) -> None:
        if path.name == "run.json":
            written.append(path.name)
            if len(written) == 2 and moment == "weights written":
                raise MemoryError
        write(path, content)

    def crash_after_the_record(source: Path, target: Path) -> None:
        if target.name == "model.safetensors" and len(written) == 2:
            raise MemoryError
        replace_file(source, target)

    with monkeypatch.context() as patched:
        patched.setattr(module, "write_text", crash_before_the_record)
        patched.setattr(os, "replace", crash_after_the_record)
        with pytest.raises(MemoryError):
            quiet_fit(Options("bn-tiny", "shapes", epochs=3, limit=10, out=tmp_path / "r"))
    epochs = {"weights written": 1, "record written": 2}[moment]
    assert load_run(tmp_path / "r").record.epochs_done == epochs
    assert load_run(tmp_path / "r").record.epochs_done == epochs  # the change is ended once


def test_a_training_that_diverges_is_stopped_with_a_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = make_plan(Options("bn-tiny", "shapes", epochs=2, limit=40, out=tmp_path / "r"))
    recipe = plan.recipe.model_copy(update={"learning_rate": 1e30, "optimizer": "sgd"})
    with pytest.raises(UserError, match=r"diverged: the losses of epoch 1 are .* 1e\+30, is too"):
        fit(
            dataclasses.replace(plan, recipe=recipe),
            on_start=lambda folder, train, test: None,
            after_step=lambda images: None,
            after_epoch=lambda epoch: None,
        )
    assert not (tmp_path / "r").exists()


def test_a_place_that_cannot_be_used_is_found_before_the_training(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for out in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(UserError, match=r"--out .* is a file|Cannot make the folder"):
            quiet_fit(Options("bn-tiny", "shapes", epochs=10_000, out=out))


def test_images_that_do_not_fit_the_network_are_rejected_with_both_sizes(tmp_path: Path) -> None:
    from PIL import Image

    for name in ("a", "b"):
        (tmp_path / "d" / name).mkdir(parents=True)
        for i in range(5):
            Image.new("L", (28, 28), i).save(tmp_path / "d" / name / f"{i}.png")
    with pytest.raises(UserError, match=r"'bn-tiny' takes images of 32x32 with 3 channels, but"):
        quiet_fit(Options("bn-tiny", str(tmp_path / "d"), out=tmp_path / "r"))
    assert not (tmp_path / "r").exists()


def test_a_device_that_is_not_there_is_rejected() -> None:
    for name in ("tpu9", "meta", "cuda:99"):
        with pytest.raises(UserError, match=rf"--device {name} cannot be used here .* Usable: cpu"):
            make_plan(Options("bn-tiny", "shapes", device=name))
