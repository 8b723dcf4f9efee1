"""What PyTorch's two exporters scatter, at opsets old and new, is read as MATLAB's layers."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
import torch
from torch_bodies import BODIES, CARD, DYNAMO, LEGACY, SIZE, exported, module_for, run

from cifarx.export.from_onnx.reader import read_onnx
from cifarx.export.network.graph import LayerGraph
from cifarx.export.to_onnx.writer import onnx_from_graph


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize(
    "opset", [*LEGACY, *(pytest.param(o, marks=pytest.mark.slow) for o in DYNAMO)]
)
def test_a_file_by_pytorch_is_read_and_computes_the_same(name: str, opset: int) -> None:
    module = module_for(name)
    try:
        model = exported(module, opset)
    except Exception as error:  # the exporter does not know every operator in every opset
        pytest.skip(f"torch.onnx.export: {str(error).splitlines()[0][:100]}")
    graph = read_onnx(model)
    assert BODIES[name][2] <= {layer.kind for layer in graph.layers}
    x = torch.randn(3, *SIZE)
    with torch.no_grad():
        expected = module.double()(x.double()).numpy()
        module.float()
    ours = run(onnx_from_graph(graph, CARD).proto(), x.numpy())
    scale = np.abs(expected).max()
    np.testing.assert_allclose(ours, expected, rtol=0, atol=2e-5 * scale)
    again = read_onnx(onnx_from_graph(graph, CARD).proto())
    assert described(again) == described(graph)


def described(graph: LayerGraph) -> list[tuple[object, ...]]:
    """Kinds, wiring, options and sizes of arrays."""
    places = {graph.inputs[0].name: -1} | {la.name: i for i, la in enumerate(graph.layers)}
    return [
        (
            layer.kind,
            [places[name] for name in layer.inputs],
            dict(layer.hyper),
            {key: array.value.shape for key, array in layer.arrays.items()},
        )
        for layer in graph.layers
    ]


@pytest.mark.parametrize(
    "opset", [14, *(pytest.param(o, marks=pytest.mark.slow) for o in (17, 18)), 20, 24]
)
@pytest.mark.parametrize("name", BODIES)
def test_what_is_written_at_any_opset_is_read_as_the_same_layers(name: str, opset: int) -> None:
    if onnx.defs.onnx_opset_version() < opset:
        pytest.skip(f"the installed onnx does not know opset {opset}")
    module = module_for(name)
    graph = read_onnx(exported(module, LEGACY[-1]))
    model = onnx_from_graph(graph, CARD, opset).proto()
    onnx.checker.check_model(model, full_check=True)
    assert model.opset_import[0].version == opset
    again = read_onnx(model)
    assert described(again) == described(graph)
    assert [la.name for la in again.layers] == [la.name for la in graph.layers]
    x = torch.randn(3, *SIZE)
    with torch.no_grad():
        expected = module(x).numpy()
    scale = np.abs(expected).max()
    np.testing.assert_allclose(run(model, x.numpy()), expected, rtol=0, atol=2e-5 * scale)
