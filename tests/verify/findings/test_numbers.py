"""Numbers that JSON cannot hold."""

from __future__ import annotations

import json
import math

import pytest
from pydantic import TypeAdapter

from cifarx.verify.findings.numbers import Number

NUMBER: TypeAdapter[float] = TypeAdapter(Number)


@pytest.mark.parametrize(("value", "text"), [(0.1, "0.1"), (math.inf, "null"), (math.nan, "null")])
def test_what_is_not_finite_is_null(value: float, text: str) -> None:
    assert NUMBER.dump_json(value).decode() == text


@pytest.mark.parametrize("value", [5e-324, 0.1, 1 / 3, 1.7976931348623157e308, math.inf])
def test_a_number_comes_back_bit_for_bit(value: float) -> None:
    assert NUMBER.validate_python(json.loads(NUMBER.dump_json(value))) == value
