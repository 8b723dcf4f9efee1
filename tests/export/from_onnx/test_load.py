"""Files are read with their side files, and what is wrong is said; commands test the refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from foreign_onnx import N, foreign

from cifarx.export.from_onnx.load import load_onnx, side_files
from cifarx.pytorch_models.errors import UserError

WEIGHTS = np.arange(2 * 3 * 3 * 4, dtype=np.float32).reshape(4, 2, 3, 3)


def saved(path: Path, **options: object) -> Path:
    model = foreign([N("Conv", ["in put", "k"], ["y"])], {"k": WEIGHTS})
    model.graph.output[0].type.tensor_type.shape.dim.add().dim_param = "n"
    for size in (4, 4, 5):
        model.graph.output[0].type.tensor_type.shape.dim.add().dim_value = size
    onnx.save(model, path, **options)
    return path


def test_weights_in_a_side_file_are_read_and_the_file_is_named(tmp_path: Path) -> None:
    options = {"save_as_external_data": True, "location": "w.bin", "size_threshold": 0}
    path = saved(tmp_path / "net.onnx", **options)
    (tensor,) = load_onnx(path).graph.initializer
    np.testing.assert_array_equal(onnx.numpy_helper.to_array(tensor), WEIGHTS)
    assert side_files(path) == ("w.bin",)
    assert side_files(saved(tmp_path / "one.onnx")) == ()


@pytest.mark.parametrize("domain", ["", "ai.onnx"])
def test_both_names_of_onnxs_own_domain_become_one(tmp_path: Path, domain: str) -> None:
    path = saved(tmp_path / "net.onnx")
    model = onnx.load(path)
    model.opset_import[0].domain = model.graph.node[0].domain = domain
    onnx.save(model, path)
    read = load_onnx(path)
    assert (read.opset_import[0].domain, read.graph.node[0].domain) == ("", "")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none\.onnx is not there"):
        load_onnx(tmp_path / "none.onnx")
