"""The card survives ONNX metadata, and malformed metadata are no card."""

from __future__ import annotations

import pytest

from cifarx.export.network.model_card import ModelCard

CARD = ModelCard("bn8", "bn8", ("Käfer", "b"), (125.3, 0.1), (63.0, 2.5), "ab" * 32)


@pytest.mark.parametrize("card", [CARD, ModelCard("net", "", ("a",), (), (), "")])
def test_the_metadata_hold_all_of_it(card: ModelCard) -> None:
    assert ModelCard.from_metadata(card.to_metadata()) == card


@pytest.mark.parametrize(
    "change",
    [
        {"classes": "a, b"},
        {"classes": "3"},
        {"mean": '["x"]'},
        {"std": "null"},
        {"mean": "[" * 100_000},
    ],
)
def test_malformed_metadata_are_no_card(change: dict[str, str]) -> None:
    assert ModelCard.from_metadata(CARD.to_metadata() | change) is None


@pytest.mark.parametrize("key", ["model", "recipe", "classes", "mean", "std", "checkpoint_sha256"])
def test_a_card_needs_all_of_its_metadata(key: str) -> None:
    found = CARD.to_metadata()
    del found[key]
    assert ModelCard.from_metadata(found) is None
