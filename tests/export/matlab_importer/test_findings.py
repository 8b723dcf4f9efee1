"""Findings on a file as a whole."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import onnx
import pytest
from importer_reports import (
    BUILT_IN,
    CLEAN_NET,
    clean_net,
    fate,
    finding,
    model,
    weight,
)
from onnx import TensorProto, helper

from cifarx.export.matlab_importer.check import (
    check_matlab_import,
    check_matlab_import_of_file,
)
from cifarx.export.matlab_importer.findings import TOPICS


@pytest.mark.parametrize(
    ("options", "topic", "level", "text"),
    [
        ({"opset": 17}, "opset", "warning", "opset 17 lies outside 6 to 14"),
        ({"opset": 5}, "opset", "warning", "opset 5 lies outside"),
        ({"ir": 8}, "IR", "warning", "from R2025a on"),
        ({"ir": 10}, "IR", "warning", "IR 10 is newer than 7"),
        ({"shape": (1, 4, 8, 8)}, "input", "warning", "VerifyBatchSizeLayer"),
        ({"shape": ("N", 4, "H", "W")}, "input", "warning", "open dimensions besides the batch"),
        ({"shape": ("N", 4, 9)}, "input", "warning", "neither [N,C,H,W] nor [N,K]"),
        ({"shape": None}, "input", "warning", "has no shape"),
        ({"kind": TensorProto.FLOAT16}, "input", "warning", "FLOAT16, not float32"),
        ({"kind": TensorProto.INT64}, "input", "warning", "INT64, not float32"),
    ],
)
def test_findings_on_the_file(options: dict[str, Any], topic: str, level: str, text: str) -> None:
    report = check_matlab_import(clean_net(**options), "net.onnx")
    assert finding(report, topic).level == level
    assert text in finding(report, topic).text
    assert finding(report, topic).remedy
    assert not report.clean


def cyclic() -> onnx.ModelProto:
    net = clean_net()
    net.graph.node[0].input[0] = net.graph.node[1].output[0]
    return net


def another_output() -> onnx.ModelProto:
    net = clean_net()
    net.graph.output[0].name = "zz"
    return net


def short_weights() -> onnx.ModelProto:
    net = clean_net()
    net.graph.initializer[0].raw_data = bytes(4)
    return net


def no_such_operator() -> onnx.ModelProto:
    net = clean_net()
    net.graph.node[1].op_type = "NoSuch"
    return net


def without_output_shape() -> onnx.ModelProto:
    net = clean_net()
    net.graph.output[0].type.tensor_type.ClearField("shape")
    return net


def other_dimensions() -> onnx.ModelProto:
    net = clean_net()
    net.graph.initializer[0].dims[1] = 9
    return net


@pytest.mark.parametrize(
    ("broken", "text"),
    [
        (cyclic(), "Nodes in a graph must be topologically sorted"),
        (another_output(), "Graph output 'zz' is not an output of any node"),
        (short_weights(), "raw_data size .4 bytes. is too small"),
        (other_dimensions(), "too small for the declared shape"),
        (clean_net(shape=("N", 5, 8, 8)), "'?conv'? gets 5 channels, but its weights are for 4"),
        (no_such_operator(), "does not have in the file's opset .No Op registered for NoSuch"),
        (without_output_shape(), "an input or output has no shape, which ONNX requires"),
    ],
)
def test_a_file_that_is_not_valid_is_not_clean_and_says_why(
    broken: onnx.ModelProto, text: str
) -> None:
    report = check_matlab_import(broken, "net.onnx")
    assert finding(report, "validity").level == "error"
    assert re.search(f"is not valid ONNX: .*{text}", finding(report, "validity").text)
    assert "\n" not in finding(report, "validity").text
    assert finding(report, "validity").remedy
    assert report.exit_code == 1
    assert json.loads(json.dumps(report.as_json()))["findings"][0]["topic"] == "validity"


def test_of_an_operator_of_another_domain_onnx_says_nothing() -> None:
    nodes = [*CLEAN_NET[:2], helper.make_node("Foo", ["b"], ["y"], domain="com.example")]
    foreign = model(nodes, {"w": weight(6, 4, 3, 3)}, domains=("com.example",))
    foreign.graph.output[0].type.tensor_type.shape.dim.add().dim_param = "N"
    report = check_matlab_import(foreign, "net.onnx")
    assert finding(report, "validity").level == "ok"
    assert finding(report, "domains").level == "warning"


def test_an_operator_of_matlab_stands_for_a_layer_that_it_could_not_export() -> None:
    lost = helper.make_node("Placeholder", ["b"], ["y"], name="layer_1", domain="com.mathworks")
    net = model([*CLEAN_NET[:2], lost], {"w": weight(6, 4, 3, 3)}, domains=("com.mathworks",))
    report = check_matlab_import(net, "net.onnx")
    found = finding(report, "domains")
    assert found.text.startswith("MATLAB could not export the layers layer_1, and wrote operators")
    assert "supports compute the same" in found.remedy
    assert "could not export" in report.nodes[-1].why


def test_what_a_release_reads_depends_on_the_release() -> None:
    assert (
        finding(check_matlab_import(clean_net(ir=9), "n.onnx", "R2024b"), "IR").level == "warning"
    )
    assert finding(check_matlab_import(clean_net(ir=9), "n.onnx", "R2025a"), "IR").level == "ok"


def test_side_files_are_an_error_and_are_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    onnx.save(clean_net(), path, save_as_external_data=True, location="net.bin", size_threshold=0)
    (tmp_path / "net.bin").unlink()
    report = check_matlab_import_of_file(path)
    assert finding(report, "side files").level == "error"
    assert "net.bin" in finding(report, "side files").text
    assert fate(report, 0) == (BUILT_IN, "Convolution2DLayer")


def test_every_topic_of_a_finding_is_listed() -> None:
    for options in ({}, {"opset": 20, "ir": 10, "shape": None}):
        report = check_matlab_import(clean_net(**options), "a b.onnx")
        assert {f.topic for f in report.findings} <= set(TOPICS)
