"""Networks of torchvision by the commands: module -> both files -> ONNX Runtime and Octave."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch

from cifarx.export.from_torch.reader import graph_from_module
from cifarx.export.network.interface import Input

ROOT = Path(__file__).resolve().parents[3]


def load(name: str) -> ModuleType:
    """A script of benchmarks/ as a module."""
    spec = importlib.util.spec_from_file_location(
        f"benchmarks_{name}", ROOT / f"benchmarks/{name}.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look themselves up there
    spec.loader.exec_module(module)
    return module


networks = load("networks")


@pytest.mark.slow
@pytest.mark.octave
@pytest.mark.usefixtures("octave_program")
@pytest.mark.parametrize("name", networks.TORCHVISION)
def test_a_network_is_exported_and_found_equivalent(name: str, tmp_path: Path) -> None:
    report = networks.exported_and_verified(name, tmp_path)
    assert report["verdict"] == "EQUIVALENT", report["lines"]
    assert report["compared"] == ["onnxruntime", "octave"]
    assert report["images"]["count"] == 4
    logits = report["engines"][-1]["logits"]
    assert logits["top1"] == 4


@pytest.mark.octave
@pytest.mark.usefixtures("octave_program")
def test_a_small_network_is_exported_and_found_equivalent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(networks, "size_of", lambda name: 64)
    report = networks.exported_and_verified("shufflenet_v2_x0_5", tmp_path)
    assert report["verdict"] == "EQUIVALENT", report["lines"]


def test_only_the_flatten_of_a_residual_network_is_no_built_in_layer(tmp_path: Path) -> None:
    import torchvision

    from cifarx.export.network.model_card import ModelCard
    from cifarx.export.to_onnx.writer import onnx_from_graph

    torch.manual_seed(0)
    graph = graph_from_module(
        torchvision.models.resnet18(weights=None).eval(), [Input("image", (3, 64, 64))]
    )
    card = ModelCard("net", "", tuple(map(str, range(1000))), (), (), "0" * 64)
    path = tmp_path / "net.onnx"
    with path.open("wb") as file:
        file.writelines(onnx_from_graph(graph, card).chunks())
    share = networks.share(path)
    assert (share.nodes, share.built_in) == (69, 68)


def test_weights_are_the_modules_own_memory() -> None:
    import torchvision

    module = torchvision.models.squeezenet1_1(weights=None).eval()
    graph = graph_from_module(module, [Input("image", (3, 64, 64))])
    own = {t.data_ptr() for t in module.state_dict().values()}
    weights = [a.value for (_, key), a in graph.arrays().items() if key == "Weights"]
    assert {w.__array_interface__["data"][0] for w in weights} <= own


def test_a_row_takes_the_place_of_the_networks_former_row() -> None:
    page = "a\n<!-- torchvision -->\n<!-- /torchvision -->\nb"
    page = networks.put(page, "torchvision", "| resnet18 | 1 |")
    page = networks.put(page, "torchvision", "| alexnet | 2 |")
    page = networks.put(page, "torchvision", "| resnet18 | 3 |")
    rows = [line for line in page.splitlines() if line.startswith("| ") and "network" not in line]
    assert rows == ["| alexnet | 2 |", "| resnet18 | 3 |"]
    assert page.startswith("a\n<!--")
    assert page.endswith("-->\nb")
