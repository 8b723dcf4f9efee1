"""Every test has the same random numbers, whatever ran before it."""

from __future__ import annotations

import foreign_onnx
import pytest


@pytest.fixture(autouse=True)
def same_numbers() -> None:
    foreign_onnx.RANDOM.seed(0)
