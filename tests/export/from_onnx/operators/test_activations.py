"""Clipping; ONNX Runtime is the independent reference."""

from __future__ import annotations

import numpy as np
import pytest
from foreign_onnx import CARD, N, foreign, run, weights

from cifarx.export.from_onnx.reader import read_onnx
from cifarx.export.to_onnx.writer import onnx_from_graph

BOUNDS = [(-1, 2), (0, 6), (-1e9, 1e9), (0.5, 0.75), (-0.75, -0.5), (None, 0.3), (-0.3, None),
          (None, 0.0), (0.0, None), (-1.0, 0.0), (None, -0.2), (0.2, None)]  # fmt: skip


@pytest.mark.parametrize(("low", "high"), BOUNDS)
def test_clipping_is_exact_within_bounds_of_every_kind(
    low: float | None, high: float | None
) -> None:
    given = {k: np.array(v, np.float32) for k, v in (("low", low), ("high", high)) if v is not None}
    names = ["in put", *(k if k in given else "" for k in ("low", "high"))]
    model = foreign([N("Clip", names, ["h"]), N("Flatten", ["h"], ["y"])], given)
    x = np.concatenate([weights(4, 2, 6, 7), 1e-6 * weights(1, 2, 6, 7)])
    ours = run(onnx_from_graph(read_onnx(model), CARD).proto(), x)
    shifts = (low is not None and low > 0) or (high is not None and high < 0)
    np.testing.assert_allclose(ours, run(model, x), rtol=1e-6 if shifts else 0, atol=0)
