"""Outcomes for nodes: of models made node by node, and of files exported by torch."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from importer_reports import (
    ADD_ON,
    BUILT_IN,
    GENERATED,
    UNKNOWN,
    clean_net,
    fate,
    finding,
    model,
    one,
    weight,
)
from onnx import helper
from torch import nn

from cifarx.export.matlab_importer.check import (
    ImporterReport,
    NodeVerdict,
    check_matlab_import,
    check_matlab_import_of_file,
)
from cifarx.export.matlab_importer.knowledge import OUTCOMES

CONV = [weight(6, 4, 3, 3), weight(6)]


DEPTHWISE = [weight(4, 1, 3, 3)]


STATISTICS = [weight(4), weight(4), weight(4), weight(4) ** 2]


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (one("Conv", CONV, pads=[1, 1, 1, 1]), (BUILT_IN, "Convolution2DLayer")),
        (one("Conv", CONV, pads=[0, 1, 2, 3]), (BUILT_IN, "Convolution2DLayer")),
        (one("Conv", DEPTHWISE, group=4), (BUILT_IN, "GroupedConvolution2DLayer")),
        (one("Conv", CONV, auto_pad="SAME_UPPER"), (UNKNOWN, "")),
        (one("Conv", [weight(6, 4, 3)], shape=("N", 4, 9)), (UNKNOWN, "")),
        (one("Conv", CONV, shape=("N", 4, "H", "W")), (UNKNOWN, "")),
        (one("Conv", CONV, opset=17), (BUILT_IN, "Convolution2DLayer")),
        (one("Conv", CONV, opset=18), (UNKNOWN, "")),
        (
            one("ConvTranspose", [weight(4, 6, 2, 2)], strides=[2, 2]),
            (BUILT_IN, "TransposedConvolution2DLayer"),
        ),
        (one("ConvTranspose", [weight(4, 6, 3, 3)], pads=[1, 1, 1, 1]), (UNKNOWN, "")),
        (one("ConvTranspose", [weight(4, 6, 3, 3)], output_padding=[1, 1]), (UNKNOWN, "")),
        (one("BatchNormalization", STATISTICS), (BUILT_IN, "BatchNormalizationLayer")),
        (one("BatchNormalization", STATISTICS, training_mode=1), (UNKNOWN, "")),
        (one("Relu"), (BUILT_IN, "ReLULayer")),
        (one("LeakyRelu", alpha=0.1), (BUILT_IN, "LeakyReLULayer")),
        (one("Sigmoid"), (BUILT_IN, "SigmoidLayer")),
        (one("Tanh"), (BUILT_IN, "TanhLayer")),
        (one("HardSwish"), (UNKNOWN, "")),
        (one("Clip", [np.float32(0), np.float32(6)]), (UNKNOWN, "")),
        (one("Clip", opset=10, min=0.0, max=6.0), (UNKNOWN, "")),
        (one("Elu"), (UNKNOWN, "")),
        (one("Dropout"), (BUILT_IN, "DropoutLayer")),
        (one("Dropout", [np.float32(0.5), np.array(False)]), (BUILT_IN, "DropoutLayer")),
        (one("Dropout", [np.float32(0.5), np.array(True)]), (UNKNOWN, "")),
        (one("MaxPool", kernel_shape=[3, 3], pads=[1] * 4), (BUILT_IN, "MaxPooling2DLayer")),
        (one("MaxPool", kernel_shape=[3, 3], ceil_mode=1), (UNKNOWN, "")),
        (one("MaxPool", kernel_shape=[3, 3], auto_pad="VALID"), (UNKNOWN, "")),
        (one("MaxPool", kernel_shape=[3, 3], dilations=[2, 2]), (UNKNOWN, "")),
        (one("MaxPool", kernel_shape=[3, 3], opset=22), (UNKNOWN, "")),
        (one("AveragePool", kernel_shape=[2, 2]), (BUILT_IN, "AveragePooling2DLayer")),
        (one("AveragePool", kernel_shape=[3, 3], pads=[1] * 4), (UNKNOWN, "")),
        (one("GlobalAveragePool"), (BUILT_IN, "GlobalAveragePooling2DLayer")),
        (one("GlobalAveragePool", shape=("N", 4, 9)), (UNKNOWN, "")),
        (one("GlobalMaxPool"), (UNKNOWN, "")),
        (one("ReduceMean", axes=[2, 3]), (GENERATED, "ReduceMeanLayer")),
        (one("Flatten"), (ADD_ON, "FlattenInto2dLayer")),
        (one("Flatten", axis=2), (UNKNOWN, "")),
        (one("Flatten", shape=("N", 9)), (GENERATED, "FlattenLayer")),
        (one("Flatten", shape=None), (UNKNOWN, "")),
        (one("Reshape", [np.array([-1, 256])]), (GENERATED, "ReshapeLayer")),
        (one("Gemm", [weight(5, 9), weight(5)], transB=1, shape=("N", 9)), (BUILT_IN, "")),
        (one("Gemm", [weight(5, 9)], alpha=2.0, transB=1, shape=("N", 9)), (UNKNOWN, "")),
        (one("Softmax", shape=("N", 9)), (BUILT_IN, "SoftmaxLayer")),
        (one("Softmax"), (UNKNOWN, "")),
        (one("Softmax", axis=-1), (UNKNOWN, "")),
        (one("GridSample", [weight(1, 2, 2, 2)], opset=16), ("placeholder", "")),
        (one("Softplus"), (UNKNOWN, "")),
        (one("ThisIsNoOperator"), (UNKNOWN, "")),
        (one("LayerNormalization", [weight(8)], opset=17), (UNKNOWN, "")),
        (one("Pad", [np.array([0, 0, 1, 1, 0, 0, 1, 1])]), (GENERATED, "PadLayer")),
        (one("BatchNormalization", STATISTICS, opset=17), (UNKNOWN, "")),  # its form of opset 15
        (one("Identity"), (ADD_ON, "IdentityLayer")),
    ],
)
def test_a_node_by_itself(report: ImporterReport, expected: tuple[str, str]) -> None:
    outcome, layer = expected
    assert report.nodes[0].outcome == outcome
    if layer:
        assert fate(report)[1].startswith(layer)


def test_of_releases_that_differ_the_least_welcome_counts_and_the_text_says_so() -> None:
    constant = [weight(1, 4, 1, 1)]
    assert fate(one("Mul", constant, release="R2024b")) == (ADD_ON, "ElementwiseAffineLayer")
    assert fate(one("Mul", constant, release="R2025a")) == (BUILT_IN, "ScalingLayer")
    both = one("Mul", constant).nodes[0]
    assert both.outcome == ADD_ON
    assert both.better == "from R2025a on built-in, nnet.cnn.layer.ScalingLayer"
    assert one("Mul", constant, release="R2024b").nodes[0].better == ""


@pytest.mark.parametrize(
    ("constant", "outcome"),
    [
        (np.float32(2), BUILT_IN),
        (weight(4, 1, 1), BUILT_IN),
        (weight(1, 4, 1, 1), BUILT_IN),
        (weight(8), UNKNOWN),
        (weight(4, 8, 8), UNKNOWN),
    ],
)
def test_arithmetic_with_a_constant_is_scaling_only_by_channel(
    constant: np.ndarray, outcome: str
) -> None:
    for operator in ("Add", "Sub", "Mul", "Div"):
        assert one(operator, [constant], release="R2026a").nodes[0].outcome == outcome


def chain(*nodes: tuple[str, list[str], str], **options: Any) -> list[str]:
    """Outcomes of nodes given as (operator, inputs, output)."""
    weights = options.pop("weights", {})
    made = [helper.make_node(op, inputs, [output]) for op, inputs, output in nodes]
    report = check_matlab_import(model(made, weights, **options), "net.onnx", "R2026a")
    return [node.outcome for node in report.nodes]


def test_two_layers_are_joined_by_built_in_layers_but_for_difference_and_quotient() -> None:
    for operator, outcome in (
        ("Add", BUILT_IN),
        ("Mul", BUILT_IN),
        ("Sub", GENERATED),
        ("Div", GENERATED),
    ):
        assert chain(("Relu", ["x"], "a"), (operator, ["x", "a"], "y"))[-1] == outcome


def test_a_product_may_expand_a_layer_and_a_sum_is_not_known_to() -> None:
    for operator, outcome in (("Mul", BUILT_IN), ("Add", UNKNOWN)):
        gate = ("GlobalAveragePool", ["x"], "g")
        assert chain(gate, (operator, ["x", "g"], "y"))[-1] == outcome


def test_concatenation_is_built_in_along_the_channels_alone() -> None:
    for axis, outcome in ((1, BUILT_IN), (-3, BUILT_IN), (2, UNKNOWN)):
        node = helper.make_node("Concat", ["x", "x"], ["y"], axis=axis)
        assert check_matlab_import(model([node]), "net.onnx").nodes[0].outcome == outcome


def test_constants_are_no_layers_and_do_not_count() -> None:
    constant = helper.make_node("Constant", [], ["two"], value=helper.make_tensor("t", 1, [], [2]))
    shared = helper.make_node("Identity", ["w"], ["v"])
    nodes = [constant, shared, helper.make_node("Mul", ["x", "two"], ["y"])]
    report = check_matlab_import(model(nodes, {"w": weight(4)}), "net.onnx", "R2026a")
    assert [n.outcome for n in report.nodes] == ["no layer", "no layer", BUILT_IN]
    assert (report.layers, report.built_in_share) == (1, 1.0)


def test_weights_that_a_node_computes_are_not_taken_for_stored_ones() -> None:
    nodes = (("Identity", ["b"], "same"), ("Conv", ["x", "w", "same"], "y"))
    assert chain(*nodes, weights={"w": CONV[0], "b": CONV[1]}) == ["no layer", UNKNOWN]


def test_computing_with_shapes_is_generated_whatever_the_operator() -> None:
    outcomes = chain(
        ("Shape", ["x"], "s"),
        ("Gather", ["s", "zero"], "n"),
        ("Mul", ["n", "one"], "m"),
        ("Reshape", ["x", "m"], "y"),
        weights={"zero": np.array([0]), "one": np.array([1])},
    )
    assert outcomes == [GENERATED] * 4


def test_what_stands_behind_a_generated_layer_may_be_taken_in() -> None:
    erf_chain = chain(
        ("Erf", ["x"], "e"),
        ("Add", ["e", "one"], "a"),
        ("Mul", ["x", "a"], "m"),
        ("Conv", ["m", "w"], "c"),
        ("Relu", ["c"], "y"),
        weights={"one": np.float32(1), "w": weight(4, 4, 1, 1)},
    )
    assert erf_chain == [GENERATED, UNKNOWN, UNKNOWN, BUILT_IN, BUILT_IN]
    linear = chain(
        ("MatMul", ["x", "w"], "m"),
        ("Add", ["m", "b"], "y"),
        weights={"w": weight(9, 5), "b": weight(5)},
        shape=("N", 9),
    )
    assert linear == [GENERATED, GENERATED]


def test_resize_is_told_apart_by_its_attributes() -> None:
    scales = np.array([1, 1, 2, 2], np.float32)
    roi = np.array([], np.float32)
    assert fate(one("Resize", [roi, scales]))[0] == UNKNOWN
    assert fate(one("Resize", [roi, scales], antialias=0, opset=18))[0] == "placeholder"


def test_foreign_operators_functions_and_subgraphs_are_unknown() -> None:
    fused = helper.make_node("FusedConv", ["x", "w"], ["y"], domain="com.microsoft")
    report = check_matlab_import(
        model([fused], {"w": CONV[0]}, domains=("com.microsoft",)), "net.onnx", "R2026a"
    )
    assert (report.nodes[0].operator, report.nodes[0].outcome) == (
        "com.microsoft.FusedConv",
        UNKNOWN,
    )
    assert finding(report, "domains").level == "warning"

    called = model([helper.make_node("Twice", ["x"], ["y"], domain="mine")], domains=("mine",))
    body = [helper.make_node("Add", ["a", "a"], ["b"])]
    called.functions.append(
        helper.make_function("mine", "Twice", ["a"], ["b"], body, [helper.make_opsetid("", 14)])
    )
    report = check_matlab_import(called, "net.onnx")
    assert (report.nodes[0].outcome, finding(report, "functions").level) == (UNKNOWN, "warning")
    assert not [f for f in report.findings if f.topic == "domains"]

    branch = helper.make_graph([], "b", [], [helper.make_tensor_value_info("x", 1, None)])
    chosen = helper.make_node("If", ["c"], ["y"], then_branch=branch, else_branch=branch)
    assert check_matlab_import(model([chosen], {"c": np.array(True)}), "net.onnx").nodes


def test_a_clean_file_is_clean_and_says_how_to_import_it() -> None:
    report = check_matlab_import(clean_net(), "net.onnx")
    assert report.clean
    assert report.exit_code == 0
    assert report.counts() == {outcome: 3 * (outcome == BUILT_IN) for outcome in OUTCOMES}
    formats = 'InputDataFormats="BCSS", OutputDataFormats="BCSS"'
    assert report.call == f'net = importNetworkFromONNX("net.onnx", {formats});'


def test_a_network_without_layers_is_not_clean() -> None:
    constant = helper.make_node("Constant", [], ["y"], value=helper.make_tensor("t", 1, [], [2]))
    assert not check_matlab_import(model([constant]), "net.onnx").clean


class Net(nn.Module):
    """What torch's exporters spell differently: a global average and a flatten."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.gap = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(4, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.conv(x))
        return self.head(torch.flatten(self.gap(x) * torch.sigmoid(x), 1)[:, :4])


class Plain(Net):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(torch.flatten(self.gap(torch.relu(self.conv(x))), 1))


Exported = Callable[..., ImporterReport]


@pytest.fixture
def exported(tmp_path: Path) -> Exported:
    """The report on a module as torch.onnx.export writes it."""

    def export(module: nn.Module, **options: Any) -> ImporterReport:
        path = tmp_path / "net.onnx"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's own, of its older exporter
            torch.onnx.export(module.eval(), (torch.randn(1, 3, 8, 8),), path, **options)
        return check_matlab_import_of_file(path)

    return export


def test_torchs_default_export_has_side_files_and_generated_layers(exported: Exported) -> None:
    report = exported(Plain(), dynamo=True, verbose=False)
    outcomes = {node.operator: node.outcome for node in report.nodes}
    assert outcomes == {
        "Conv": UNKNOWN,
        "Relu": BUILT_IN,
        "ReduceMean": GENERATED,
        "Reshape": GENERATED,
        "Gemm": UNKNOWN,
    }
    assert {n.operator: n.module for n in report.nodes}["ReduceMean"] == "gap"
    levels = {topic: finding(report, topic).level for topic in ("opset", "IR", "side files")}
    assert levels == {"opset": "warning", "IR": "warning", "side files": "error"}


def test_torchs_older_export_at_opset_14_is_layers_but_for_the_flatten(exported: Exported) -> None:
    options = {"input_names": ["image"], "dynamic_axes": {"image": {0: "N"}}}
    report = exported(Plain(), dynamo=False, opset_version=14, **options)
    outcomes = {node.operator: node.outcome for node in report.nodes}
    assert outcomes.pop("Flatten") == ADD_ON
    assert set(outcomes.values()) == {BUILT_IN}
    assert {f.topic for f in report.findings if f.level != "ok"} == {"names"}  # '/conv/Conv'


def test_slices_of_torch_are_generated_and_constants_are_not_counted(exported: Exported) -> None:
    report = exported(Net(), dynamo=False, opset_version=14)
    counts = report.counts()
    assert counts["no layer"] > 0
    assert counts["no layer"] + report.layers == len(report.nodes)
    assert {"Slice": GENERATED, "Mul": BUILT_IN, "Sigmoid": BUILT_IN}.items() <= {
        node.operator: node.outcome for node in report.nodes
    }.items()


def test_every_node_says_why_and_on_whose_word() -> None:
    verdicts: list[NodeVerdict] = [n for n in one("HardSwish").nodes]
    assert all(n.why and n.sources and n.remedy for n in verdicts)
