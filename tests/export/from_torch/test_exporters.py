"""What PyTorch scatters over many nodes is read from modules as MATLAB's layers."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch_bodies import BODIES, CARD, SIZE, module_for, run

from cifarx.export.from_torch.reader import graph_from_module
from cifarx.export.network.interface import Input
from cifarx.export.to_onnx.writer import onnx_from_graph


@pytest.mark.slow
@pytest.mark.parametrize("name", BODIES)
def test_a_module_is_read_and_computes_the_same(name: str) -> None:
    """By cifarx's own way, on which torch.onnx.export is told not to optimise."""
    module = module_for(name)
    graph = graph_from_module(module, [Input("image", SIZE)])
    assert BODIES[name][2] <= {layer.kind for layer in graph.layers}
    x = torch.randn(3, *SIZE)
    with torch.no_grad():
        expected = module(x).numpy()
    scale = np.abs(expected).max()
    ours = run(onnx_from_graph(graph, CARD).proto(), x.numpy())
    np.testing.assert_allclose(ours, expected, rtol=0, atol=2e-5 * scale)


def test_group_norm_of_a_module_is_read() -> None:
    graph = graph_from_module(module_for("group norm"), [Input("image", SIZE)])
    assert "GroupNormalizationLayer" in {layer.kind for layer in graph.layers}
