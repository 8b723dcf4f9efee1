from __future__ import annotations

import csv
import json
import math
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load
from training import train_run

from cifarx.pytorch_models.data.split import split_data
from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.fit import fit
from cifarx.pytorch_models.observer import Observer
from cifarx.pytorch_models.plan import TrainOptions, make_plan
from cifarx.pytorch_models.preprocess import preprocess
from cifarx.pytorch_models.run import Run, RunRecord, build_module, load_run
from cifarx.pytorch_models.train import Epoch

pytestmark = pytest.mark.usefixtures("unpainted")


def test_a_run_folder_holds_what_is_promised(trained: Run) -> None:
    names = {p.name for p in trained.folder.iterdir()}
    assert names == {
        "model.safetensors", "run.json", "history.csv",
        "curves.png", "confusion.png", "samples.png",
    }  # fmt: skip
    record = json.loads((trained.folder / "run.json").read_text())
    assert record["recipe"]["epochs"] == 1
    assert record["data"]["train_images"] == 300
    assert record["data"]["test_images"] == 60
    assert record["data"]["validation_images"] == 0
    assert record["mean"] == [127.5] * 3
    (line,) = csv.DictReader((trained.folder / "history.csv").read_text().splitlines())
    assert float(line["test_accuracy"]) == record["metrics"]["test_accuracy"]
    assert math.isfinite(float(line["train_loss"]))
    for name in ("curves.png", "confusion.png", "samples.png"):
        with Image.open(trained.folder / name) as picture:
            assert min(picture.size) > 300


def test_the_same_seed_gives_the_same_weights_and_another_one_others(
    trained: Run, tmp_path: Path
) -> None:
    again = train_run("bn-tiny", epochs=1, limit=300, out=tmp_path / "a")
    other = train_run("bn-tiny", epochs=1, limit=300, seed=1, out=tmp_path / "b")
    assert again.record.weights_sha256 == trained.record.weights_sha256
    assert other.record.weights_sha256 != trained.record.weights_sha256


def test_a_second_run_never_overwrites_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folders = [train_run("bn-tiny", epochs=1, limit=10).folder for _ in range(2)]
    assert [str(f) for f in folders] == ["runs/bn-tiny-shapes", "runs/bn-tiny-shapes-2"]


def test_an_own_folder_is_used_with_what_is_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("notes.txt").write_text("mine")
    run = train_run("bn-tiny", epochs=1, limit=10, out=Path())
    assert Path("notes.txt").read_text() == "mine"
    assert run.weights.is_file()
    assert not list(tmp_path.glob(".*"))


class Stop(Observer):
    """Stops after the epoch of this number."""

    def __init__(self, epoch: int) -> None:
        self.last = epoch

    def after_epoch(self, epoch: Epoch) -> None:
        if epoch.epoch == self.last:
            raise KeyboardInterrupt


def test_a_run_that_is_stopped_after_an_epoch_can_be_used(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        train_run("bn-tiny", epochs=3, limit=10, out=tmp_path / "r", observer=Stop(1))
    assert load_run(tmp_path / "r").record.epochs_done == 1


def test_a_run_that_is_stopped_in_its_first_epoch_can_only_be_continued(tmp_path: Path) -> None:
    class StopAtOnce(Observer):
        def on_start(self, folder: Path, record: RunRecord) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_run("bn-tiny", limit=10, out=tmp_path / "r", observer=StopAtOnce())
    assert [p.name for p in (tmp_path / "r").iterdir()] == ["resume.safetensors"]
    with pytest.raises(UserError, match=r"no finished epoch.*'cifarx train --resume --out .*r'"):
        load_run(tmp_path / "r")


class TrainAnother(Observer):
    """Trains by another plan when the training begins."""

    def __init__(self, options: TrainOptions) -> None:
        self.plan = make_plan(options)
        self.inner: Run | None = None

    def on_start(self, folder: Path, record: RunRecord) -> None:
        self.inner = fit(self.plan)


def test_two_trainings_at_once_get_a_folder_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    another = TrainAnother(TrainOptions("bn-tiny", "shapes", changes={"epochs": 1}, limit=10))
    outer = train_run("bn-tiny", epochs=1, limit=10, observer=another)
    assert another.inner is not None
    folders = [str(run.folder) for run in (outer, another.inner)]
    assert folders == ["runs/bn-tiny-shapes", "runs/bn-tiny-shapes-2"]


def test_two_trainings_at_once_cannot_share_a_folder(tmp_path: Path) -> None:
    options = TrainOptions("bn-tiny", "shapes", changes={"epochs": 1}, limit=10, out=tmp_path / "r")
    another = TrainAnother(options)
    with pytest.raises(UserError, match=r"r already holds a run|The run's folder .*r cannot be"):
        train_run("bn-tiny", epochs=1, limit=10, out=tmp_path / "r", observer=another)
    fit(make_plan(TrainOptions(out=tmp_path / "r", resume=True)))  # the first one is unharmed


@pytest.mark.parametrize("moment", ["weights written", "record written", "weights renamed"])
def test_a_crash_between_two_writes_leaves_a_valid_run_that_resumes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    from cifarx.pytorch_models import fit as module

    folder, settings = tmp_path / "r", {"epochs": 3, "limit": 10}
    records: list[str] = []
    text, content, replace_file = module.write_text, module.write_bytes, os.replace

    def write_text(path: Path, content: str) -> None:
        if path.name == "run.json":
            records.append(path.name)
            if len(records) == 2 and moment == "weights written":
                raise MemoryError
        text(path, content)

    def write_bytes(path: Path, state: bytes) -> None:
        if path.name == "resume.safetensors" and len(records) == 2 and moment == "weights renamed":
            raise MemoryError
        content(path, state)

    def replace(source: Path, target: Path) -> None:
        due = moment == "record written" and len(records) == 2
        if due and Path(target).name == "model.safetensors":
            raise MemoryError
        replace_file(source, target)

    with monkeypatch.context() as patched:
        patched.setattr(module, "write_text", write_text)
        patched.setattr(module, "write_bytes", write_bytes)
        patched.setattr(os, "replace", replace)
        with pytest.raises(MemoryError):
            train_run("bn-tiny", out=folder, **settings)
    epochs = 1 if moment == "weights written" else 2
    assert load_run(folder).record.epochs_done == epochs
    assert load_run(folder).record.epochs_done == epochs  # the change is ended once
    resumed = fit(make_plan(TrainOptions(out=folder, resume=True)))
    assert resumed is not None
    whole = train_run("bn-tiny", out=tmp_path / "whole", **settings)
    assert resumed.weights.read_bytes() == whole.weights.read_bytes()
    assert {p.name for p in folder.iterdir()} == {p.name for p in whole.folder.iterdir()}


def test_a_training_that_diverges_is_stopped_with_a_word(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"diverged: the losses of epoch 1 are .* 1e\+30, is too"):
        train_run(
            "bn-tiny", limit=200, out=tmp_path / "r", optimizer="sgd", learning_rate=1e30, epochs=2
        )
    assert not list(tmp_path.iterdir())


def test_a_training_that_diverges_leaves_the_users_own_folder(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UserError, match="diverged"):
        train_run("bn-tiny", limit=200, out=tmp_path, optimizer="sgd", learning_rate=1e30)
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]


def test_a_place_that_cannot_be_used_is_found_before_the_training(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for out in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(UserError, match=rf"run's folder {out} (is a file|cannot be made: Not)"):
            train_run("bn-tiny", epochs=10_000, out=out)
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_images_that_do_not_fit_the_network_are_rejected_with_both_sizes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / "d" / name).mkdir(parents=True)
        for i in range(5):
            Image.new("L", (28, 28), i).save(tmp_path / "d" / name / f"{i}.png")
    complaint = r"'bn-tiny' .*32x32 with 3 channels.* 28x28 with 1 channel"
    with pytest.raises(UserError, match=complaint):
        train_run("bn-tiny", str(tmp_path / "d"), out=tmp_path / "r")
    with pytest.raises(UserError, match=r"28x28 with 1 channel.* --data shapes-grey"):
        train_run("mlp-tiny", "shapes", out=tmp_path / "r")
    assert not (tmp_path / "r").exists()


HELD_OUT: dict[str, object] = {
    "epochs": 6, "limit": 60, "validation": 0.1, "test": 0.1, "split_seed": 42,
    "learning_rate": 0.02,
}  # fmt: skip


def test_the_weights_of_the_best_epoch_by_validation_are_kept(tmp_path: Path) -> None:
    after: dict[int, bytes] = {}

    class KeepState(Observer):
        def after_epoch(self, epoch: Epoch) -> None:
            after[epoch.epoch] = (tmp_path / "r" / "resume.safetensors").read_bytes()

    run = train_run("bn-tiny", out=tmp_path / "r", observer=KeepState(), **HELD_OUT)
    lines = list(csv.DictReader((run.folder / "history.csv").read_text().splitlines()))
    accuracies = [float(line["validation_accuracy"]) for line in lines]
    best = 1 + accuracies.index(max(accuracies))
    assert 1 < best < 6, accuracies  # else the test says nothing: choose another rate
    assert run.record.best_epoch == best
    assert run.record.epochs_done == 6
    assert run.record.metrics["validation_accuracy"] == max(accuracies)
    state = load(after[best])
    for name, value in run.state().items():
        assert np.array_equal(value, state[f"model.{name}"].numpy()), name


def test_test_figures_are_those_of_the_saved_weights_on_the_test_images(tmp_path: Path) -> None:
    run = train_run("bn-tiny", out=tmp_path / "r", **HELD_OUT)
    plan = make_plan(TrainOptions("bn-tiny", "shapes", limit=60))
    parts = split_data(plan.data, run.record.recipe, 60)
    images = parts.test.read()
    assert len(images) == run.record.data.test_images == 12
    assert images.digest() == run.record.data.test_sha256
    x = torch.from_numpy(preprocess(images.pixels, *run.mean_std()))
    y = torch.from_numpy(images.labels)
    with torch.no_grad():
        logits = build_module(run)(x)
    assert run.record.metrics["test_accuracy"] == pytest.approx(
        (logits.argmax(1) == y).float().mean().item()
    )
    assert run.record.metrics["test_loss"] == pytest.approx(
        torch.nn.functional.cross_entropy(logits, y).item(), rel=1e-4
    )


def test_without_validation_the_last_epoch_is_kept(tmp_path: Path) -> None:
    run = train_run("bn-tiny", out=tmp_path / "r", epochs=3, limit=60, learning_rate=0.02)
    assert run.record.best_epoch == run.record.epochs_done == 3


def test_given_weights_are_started_from(trained: Run, tmp_path: Path) -> None:
    options = TrainOptions(
        "bn-tiny",
        "shapes",
        changes={"epochs": 1, "learning_rate": 1e-12},
        limit=10,
        weights=str(trained.weights),
        out=tmp_path / "r",
    )
    run = fit(make_plan(options))
    assert run is not None
    assert run.record.pretrained == f"model.safetensors, SHA-256 {trained.record.weights_sha256}"
    for name, value in trained.state().items():
        if "running" not in name and "num_batches" not in name:
            np.testing.assert_allclose(run.state()[name], value, atol=1e-9)
