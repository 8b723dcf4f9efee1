from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
import torch
from torch import nn

from cifarx.export.from_torch.reader import graph_from_module
from cifarx.export.network.interface import Input
from cifarx.export.network.model_card import ModelCard
from cifarx.export.to_onnx.writer import onnx_from_graph
from cifarx.pytorch_models.errors import UserError


class Residual(nn.Module):
    """What a fine-tuning user has: batch norm after a convolution, dropout, a shortcut."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=(1, 2), dilation=(1, 2), bias=False)
        self.body = nn.Sequential(nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout2d(0.3))
        self.pool = nn.MaxPool2d(2)
        self.gap = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(4, 5, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.conv(x)
        x = self.pool(x + self.body(x))
        return self.head(self.gap(x).flatten(1))


def test_batch_norm_and_dropout_stay_layers_named_after_their_modules() -> None:
    graph = graph_from_module(Residual().eval(), [Input("image", (3, 8, 10))])
    assert [(la.name, la.kind, la.module) for la in graph.layers] == [
        ("conv", "Convolution2DLayer", "conv"),
        ("body_0", "BatchNormalizationLayer", "body.0"),
        ("body_1", "ReLULayer", "body.1"),
        ("body_2", "DropoutLayer", "body.2"),
        (graph.layers[4].name, "AdditionLayer", ""),
        ("pool", "MaxPooling2DLayer", "pool"),
        ("gap", "GlobalAveragePooling2DLayer", "gap"),
        (graph.layers[7].name, "FlattenLayer", ""),
        ("head", "FullyConnectedLayer", "head"),
    ]
    by_name = {la.name: la for la in graph.layers}
    assert by_name["conv"].hyper == {
        "Stride": (1, 1),
        "Padding": (1, 1, 2, 2),
        "DilationFactor": (1, 2),
    }
    assert by_name["body_2"].hyper == {"Probability": 0.3}
    assert by_name["body_0"].hyper == {"Epsilon": 1e-5}
    assert set(graph.layers[4].inputs) == {"conv", "body_2"}


def test_arrays_are_the_checkpoints_bits_under_its_names() -> None:
    module = Residual().eval()
    module.body[0].running_mean.normal_()
    graph = graph_from_module(module, [Input("image", (3, 8, 10))])
    state = module.state_dict()
    named = {a.source: a.value for a in graph.arrays().values() if a.source}
    assert set(named) == {n for n in state if "num_batches" not in n}
    for name, value in named.items():
        assert value.tobytes() == state[name].numpy().tobytes()
    made_up = [a.value for a in graph.arrays().values() if not a.source]
    assert len(made_up) == 2  # the biases that conv and head do not have
    assert not any(np.any(value) for value in made_up)


def test_the_module_itself_is_left_alone() -> None:
    module = Residual().eval()
    before = str(module)
    graph_from_module(module, [Input("image", (3, 8, 10))])
    assert str(module) == before


def test_a_module_in_training_mode_is_refused() -> None:
    with pytest.raises(UserError, match=r"Residual is in training mode.*Call its eval\(\)"):
        graph_from_module(Residual(), [Input("image", (3, 8, 8))])


def test_what_pytorch_cannot_export_is_said_in_a_paragraph() -> None:
    class Branching(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x if x.sum() > 0 else -x

    with pytest.raises(UserError, match="PyTorch cannot export the module Branching"):
        graph_from_module(Branching().eval(), [Input("image", (3, 8, 8))])


@pytest.mark.parametrize(
    ("part", "operator", "kind"),
    [
        (nn.AdaptiveMaxPool2d(4), "aten.adaptive_max_pool2d", "AdaptiveMaxPool2d"),
        (nn.RReLU(), "aten.rrelu_with_noise_functional", "RReLU"),
    ],
)
def test_an_operator_that_onnx_lacks_is_named_with_the_part_that_uses_it(
    part: nn.Module, operator: str, kind: str
) -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Sequential(nn.ReLU(), part), nn.Flatten())
    with pytest.raises(UserError) as refused:
        graph_from_module(module.eval(), [Input("image", (3, 8, 8))])
    said = str(refused.value)
    assert said.startswith(
        f"PyTorch traces the module Sequential, but cannot convert the operator {operator} of its "
        f"part 1.1 ({kind}) to ONNX: no ONNX form of it is known. Write that part with other"
    )
    assert said.isprintable()
    assert "torch.export" not in said
    assert "GraphModule" not in said


def test_an_operator_that_onnx_lacks_in_the_modules_own_code_is_named() -> None:
    class Pyramid(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return nn.functional.adaptive_max_pool2d(x, 3).flatten(1)

    said = "the module Pyramid, but cannot convert the operator aten.adaptive_max_pool2d to ONNX"
    with pytest.raises(UserError, match=said):
        graph_from_module(Pyramid().eval(), [Input("image", (3, 8, 8))])


def test_batch_norm_without_statistics_is_named() -> None:
    norm = nn.BatchNorm2d(4, track_running_stats=False)
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Sequential(nn.ReLU(), norm), nn.Flatten())
    said = r"The batch norm 1\.1 keeps no running statistics .*treat each image alone, as those do"
    with pytest.raises(UserError, match=said):
        graph_from_module(module.eval(), [Input("image", (3, 8, 8))])


@pytest.mark.parametrize("divisor", [None, 3])
def test_a_divisor_that_torchs_exporter_drops_is_refused(divisor: int | None) -> None:
    pool = nn.AvgPool2d(2, 2, divisor_override=divisor)
    module = nn.Sequential(nn.Conv2d(3, 4, 3), pool, nn.Flatten(), nn.Linear(36, 5)).eval()
    if divisor is None:
        assert graph_from_module(module, [Input("image", (3, 8, 8))]).layers
        return
    with pytest.raises(UserError, match=r"divisor_override=3 \(avg_pool2d\), which neither"):
        graph_from_module(module, [Input("image", (3, 8, 8))])


@pytest.mark.parametrize(("channels", "size"), [(4, (3, 5)), (1, (7, 2)), (4, (13, 14))])
def test_adaptive_pooling_to_windows_of_different_sizes(
    channels: int, size: tuple[int, int]
) -> None:
    torch.manual_seed(0)
    module = nn.Sequential(
        nn.Conv2d(3, channels, 3),
        nn.AdaptiveAvgPool2d(size),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(channels * size[0] * size[1], 5),
    ).eval()
    graph = graph_from_module(module, [Input("image", (3, 12, 13))])
    card = ModelCard("net", "", ("a",) * 5, (), (), "0" * 64)
    session = onnxruntime.InferenceSession(
        b"".join(onnx_from_graph(graph, card).chunks()), providers=["CPUExecutionProvider"]
    )
    x = torch.randn(3, 3, 12, 13)
    (found,) = session.run(None, {"image": x.numpy()})
    with torch.no_grad():
        np.testing.assert_allclose(found, module(x).numpy(), rtol=0, atol=2e-6)


class Functional(nn.Module):
    """Dropout as functions, which leave no module behind."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = nn.functional.dropout(x.mean((2, 3)), 0.4, self.training)
        return self.head(nn.functional.alpha_dropout(x, 0.2, self.training))


def test_dropout_survives_as_a_function_too() -> None:
    graph = graph_from_module(Functional().eval(), [Input("image", (4, 6, 6))])
    found = [dict(la.hyper) for la in graph.layers if la.kind == "DropoutLayer"]
    assert found == [{"Probability": 0.4}, {"Probability": 0.2}]


class ScaledConv2d(nn.Conv2d):
    """Weight standardisation by a batch norm, and a number of the program's text."""

    def standardized(self) -> torch.Tensor:
        flat = self.weight.reshape(1, len(self.weight), -1)
        gain = torch.ones_like(self.weight[:, 0, 0, 0]) * 0.09873292534795451
        normed = nn.functional.batch_norm(flat, None, None, gain, training=True, eps=1e-6)
        return normed.reshape_as(self.weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.conv2d(x, self.standardized())


def test_numbers_of_the_text_are_exact_in_constants_that_are_computed_from_them() -> None:
    torch.manual_seed(0)
    module = nn.Sequential(ScaledConv2d(3, 4, 3, bias=False), nn.Flatten()).eval()
    (weights,) = (
        a
        for a in graph_from_module(module, [Input("image", (3, 6, 6))]).arrays().values()
        if a.value.ndim == 4
    )
    expected = module.double()[0].standardized().detach().numpy()  # type: ignore[operator]
    assert weights.exact is not None
    assert np.abs(weights.exact - expected).max() < 1e-11 * np.abs(expected).max()


class Sequence(nn.Module):
    """A layer for sequences behind a convolution."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.body, self.layer, self.head = nn.Conv2d(3, 8, 2), layer, nn.Linear(8, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        t = self.body(x).flatten(2).transpose(1, 2)
        if isinstance(self.layer, nn.MultiheadAttention):
            t = self.layer(t, t, t, need_weights=False)[0]
        elif isinstance(self.layer, nn.RNNBase):
            t = self.layer(t)[0]
        elif isinstance(self.layer, nn.TransformerEncoderLayer):
            t = self.layer(t)
        else:
            t = nn.functional.scaled_dot_product_attention(t, t, t)
        return self.head(t.mean(1))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("layer", "named"),
    [
        (nn.LSTM(8, 8, batch_first=True), r"LSTM \(layer\)"),
        (nn.GRU(8, 8, batch_first=True), r"GRU \(layer\)"),
        (nn.RNN(8, 8, batch_first=True), r"RNN \(layer\)"),
        (nn.MultiheadAttention(8, 2, batch_first=True), r"MatMul .* as in attention \(layer\)"),
        (nn.TransformerEncoderLayer(8, 2, 8, batch_first=True), r"MatMul .*\(layer.self_attn\)"),
        (nn.Identity(), "scaled_dot_product_attention"),
    ],
)
def test_recurrent_and_attention_layers_are_refused_in_one_paragraph(
    layer: nn.Module, named: str
) -> None:
    with pytest.raises(UserError, match=named) as refused:
        graph_from_module(Sequence(layer).eval(), [Input("image", (3, 4, 4))])
    text = str(refused.value)
    assert "cifarx does not read recurrent and attention layers yet." in text
    assert "can be exported on its own" in text
    assert text.count("\n") == 0
    assert "Operators that cifarx reads" not in text
