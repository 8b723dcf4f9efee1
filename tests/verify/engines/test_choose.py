"""Which engines a check opens."""

from __future__ import annotations

import pytest

from cifarx.pytorch_models.errors import EngineError, UserError
from cifarx.verify.engines.choose import ENGINES, engine_names, unusable


def test_all_engines_by_default_and_only_those_named_otherwise() -> None:
    assert engine_names(None) == list(ENGINES)
    assert engine_names(("octave", "pytorch", "octave")) == ["pytorch", "octave"]
    assert engine_names(("matlab-result",)) == []  # a file, not an engine to open


@pytest.mark.parametrize("name", ["onnxruntim", "", "Octave", "all"])
def test_an_unknown_name_is_refused_with_all_that_are_allowed(name: str) -> None:
    with pytest.raises(UserError) as refused:
        engine_names(("pytorch", name))
    text = str(refused.value)
    assert f"--engines {name!r} is not an engine" in text
    assert all(engine in text for engine in (*ENGINES, "matlab-result"))
    assert ("Did you mean 'onnxruntime'?" in text) == (name == "onnxruntim")


def test_an_engine_that_cannot_be_used_is_named_with_the_reason() -> None:
    text = str(unusable("octave", EngineError("it is not installed")))
    assert "octave" in text
    assert "it is not installed" in text
    assert "leave --engines out" in text
