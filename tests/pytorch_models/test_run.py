from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
import torch

from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.run import Run, build_module, load_run, newest_folder


@pytest.fixture
def copy(trained: Run, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained.folder, tmp_path / "runs" / "one"))


def test_the_module_has_the_saved_weights_and_is_in_evaluation_mode(trained: Run) -> None:
    module = build_module(trained)
    assert not module.training
    saved = trained.state()
    for name, tensor in module.state_dict().items():
        assert tensor.numpy().tobytes() == saved[name].tobytes()
    assert torch.equal(module(torch.ones(1, 3, 32, 32)), module(torch.ones(1, 3, 32, 32)))


def test_the_newest_folder_is_the_one_finished_last(copy: Path) -> None:
    later = Path(shutil.copytree(copy, copy.with_name("a-later-one")))
    os.utime(copy / "run.json", (1000, 1000))
    os.utime(later / "run.json", (2000, 2000))
    assert newest_folder(copy.parent) == later
    os.utime(copy / "run.json", (3000, 3000))
    assert newest_folder(copy.parent) == copy


def test_no_run_at_all_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no run to use: .* \('cifarx train bn8'\)"):
        newest_folder(tmp_path / "runs")


def test_a_folder_that_is_no_run_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"is not a run: it has no run.json"):
        load_run(tmp_path)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"model": 3}', "\x00\x01"])
def test_a_damaged_record_is_rejected(copy: Path, content: str) -> None:
    (copy / "run.json").write_text(content)
    with pytest.raises(UserError, match=r"run\.json is not a run record"):
        load_run(copy)


def test_changed_weights_are_rejected(copy: Path) -> None:
    content = bytearray((copy / "model.safetensors").read_bytes())
    content[-1] ^= 1
    (copy / "model.safetensors").write_bytes(content)
    with pytest.raises(UserError, match=r"other weights than run.json describes"):
        load_run(copy)


def test_missing_weights_are_rejected(copy: Path) -> None:
    (copy / "model.safetensors").unlink()
    with pytest.raises(UserError, match="has no weights"):
        load_run(copy)


def test_weights_of_another_network_are_rejected(copy: Path) -> None:
    record = copy / "run.json"
    record.write_text(record.read_text().replace('"model": "bn-tiny"', '"model": "bn5"'))
    with pytest.raises(UserError, match="do not fit the network 'bn5'"):
        build_module(load_run(copy))
