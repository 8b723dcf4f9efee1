from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cifarx.export.network.names import Namer, identifier


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("conv1", "conv1"),
        ("features.0.conv", "features_0_conv"),
        ("/c/Conv", "c_Conv"),
        ("onnx::Conv_16", "onnx_Conv_16"),
        ("1x", "x1x"),
        ("_hidden", "hidden"),
        ("", "x"),
        ("größe", "gr_e"),
        ("a" * 80, "a" * 63),
    ],
)
def test_identifiers(text: str, name: str) -> None:
    assert identifier(text) == name


@given(st.lists(st.text(max_size=70), max_size=30))
def test_names_are_identifiers_and_unique_without_regard_to_case(texts: list[str]) -> None:
    namer = Namer("image", "logits")
    names = [namer(text) for text in texts]
    assert all(re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,62}", name) for name in names)
    assert len({n.lower() for n in names} | {"image", "logits"}) == len(names) + 2
