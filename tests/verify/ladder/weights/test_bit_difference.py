"""Arrays are compared bit for bit, and what is told of a difference."""

from __future__ import annotations

import numpy as np
import pytest

from cifarx.verify.ladder.weights.bit_difference import difference

A = np.arange(12, dtype=np.float32).reshape(3, 4)


def test_the_same_bits_are_no_difference_however_they_lie_in_memory() -> None:
    assert difference(A, A.copy()) == ""
    assert difference(np.asfortranarray(A), A) == ""
    nan = np.float32([np.nan, 1])
    assert difference(nan, nan.copy()) == ""


def test_one_bit_is_a_difference() -> None:
    other = A.copy()
    other.view(np.uint32)[1, 1] ^= 1
    step = np.spacing(np.float32(5))
    assert difference(other, A) == f"1 of 12 values, by up to {step:.2g}"


def test_numbers_and_the_largest_error_are_told() -> None:
    other = A.copy()
    other[0] += np.float32([0.25, 0, -4, 0])
    assert difference(other, A) == "2 of 12 values, by up to 4"


def test_the_same_numbers_in_another_order_are_recognised() -> None:
    found = difference(A[::-1], A)
    assert found.endswith(": the same in another order")
    assert "order" not in difference(A[::-1] + 1, A)


@pytest.mark.parametrize("other", [A.ravel(), A.T, A.astype(np.float64), A.astype(np.float16)])
def test_another_shape_or_type_is_a_difference(other: np.ndarray) -> None:
    found = difference(other, A)
    assert found == f"{other.dtype} {other.shape}, not float32 (3, 4)"


def test_signed_zeros_are_the_same_weight_and_nan_is_not_zero() -> None:
    zeros = np.zeros(3, np.float32)
    assert difference(-zeros, zeros) == ""
    assert difference(np.float32([-0.0, 1.0]), np.float32([0.0, 2.0])).startswith("1 of 2 values")
    assert difference(np.float32([np.nan, 0, 0]), zeros).startswith("1 of 3 values")
    assert difference(np.empty(0, np.float32), np.empty(0, np.float32)) == ""
