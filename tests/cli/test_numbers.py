"""Options that hold several numbers."""

from __future__ import annotations

import pytest

from cifarx.cli.numbers import numbers, one_of, size
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


@pytest.mark.parametrize(
    ("text", "expected"), [("3, 224,192", (3, 224, 192)), ("12,1000", (12, 1000)), (" 8", (8,))]
)
def test_a_size_is_one_to_three_whole_numbers(text: str, expected: tuple[int, ...]) -> None:
    assert size("--input-size", text) == expected


@pytest.mark.parametrize(
    "text", ["", "0", "a", "3,", "3,0,224", "3,-1,2", "3,2.5,4", "1,2,3,4", "3x8"]
)
def test_another_size_is_refused(text: str) -> None:
    with pytest.raises(UserError) as refused:
        size("--input-size", text)
    assert f"--input-size {text!r} is not CHANNELS,HEIGHT,WIDTH" in str(refused.value)


def test_a_word_is_one_of_those_allowed() -> None:
    allowed = ("classification", "segmentation", "regression")
    assert one_of("--task", "regression", allowed) == "regression"
    assert one_of("--task", None, allowed) == ""
    with pytest.raises(UserError, match=r"--task 'detection' is not known\. .*segmentation, reg"):
        one_of("--task", "detection", allowed)
