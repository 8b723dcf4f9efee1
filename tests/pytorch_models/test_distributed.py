from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
from processes import TORCHRUN
from safetensors.numpy import load_file
from torch import nn
from training import train_run

from cifarx.pytorch_models.distributed import (
    ALONE,
    World,
    averaging,
    joined,
    shared_bytes,
    summed,
    world_from_environment,
)
from cifarx.pytorch_models.observer import Observer
from cifarx.pytorch_models.train import Epoch

pytestmark = pytest.mark.usefixtures("unpainted")
# 201 images by batches of 20 and steps of 40: the last batch is one image, which leaves the second
# process without any.
RECIPE = """
source = "a test"
dataset = "shapes"
mean = [0.5]
std = [0.5]
optimizer = "sgd"
momentum = 0.9
learning_rate = 0.01
batch_size = 20
accumulate = 2
epochs = 2
"""


class StopAfterOne(Observer):
    def after_epoch(self, epoch: Epoch) -> None:
        raise KeyboardInterrupt


def torchrun(*arguments: object) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*TORCHRUN, "-m", "cifarx.cli", "train", "--device", "cpu", *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"},
        timeout=600,  # a hang
    )
    assert done.returncode == 0, done.stderr
    return done


def test_two_processes_give_the_weights_of_one_and_resume(tmp_path: Path) -> None:
    recipe = tmp_path / "own.toml"
    recipe.write_text(RECIPE)
    settings = {"limit": 201, "recipe": str(recipe)}
    alone = train_run("lenet-tiny", out=tmp_path / "alone", **settings)
    with pytest.raises(KeyboardInterrupt):
        train_run("lenet-tiny", out=tmp_path / "begun", observer=StopAfterOne(), **settings)
    given = ("lenet-tiny", "--data", "shapes", "--limit", 201, "--recipe", recipe)
    done = torchrun(*given, "--out", tmp_path / "two")
    assert done.stdout.count("epoch 2/2") == 1  # the first process alone speaks
    assert done.stdout.count("of the test images") == 1
    torchrun("--resume", "--out", tmp_path / "begun")
    start = load_file(shutil.copy(alone.weights, tmp_path / "copy"))
    for name in ("two", "begun"):
        state = load_file(tmp_path / name / "model.safetensors")
        for key, value in start.items():
            np.testing.assert_allclose(state[key], value, rtol=0, atol=1e-5, err_msg=key)
        kept = {p.name for p in (tmp_path / name).iterdir()}
        assert kept == {p.name for p in alone.folder.iterdir()}
    assert "2 processes" in (tmp_path / "two" / "run.json").read_text()
    assert {p.name for p in tmp_path.iterdir()} == {"alone", "begun", "two", "copy", "own.toml"}
    lines = [
        (tmp_path / name / "history.csv").read_text().splitlines()[-1].split(",")[1:6]
        for name in ("alone", "two", "begun")
    ]
    for line in lines[1:]:
        np.testing.assert_allclose(
            np.array(line, float), np.array(lines[0], float), rtol=0, atol=1e-4
        )


def test_the_environment_of_torchrun_says_who_is_who(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK"):
        monkeypatch.delenv(name, raising=False)
    assert world_from_environment() == ALONE
    monkeypatch.setenv("RANK", "5")
    assert world_from_environment() == ALONE
    monkeypatch.setenv("WORLD_SIZE", "8")
    assert world_from_environment() == World(5, 8, 0)
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert world_from_environment() == World(5, 8, 1)


def test_one_process_alone_talks_to_nobody() -> None:
    cpu, model = torch.device("cpu"), nn.Linear(1, 1)
    with joined(ALONE, cpu):
        assert not torch.distributed.is_initialized()
        assert averaging(model, ALONE, cpu) is model
        assert shared_bytes(b"abc", ALONE, cpu) == b"abc"
        assert summed(torch.tensor(3), ALONE).item() == 3
