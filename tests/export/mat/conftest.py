"""A model.mat of the trained run."""

from __future__ import annotations

from pathlib import Path

import pytest

from cifarx.export.bundle import Bundle
from cifarx.export.mat.writer import mat_bytes

ONNX = "ab" * 32


@pytest.fixture
def file(bundle: Bundle, tmp_path: Path) -> Path:
    path = tmp_path / "model.mat"
    path.write_bytes(mat_bytes(bundle.graph, bundle.card, bundle.batch, ONNX))
    return path
