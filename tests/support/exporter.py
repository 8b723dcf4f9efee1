"""PyTorch's ONNX exporter as tests call it: often, in one process."""

from __future__ import annotations

from functools import cache

import pytest
from torch.onnx._internal.exporter import _registration


def remember_operators(patch: pytest.MonkeyPatch) -> None:
    """Have `torch.onnx.export` compile its 500 operators once per opset.

    They take two thirds of the time of a small network's export, and do not depend on the network.
    The exporter changes its register only for a table of own translations, which cifarx does not
    give.
    """
    compiled = cache(_registration.ONNXRegistry.from_torchlib)
    patch.setattr(_registration.ONNXRegistry, "from_torchlib", staticmethod(compiled))
