"""Metadata of a file and of its nodes."""

from __future__ import annotations

import pytest
from foreign_onnx import N, foreign
from onnx import helper

from cifarx.export.from_onnx.metadata import metadata, module_of


def test_metadata_are_a_dictionary() -> None:
    model = foreign([N("Relu", ["in put"], ["y"])], {})
    assert metadata(model) == {}
    helper.set_model_props(model, {"a": "1", "b": ""})
    assert metadata(model) == {"a": "1", "b": ""}


@pytest.mark.parametrize(
    ("text", "module"),
    [
        ("['', 'features', 'features.conv1', 'conv2d']", "features.conv1"),
        ("['conv2d']", ""),
        ("not a list", ""),
        ("7", ""),
        ("__import__('os').getcwd()", ""),
        ("(" * 100_000, ""),
    ],
)
def test_the_module_of_a_node_is_read_and_never_evaluated(text: str, module: str) -> None:
    node = N("Conv", ["x"], ["y"])
    assert module_of(node) == ""
    entry = node.metadata_props.add()
    entry.key, entry.value = "pkg.torch.onnx.name_scopes", text
    assert module_of(node) == module
