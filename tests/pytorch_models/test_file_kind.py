"""Files of other kinds are recognised by their first bytes."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
from foreign_onnx import N, foreign
from scipy.io import savemat

from cifarx.pytorch_models.file_kind import other_kind


def test_what_scipy_and_zipfile_write_is_recognised() -> None:
    file = io.BytesIO()
    savemat(file, {"a": np.ones(3)})
    assert other_kind(file.getvalue()) == "a MAT-file"
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a", "b")
    assert "zip file" in other_kind(file.getvalue())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"hello\nworld\n", "text"),
        (b"\x89HDF\r\n\x1a\n", "HDF5"),
        (b"\x00\xff", ""),
    ],
)
def test_the_first_bytes_decide(content: bytes, words: str) -> None:
    assert words in other_kind(content)
    assert bool(other_kind(content)) == bool(words)


def test_onnx_is_no_other_kind() -> None:
    assert other_kind(foreign([N("Relu", ["in put"], ["y"])], {}).SerializeToString()) == ""
