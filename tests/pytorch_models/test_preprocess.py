from __future__ import annotations

from fractions import Fraction

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from cifarx.pytorch_models.data.images import Images
from cifarx.pytorch_models.preprocess import pixel_units, preprocess
from cifarx.pytorch_models.resident import Resident

unit = st.floats(2.0**-6, 1.0, width=32)


def rounded(value: Fraction) -> np.float32:
    """The float32 nearest to a fraction, of two equally near ones the even one.

    Rounding to float64 first can only go wrong by one step; in a tie it is exact, and stays.
    """
    guess = np.float32(float(value))
    near = [guess, *(np.nextafter(guess, np.float32(d)) for d in (-np.inf, np.inf))]
    return min(near, key=lambda c: abs(Fraction(float(c)) - value))


@given(st.integers(0, 255), unit, unit)
def test_each_step_is_rounded_once(pixel: int, mean: float, std: float) -> None:
    m, s = pixel_units([mean], 1), pixel_units([std], 1)
    result = preprocess(np.full((1, 1, 1, 1), pixel, np.uint8), m, s).item()
    difference = rounded(Fraction(pixel) - Fraction(float(m[0])))
    assert result == rounded(Fraction(float(difference)) / Fraction(float(s[0])))


def test_training_normalises_to_the_same_bits() -> None:
    random = np.random.RandomState(0)
    pixels = random.randint(0, 256, (50, 3, 8, 8), dtype=np.uint8)
    mean, std = pixel_units([0.4914, 0.4822, 0.4465], 3), pixel_units([0.247, 0.2435, 0.2616], 3)
    resident = Resident(Images(pixels, np.zeros(50, np.int64)), mean, std, torch.device("cpu"))
    batch, _ = resident.batch(slice(None))
    assert batch.numpy().tobytes() == preprocess(pixels, mean, std).tobytes()


def test_one_value_stands_for_all_channels() -> None:
    assert pixel_units([0.5], 3).tolist() == [127.5, 127.5, 127.5]
