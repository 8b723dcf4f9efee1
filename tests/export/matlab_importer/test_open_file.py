"""Files are opened by content, and need a graph, but need not be valid."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
from foreign_onnx import N, foreign

from cifarx.export.matlab_importer.open_file import load_unchecked
from cifarx.pytorch_models.errors import UserError


def test_a_file_that_is_not_valid_is_opened(tmp_path: Path) -> None:
    model = foreign([N("NoSuch", ["nowhere"], ["y"])], {})
    path = tmp_path / "net.bin"
    path.write_bytes(model.SerializeToString())
    assert load_unchecked(path) == model


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "an empty file"),
        (b"plain text\n", "is text"),
        (bytes(range(255, 0, -1)), "damaged or cut short"),
        (onnx.ModelProto(ir_version=7).SerializeToString(), "holds no network"),
    ],
)
def test_what_has_no_graph_is_refused(content: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(content)
    with pytest.raises(UserError, match=words):
        load_unchecked(tmp_path / "net.onnx")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is a folder"):
        load_unchecked(tmp_path)
