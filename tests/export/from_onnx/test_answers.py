"""An ONNX file run by runtimes; numpy is the independent reference."""

from __future__ import annotations

import numpy as np
import pytest
from foreign_onnx import HEAD, N, foreign, weights

from cifarx.export.from_onnx.answers import at_once, outputs_float32
from cifarx.pytorch_models.errors import UserError

ARRAYS = {"w": weights(4, 84), "b": weights(4)}


@pytest.mark.parametrize(("batch", "step"), [("n", 2), (3, 3)])
def test_images_are_run_by_as_many_as_the_file_takes(batch: int | str, step: int) -> None:
    model = foreign([N("Relu", ["in put"], ["h"]), *HEAD], ARRAYS, shape=(batch, 2, 6, 7))
    assert at_once(model) == step
    x = weights(6, 2, 6, 7)
    expected = np.maximum(x, 0).reshape(6, -1) @ ARRAYS["w"].T + ARRAYS["b"]
    (found,) = outputs_float32(model, [x])
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_what_no_runtime_runs_is_said_with_both_reasons() -> None:
    model = foreign([N("NoSuch", ["in put"], ["h"], domain="own"), *HEAD], ARRAYS)
    with pytest.raises(UserError, match=r"ONNX Runtime says .*onnx.reference says "):
        outputs_float32(model, [weights(2, 2, 6, 7)])
