"""Weights as people save them: state dicts inside checkpoints, under prefixed names."""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from safetensors.torch import save_file
from scipy.io import savemat
from torch import nn

from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.registry import find
from cifarx.pytorch_models.weights import load_exactly, start_from


def network(seed: int) -> nn.Module:
    torch.manual_seed(seed)
    return find("bn-tiny").builder(10)


class Lit(nn.Module):
    """Holds the network as Lightning's modules do, beside a loss with a tensor."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model
        self.loss = nn.CrossEntropyLoss(weight=torch.ones(10))


def optimizer_of(model: nn.Module) -> dict[str, Any]:
    model = deepcopy(model)
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.zeros(2, 3, 32, 32)).sum().backward()
    optimizer.step()
    return optimizer.state_dict()


def lightning(model: nn.Module) -> dict[str, Any]:
    return {
        "epoch": 3,
        "global_step": 300,
        "pytorch-lightning_version": "2.5.0",
        "state_dict": Lit(model).state_dict(),
        "loops": {"fit_loop": {"state_dict": {}}},
        "callbacks": {},
        "optimizer_states": [optimizer_of(model)],
        "lr_schedulers": [],
        "hparams_name": "kwargs",
        "hyper_parameters": {"lr": 0.1, "layers": [1, 2]},
    }


def compiled(model: nn.Module) -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.compile(model)  # compiles nothing before its first input


def part_compiled(model: nn.Module) -> nn.Module:
    name = next(n for n, child in model.named_children() if list(child.parameters()))
    setattr(model, name, compiled(getattr(model, name)))
    return model


def under(key: str, **beside: Any) -> Callable[[nn.Module], dict[str, Any]]:
    return lambda model: {key: model.state_dict(), **beside}


@pytest.mark.parametrize(
    ("saved", "told"),
    [
        (nn.Module.state_dict, ""),
        (under("state_dict"), "the state dict was found under 'state_dict'"),
        (under("model_state_dict", epoch=5), "the state dict was found under 'model_state_dict'"),
        (under("net", acc=91.2, epoch=7), "the state dict was found under 'net'"),
        (under("model", loss=torch.ones(1)), "the state dict was found under 'model'"),
        (under("model_ema"), "the state dict was found under 'model_ema'"),
        (
            lambda m: {"model": m.state_dict(), "optimizer": optimizer_of(m), "scaler": {}},
            "the state dict was found under 'model'",
        ),
        (
            lambda m: {"G": m.state_dict(), "D": nn.Conv2d(3, 4, 3).state_dict()},
            "the state dict was found under 'G'",
        ),
        (lambda m: nn.DataParallel(m).state_dict(), "the prefix 'module.' was removed"),
        (
            lambda m: {"net": nn.DataParallel(m).state_dict(), "acc": 91.2},
            "the state dict was found under 'net'; the prefix 'module.' was removed",
        ),
        (
            lightning,
            "the state dict was found under 'state_dict'; the prefix 'model.' was removed; "
            "1 other tensor was left out, such as loss.weight",
        ),
        (
            lambda m: nn.ModuleDict({"net": nn.DataParallel(m)}).state_dict(),
            "the prefix 'net.module.' was removed",
        ),
        (lambda m: compiled(m).state_dict(), "'_orig_mod.' of torch.compile was removed"),
        (lambda m: part_compiled(m).state_dict(), "'_orig_mod.' of torch.compile was removed"),
        (
            lambda m: {"model": nn.DataParallel(compiled(m)).state_dict()},
            "the state dict was found under 'model'; '_orig_mod.' of torch.compile was removed; "
            "the prefix 'module.' was removed",
        ),
    ],
)
def test_a_state_dict_is_found_where_people_put_it(
    tmp_path: Path, saved: Callable[[nn.Module], object], told: str
) -> None:
    wanted = {name: t.clone() for name, t in network(1).state_dict().items()}
    torch.save(saved(network(1)), tmp_path / "w.pt")
    model, trained = network(2), network(3)
    assert load_exactly(model, tmp_path / "w.pt") == told
    start_from(trained, str(tmp_path / "w.pt"))
    for found in (model, trained):
        assert found.state_dict().keys() == wanted.keys()
        assert all(torch.equal(t, wanted[name]) for name, t in found.state_dict().items())


def test_a_prefix_is_removed_from_safetensors_too(tmp_path: Path) -> None:
    wanted = network(1).state_dict()
    save_file({f"module.{name}": t for name, t in wanted.items()}, tmp_path / "w.safetensors")
    model = network(2)
    assert load_exactly(model, tmp_path / "w.safetensors") == "the prefix 'module.' was removed"
    assert all(torch.equal(t, wanted[name]) for name, t in model.state_dict().items())


def test_the_versions_of_modules_follow_a_prefix(tmp_path: Path) -> None:
    # without its version, torchvision's MNASNet takes weights for those of its first release
    from torchvision.models import mnasnet0_5

    saved = mnasnet0_5(weights=None)
    torch.save({"state_dict": nn.DataParallel(saved).state_dict()}, tmp_path / "w.pt")
    model = mnasnet0_5(weights=None)
    load_exactly(model, tmp_path / "w.pt")
    wanted = saved.state_dict()
    assert all(torch.equal(t, wanted[name]) for name, t in model.state_dict().items())


def refused(path: Path) -> str:
    """What load_exactly says of a file; the model keeps its weights, and nothing warns."""
    model = network(2)
    before = {name: t.clone() for name, t in model.state_dict().items()}
    with pytest.raises(UserError) as error:
        load_exactly(model, path)
    assert all(torch.equal(before[name], t) for name, t in model.state_dict().items())
    said = str(error.value)
    assert said.isprintable()
    assert f"--weights {path}" in said
    return said


def remedied(said: str, path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, torch.Tensor]:
    """Run the Python that an error advises, and load what it saves."""
    monkeypatch.chdir(path.parent)
    code = said.partition("in Python: ")[2] or "torch.save(" + said.partition("torch.save(")[2]
    code = code.partition("'weights.pt')")[0] + "'weights.pt')"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(code, {"torch": torch})
    return torch.load("weights.pt", weights_only=True)


def test_several_state_dicts_that_fit_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = {"model": network(1).state_dict(), "model_ema": network(3).state_dict()}
    torch.save(saved, tmp_path / "w.pt")
    said = refused(tmp_path / "w.pt")
    assert "under 'model' and 'model_ema', which fit the network equally well" in said
    rescued = remedied(said, tmp_path / "w.pt", monkeypatch)
    assert all(torch.equal(t, rescued[name]) for name, t in network(1).state_dict().items())


def test_several_prefixes_that_fit_are_refused(tmp_path: Path) -> None:
    twice = nn.ModuleDict({"net": network(1), "ema": network(3)})
    torch.save({"state_dict": twice.state_dict()}, tmp_path / "w.pt")
    said = refused(tmp_path / "w.pt")
    assert "more than once, with the prefixes 'ema.' and 'net.'" in said
    assert "weights_only=True)['state_dict'];" in said


def test_state_dicts_of_other_networks_are_refused(tmp_path: Path) -> None:
    saved = {"G": {"a": torch.ones(1)}, "D": {"b": torch.ones(1)}}
    torch.save(saved, tmp_path / "w.pt")
    assert "under 'D' and 'G', which do not fit the network" in refused(tmp_path / "w.pt")


def test_faults_are_told_in_the_names_of_the_network(tmp_path: Path) -> None:
    state = nn.DataParallel(network(1)).state_dict()
    del state["module.conv1.weight"]
    state["module.fc9.weight"] = torch.ones(2)
    torch.save({"state_dict": state}, tmp_path / "w.pt")
    said = refused(tmp_path / "w.pt")
    assert (
        "under 'state_dict'; the prefix 'module.' was removed) does not fit the network: " in said
    )
    assert "it lacks conv1.weight; has in addition fc9.weight." in said


def test_another_network_is_not_taken_for_a_prefix(tmp_path: Path) -> None:
    other = nn.ModuleDict({"a": nn.ModuleDict({"conv1": nn.Conv2d(3, 4, 3)}), "b": nn.Linear(2, 2)})
    torch.save(other.state_dict(), tmp_path / "w.pt")
    said = refused(tmp_path / "w.pt")
    assert "has in addition a.conv1.bias, a.conv1.weight, b.bias and more" in said
    assert "prefix" not in said


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("wrap", [lambda m: m, lambda m: {"epoch": 3, "model": m}])
def test_a_whole_module_is_refused_with_what_saves_its_weights(
    tmp_path: Path, wrap: Callable[[nn.Module], object], old: bool
) -> None:
    torch.save(
        wrap(nn.Sequential(nn.Linear(2, 2))),
        tmp_path / "w.pt",
        _use_new_zipfile_serialization=not old,
    )
    said = refused(tmp_path / "w.pt")
    assert "a whole module, a pickle (torch.nn.modules." in said
    assert f"model = torch.load('{tmp_path / 'w.pt'}', weights_only=False); " in said
    assert "torch.save(model.state_dict(), 'weights.pt')" in said
    assert "add_safe_globals" not in said


def test_the_lines_for_a_whole_module_save_its_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = nn.Sequential(nn.Linear(2, 2))
    torch.save(module, tmp_path / "w.pt")
    said = refused(tmp_path / "w.pt").replace(
        "in Python, where its classes can be imported", "in Python"
    )
    rescued = remedied(said, tmp_path / "w.pt", monkeypatch)
    assert torch.equal(rescued["0.weight"], module.state_dict()["0.weight"])


@pytest.mark.parametrize(
    ("beside", "named"),
    [
        (argparse.Namespace(lr=0.1), "argparse.Namespace"),
        (np.float64(0.5), f"{np.dtype.__module__}."),
        (Path("x"), "pathlib.PosixPath"),
    ],
)
def test_objects_beside_the_state_dict_are_named_with_what_saves_it_alone(
    tmp_path: Path, beside: object, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.save({"state_dict": network(1).state_dict(), "args": beside}, tmp_path / "w.pt")
    said = refused(tmp_path / "w.pt")
    assert f"beside tensors it holds objects ({named}" in said
    rescued = remedied(said, tmp_path / "w.pt", monkeypatch)
    torch.save(rescued, tmp_path / "weights.pt")
    load_exactly(network(2), tmp_path / "weights.pt")


def test_an_archive_of_torchscript_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that TorchScript is deprecated
        traced = torch.jit.trace(network(1).eval(), torch.zeros(1, 3, 32, 32))
        torch.jit.save(traced, tmp_path / "w.pt")
    said = refused(tmp_path / "w.pt")
    assert "is a TorchScript archive (torch.jit.save)" in said
    rescued = remedied(said.partition("take them from")[2], tmp_path / "w.pt", monkeypatch)
    assert torch.equal(rescued["conv1.weight"], network(1).state_dict()["conv1.weight"])


@pytest.mark.parametrize("name", ["w.pt2", "w.pt"])
def test_an_exported_program_is_named(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = torch.export.export(network(1).eval(), (torch.zeros(2, 3, 32, 32),))
    with (tmp_path / name).open("wb") as file:
        torch.export.save(program, file)
    said = refused(tmp_path / name)
    assert "is an exported program (torch.export.save)" in said
    rescued = remedied(said.partition("take them from")[2], tmp_path / name, monkeypatch)
    assert torch.equal(rescued["conv1.weight"], network(1).state_dict()["conv1.weight"])


@pytest.mark.parametrize("name", ["w.onnx", "w.pt"])
def test_an_onnx_file_is_named(tmp_path: Path, name: str) -> None:
    value = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Relu", ["x"], ["y"])],
        "graph",
        [value("x", onnx.TensorProto.FLOAT, [1])],
        [value("y", onnx.TensorProto.FLOAT, [1])],
    )
    onnx.save_model(onnx.helper.make_model(graph), tmp_path / name, format="protobuf")
    assert "is an ONNX file, which holds the network with its weights" in refused(tmp_path / name)


def test_a_mat_file_is_named(tmp_path: Path) -> None:
    savemat(tmp_path / "w.mat", {"a": np.ones(3)})
    said = refused(tmp_path / "w.mat")
    assert "is a MAT-file; --weights takes a state dict" in said
    assert f"'cifarx import {tmp_path / 'w.mat'}'" in said


def test_text_is_named(tmp_path: Path) -> None:  # such as a pointer of Git LFS
    (tmp_path / "w.pt").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:1\n")
    assert "it looks like text" in refused(tmp_path / "w.pt")
