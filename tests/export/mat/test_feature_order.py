"""The order of flattened features, followed through layers."""

from __future__ import annotations

import numpy as np
import pytest
from flattened import flattened, fully_connected

from cifarx.export.mat.feature_order import feature_orders
from cifarx.export.network.layer import Array, Layer
from cifarx.pytorch_models.errors import UserError


def test_the_order_of_flattened_features_goes_through_layers_until_a_linear_one() -> None:
    ones = {
        key: Array(np.arange(24, dtype=np.float32), key)
        for key in ("Scale", "Offset", "TrainedMean", "TrainedVariance")
    }
    linear = {"Weights": Array(np.ones((5, 24), np.float32), "w")}
    linear["Bias"] = Array(np.ones(5, np.float32), "b")
    graph = flattened(
        Layer("n", "BatchNormalizationLayer", ("f",), {"Epsilon": 1e-5}, ones),
        Layer("r", "ReLULayer", ("n",)),
        Layer("a", "AdditionLayer", ("r", "f")),
        Layer("m", "MultiplicationLayer", ("f", "a")),
        Layer("l", "FullyConnectedLayer", ("m",), {}, linear),
        Layer("s", "ReLULayer", ("l",)),
        output="s",
    )
    assert set(feature_orders(graph)) == {"f", "n", "r", "a", "m"}


@pytest.mark.parametrize("inputs", [("one", "f"), ("f", "one")])
def test_a_single_feature_multiplies_flattened_ones_in_any_order(inputs: tuple[str, str]) -> None:
    graph = flattened(
        fully_connected("one", "f", 1),
        Layer("m", "MultiplicationLayer", inputs),
        fully_connected("l", "m", 5),
        output="l",
    )
    orders = feature_orders(graph)
    assert set(orders) == {"f", "m"}
    assert orders["m"].tolist() == orders["f"].tolist()


@pytest.mark.parametrize(
    ("tail", "output", "complaint"),
    [
        ([], "f", "output of the network holds flattened maps"),
        (
            [fully_connected("l", "f", 24), Layer("a", "AdditionLayer", ("l", "f"))],
            "a",
            "'a' joins features that were flattened from maps with others",
        ),
        (
            [fully_connected("l", "f", 24), Layer("m", "MultiplicationLayer", ("l", "f"))],
            "m",
            "'m' joins features that were flattened from maps with others",
        ),
    ],
)
def test_an_order_that_cannot_be_undone_is_rejected(
    tail: list[Layer], output: str, complaint: str
) -> None:
    with pytest.raises(UserError, match=complaint):
        feature_orders(flattened(*tail, output=output))
