"""Approximated functions: sound runtimes pass by the wider class, wrong functions do not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnxruntime
import pytest
import torch
import torch.nn.functional as F  # noqa: N812  (its customary name)

from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.interface import Input, Output
from cifarx.export.network.layer import Layer
from cifarx.export.network.model_card import ModelCard
from cifarx.export.to_onnx.writer import onnx_from_graph
from cifarx.verify.ladder.layers.local_check import LayerRatio, LocalCheck

SIZE = (4, 5, 6)
ACTIVATIONS = {
    "SigmoidLayer": {},
    "SwishLayer": {},
    "ELULayer": {"Alpha": 1.0},
    "TanhLayer": {},
    "GELULayer": {"Approximation": "none"},
}


def one_layer(kind: str) -> LayerGraph:
    return LayerGraph(
        (Input("image", SIZE),),
        (Layer("act", kind, ("image",), ACTIVATIONS[kind]),),
        (Output("act"),),
    )


def inputs(spread: float, mean: float = 0.0) -> np.ndarray:
    values = np.random.RandomState(1).standard_normal((64, *SIZE))
    return (spread * values + mean).astype(np.float32)


def by_onnx_runtime(graph: LayerGraph, x: np.ndarray, optimized: bool) -> np.ndarray:
    options = onnxruntime.SessionOptions()
    levels = onnxruntime.GraphOptimizationLevel
    options.graph_optimization_level = (
        levels.ORT_ENABLE_ALL if optimized else levels.ORT_DISABLE_ALL
    )
    card = ModelCard("m", "", tuple("abcd"), (), (), "")
    content = b"".join(onnx_from_graph(graph, card).chunks())
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    return session.run(None, {"image": x})[0]


def ratio(graph: LayerGraph, x: np.ndarray, y: np.ndarray, library: str) -> LayerRatio:
    check = LocalCheck(graph, library=library)
    check.add([x], {"act": y})
    (found,) = check.ratios()
    return found


@pytest.mark.parametrize("optimized", [True, False])
@pytest.mark.parametrize(("spread", "mean"), [(1, 0), (3, 0), (1, -6), (8, 0), (1e-3, 0)])
@pytest.mark.parametrize("kind", ACTIVATIONS)
def test_onnx_runtimes_activations_are_within_their_class(
    kind: str, spread: float, mean: float, optimized: bool
) -> None:
    graph, x = one_layer(kind), inputs(spread, mean)
    found = ratio(graph, x, by_onnx_runtime(graph, x, optimized), "onnxruntime")
    assert found.passed, found


@pytest.mark.parametrize("kind", ["SigmoidLayer", "SwishLayer", "ELULayer"])
def test_the_class_is_named_and_is_open_to_its_runtime_alone(kind: str) -> None:
    graph, x = one_layer(kind), inputs(6.0)
    y = by_onnx_runtime(graph, x, optimized=True)
    assert ratio(graph, x, y, "onnxruntime").algorithm == "approximation"
    assert not ratio(graph, x, y, "pytorch").passed
    assert not ratio(graph, x, y, "toolbox").passed


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("spread", [1e-2, 0.1, 1.0, 5.0])
@pytest.mark.parametrize("kind", ACTIVATIONS)
def test_pytorchs_activations_are_within_their_class(
    kind: str, spread: float, channels_last: bool
) -> None:
    functions: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
        "SigmoidLayer": torch.sigmoid,
        "SwishLayer": F.silu,
        "ELULayer": F.elu,
        "TanhLayer": torch.tanh,
        "GELULayer": F.gelu,
    }
    x = inputs(spread)
    given = torch.from_numpy(x)
    if channels_last:
        given = given.contiguous(memory_format=torch.channels_last)
    y = functions[kind](given).contiguous().numpy()
    assert ratio(one_layer(kind), x, y, "pytorch").passed


def hard_sigmoid(x: torch.Tensor) -> torch.Tensor:
    return F.hardsigmoid(x)


FAULTS: dict[str, tuple[str, Callable[[torch.Tensor], torch.Tensor]]] = {
    "ELU's alpha off by 1e-3": ("ELULayer", lambda x: F.elu(x, 1.001)),
    "expm1 without alpha's minus one": ("ELULayer", lambda x: torch.where(x < 0, x.exp(), x)),
    "hard swish for swish": ("SwishLayer", F.hardswish),
    "swish's gate shifted by 1e-3": ("SwishLayer", lambda x: x * torch.sigmoid(x + 1e-3)),
    "hard sigmoid for sigmoid": ("SigmoidLayer", hard_sigmoid),
    "sigmoid left out": ("SigmoidLayer", lambda x: x),
    "a gate's bias off by 1e-3": ("SigmoidLayer", lambda x: torch.sigmoid(x + 1e-3)),
    "sigmoid in half precision": ("SigmoidLayer", lambda x: torch.sigmoid(x.half()).float()),
    "GELU's tanh form": ("GELULayer", lambda x: F.gelu(x, approximate="tanh")),
}


@pytest.mark.parametrize("library", ["pytorch", "onnxruntime", "toolbox"])
@pytest.mark.parametrize(("spread", "mean"), [(1, 0), (3, 0), (1, -6)])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_wrong_function_is_beyond_every_class(
    fault: str, spread: float, mean: float, library: str
) -> None:
    kind, function = FAULTS[fault]
    x = inputs(spread, mean)
    y = function(torch.from_numpy(x)).numpy()
    found = ratio(one_layer(kind), x, y, library)
    assert found.ratio > 5, found
