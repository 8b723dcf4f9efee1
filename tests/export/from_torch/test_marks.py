"""Markers keep what ONNX would drop or decompose."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch_bodies import CARD, SIZE, Wrapped, run

from cifarx.export.from_torch.marks import with_marks
from cifarx.export.from_torch.reader import graph_from_module
from cifarx.export.network.interface import Input
from cifarx.export.to_onnx.writer import onnx_from_graph


def test_local_response_norm_of_a_module_stays_one_layer() -> None:
    """Its ONNX form is a chain with a three-dimensional pooling, in every opset."""
    torch.manual_seed(0)
    module = Wrapped(nn.LocalResponseNorm(5, alpha=0.5, beta=0.6, k=2)).eval()
    graph = graph_from_module(module, [Input("image", SIZE)])
    (layer,) = (la for la in graph.layers if la.kind == "CrossChannelNormalizationLayer")
    assert dict(layer.hyper) == {"WindowChannelSize": 5, "Alpha": 0.5, "Beta": 0.6, "K": 2}
    x = torch.randn(3, *SIZE)
    with torch.no_grad():
        expected = module(x).numpy()
    ours = run(onnx_from_graph(graph, CARD).proto(), x.numpy())
    np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-6)


def test_a_marked_copy_shares_the_weights_and_leaves_the_module_alone() -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.LocalResponseNorm(3), nn.AdaptiveAvgPool2d(2))
    marked = with_marks(module.eval())
    assert marked[0].weight.data_ptr() == module[0].weight.data_ptr()
    assert [type(part).__name__ for part in module] == [
        "Conv2d",
        "LocalResponseNorm",
        "AdaptiveAvgPool2d",
    ]
    assert type(marked[1]) is not type(module[1])


def test_a_pooling_to_windows_of_one_size_stays_what_it_is() -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.AdaptiveAvgPool2d((2, None)))
    x = torch.randn(2, 3, 8, 6)
    with torch.no_grad():
        assert torch.equal(with_marks(module.eval())(x), module(x))
