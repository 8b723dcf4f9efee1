"""Options that hold several numbers."""

from __future__ import annotations

import pytest

from cifarx.cli.numbers import numbers, size
from cifarx.pytorch_models.errors import UserError


@pytest.mark.parametrize(
    ("text", "values"),
    [(None, ()), ("0.5", (0.5,)), ("0.485, 0.456,4e-1", (0.485, 0.456, 0.4)), ("-1,2", (-1, 2))],
)
def test_numbers_are_separated_by_commas(text: str | None, values: tuple[float, ...]) -> None:
    assert numbers("--mean", text) == values


@pytest.mark.parametrize("text", ["", "a", "1;2", "1,,2", "nan", "1,inf", "1 2"])
def test_what_is_no_list_of_numbers_is_refused(text: str) -> None:
    with pytest.raises(UserError) as refused:
        numbers("--mean", text)
    assert str(refused.value).startswith(f"--mean {text!r} is not a list of numbers")


def test_a_size_is_three_whole_numbers() -> None:
    assert size("--input-size", "3, 224,192") == (3, 224, 192)


@pytest.mark.parametrize("text", ["", "224", "3,224", "3,0,224", "3,-1,2", "3,2.5,4", "1,2,3,4"])
def test_another_size_is_refused(text: str) -> None:
    with pytest.raises(UserError) as refused:
        size("--input-size", text)
    assert f"--input-size {text!r} is not CHANNELS,HEIGHT,WIDTH" in str(refused.value)
