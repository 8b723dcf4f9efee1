"""The call to paste into MATLAB, and the names in it."""

from __future__ import annotations

import pytest
from importer_reports import (
    clean_net,
    finding,
)
from onnx import TensorProto, helper

from cifarx.export.matlab_importer.call import data_format, is_identifier, namespace
from cifarx.export.matlab_importer.check import (
    check_matlab_import,
)


def test_names_that_matlab_does_not_take_are_told() -> None:
    report = check_matlab_import(clean_net(), "my-net 1.onnx")
    assert "'my-net 1'" in finding(report, "names").text
    assert report.namespace == "my_net_1"
    assert report.call.endswith('OutputDataFormats="BCSS", Namespace="my_net_1");')
    old = check_matlab_import(clean_net(), "my-net 1.onnx", "R2023b")
    assert old.call.endswith('PackageName="my_net_1");')
    assert check_matlab_import(clean_net(), "end.onnx").namespace == "net_end"
    odd = clean_net()
    odd.graph.node[0].name, odd.graph.node[1].name = "/conv", "POOL"
    text = finding(check_matlab_import(odd, "net.onnx"), "names").text
    assert "1 are not MATLAB identifiers" in text
    assert "1 are not unique" in text


def test_several_inputs_and_outputs_have_their_formats_in_order() -> None:
    two = clean_net()
    two.graph.input.append(helper.make_tensor_value_info("z", TensorProto.FLOAT, ["N", 3]))
    two.graph.node.append(helper.make_node("Tanh", ["z"], ["t"], name="tanh"))
    two.graph.output.append(helper.make_tensor_value_info("t", TensorProto.FLOAT, None))
    report = check_matlab_import(two, "net.onnx")
    assert 'InputDataFormats=["BCSS", "BC"], OutputDataFormats=["BCSS", "BC"]' in report.call
    assert finding(report, "input").level == "warning"
    assert finding(report, "output").level == "warning"


def test_weights_listed_as_inputs_are_no_inputs() -> None:
    old = clean_net(ir=3)
    old.graph.input.append(helper.make_tensor_value_info("w", TensorProto.FLOAT, [6, 4, 3, 3]))
    assert 'InputDataFormats="BCSS",' in check_matlab_import(old, "net.onnx").call


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("model.onnx", "model"),
        ("my-net 1.onnx", "my_net_1"),
        ("1st.onnx", "x1st"),
        ("while.onnx", "net_while"),
        (f"{'a' * 70}.onnx", "a" * 63),
        ("自転車.onnx", "x"),
    ],
)
def test_a_namespace_is_always_an_identifier(file: str, expected: str) -> None:
    assert namespace(file) == expected
    assert is_identifier(expected)


@pytest.mark.parametrize(
    ("shape", "form"),
    [(None, ""), ((None, 10), "BC"), ((1, 3, 8, 8), "BCSS"), ((1, 3, 4, 8, 8), "BCSSS"),
     ((1, 3, 8), "UUU"), ((), "")],
)  # fmt: skip
def test_the_data_format_of_a_value(shape: tuple[int | None, ...] | None, form: str) -> None:
    assert data_format(shape) == form


def test_quotes_in_a_file_name_are_doubled() -> None:
    assert check_matlab_import(clean_net(), 'a"b.onnx').call.startswith(
        'net = importNetworkFromONNX("a""b.onnx", '
    )
